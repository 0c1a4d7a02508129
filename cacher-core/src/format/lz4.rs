//! `lz4`: next to no time, and still smaller.

use std::io::Write;

use lz4_flex::frame::{FrameDecoder, FrameEncoder, FrameInfo};

use super::{Context, Filter, bounded, damaged, piece::Piece};
use crate::error::Result;

const NAME: &str = "lz4";
const MAGIC: &[u8] = &0x184d_2204_u32.to_le_bytes();

pub(super) struct Lz4 {
    most: u64,
}

impl Lz4 {
    pub(super) fn of(piece: &Piece<'_>) -> Result<Self> {
        piece.only(&["max"])?;
        Ok(Self { most: piece.most()? })
    }
}

impl Filter for Lz4 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, bytes: Vec<u8>, _: &Context<'_>) -> Result<Vec<u8>> {
        bounded::check(NAME, &bytes, self.most)?;
        let info = FrameInfo::new().content_checksum(true).content_size(Some(bytes.len() as u64));
        let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
        let written = encoder.write_all(&bytes).and_then(|()| encoder.finish().map_err(Into::into));
        written.map_err(bounded::failed)
    }

    fn undo(&self, mut bytes: &[u8], _: &Context<'_>) -> Result<Vec<u8>> {
        // The decoder also takes nothing at all, and frames that are to be skipped.
        if !bytes.starts_with(MAGIC) {
            return Err(damaged("the value is not lz4"));
        }
        let value = bounded::read(NAME, FrameDecoder::new(&mut bytes), self.most)?;
        bounded::whole(NAME, value, bytes)
    }
}
