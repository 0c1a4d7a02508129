//! When an entry goes although there is room.

use super::Limits;
use crate::time::{Stamp, Tick};

/// The times of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    /// When it is too old.
    old: Tick,
    /// When it was got or put last.
    used: Tick,
    /// The period that is counted.
    period: Tick,
    asked: u32,
}

/// The time on both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) tick: Tick,
    pub(super) stamp: Stamp,
}

impl Life {
    /// That of an entry that was put at a time of day, and is met now.
    pub(super) fn new(limits: &Limits, written: Stamp, now: Now) -> Self {
        let left = limits.age.map(|age| age.saturating_sub(now.stamp.since(written)));
        Self { old: left.map_or(Tick::NEVER, |left| now.tick.after(left)), used: now.tick, period: now.tick, asked: 0 }
    }

    /// Notes that it was got.
    pub(super) fn ask(&mut self, now: Tick) {
        self.used = now;
        self.asked = self.asked.saturating_add(1);
    }

    /// When to judge it again, if nobody asks for it; `None` if it goes now.
    pub(super) fn judge(&mut self, limits: &Limits, now: Tick) -> Option<Tick> {
        let idle = limits.idle.map_or(Tick::NEVER, |most| self.used.after(most));
        let rare = self.end_of_period(limits, now)?;
        Some(self.old.min(idle).min(rare)).filter(|due| now < *due)
    }

    /// The end of the current period; `None` if in an earlier one it was got too seldom.
    fn end_of_period(&mut self, limits: &Limits, now: Tick) -> Option<Tick> {
        let Some((least, length)) = limits.frequency else { return Some(Tick::NEVER) };
        let end = self.period.after(length);
        if now < end {
            return Some(end);
        }
        // Whoever asks judges first, so all that was counted was in this period, and nothing in those since.
        let next = end.after(length);
        if self.asked < least || now >= next {
            return None;
        }
        (self.period, self.asked) = (end, 0);
        Some(next)
    }
}
