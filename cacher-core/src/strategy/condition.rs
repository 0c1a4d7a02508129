use super::{Call, Draft, Strategy, Verdict};

/// Keeps what meets a condition on its metadata. A condition on the value is `cache_if`.
///
/// ```
/// # use std::time::Duration;
/// use cacher_core::strategy::Condition;
///
/// let slow_only = Condition::new(|draft| draft.load_time() > Duration::from_millis(10));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Condition<F>(F);

impl<F: Fn(&Draft) -> bool + Send + Sync + 'static> Condition<F> {
    /// Keeps what `holds` holds for.
    pub const fn new(holds: F) -> Self {
        Self(holds)
    }
}

impl<F: Fn(&Draft) -> bool + Send + Sync + 'static> Strategy for Condition<F> {
    fn ask_write(&self, _call: &Call<'_>, draft: &mut Draft) -> Verdict {
        if (self.0)(draft) { Verdict::Proceed } else { Verdict::Refuse }
    }
}
