//! `zstd`: better and faster than `zlib`.

use zstd::stream::read::Decoder;

use super::{Context, Filter, bounded, piece::Piece};
use crate::error::Result;

const NAME: &str = "zstd";

pub(super) struct Zstd {
    level: i32,
    most: u64,
}

impl Zstd {
    pub(super) fn of(piece: &Piece<'_>) -> Result<Self> {
        piece.only(&["level", "max"])?;
        let level = piece.number("level", &(-7..=22))?.unwrap_or(zstd::DEFAULT_COMPRESSION_LEVEL);
        Ok(Self { level, most: piece.most()? })
    }
}

impl Filter for Zstd {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, bytes: Vec<u8>, _: &Context<'_>) -> Result<Vec<u8>> {
        bounded::check(NAME, &bytes, self.most)?;
        zstd::bulk::compress(&bytes, self.level).map_err(bounded::failed)
    }

    fn undo(&self, mut bytes: &[u8], _: &Context<'_>) -> Result<Vec<u8>> {
        let decoder = Decoder::with_buffer(&mut bytes).map_err(bounded::failed)?.single_frame();
        let value = bounded::read(NAME, decoder, self.most)?;
        bounded::whole(NAME, value, bytes)
    }
}
