//! What each entry may be, by what a child said.

use super::child::{BEGUN, DONE, FLUSHED};
use crate::entries::{SLOTS, removes, slot};

/// The write of an entry, or `None` if there is none.
pub(crate) type State = Option<u64>;

/// What one entry may be, from the oldest that may stand there to the newest.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) may_be: Vec<State>,
    /// What stood there before, and was overwritten.
    pub(crate) earlier: State,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) slots: [Slot; SLOTS],
    /// The number of the next write.
    pub(crate) next: u64,
    /// Whether a write that is done may still be in memory.
    waits: bool,
}

impl Ledger {
    pub(crate) fn new(waits: bool) -> Self {
        let slot = Slot { may_be: vec![None], earlier: None };
        Self { slots: [(); SLOTS].map(|()| slot.clone()), next: 0, waits }
    }

    /// Takes note of what a child said; returns the slot that it was writing when it was killed.
    pub(crate) fn note(&mut self, progress: &[u8]) -> Option<usize> {
        let mut writing = None;
        for step in progress {
            match *step {
                BEGUN => {
                    writing = Some(slot(self.next));
                    self.begin();
                }
                DONE => {
                    writing = None;
                    if !self.waits {
                        self.settle();
                    }
                }
                FLUSHED => self.settle(),
                other => panic!("{other} is no step"),
            }
        }
        writing
    }

    fn begin(&mut self) {
        let state = if removes(self.next) { None } else { Some(self.next) };
        self.slots[slot(self.next)].may_be.push(state);
        self.next += 1;
    }

    /// What is newest stands there.
    fn settle(&mut self) {
        for slot in &mut self.slots {
            if let [.., last] = slot.may_be[..] {
                slot.settle(last);
            }
        }
    }
}

impl Slot {
    /// What was found is what it is from now on.
    pub(crate) fn settle(&mut self, found: State) {
        for state in std::mem::take(&mut self.may_be) {
            // Of what is removed nothing need be kept.
            let before = self.may_be.last().copied().flatten();
            self.may_be.push(state);
            if self.may_be.len() > 1 {
                self.earlier = before.filter(|_| state.is_some());
            }
            if state == found {
                break;
            }
        }
        self.may_be = vec![found];
    }
}
