//! The search for an order that explains a history.

use std::collections::HashSet;

use crate::history::{
    Answer::{Done, Found, Loaded, Updated},
    Event,
    Operation::{Change, Contains, Delete, Get, Load, Set, SetIfAbsent, Update},
};

/// What is under the key.
type State = Option<u64>;

/// Whether there is an order of the events, in which none comes before one that ended before it began, and each answer is
/// that of a single value. Of `several` backends deletions may both have found what they remove at once.
pub(crate) fn explained(history: &[Event], several: bool) -> bool {
    assert!(history.len() <= 64, "sets of events have 64 bits");
    Search { history, several, seen: HashSet::new() }.goes_on(0, None)
}

struct Search<'a> {
    history: &'a [Event],
    several: bool,
    /// What was done, and what was there then, where no order followed.
    seen: HashSet<(u64, State)>,
}

impl Search<'_> {
    /// Whether the events that are not yet done can follow in this state.
    fn goes_on(&mut self, done: u64, state: State) -> bool {
        let history = self.history;
        if done.count_ones() as usize == history.len() {
            return true;
        }
        if !self.seen.insert((done, state)) {
            return false;
        }
        let left = || history.iter().enumerate().filter(|(at, _)| done & (1 << at) == 0);
        let first_end = left().map(|(_, event)| event.ended).min().unwrap_or(u64::MAX);
        left().filter(|(_, event)| event.began < first_end).any(|(at, event)| {
            let next = self.next(event, state);
            next.into_iter().any(|state| self.goes_on(done | 1 << at, state))
        })
    }

    /// The states in which an event can leave the key, if it can have come in this one.
    fn next(&self, event: &Event, state: State) -> Vec<State> {
        match (event.operation, event.answer) {
            (Get, Found(found)) if found == state => vec![state],
            (Contains, Done(found)) if found == state.is_some() => vec![state],
            (Set(value), Done(true)) => vec![Some(value)],
            // Something newer came first: it took its place at once, or stands there already.
            (Set(value), Done(false)) if self.is_crossed(event) => {
                let newer = |other: &Event| state.is_some() && other.operation.writes() == state;
                let mut states = vec![Some(value), None];
                states.extend(self.crosses(event, newer).then_some(state));
                states
            }
            (SetIfAbsent(value), Done(true)) if state.is_none() => vec![Some(value)],
            (SetIfAbsent(_), Done(false)) if state.is_some() => vec![state],
            (Update(value), Updated { saw }) if saw == state => vec![Some(value)],
            (Change(value), Updated { saw }) if saw == state => vec![saw.map(|_| value)],
            (Delete, Done(found)) if found == state.is_some() => vec![None],
            (Delete, Done(true)) if self.several && self.crosses(event, |other| other.operation == Delete) => {
                vec![None]
            }
            (Load(_), Loaded(loaded)) if state == Some(loaded) => vec![state],
            // What others come between is returned, and not kept.
            (Load(value), Loaded(loaded)) if value == loaded && state.is_none() => {
                let mut states = vec![Some(loaded)];
                states.extend(self.is_crossed(event).then_some(None));
                states
            }
            // Another one's load, which is not kept.
            (Load(_), Loaded(loaded)) => {
                let loads = |other: &Event| other.operation == Load(loaded) && self.is_crossed(other);
                if self.crosses(event, loads) { vec![state] } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }

    fn crosses(&self, event: &Event, which: impl Fn(&Event) -> bool) -> bool {
        self.history.iter().any(|other| !std::ptr::eq(other, event) && other.overlaps(event) && which(other))
    }

    /// Whether something is written or removed at the same time.
    fn is_crossed(&self, event: &Event) -> bool {
        self.crosses(event, |other| !matches!(other.operation, Get | Contains | Load(_)))
    }
}
