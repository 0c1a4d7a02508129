//! `lz4`: next to no time, and still smaller.

use std::io::Write;

use lz4_flex::frame::{FrameDecoder, FrameEncoder, FrameInfo};

use super::{Context, Filter, bounded, damaged, piece::Piece};
use crate::error::Result;

const NAME: &str = "lz4";
/// The flag that says so.
const HAS_SIZE: u8 = 0x08;
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
        // The decoder also takes frames that are to be skipped, and what is cut short between two parts.
        let announced = size(bytes).ok_or_else(|| damaged("the value is not lz4"))?;
        let value = bounded::read(NAME, FrameDecoder::new(&mut bytes), self.most)?;
        if value.len() as u64 != announced {
            return Err(damaged("the value as lz4 is cut short"));
        }
        bounded::whole(NAME, value, bytes)
    }
}

/// The size that a frame announces: 4 bytes of magic, flags, block size, then 8 bytes.
fn size(frame: &[u8]) -> Option<u64> {
    let (flags, rest) = frame.strip_prefix(MAGIC)?.split_first()?;
    let (size, _) = rest.get(1..)?.split_first_chunk()?;
    (flags & HAS_SIZE != 0).then(|| u64::from_le_bytes(*size))
}
