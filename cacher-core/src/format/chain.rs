//! From the text of a format to its chain.

use super::{
    Filter, Format,
    codec::Codec,
    piece::{Piece, invalid},
};
use crate::{
    error::{Error, Result},
    sync::Arc,
};

/// What makes bytes of a value, whether built in or not. Each has a cargo feature of its name.
const CODECS: &[&str] = &["json", "msgpack", "postcard", "raw", "npy"];
/// What is done with bytes, whether built in or not. Each has a cargo feature of its name.
const FILTERS: &[&str] = &["zlib", "zstd", "lz4", "encrypt"];
/// What can't follow a piece that encrypts: what is encrypted does not compress.
const COMPRESSORS: &[&str] = &["zlib", "zstd", "lz4"];
const BARE: &str = "bare";

pub(super) fn parse(text: &str) -> Result<Format> {
    let chain = || {
        let mut pieces = text.split('+').map(Piece::parse);
        let first = pieces.next().unwrap_or_else(|| Piece::parse(""))?;
        let mut seen = Vec::new();
        pieces.try_fold(first_of(&first)?, |format, piece| {
            let piece = piece?;
            if seen.contains(&piece.name.to_owned()) {
                return Err(invalid(format!("`{}` is given twice", piece.name)));
            }
            seen.push(piece.name.to_owned());
            followed(format, &piece)
        })
    };
    chain().map_err(|error: Error| if text.contains('+') { error.within(format!("format \"{text}\"")) } else { error })
}

fn first_of(piece: &Piece<'_>) -> Result<Format> {
    let codec = Codec::ALL.iter().find(|codec| codec.name() == piece.name);
    let codec = codec.ok_or_else(|| not_first(piece.name))?;
    piece.only(&[])?;
    Ok(Format::plain(codec.clone()))
}

/// The chain with one piece more.
fn followed(format: Format, piece: &Piece<'_>) -> Result<Format> {
    if format.bare {
        return Err(invalid(format!("`{BARE}` comes last: write it behind `{}`", piece.name)));
    }
    if format.conceals && COMPRESSORS.contains(&piece.name) {
        return Err(invalid(format!("what is encrypted can't be compressed: write `{}+encrypt`", piece.name)));
    }
    if piece.name == BARE {
        return bare(format, piece);
    }
    filter(piece).map(|filter| format.with(filter))
}

fn bare(format: Format, piece: &Piece<'_>) -> Result<Format> {
    piece.only(&[])?;
    if format.conceals {
        return Err(invalid("what is encrypted is bound to its envelope: leave `bare` out".to_owned()));
    }
    Ok(format.without_envelope())
}

/// A filter that is built in.
pub(super) fn filter(piece: &Piece<'_>) -> Result<Arc<dyn Filter>> {
    match piece.name {
        #[cfg(feature = "zlib")]
        "zlib" => super::zlib::Zlib::of(piece).map(|filter| Arc::new(filter) as _),
        #[cfg(feature = "zstd")]
        "zstd" => super::zstd::Zstd::of(piece).map(|filter| Arc::new(filter) as _),
        #[cfg(feature = "lz4")]
        "lz4" => super::lz4::Lz4::of(piece).map(|filter| Arc::new(filter) as _),
        #[cfg(feature = "encrypt")]
        "encrypt" | "encrypt_per_key" => super::encrypt::Encrypt::of(piece).map(|filter| Arc::new(filter) as _),
        name => Err(no_filter(name)),
    }
}

fn not_first(name: &str) -> Error {
    if FILTERS.contains(&name) || name == BARE {
        return invalid(format!("`{name}` changes bytes: write what makes them in front, as in `msgpack+{name}`"));
    }
    if CODECS.contains(&name) { off(name) } else { unknown("format", name, CODECS) }
}

fn no_filter(name: &str) -> Error {
    if CODECS.contains(&name) {
        return invalid(format!(
            "`{name}` makes bytes of a value, which are there already: write it first, or not at all"
        ));
    }
    if FILTERS.contains(&name) { off(name) } else { unknown("filter", name, FILTERS) }
}

fn off(name: &str) -> Error {
    invalid(format!("the format \"{name}\" needs the cargo feature \"{name}\""))
}

fn unknown(what: &str, name: &str, known: &[&str]) -> Error {
    invalid(format!("there is no {what} \"{name}\"; there are: {}", known.join(", ")))
}
