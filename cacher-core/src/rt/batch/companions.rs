//! What the companions of a batch call.

use std::{collections::VecDeque, rc::Rc};

use super::{Form, Hashes, Only, Reading};
use crate::{
    cache::{LocalManyOperations, Several, SharedManyOperations},
    codec::Codecs,
    companion::{AnswerStream, Answers, AsyncEntries, Entries, LocalEntries},
    key::parts::{Key, Parts},
    memory::held::Held,
    site::{Home, Recipe},
    strategy::life::Terms,
    sync::Arc,
};

macro_rules! entries {
    ($(#[$doc:meta])* $name:ident, $entries:ident, $pointer:ident, $operations:ident, [$($send:tt)*]) => {
        $(#[$doc])*
        pub fn $name<S, Z, P, V: 'static>(
            home: S,
            recipe: &Z,
            parts: &[P],
            terms: impl Fn(usize) -> Terms,
        ) -> $entries<V>
        where
            P: Parts,
            Z: Recipe<Codec: Codecs<P::Owned, V>, Held: Held<Value = V>>,
            S: Home<P::Owned, Z::Held>,
            Several<P::Owned, Z::Held, S::Table>: $operations<V> $($send)* + 'static,
        {
            let keys = parts.iter().enumerate().map(|(at, parts)| (Key::of(parts), terms(at)));
            let mut keys = Some(keys.collect());
            home.with(*recipe, |cache| {
                $entries($pointer::new(Several::new(cache, keys.take().unwrap_or_default())))
            })
        }
    };
}

entries!(
    /// The entries of items of a sync function.
    entries, Entries, Arc, SharedManyOperations, [+ Send + Sync]
);
entries!(
    /// The entries of items of an async function.
    entries_async, AsyncEntries, Arc, SharedManyOperations, [+ Send + Sync]
);
entries!(
    /// The entries of items of a function with `thread_local`.
    entries_local, LocalEntries, Rc, LocalManyOperations, []
);

/// The answer for one item, out of what a batch of it returned.
pub fn only<F: Only<C>, C>(answer: C) -> F::Out {
    F::only(answer)
}

/// The answer for each of some items, out of what a batch of them returned.
pub fn each<G, F, C, I, X, Y>(items: &[I], answer: C, asked: X, answered: Y) -> Vec<(G::Name, F::Out)>
where
    G: Reading<I>,
    F: Form<C, G::Name> + Only<C>,
    X: Fn(&G::Name) -> u64,
    Y: Fn(&F::Name) -> u64,
{
    let names: Vec<_> = items.iter().map(|item| G::name(&G::own(item)).clone()).collect();
    let values = F::part(answer, &names, Hashes { asked: &asked, answered: &answered });
    // A wrong number of them has been told as an error, or by a panic.
    let values = values.unwrap_or_default();
    names.into_iter().zip(values).filter_map(|(name, value)| Some((name, F::out(value)?))).collect()
}

/// The answers for items, some at a time.
pub fn stream<N, T, Fut>(
    items: Vec<N>,
    most: usize,
    call: impl Fn(Vec<N>) -> Fut + Send + Sync + 'static,
) -> AnswerStream<T>
where
    N: Send + 'static,
    T: Send,
    Fut: Future<Output = Vec<T>> + Send + 'static,
{
    let call = Arc::new(call);
    let step = |items: Vec<N>| {
        let call = Arc::clone(&call);
        let count = items.len();
        let step: Box<dyn FnOnce() -> std::pin::Pin<Box<dyn Future<Output = Vec<T>> + Send>> + Send> =
            Box::new(move || Box::pin(async move { call(items).await }));
        (count, step)
    };
    AnswerStream::new(some_at_a_time(items, most).into_iter().map(step).collect())
}

/// The same of a sync function.
pub fn iterate<N, T>(items: Vec<N>, most: usize, call: impl Fn(Vec<N>) -> Vec<T> + Send + Sync + 'static) -> Answers<T>
where
    N: Send + 'static,
    T: 'static,
{
    let call = Arc::new(call);
    let step = |items: Vec<N>| {
        let call = Arc::clone(&call);
        let count = items.len();
        let step: Box<dyn FnOnce() -> Vec<T> + Send> = Box::new(move || call(items));
        (count, step)
    };
    Answers::new(some_at_a_time(items, most).into_iter().map(step).collect())
}

fn some_at_a_time<N>(mut items: Vec<N>, most: usize) -> VecDeque<Vec<N>> {
    let mut parts = VecDeque::new();
    while !items.is_empty() {
        let rest = items.split_off(most.clamp(1, items.len()));
        parts.push_back(std::mem::replace(&mut items, rest));
    }
    parts
}
