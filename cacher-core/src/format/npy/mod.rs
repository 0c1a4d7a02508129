//! `npy`: arrays of numbers, as NumPy keeps them.
//!
//! An array is a vector, an array or a tuple of numbers of one type, or of arrays that are all of one shape, or what
//! the crate `ndarray` makes. It is written in NPY version 1.0, or 2.0 where the header is long, little-endian and in C
//! order; it is read with the same number type, and the same shape where the type says one.
//!
//! Serde does not say of which type the elements of an empty vector would be, so that `<f8` is written, and any type
//! is read.

use serde::{Serialize, de::DeserializeOwned};

use super::damaged;
use crate::error::{Error, Kind, Result};

mod dtype;
mod header;
mod nd;
mod read;
mod write;

use dtype::Dtype;

/// As many dimensions as every NumPy reads.
const MOST_DIMENSIONS: usize = 32;
/// How many empty arrays may be in one: they take no bytes.
const MOST_EMPTY: usize = 1 << 20;

/// What an array is of.
struct Array<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    /// In C order, little-endian.
    data: &'a [u8],
}

pub(super) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    write::array(value)
        .map_err(|error| Error::new(Kind::Unstorable, "the value can't be stored as npy").caused_by(error))
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let array = header::read(bytes).ok_or_else(|| damaged("the value is no array of NumPy that can be read here"))?;
    // What serde says may quote the value.
    read::value(&array).map_err(|_| damaged("the array has another number type or shape than this type"))
}

/// How many numbers an array of this shape has, if it is one that is taken.
fn count(shape: &[usize]) -> Option<usize> {
    let product = |sizes: &[usize]| sizes.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
    if shape.len() > MOST_DIMENSIONS {
        return None;
    }
    match shape.iter().position(|size| *size == 0) {
        Some(empty) => product(&shape[..empty]).filter(|empties| *empties <= MOST_EMPTY).map(|_| 0),
        None => product(shape),
    }
}
