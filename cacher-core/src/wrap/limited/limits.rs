//! What limits there are.

use std::time::Duration;

use super::resident;
use crate::error::{Error, Kind, Result};

/// Which entry makes room for another. Never the one that is being put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Eviction {
    /// The one that was got or put least recently.
    #[default]
    Lru,
    /// The one that was put first. One that is put again counts as new.
    Fifo,
    /// The one that was got least often; of several the one that was got or put least recently. Counting begins when
    /// this process meets the entry, and goes on when the entry is put again.
    Lfu,
    /// The one that was put last.
    Lifo,
    /// Any.
    Random,
}

impl Eviction {
    /// The order of this name: `lru`, `fifo`, `lfu`, `lifo` or `random`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "lru" => Self::Lru,
            "fifo" => Self::Fifo,
            "lfu" => Self::Lfu,
            "lifo" => Self::Lifo,
            "random" => Self::Random,
            _ => return None,
        })
    }
}

/// How much of a namespace a [`Limited`](super::Limited) store keeps. There is no limit by default; all that are said
/// hold together.
///
/// ```
/// use std::time::Duration;
/// use cacher_core::wrap::limited::{Eviction, Limits};
///
/// let limits = Limits::new().entries(10_000).bytes(64 << 20).idle(Duration::from_secs(3600)).eviction(Eviction::Lfu);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Limits {
    pub(super) entries: Option<u64>,
    pub(super) bytes: Option<u64>,
    pub(super) age: Option<Duration>,
    pub(super) idle: Option<Duration>,
    pub(super) frequency: Option<(u32, Duration)>,
    pub(super) process_memory: Option<u64>,
    eviction: Option<Eviction>,
}

impl Limits {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many entries.
    pub fn entries(self, most: u64) -> Self {
        Self { entries: Some(most), ..self }
    }

    /// At most so many bytes of what is stored: values in their format, compressed and encrypted if they are, with the
    /// envelope around each. Keys are not counted, nor what the store needs besides.
    pub fn bytes(self, most: u64) -> Self {
        Self { bytes: Some(most), ..self }
    }

    /// Nothing that was put longer ago, by the store's time of writing, or that of the value in what was there before.
    pub fn age(self, most: Duration) -> Self {
        Self { age: Some(most), ..self }
    }

    /// Nothing that was neither got nor put for so long by this process. What was there before counts from when the
    /// process met it.
    pub fn idle(self, most: Duration) -> Self {
        Self { idle: Some(most), ..self }
    }

    /// Nothing that is got less than `least` times in a `period`, the first of which begins when the entry is put, or
    /// met; each begins where the one before it ended. It goes at the end of the period.
    pub fn frequency(self, least: u32, period: Duration) -> Self {
        Self { frequency: Some((least, period)), ..self }
    }

    /// While the resident memory of the process is above so many bytes, a put first removes other entries, at most a
    /// quarter of them, until it is below. That helps where entries are in memory. On Linux only.
    pub fn process_memory(self, most: u64) -> Self {
        Self { process_memory: Some(most), ..self }
    }

    /// Which entry makes room; the least recently used by default.
    pub fn eviction(self, eviction: Eviction) -> Self {
        Self { eviction: Some(eviction), ..self }
    }

    /// These limits, and those of `others` that these don't say.
    pub(crate) fn or(self, others: Self) -> Self {
        Self {
            entries: self.entries.or(others.entries),
            bytes: self.bytes.or(others.bytes),
            age: self.age.or(others.age),
            idle: self.idle.or(others.idle),
            frequency: self.frequency.or(others.frequency),
            process_memory: self.process_memory.or(others.process_memory),
            eviction: self.eviction.or(others.eviction),
        }
    }

    /// Whether nothing is said.
    pub(crate) fn are_none(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn order(&self) -> Eviction {
        self.eviction.unwrap_or_default()
    }

    /// Whether something has to make room.
    fn evict(&self) -> bool {
        self.entries.is_some() || self.bytes.is_some() || self.process_memory.is_some()
    }

    /// Refuses limits under which nothing is kept, and those that can't be kept here.
    ///
    /// # Errors
    /// [`Kind::Invalid`], [`Kind::Unsupported`].
    pub(super) fn check(&self) -> Result<()> {
        let nothing = self.entries == Some(0)
            || self.bytes == Some(0)
            || [self.age, self.idle].contains(&Some(Duration::ZERO))
            || self.frequency.is_some_and(|(least, period)| least == 0 || period.is_zero());
        if nothing {
            return Err(Error::new(
                Kind::Invalid,
                "a limit of zero keeps nothing, or says nothing: write a larger one",
            ));
        }
        if self.eviction.is_some() && !self.evict() {
            let text =
                "nothing has to make room: say how many `entries` or `bytes` there may be, or leave `eviction` out";
            return Err(Error::new(Kind::Invalid, text));
        }
        if self.process_memory.is_some() && resident::bytes().is_none() {
            let text = "how much memory the process takes is known on Linux only: leave `process_memory` out";
            return Err(Error::new(Kind::Unsupported, text));
        }
        Ok(())
    }
}
