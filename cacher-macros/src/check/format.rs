//! Formats: one table of pieces for what there is, and what each takes.

use super::{Subject, backend};
use crate::{
    args::{Backend, Format, Keyer, Write},
    errors::Errors,
    names, units,
};
use syn::LitStr;

struct Piece {
    name: &'static str,
    role: Role,
    parameters: &'static [(&'static str, Takes)],
}

/// Where in a chain it may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// First: it makes bytes of a value.
    Codec,
    Compressor,
    Cipher,
    /// Last: it leaves the envelope out.
    Bare,
}

#[derive(Clone, Copy)]
enum Takes {
    Number(i64, i64),
    Size,
    Flag,
}

const fn piece(name: &'static str, role: Role, parameters: &'static [(&'static str, Takes)]) -> Piece {
    Piece { name, role, parameters }
}

const MAX: (&str, Takes) = ("max", Takes::Size);

const PIECES: &[Piece] = &[
    piece("json", Role::Codec, &[]),
    piece("msgpack", Role::Codec, &[]),
    piece("postcard", Role::Codec, &[]),
    piece("raw", Role::Codec, &[]),
    piece("npy", Role::Codec, &[]),
    piece("zlib", Role::Compressor, &[("level", Takes::Number(0, 9)), MAX]),
    piece("zstd", Role::Compressor, &[("level", Takes::Number(-7, 22)), MAX]),
    piece("lz4", Role::Compressor, &[MAX]),
    piece("encrypt", Role::Cipher, &[("per_key", Takes::Flag)]),
    piece("bare", Role::Bare, &[]),
];

/// The cargo features that a format which has passed the check needs.
pub(crate) fn features(chain: &str) -> impl Iterator<Item = &'static str> {
    chain.split('+').filter_map(|text| find(name(text))).filter(|piece| piece.role != Role::Bare).map(|it| it.name)
}

// What can be known of a format is known before the program runs.
pub(super) fn format_is_known(Subject { args, .. }: Subject, errors: &Errors) {
    if let Some(Format::Text(text)) = args.format.as_ref().map(|given| &given.value)
        && let Err(problem) = chain(&text.value())
    {
        errors.at(text, problem);
    }
}

// Memory keeps values as they are.
pub(super) fn format_has_a_store(Subject { args, .. }: Subject, errors: &Errors) {
    let Some(format) = &args.format else { return };
    let backends: Vec<_> = args.backend.iter().flat_map(|given| &given.value).collect();
    let open = |one: &&Backend| !matches!(one, Backend::Url(url) if backend::has_format(&url.value()));
    if backends.iter().all(|one| matches!(one, Backend::Url(url) if backend::is_memory(&url.value()))) {
        errors.at(
            &format.name,
            "memory keeps values as they are: add a store, as in `backend = \"file://./.cache\"`, \
             or write `backend = \"memory://?format=..\"` for bytes in memory",
        );
    } else if !backends
        .iter()
        .filter(|one| !matches!(one, Backend::Url(url) if backend::is_memory(&url.value())))
        .any(open)
    {
        errors.at(&format.name, "`format` is given twice, here and in the URL: keep one of them");
    }
}

// Its age is that of its file, and nothing in it says of which call it is.
pub(super) fn bare_values_are_files(Subject { args, .. }: Subject, errors: &Errors) {
    let stores = || {
        args.backend.iter().flat_map(|given| &given.value).filter_map(|one| match one {
            Backend::Url(url) if !backend::is_memory(&url.value()) => Some(url),
            _ => None,
        })
    };
    let text = match args.format.as_ref().map(|given| &given.value) {
        Some(Format::Text(text)) if is_bare(&text.value()) => Some(text),
        _ => None,
    };
    let own = |url: &&LitStr| backend::format_of(&url.value()).is_some_and(|format| is_bare(&format));
    let other = |url: &&LitStr| !backend::is_files(&url.value());
    let without = |url: &&LitStr| !backend::has_format(&url.value());
    if let Some(url) = stores().filter(other).find(|url| own(url) || (text.is_some() && without(url))) {
        errors
            .at(text.unwrap_or(url), "a bare value is as old as its file: write `bare` for `file://`, or leave it out");
    }
    let at = text.or_else(|| stores().find(own));
    if let Some(at) = at.filter(|_| args.tags.is_some()) {
        errors.at(at, "a bare value carries no tags, so it would never be found again: leave out `bare`, or `tags`");
    }
    let enveloped = [
        args.single.as_ref().map(|given| &given.name),
        args.revisions.as_ref().map(|given| &given.name),
        args.archive.as_ref().map(|given| &given.name),
        args.write.as_ref().filter(|write| !matches!(write.value, Write::Through)).map(|given| &given.name),
    ];
    for name in enveloped.into_iter().flatten().filter(|_| at.is_some()) {
        errors.at(
            name,
            format!("a bare value does not say whose it is, and `{name}` asks: leave out `bare`, or `{name}`"),
        );
    }
    let named = args.keyer.as_ref().is_some_and(|given| !matches!(given.value, Keyer::Hash | Keyer::Readable));
    if let Some(at) = at.filter(|_| named || args.file_name.is_some()) {
        errors.at(
            at,
            "a bare value does not say of which call it is, so its name must: \
             write `keyer = readable`, or leave `bare` out",
        );
    }
}

fn is_bare(chain: &str) -> bool {
    chain.split('+').any(|piece| piece == "bare")
}

/// Whether it is a format; else what to write instead.
pub(super) fn chain(text: &str) -> Result<(), String> {
    let mut before: Vec<&Piece> = Vec::new();
    for written in text.split('+') {
        let piece = find(name(written)).ok_or_else(|| none(name(written), before.is_empty()))?;
        stands_well(piece, &before, text)?;
        parameters(piece, written.split_once('?').map_or("", |(_, query)| query))?;
        before.push(piece);
    }
    Ok(())
}

fn name(written: &str) -> &str {
    written.split('?').next().unwrap_or(written)
}

fn find(name: &str) -> Option<&'static Piece> {
    PIECES.iter().find(|piece| piece.name == name)
}

/// What is said of a name that is none: what there is for its place.
fn none(name: &str, first: bool) -> String {
    let all = || PIECES.iter().filter(|piece| (piece.role == Role::Codec) == first).map(|piece| piece.name);
    let hint = names::hint(name, all());
    let end = if hint.is_empty() { format!("; there are {}", names::list(all())) } else { hint };
    let what = if first { "format" } else { "filter" };
    format!("there is no {what} `{name}`{end}")
}

/// Whether a piece may follow those before it.
fn stands_well(piece: &Piece, before: &[&Piece], chain: &str) -> Result<(), String> {
    let name = piece.name;
    let has = |role| before.iter().any(|piece| piece.role == role);
    match piece.role {
        Role::Codec if !before.is_empty() => Err(format!(
            "`{name}` makes bytes of a value, as `{}` in front of it does: keep one of them",
            before[0].name
        )),
        Role::Codec => Ok(()),
        _ if before.is_empty() => {
            Err(format!("`{name}` changes bytes, and nothing makes them here: write `\"msgpack+{chain}\"`"))
        }
        _ if before.iter().any(|earlier| earlier.name == name) => {
            Err(format!("`{name}` is given twice: keep one of them"))
        }
        _ if has(Role::Bare) => Err(format!("`bare` comes last: write it behind `{name}`")),
        Role::Compressor if has(Role::Cipher) => {
            Err(format!("what is encrypted can't be compressed any more: write `{name}+encrypt`"))
        }
        Role::Bare if has(Role::Cipher) => {
            Err("what is encrypted is bound to its envelope: leave `bare` out".to_owned())
        }
        _ => Ok(()),
    }
}

fn parameters(piece: &Piece, query: &str) -> Result<(), String> {
    let mut seen = Vec::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let Some((_, takes)) = piece.parameters.iter().find(|(known, _)| *known == name) else {
            return Err(unknown(piece, name));
        };
        if seen.contains(&name) {
            return Err(format!("`{name}` is given twice: keep one of them"));
        }
        seen.push(name);
        takes.check(name, value)?;
    }
    Ok(())
}

fn unknown(piece: &Piece, name: &str) -> String {
    let all = || piece.parameters.iter().map(|(name, _)| *name);
    let hint = names::hint(name, all());
    let end = match piece.parameters {
        [] => "; it has none".to_owned(),
        _ if hint.is_empty() => format!("; it has {}", names::list(all())),
        _ => hint,
    };
    format!("`{}` has no parameter `{name}`{end}", piece.name)
}

impl Takes {
    fn check(self, name: &str, value: &str) -> Result<(), String> {
        match self {
            Self::Number(from, to) if value.parse().is_ok_and(|number: i64| (from..=to).contains(&number)) => Ok(()),
            Self::Number(from, to) => Err(format!(
                "`{name}` is a number from {from} to {to}: write `{name}={}` in place of `{value}`",
                to / 3
            )),
            Self::Size if value.trim_matches('0').is_empty() => {
                Err(format!("`{name}={value}` takes no value at all: write `{name}=64MiB`"))
            }
            Self::Size => units::size(value).map(drop),
            Self::Flag if ["true", "false"].contains(&value) => Ok(()),
            Self::Flag => Err(format!("`{name}` is `true` or `false`: write `{name}=true` in place of `{value}`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{chain, features};

    #[test]
    fn chains() {
        for good in [
            "json",
            "msgpack+zstd",
            "json+zlib?level=9",
            "postcard+zstd?level=-7&max=64MiB+encrypt?per_key=true",
            "npy+bare",
            "raw+lz4?max=1000+bare",
        ] {
            assert_eq!(chain(good), Ok(()), "{good}");
        }
        assert_eq!(features("json+zlib?level=9+bare").collect::<Vec<_>>(), ["json", "zlib"]);
    }

    #[test]
    fn chains_that_are_none() {
        for (text, expected) in [
            ("", "there is no format ``; there are `json`, `msgpack`"),
            ("jsn", "there is no format `jsn`; did you mean `json`?"),
            ("json+", "there is no filter ``"),
            ("json+zstandard", "there are `zlib`, `zstd`, `lz4`, `encrypt`, `bare`"),
            ("json+zlib+zlib", "`zlib` is given twice"),
            ("json+bare+zlib", "`bare` comes last: write it behind `zlib`"),
            ("json+encrypt+bare", "leave `bare` out"),
            ("json?level=1", "`json` has no parameter `level`; it has none"),
            ("json+zlib?level=10", "`level` is a number from 0 to 9: write `level=3` in place of `10`"),
            ("json+zlib?lvl=1", "`zlib` has no parameter `lvl`; it has `level`, `max`"),
            ("json+zlib?level=1&level=1", "`level` is given twice"),
            ("json+lz4?max=0", "`max=0` takes no value at all"),
            ("json+lz4?max=1MB2", "more than one number"),
            ("json+encrypt?per_key=yes", "`per_key` is `true` or `false`"),
        ] {
            let problem = chain(text).expect_err(text);
            assert!(problem.contains(expected), "{text}: {problem}");
        }
    }
}
