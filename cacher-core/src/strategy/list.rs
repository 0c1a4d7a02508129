//! The strategies of a cache, as one: all are asked, and all that happens is committed.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{Call, Draft, Found, Freshness, LoadEnd, Permit, Strategy, Verdict};
use crate::{
    error::{Error, Kind},
    fault::{self, Fault},
    sync::Arc,
};

/// Strategies in their order.
#[derive(Clone, Default)]
pub struct List(Arc<[Arc<dyn Strategy>]>);

impl fmt::Debug for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} strategies", self.0.len())
    }
}

impl FromIterator<Arc<dyn Strategy>> for List {
    fn from_iter<I: IntoIterator<Item = Arc<dyn Strategy>>>(strategies: I) -> Self {
        Self(strategies.into_iter().collect())
    }
}

impl List {
    pub(crate) fn iter(&self) -> impl Iterator<Item = Arc<dyn Strategy>> {
        self.0.iter().map(Arc::clone)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn ask_read(&self, call: &Call<'_>) -> Verdict {
        self.verdict(call, |strategy| strategy.ask_read(call))
    }

    pub(crate) fn commit_read(&self, call: &Call<'_>) {
        self.tell(call, |strategy| strategy.commit_read(call));
    }

    pub(crate) fn ask_found(&self, call: &Call<'_>, found: &Found) -> Freshness {
        self.least(call, Freshness::Fresh, |strategy| strategy.ask_found(call, found))
    }

    pub(crate) fn commit_found(&self, call: &Call<'_>, found: &Found) {
        self.tell(call, |strategy| strategy.commit_found(call, found));
    }

    pub(crate) fn ask_load(&self, call: &Call<'_>) -> Permit {
        self.least(call, Permit::Now, |strategy| strategy.ask_load(call))
    }

    /// All of them, or none.
    pub(crate) fn commit_load(&self, call: &Call<'_>) -> bool {
        let conflict = self.0.iter().position(|strategy| !guarded(call, true, || strategy.commit_load(call)));
        for strategy in conflict.iter().flat_map(|first| &self.0[..*first]) {
            guarded(call, (), || strategy.revoke_load(call));
        }
        conflict.is_none()
    }

    pub(crate) fn revoke_load(&self, call: &Call<'_>) {
        self.tell(call, |strategy| strategy.revoke_load(call));
    }

    pub(crate) fn after_load(&self, call: &Call<'_>, end: LoadEnd) {
        self.tell(call, |strategy| strategy.after_load(call, end));
    }

    pub(crate) fn ask_write(&self, call: &Call<'_>, draft: &mut Draft) -> Verdict {
        let mut verdict = Verdict::Proceed;
        for strategy in &*self.0 {
            if guarded(call, Verdict::Proceed, || strategy.ask_write(call, draft)) == Verdict::Refuse {
                verdict = Verdict::Refuse;
            }
        }
        verdict
    }

    pub(crate) fn commit_write(&self, call: &Call<'_>, draft: &Draft) {
        self.tell(call, |strategy| strategy.commit_write(call, draft));
    }

    pub(crate) fn refuse_write(&self, call: &Call<'_>) {
        self.tell(call, |strategy| strategy.refuse_write(call));
    }

    pub(crate) fn ask_remove(&self, call: &Call<'_>) -> Verdict {
        self.verdict(call, |strategy| strategy.ask_remove(call))
    }

    pub(crate) fn commit_remove(&self, call: &Call<'_>) {
        self.tell(call, |strategy| strategy.commit_remove(call));
    }

    pub(crate) fn ask_clear(&self, call: &Call<'_>) -> Verdict {
        self.verdict(call, |strategy| strategy.ask_clear(call))
    }

    pub(crate) fn commit_clear(&self, call: &Call<'_>) {
        self.tell(call, |strategy| strategy.commit_clear(call));
    }

    fn verdict(&self, call: &Call<'_>, ask: impl Fn(&dyn Strategy) -> Verdict) -> Verdict {
        let refused = self.answers(call, Verdict::Proceed, ask).filter(|verdict| *verdict == Verdict::Refuse);
        if refused.count() > 0 { Verdict::Refuse } else { Verdict::Proceed }
    }

    /// The greatest answer, which permits least.
    fn least<T: Ord + Copy>(&self, call: &Call<'_>, most: T, ask: impl Fn(&dyn Strategy) -> T) -> T {
        self.answers(call, most, ask).max().unwrap_or(most)
    }

    fn tell(&self, call: &Call<'_>, tell: impl Fn(&dyn Strategy)) {
        self.answers(call, (), tell).for_each(drop);
    }

    fn answers<T: Copy>(
        &self,
        call: &Call<'_>,
        default: T,
        ask: impl Fn(&dyn Strategy) -> T,
    ) -> impl Iterator<Item = T> {
        self.0.iter().map(move |strategy| guarded(call, default, || ask(&**strategy)))
    }
}

/// What a hook says; one that panics has said nothing.
fn guarded<T>(call: &Call<'_>, default: T, hook: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(hook)).unwrap_or_else(|_| {
        let error = Error::new(Kind::Invalid, "a strategy panicked");
        fault::report(&Fault { cache: call.cache.into(), error });
        default
    })
}
