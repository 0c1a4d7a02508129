//! What a batch returns: values in the order of the items, or by their names.

use hashbrown::HashTable;

/// How a collection holds values.
pub trait Answers<C> {
    /// What is kept of each item.
    type Value;
    /// What an answer is called by; nothing where the order says it.
    type Name;
}

/// How values are taken out of a collection, and put into one, for items of this name.
#[diagnostic::on_unimplemented(
    message = "`{C}` can't be what a batch returns for items of type `{N}`",
    label = "neither a `Vec` in the order of the items nor a map of them",
    note = "return `Vec<T>` or `Vec<Option<T>>` in the order of the items, or a map whose keys are the items"
)]
pub trait Form<C, N>: Answers<C> {
    /// The value of each item that was asked for, if there is one.
    ///
    /// # Errors
    /// How many values there are, if that is not as many as there are items.
    fn part(answer: C, asked: &[N], hashes: Hashes<'_, N, Self::Name>) -> Result<Vec<Option<Self::Value>>, usize>;
    /// What the call returns for so many items.
    fn join(count: usize, value: impl FnMut(usize) -> Option<Self::Value>, name: impl Fn(usize) -> N) -> C;
}

/// Hashes of the names of items and of answers; equal names have equal hashes.
#[derive(Clone, Copy)]
pub struct Hashes<'a, N, A> {
    /// Of an item.
    pub(super) asked: &'a dyn Fn(&N) -> u64,
    /// Of an answer.
    pub(super) answered: &'a dyn Fn(&A) -> u64,
}

impl<N, A> std::fmt::Debug for Hashes<'_, N, A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hashes").finish_non_exhaustive()
    }
}

/// `Vec<T>`: a value for each item.
#[derive(Debug)]
pub struct InOrder;

/// `Vec<Option<T>>`: a value for each item that has one.
#[derive(Debug)]
pub struct OptionalInOrder;

/// A map, or whatever else is made of pairs and gives them back.
#[derive(Debug)]
pub struct Mapped;

impl<V> Answers<Vec<V>> for InOrder {
    type Value = V;
    type Name = ();
}

impl<V, N> Form<Vec<V>, N> for InOrder {
    fn part(answer: Vec<V>, asked: &[N], _hashes: Hashes<'_, N, ()>) -> Result<Vec<Option<V>>, usize> {
        if answer.len() == asked.len() { Ok(answer.into_iter().map(Some).collect()) } else { Err(answer.len()) }
    }

    fn join(count: usize, value: impl FnMut(usize) -> Option<V>, _name: impl Fn(usize) -> N) -> Vec<V> {
        (0..count).filter_map(value).collect()
    }
}

impl<V> Answers<Vec<Option<V>>> for OptionalInOrder {
    type Value = V;
    type Name = ();
}

impl<V, N> Form<Vec<Option<V>>, N> for OptionalInOrder {
    fn part(answer: Vec<Option<V>>, asked: &[N], _hashes: Hashes<'_, N, ()>) -> Result<Vec<Option<V>>, usize> {
        if answer.len() == asked.len() { Ok(answer) } else { Err(answer.len()) }
    }

    fn join(count: usize, value: impl FnMut(usize) -> Option<V>, _name: impl Fn(usize) -> N) -> Vec<Option<V>> {
        (0..count).map(value).collect()
    }
}

impl<C, K, V> Answers<C> for Mapped
where
    C: IntoIterator<Item = (K, V)> + FromIterator<(K, V)>,
{
    type Value = V;
    type Name = K;
}

impl<C, K, V, N> Form<C, N> for Mapped
where
    C: IntoIterator<Item = (K, V)> + FromIterator<(K, V)>,
    K: From<N> + PartialEq<N>,
{
    fn part(answer: C, asked: &[N], hashes: Hashes<'_, N, K>) -> Result<Vec<Option<V>>, usize> {
        let mut places = HashTable::with_capacity(asked.len());
        for (at, name) in asked.iter().enumerate() {
            let hash = (hashes.asked)(name);
            places.insert_unique(hash, (hash, at), |(hash, _)| *hash);
        }
        let mut values: Vec<_> = asked.iter().map(|_| None).collect();
        for (key, value) in answer {
            // What nobody asked for is not kept.
            if let Some((_, at)) = places.find((hashes.answered)(&key), |(_, at)| key == asked[*at]) {
                values[*at] = Some(value);
            }
        }
        Ok(values)
    }

    fn join(count: usize, mut value: impl FnMut(usize) -> Option<V>, name: impl Fn(usize) -> N) -> C {
        (0..count).filter_map(|at| Some((K::from(name(at)), value(at)?))).collect()
    }
}

/// The answer for a single item.
pub trait Only<C>: Answers<C> {
    /// A value, or an option of one where an item may have none.
    type Out;
    /// Out of what was returned for it alone.
    fn only(answer: C) -> Self::Out;
    /// Out of what was found; `None` if there is no such answer.
    fn out(value: Option<Self::Value>) -> Option<Self::Out>;
}

impl<V> Only<Vec<V>> for InOrder {
    type Out = V;
    fn only(mut answer: Vec<V>) -> V {
        answer.pop().unwrap_or_else(|| panic!("a batch of one item returned no value"))
    }
    fn out(value: Option<V>) -> Option<V> {
        value
    }
}

impl<V> Only<Vec<Option<V>>> for OptionalInOrder {
    type Out = Option<V>;
    fn only(mut answer: Vec<Option<V>>) -> Option<V> {
        answer.pop().flatten()
    }
    fn out(value: Option<V>) -> Option<Option<V>> {
        Some(value)
    }
}

impl<C, K, V> Only<C> for Mapped
where
    C: IntoIterator<Item = (K, V)> + FromIterator<(K, V)>,
{
    type Out = Option<V>;
    fn only(answer: C) -> Option<V> {
        answer.into_iter().next().map(|(_, value)| value)
    }
    fn out(value: Option<V>) -> Option<Option<V>> {
        Some(value)
    }
}

/// What is kept of an item that the body has no value for.
pub trait Absence<V> {
    /// What is kept of each item.
    type Kept;
    /// What is kept, if anything is.
    fn keep(value: Option<V>) -> Option<Self::Kept>;
    /// The value that was kept.
    fn give(kept: Self::Kept) -> Option<V>;
}

/// Nothing: the next call asks the body again.
#[derive(Debug)]
pub struct Forgotten;

/// That there is none: for as long as `none_ttl` says.
#[derive(Debug)]
pub struct Remembered;

impl<V> Absence<V> for Forgotten {
    type Kept = V;
    fn keep(value: Option<V>) -> Option<V> {
        value
    }
    fn give(kept: V) -> Option<V> {
        Some(kept)
    }
}

impl<V> Absence<V> for Remembered {
    type Kept = Option<V>;
    fn keep(value: Option<V>) -> Option<Option<V>> {
        Some(value)
    }
    fn give(kept: Option<V>) -> Option<V> {
        kept
    }
}

/// The same return type with another value in it: of a `Result` its `Ok`.
pub trait Carrier<V> {
    /// It.
    type Out;
}

impl<T, E, V> Carrier<V> for Result<T, E> {
    type Out = Result<V, E>;
}
