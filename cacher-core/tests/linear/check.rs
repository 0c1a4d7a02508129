//! The search for an order that explains a history.

use std::collections::HashSet;

use crate::history::{
    Answer::{Done, Found, Loaded, Updated},
    Event,
    Operation::{Change, Contains, Delete, Get, Load, Set, SetIfAbsent, Update},
};

/// What is under the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct State {
    value: Option<u64>,
    /// Which event has put or removed that, and what was there before.
    last: Option<(usize, Option<u64>)>,
}

/// Whether there is an order of the events, in which none comes before one that ended before it began, and each answer is
/// that of a single value. Of `several` backends deletions may both have found what they remove at once, and as long as
/// a value is on its way into them one may find it and the next what was there before.
pub(crate) fn explained(history: &[Event], several: bool) -> bool {
    assert!(history.len() <= 64, "sets of events have 64 bits");
    Search { history, several, seen: HashSet::new() }.goes_on(0, State::default())
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
            self.next(event, state).into_iter().any(|value| {
                let changed = State { value, last: Some((at, state.value)) };
                self.goes_on(done | 1 << at, if value == state.value { state } else { changed })
            })
        })
    }

    /// The values that an event can leave there, if it can have come in this state.
    fn next(&self, event: &Event, state: State) -> Vec<Option<u64>> {
        let value = state.value;
        let sees = |found: Option<u64>| self.sees(event, state, found);
        match (event.operation, event.answer) {
            (Get, Found(found)) if sees(found) => vec![value],
            (Contains, Done(true)) if value.is_some() || state.last.is_some_and(|(_, before)| sees(before)) => {
                vec![value]
            }
            (Contains, Done(false)) if sees(None) => vec![value],
            (Set(new), Done(true)) => vec![Some(new)],
            // Something newer came first: it took its place at once, or stands there already.
            (Set(new), Done(false)) if self.is_crossed(event) => {
                let newer = |other: &Event| value.is_some() && other.operation.writes() == value;
                let mut values = vec![Some(new), None];
                values.extend(self.crosses(event, newer).then_some(value));
                values
            }
            (SetIfAbsent(new), Done(true)) if value.is_none() => vec![Some(new)],
            (SetIfAbsent(_), Done(false)) if value.is_some() => vec![value],
            (Update(new), Updated { saw }) if saw == value => vec![Some(new)],
            (Change(new), Updated { saw }) if saw == value => vec![saw.map(|_| new)],
            (Delete, Done(found)) if found == value.is_some() => vec![None],
            (Delete, Done(true)) if self.several && self.crosses(event, |other| other.operation == Delete) => {
                vec![None]
            }
            (Load(_), Loaded(loaded)) if sees(Some(loaded)) => vec![value],
            // What others come between is returned, and not kept.
            (Load(new), Loaded(loaded)) if new == loaded && sees(None) => {
                let mut values = Vec::new();
                values.extend(value.is_none().then_some(Some(loaded)));
                values.extend(self.is_crossed(event).then_some(value));
                values
            }
            // Another one's load, which is not kept.
            (Load(_), Loaded(loaded)) => {
                let loads = |other: &Event| other.operation == Load(loaded) && self.is_crossed(other);
                if self.crosses(event, loads) { vec![value] } else { Vec::new() }
            }
            _ => Vec::new(),
        }
    }

    /// Whether an event may find this.
    fn sees(&self, event: &Event, State { value, last }: State, found: Option<u64>) -> bool {
        let on_its_way = |(by, before): (usize, _)| before == found && self.history[by].overlaps(event);
        value == found || self.several && last.is_some_and(on_its_way)
    }

    fn crosses(&self, event: &Event, which: impl Fn(&Event) -> bool) -> bool {
        self.history.iter().any(|other| !std::ptr::eq(other, event) && other.overlaps(event) && which(other))
    }

    /// Whether something is written or removed at the same time.
    fn is_crossed(&self, event: &Event) -> bool {
        self.crosses(event, |other| !matches!(other.operation, Get | Contains | Load(_)))
    }
}
