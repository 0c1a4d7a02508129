//! Flaws that are planted to see that the exploration of schedules finds them. Not part of a build that is shipped.

use std::cell::Cell;

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A value goes to memory without a look at what was invalidated since its load began.
    UncheckedPublish,
    /// A value goes to a store without it.
    UncheckedAdmission,
    /// An invalidation does not wait for a write that was admitted before.
    NoDrain,
    /// The key is not closed to what was read before the stores were emptied.
    NoSecondMove,
    /// A caller follows a load that began before an invalidation.
    SharedFlight,
    /// A caller gets the value of a load that began before its tag was invalidated.
    UncheckedTag,
    /// A load ends without a word to those who wait for it.
    SilentLanding,
    /// Nobody follows: each loads on its own.
    NoFlight,
}

// Of the real thread: all threads of an execution run on one.
std::thread_local! {
    static PLANTED: Cell<Option<Flaw>> = const { Cell::new(None) };
}

/// Plants a flaw in what runs on this thread, or none.
pub fn plant(flaw: Option<Flaw>) {
    PLANTED.set(flaw);
}

pub(crate) fn has(flaw: Flaw) -> bool {
    PLANTED.get() == Some(flaw)
}
