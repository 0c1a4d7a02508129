//! What stands in front of the numbers.
//!
//! ```text
//! \x93NUMPY    1 byte: version    1 byte: 0    2 bytes, from version 2 on 4: length    a dictionary of Python
//! {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }                    spaces, \n
//! ```
//! From NEP 1. The length is such that the numbers begin at a multiple of 64.

use super::{Array, Dtype, count};

const MAGIC: &[u8] = b"\x93NUMPY";

/// The whole file.
pub(super) fn write(array: &Array<'_>) -> Vec<u8> {
    let text = dictionary(array);
    // What comes before the dictionary in version 1.
    let before = MAGIC.len() + 4;
    let version_1 = u16::try_from(padded(before, text.len())).ok();
    let mut bytes = MAGIC.to_vec();
    if let Some(length) = version_1 {
        bytes.extend([1, 0]);
        bytes.extend(length.to_le_bytes());
    } else {
        bytes.extend([2, 0]);
        bytes.extend(u32::try_from(padded(before + 2, text.len())).unwrap_or(u32::MAX).to_le_bytes());
    }
    bytes.extend(text.as_bytes());
    let end = (bytes.len() + 1).next_multiple_of(64) - 1;
    bytes.resize(end, b' ');
    bytes.push(b'\n');
    bytes.extend(array.data);
    bytes
}

/// How long the dictionary is with the space and the line end behind it.
fn padded(before: usize, text: usize) -> usize {
    (before + text + 1).next_multiple_of(64) - before
}

fn dictionary(array: &Array<'_>) -> String {
    let sizes: Vec<_> = array.shape.iter().map(ToString::to_string).collect();
    let shape = if let [size] = sizes.as_slice() { format!("({size},)") } else { format!("({})", sizes.join(", ")) };
    format!("{{'descr': '{}', 'fortran_order': False, 'shape': {shape}, }}", array.dtype.name())
}

/// The array that a file holds, if it is one that is taken.
pub(super) fn read(bytes: &[u8]) -> Option<Array<'_>> {
    let (version, rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<2>()?;
    let (length, rest) = match version {
        [1, 0] => rest.split_first_chunk().map(|(length, rest)| (u32::from(u16::from_le_bytes(*length)), rest))?,
        [2 | 3, 0] => rest.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length), rest))?,
        _ => return None,
    };
    let (text, data) = rest.split_at_checked(usize::try_from(length).ok()?)?;
    let mut text = Text(std::str::from_utf8(text).ok()?.strip_suffix('\n')?);
    let (dtype, shape) = text.dictionary()?;
    let whole = count(&shape)?.checked_mul(dtype.size())? == data.len();
    whole.then_some(Array { dtype, shape, data })
}

/// Reads from the front of what it has left.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn dictionary(&mut self) -> Option<(Dtype, Vec<usize>)> {
        let (mut dtype, mut shape, mut order) = (None, None, None);
        self.token("{")?;
        while self.token("}").is_none() {
            let name = self.quoted()?;
            self.token(":")?;
            match name {
                "descr" => dtype = Some(Dtype::named(self.quoted()?)?),
                "fortran_order" => order = Some(self.token("False")?),
                "shape" => shape = Some(self.tuple()?),
                _ => return None,
            }
            let _ = self.token(",");
        }
        order?;
        self.0.trim().is_empty().then_some((dtype?, shape?))
    }

    fn tuple(&mut self) -> Option<Vec<usize>> {
        let mut sizes = Vec::new();
        self.token("(")?;
        while self.token(")").is_none() {
            let text = self.0.trim_start();
            let digits = text.find(|letter: char| !letter.is_ascii_digit())?;
            sizes.push(text[..digits].parse().ok()?);
            self.0 = &text[digits..];
            let _ = self.token(",");
        }
        Some(sizes)
    }

    fn quoted(&mut self) -> Option<&'a str> {
        self.token("'")?;
        let (text, rest) = self.0.split_once('\'')?;
        self.0 = rest;
        Some(text)
    }

    fn token(&mut self, token: &str) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(token)?;
        Some(())
    }
}
