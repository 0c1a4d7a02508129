//! `zlib`: what is found everywhere.

use std::io::Write;

use flate2::{Compression, bufread::ZlibDecoder, write::ZlibEncoder};

use super::{Context, Filter, bounded, piece::Piece};
use crate::error::Result;

const NAME: &str = "zlib";

pub(super) struct Zlib {
    level: Compression,
    most: u64,
}

impl Zlib {
    pub(super) fn of(piece: &Piece<'_>) -> Result<Self> {
        piece.only(&["level", "max"])?;
        let level = piece.number("level", &(0..=9))?.map_or_else(Compression::default, Compression::new);
        Ok(Self { level, most: piece.most()? })
    }
}

impl Filter for Zlib {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, bytes: Vec<u8>, _: &Context<'_>) -> Result<Vec<u8>> {
        bounded::check(NAME, &bytes, self.most)?;
        let mut encoder = ZlibEncoder::new(Vec::new(), self.level);
        encoder.write_all(&bytes).and_then(|()| encoder.finish()).map_err(bounded::failed)
    }

    fn undo(&self, mut bytes: &[u8], _: &Context<'_>) -> Result<Vec<u8>> {
        let value = bounded::read(NAME, ZlibDecoder::new(&mut bytes), self.most)?;
        bounded::whole(NAME, value, bytes)
    }
}
