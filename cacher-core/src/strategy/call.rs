use std::time::Duration;

/// A call, or what stands for one: its cache, its key, and the time.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub(crate) cache: &'a str,
    pub(crate) key: Option<u64>,
    pub(crate) partition: u64,
    pub(crate) items: u32,
    pub(crate) now: Duration,
}

impl Call<'_> {
    /// The name of the cache.
    #[must_use]
    pub fn cache(&self) -> &str {
        self.cache
    }

    /// Tells keys apart: equal identity arguments have equal numbers in this process, and others have the same by
    /// accident only (64 bits). `None` where several keys are concerned: in [`ask_clear`](super::Strategy::ask_clear), and
    /// where the body of a batch is to run for more than one.
    #[must_use]
    pub fn key(&self) -> Option<u64> {
        self.key
    }

    /// Tells the values of `per = ..` apart, in the same way; 0 without it, and before reads, as hits do not evaluate
    /// `per`.
    #[must_use]
    pub fn partition(&self) -> u64 {
        self.partition
    }

    /// How many keys the body is to run for: 1 but for batches.
    #[must_use]
    pub fn items(&self) -> u32 {
        self.items
    }

    /// The time: since an instant that is the same for the whole process. Never goes back.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.now
    }

    /// A number that looks random, spread evenly.
    pub(crate) fn random(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, reason = "its low bits are what changes")]
        let nanos = self.now.as_nanos() as u64;
        super::life::mix(self.key.unwrap_or_default() ^ nanos.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}
