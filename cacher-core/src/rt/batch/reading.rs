//! The items of a call, as their argument holds them.

use std::marker::PhantomData;

/// How items are read from the arguments: what the body is given of them, and what its answers are called by.
pub trait Reading<I> {
    /// An item of the body's own.
    type Own: Clone;
    /// What an answer for it is called by, where answers have names.
    type Name: Clone;
    /// The item, for the body.
    fn own(item: &I) -> Self::Own;
    /// Its name.
    fn name(own: &Self::Own) -> &Self::Name;
}

/// A list that is borrowed.
#[derive(Debug)]
pub struct ByRef;

/// A list that is given away.
#[derive(Debug)]
pub struct ByValue;

/// A map that is borrowed, whose keys name the answers.
#[derive(Debug)]
pub struct EntriesByRef;

/// A map that is given away.
#[derive(Debug)]
pub struct EntriesByValue;

/// Two lists in parallel, or the product of two.
#[derive(Debug)]
pub struct Both<A, B>(PhantomData<(A, B)>);

impl<K: Clone> Reading<&K> for ByRef {
    type Own = K;
    type Name = K;
    fn own(item: &&K) -> K {
        K::clone(item)
    }
    fn name(own: &K) -> &K {
        own
    }
}

impl<K: Clone> Reading<K> for ByValue {
    type Own = K;
    type Name = K;
    fn own(item: &K) -> K {
        item.clone()
    }
    fn name(own: &K) -> &K {
        own
    }
}

impl<K: Clone, P: Clone> Reading<(&K, &P)> for EntriesByRef {
    type Own = (K, P);
    type Name = K;
    fn own((key, value): &(&K, &P)) -> (K, P) {
        (K::clone(key), P::clone(value))
    }
    fn name(own: &(K, P)) -> &K {
        &own.0
    }
}

impl<K: Clone, P: Clone> Reading<(K, P)> for EntriesByValue {
    type Own = (K, P);
    type Name = K;
    fn own(item: &(K, P)) -> (K, P) {
        item.clone()
    }
    fn name(own: &(K, P)) -> &K {
        &own.0
    }
}

impl<A: Reading<I>, B: Reading<J>, I, J> Reading<(I, J)> for Both<A, B> {
    type Own = (A::Own, B::Own);
    type Name = (A::Own, B::Own);
    fn own((one, other): &(I, J)) -> Self::Own {
        (A::own(one), B::own(other))
    }
    fn name(own: &Self::Own) -> &Self::Name {
        own
    }
}

/// The items of an argument.
pub fn list<L: IntoIterator>(list: L) -> Vec<L::Item> {
    list.into_iter().collect()
}

/// The items of two arguments, side by side.
///
/// # Errors
/// How many each has, if that is not the same.
pub fn side_by_side<I, J>(one: Vec<I>, other: Vec<J>) -> Result<Vec<(I, J)>, (usize, usize)> {
    if one.len() == other.len() { Ok(one.into_iter().zip(other).collect()) } else { Err((one.len(), other.len())) }
}

/// Each item of one argument with each of another, row by row.
#[must_use]
pub fn product<I: Clone, J: Clone>(rows: &[I], columns: &[J]) -> Vec<(I, J)> {
    let row = |row: &I| columns.iter().map(|column| (row.clone(), column.clone())).collect::<Vec<_>>();
    rows.iter().flat_map(row).collect()
}

/// The rows and the columns of a product.
#[must_use]
pub fn factors<A: Clone, B: Clone>(product: &[(A, B)], columns: usize) -> (Vec<A>, Vec<B>) {
    let rows = product.iter().step_by(columns.max(1)).map(|(row, _)| row.clone());
    (rows.collect(), product.iter().take(columns).map(|(_, column)| column.clone()).collect())
}

/// The items of two lists that stand side by side.
#[must_use]
pub fn apart<A, B>(items: Vec<(A, B)>) -> (Vec<A>, Vec<B>) {
    items.into_iter().unzip()
}

/// The items that a closure takes out of an argument.
pub fn extract<W: ?Sized, K>(whole: &W, extract: impl FnOnce(&W) -> Vec<K>) -> Vec<K> {
    extract(whole)
}

/// The argument that a closure makes for some items.
pub fn combine<W, K>(whole: &W, items: Vec<K>, combine: impl FnOnce(&W, Vec<K>) -> W) -> W {
    combine(whole, items)
}
