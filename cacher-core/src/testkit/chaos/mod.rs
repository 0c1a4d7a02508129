//! Stores and formats that fail as a test says.

mod dice;
mod door;
#[cfg(feature = "async_backend")]
mod driven;
mod filter;
mod store;

use std::{fmt, time::Duration};

use dice::{Chances, Dice};
pub use dice::{Operation, Trouble};
use door::Door;
pub use filter::ChaosFilter;

use crate::{
    backend::{Key, Put},
    clock::Clock,
    error::{Error, Kind, Result},
    sync::{Arc, Mutex, lock},
};

/// A store around a store that makes trouble: it fails, hangs, is late, or tears entries, each with a probability.
///
/// The store inside is a [`Backend`](crate::backend::Backend), or with the feature `async_backend` an
/// [`AsyncBackend`](crate::backend::driven::AsyncBackend), and so is this one. Clones are the same store: keep one to
/// change what it does, to count, and to let go on what hangs. Without a probability it does what the store inside does.
///
/// Probabilities are from 0, which is the default, to 1. Each [`Trouble`] is drawn for itself, so an operation may be late
/// and then fail. What becomes of the first, second, .. operation of a kind on a key depends on the [`seed`](Self::seed)
/// alone, whatever other threads do with other keys. Of a list of entries, as in `get_many`, errors, hangs and delays are
/// drawn once, and torn entries each for itself.
///
/// ```
/// # #[cfg(feature = "msgpack")] {
/// use std::time::Duration;
/// use cacher_core::{backend::bytes::Bytes, direct::Cache};
/// use cacher_core::testkit::{Chaos, Operation, Trouble};
///
/// let chaos = Chaos::new(Bytes::new()).seed(7).errors(0.1).torn(0.1).chance(Operation::Remove, Trouble::Error, 1.0);
/// let cache: Cache<u64, u64> = Cache::builder().backend(chaos.clone()).build()?;
/// (0..100).for_each(|key| assert_eq!(cache.get_or_load(&key, || key), key));
/// assert!(chaos.total(Trouble::Error) > 0);
/// assert!(cache.stats().store_errors > 0);
/// # }
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[must_use]
pub struct Chaos<S>(Arc<Shared<S>>);

struct Shared<S> {
    inner: S,
    clock: Clock,
    chances: Mutex<Chances>,
    dice: Dice,
    door: Door,
}

impl<S> Chaos<S> {
    /// A store that makes no trouble yet, with the seed 0. It takes the clock that is in force on this thread.
    pub fn new(store: S) -> Self {
        let (chances, dice, door) = (Mutex::default(), Dice::default(), Door::default());
        Self(Arc::new(Shared { inner: store, clock: Clock::current(), chances, dice, door }))
    }

    /// Draws other trouble, which is the same for the same seed. Begins anew with the first operation of each key.
    pub fn seed(self, seed: u64) -> Self {
        self.0.dice.reseed(seed);
        self
    }

    /// Operations of any kind fail with this probability, as a store that can't be reached
    /// ([`Kind::Unavailable`]). What fails is not done; of a list, a part may be.
    pub fn errors(self, probability: f64) -> Self {
        self.all(Trouble::Error, probability)
    }

    /// Operations of any kind hang with this probability. Nothing ends one but [`release`](Self::release),
    /// [`calm`](Self::calm), or, of an async store, its timeout: a thread can't be called back. Then it goes on.
    pub fn hangs(self, probability: f64) -> Self {
        self.all(Trouble::Hang, probability)
    }

    /// Operations of any kind take this much longer with this probability. Under a [`ManualClock`](super::ManualClock), of
    /// the thread that operates or of the one that made the store, nobody waits: the operation moves the clock on by that
    /// much.
    pub fn delays(self, probability: f64, by: Duration) -> Self {
        lock(&self.0.chances).delay = by;
        self.all(Trouble::Delay, probability)
    }

    /// Entries that are read or put are torn with this probability: cut anywhere, or with one bit flipped.
    pub fn torn(self, probability: f64) -> Self {
        self.all(Trouble::Torn, probability)
    }

    /// Operations of one kind get into such trouble with this probability; the others stay as they are. A delay is 100 ms
    /// unless [`delays`](Self::delays) said how long.
    pub fn chance(self, operation: Operation, trouble: Trouble, probability: f64) -> Self {
        lock(&self.0.chances).set(operation, trouble, probability);
        self
    }

    fn all(self, trouble: Trouble, probability: f64) -> Self {
        Operation::ALL.iter().fold(self, |chaos, operation| chaos.chance(*operation, trouble, probability))
    }

    /// Makes no trouble from now on, and lets go on what hangs. Entries that are torn already stay so.
    pub fn calm(&self) {
        lock(&self.0.chances).none();
        self.release();
    }

    /// Lets operations go on that hang now.
    pub fn release(&self) {
        self.0.door.open();
    }

    /// How many operations hang now.
    #[must_use]
    pub fn hanging(&self) -> u64 {
        self.0.door.waiting()
    }

    /// How many operations of this kind there were; one for a list.
    #[must_use]
    pub fn asked(&self, operation: Operation) -> u64 {
        self.0.dice.asked(operation)
    }

    /// How often operations of this kind got into such trouble.
    #[must_use]
    pub fn count(&self, operation: Operation, trouble: Trouble) -> u64 {
        self.0.dice.count(operation, trouble)
    }

    /// The same for operations of any kind.
    #[must_use]
    pub fn total(&self, trouble: Trouble) -> u64 {
        Operation::ALL.iter().map(|operation| self.count(*operation, trouble)).sum()
    }
}

impl<S> Clone for Chaos<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> fmt::Debug for Chaos<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chaos").field("dice", &self.0.dice).finish_non_exhaustive()
    }
}

/// What is to become of an operation.
struct Fate<'a, S> {
    shared: &'a Shared<S>,
    operation: Operation,
    place: u64,
    nth: u64,
}

impl<S> Shared<S> {
    /// Draws for the next operation of a kind on a key.
    fn on(&self, operation: Operation, key: &Key) -> Fate<'_, S> {
        self.at(operation, dice::place(&[&key.namespace, &key.name, key.format]))
    }

    /// The same for a list, by its first key.
    fn on_first<'k>(&self, operation: Operation, mut keys: impl Iterator<Item = &'k Key>) -> Fate<'_, S> {
        keys.next().map_or_else(|| self.at(operation, 0), |key| self.on(operation, key))
    }

    /// The same for all entries of a function.
    fn within(&self, operation: Operation, namespace: &str) -> Fate<'_, S> {
        self.at(operation, dice::place(&[namespace]))
    }

    fn at(&self, operation: Operation, place: u64) -> Fate<'_, S> {
        let nth = self.dice.next(operation, place);
        Fate { shared: self, operation, place, nth }
    }
}

impl<S> Fate<'_, S> {
    fn has(&self, trouble: Trouble, part: u64) -> bool {
        let chance = lock(&self.shared.chances).of(self.operation, trouble);
        let drawn = chance > 0.0 && dice::fraction(self.random(trouble, part)) < chance;
        if drawn {
            self.shared.dice.note(self.operation, trouble);
        }
        drawn
    }

    fn random(&self, trouble: Trouble, part: u64) -> u64 {
        self.shared.dice.random(&[self.operation as u64, trouble as u64, self.place, self.nth, part])
    }

    /// Waits where it is to hang, or to be late, and says whether it is to go on.
    async fn befall(&self) -> Result<()> {
        if self.has(Trouble::Hang, 0) {
            self.shared.door.pass().await;
        }
        if self.has(Trouble::Delay, 0) {
            let delay = lock(&self.shared.chances).delay;
            let here = Clock::current();
            match if matches!(here, Clock::System) { &self.shared.clock } else { &here } {
                Clock::Manual(clock) => clock.advance(delay),
                clock @ Clock::System => clock.sleep_until(clock.tick().after(delay)).await,
            }
        }
        if self.has(Trouble::Error, 0) { Err(self.error()) } else { Ok(()) }
    }

    fn error(&self) -> Error {
        Error::new(Kind::Unavailable, format!("chaos: {:?} is said to fail", self.operation))
    }

    /// An entry as it comes through, the `part`th of a list.
    fn tear(&self, entry: &[u8], part: u64) -> Option<Vec<u8>> {
        let torn = !entry.is_empty() && self.has(Trouble::Torn, part);
        torn.then(|| dice::tear(entry, self.random(Trouble::Torn, !part)))
    }

    /// The same for an entry that was read.
    fn torn(&self, entry: Option<Vec<u8>>, part: u64) -> Option<Vec<u8>> {
        entry.map(|entry| self.tear(&entry, part).unwrap_or(entry))
    }

    /// The same for an entry that is put.
    fn torn_put(&self, put: &Put, part: u64) -> Put {
        let entry = self.tear(&put.entry, part).unwrap_or_else(|| put.entry.clone());
        Put { entry, ..put.clone() }
    }

    /// How much of a list is done before it fails, if it is to fail.
    fn done_of(&self, all: usize) -> usize {
        usize::try_from(self.random(Trouble::Error, 1) % (all as u64 + 1)).unwrap_or_default()
    }
}
