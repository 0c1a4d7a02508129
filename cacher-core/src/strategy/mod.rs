//! Decisions about entries and loads: what may be read, how fresh it is, when the body may run, what is kept.
//!
//! A [`Strategy`] sees metadata, never values, so one serves any cache, and several caches may share one. It decides;
//! the cache acts. Each step of a call has two hooks, and every strategy of a cache goes through both, the built-in
//! ones (TTL, condition, rate limit) first, then the list in `strategies = [..]` in its order:
//!
//! * `ask_..` is **pure**: it changes nothing. All are asked, even when one has said no already, and some more than
//!   once for a step, as what was true before a wait may be so no more.
//! * `commit_..` follows only if the step happens, so that a load that was refused takes no token of a rate limit.
//!
//! ```text
//! call ── ask_read ── commit_read ─┬─ found:  ask_found ── fresh: commit_found ── the value
//!              │                   │               └─ stale, expired ──┐
//!           refused                └─ nothing found ───────────────────┤
//!              └───────────────────────────────────────────────────────┤
//!                                                     ask_load ── wait │ refuse ── an error, or a stale value
//!                                                        └─ commit_load ── the body ── after_load
//!                                                               ask_write ── the tiers ── commit_write ── the value
//!                                                                  └─ refuse_write: the value, kept nowhere
//! entry(..).invalidate() ── ask_remove ── the tiers ── commit_remove        cache().clear() ── ask_clear ── commit_clear
//! ```
//!
//! `insert` goes through `ask_write` and `commit_write`; refused, it removes what it was to replace. `refresh` goes
//! through all but the read. `peek`, `contains`, `info` and `explain` ask `ask_read` and `ask_found`, and commit
//! nothing; `expire_in` asks the same, then `ask_write` and `commit_write`. Under `bypass`, and for `uncached`, nothing is
//! asked. An answer that waits for another's load is asked `ask_read` only.
//!
//! Time is an argument: [`Call::now`]. Hooks run without a lock of the cache, on the thread of the call; they must not
//! wait, and do no I/O. A hook that panics has said nothing: the panic is reported to
//! [`on_fault`](crate::fault::on_fault), and the call goes on.
//!
//! What changes a value on its way in or out is a [`Transform`], in the same list.
//!
//! # Example: keep only what was slow to make
//!
//! ```
//! use std::time::Duration;
//! use cacher_core::strategy::{Call, Draft, Strategy, Verdict};
//!
//! struct SlowOnly(Duration);
//!
//! impl Strategy for SlowOnly {
//!     fn ask_write(&self, _call: &Call<'_>, draft: &mut Draft) -> Verdict {
//!         if draft.load_time() < self.0 { Verdict::Refuse } else { Verdict::Proceed }
//!     }
//! }
//! ```
//!
//! # Example: a budget of loads that is refilled by hand
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
//! use cacher_core::strategy::{Call, Permit, Strategy};
//!
//! struct Budget(AtomicU64);
//!
//! impl Strategy for Budget {
//!     fn ask_load(&self, _call: &Call<'_>) -> Permit {
//!         if self.0.load(SeqCst) > 0 { Permit::Now } else { Permit::Refuse }
//!     }
//!     // Another thread may have taken the last one since: then all are asked again.
//!     fn commit_load(&self, _call: &Call<'_>) -> bool {
//!         self.0.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
//!     }
//!     fn revoke_load(&self, _call: &Call<'_>) {
//!         self.0.fetch_add(1, SeqCst);
//!     }
//! }
//! ```

mod breaker;
mod call;
mod condition;
mod doorkeeper;
mod draft;
mod found;
pub(crate) mod gcra;
#[doc(hidden)]
pub mod hook;
#[doc(hidden)]
pub mod life;
#[doc(hidden)]
pub mod list;
mod rate_limit;
mod transform;
mod ttl;

pub use breaker::Breaker;
pub use call::Call;
pub use condition::Condition;
pub use doorkeeper::Doorkeeper;
pub use draft::Draft;
pub use found::{Found, Freshness};
pub use rate_limit::RateLimit;
pub use transform::Transform;
pub use ttl::Ttl;

use std::time::Duration;

use crate::sync::Arc;

/// Whether a step may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Proceed,
    /// It may not.
    Refuse,
}

/// Whether the body may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permit {
    /// Now.
    Now,
    /// Not before this long from now. Then all are asked again.
    After(Duration),
    /// Not at all.
    Refuse,
}

/// What became of a body that was permitted to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadEnd {
    /// It returned a value.
    Value,
    /// It returned an error, panicked, took longer than it may, or was dropped. An error that `error_if` tells of is as
    /// good as a value.
    Failure,
}

/// Decides about the steps of calls. All hooks have defaults that let everything pass.
///
/// The [module](self) says in which order they come, with two examples. Implementors promise that `ask_..` changes
/// nothing, and that no hook waits. Shared by threads, so what changes is behind atomics or a short lock.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` is not a strategy",
    label = "not a `cacher::strategy::Strategy`",
    note = "`cacher::strategy` has `Breaker`, `Doorkeeper` and `RateLimit`; a type of your own implements `Strategy`"
)]
pub trait Strategy: Send + Sync + 'static {
    /// Before memory and the stores are looked at. Refused, the call finds nothing, and no store is read.
    fn ask_read(&self, call: &Call<'_>) -> Verdict {
        let _ = call;
        Verdict::Proceed
    }

    /// They are looked at.
    fn commit_read(&self, call: &Call<'_>) {
        let _ = call;
    }

    /// About an entry that was found and is within its TTL, in memory or in a store. The least fresh answer counts.
    /// What is not fresh is loaded anew, and replaced when that succeeds.
    fn ask_found(&self, call: &Call<'_>, found: &Found) -> Freshness {
        let _ = (call, found);
        Freshness::Fresh
    }

    /// Its value is returned.
    fn commit_found(&self, call: &Call<'_>, found: &Found) {
        let _ = (call, found);
    }

    /// Before the body. A wait blocks no executor; what else is said after waiting counts anew. Refused, the call
    /// returns a stale value if there is one, else an error if the function's return type can say it
    /// (`Result<_, E>` with `E: From<cacher::Error>`); if not, the body runs and the refusal is reported as a fault.
    fn ask_load(&self, call: &Call<'_>) -> Permit {
        let _ = call;
        Permit::Now
    }

    /// The body is about to run. `false` if that is not permitted any more, because another thread was quicker since
    /// the question: then those that have committed are told [`revoke_load`](Self::revoke_load), and all are asked
    /// again.
    fn commit_load(&self, call: &Call<'_>) -> bool {
        let _ = call;
        true
    }

    /// The body does not run after all.
    fn revoke_load(&self, call: &Call<'_>) {
        let _ = call;
    }

    /// The body has ended.
    fn after_load(&self, call: &Call<'_>, end: LoadEnd) {
        let _ = (call, end);
    }

    /// Before a value is kept. May change what the draft says. Refused, the value is returned and kept nowhere.
    fn ask_write(&self, call: &Call<'_>, draft: &mut Draft) -> Verdict {
        let _ = (call, draft);
        Verdict::Proceed
    }

    /// It is kept.
    fn commit_write(&self, call: &Call<'_>, draft: &Draft) {
        let _ = (call, draft);
    }

    /// It is not kept: this strategy or another has refused it.
    fn refuse_write(&self, call: &Call<'_>) {
        let _ = call;
    }

    /// Before an entry is removed by `invalidate`. Refused, it stays, and the caller is told
    /// [`Removal::Refused`](crate::core::Removal::Refused).
    fn ask_remove(&self, call: &Call<'_>) -> Verdict {
        let _ = call;
        Verdict::Proceed
    }

    /// It is removed.
    fn commit_remove(&self, call: &Call<'_>) {
        let _ = call;
    }

    /// Before a cache is cleared. Refused as for a removal.
    fn ask_clear(&self, call: &Call<'_>) -> Verdict {
        let _ = call;
        Verdict::Proceed
    }

    /// It is cleared.
    fn commit_clear(&self, call: &Call<'_>) {
        let _ = call;
    }
}

macro_rules! forward {
    ($(fn $name:ident(&self $(, $argument:ident: $type:ty)*) $(-> $output:ty)?;)*) => {
        $(fn $name(&self $(, $argument: $type)*) $(-> $output)? {
            (**self).$name($($argument),*)
        })*
    };
}

macro_rules! shared {
    ($($pointer:ty),*) => { $(
        /// Shared between caches.
        impl<S: Strategy + ?Sized> Strategy for $pointer {
            forward! {
                fn ask_read(&self, call: &Call<'_>) -> Verdict;
                fn commit_read(&self, call: &Call<'_>);
                fn ask_found(&self, call: &Call<'_>, found: &Found) -> Freshness;
                fn commit_found(&self, call: &Call<'_>, found: &Found);
                fn ask_load(&self, call: &Call<'_>) -> Permit;
                fn commit_load(&self, call: &Call<'_>) -> bool;
                fn revoke_load(&self, call: &Call<'_>);
                fn after_load(&self, call: &Call<'_>, end: LoadEnd);
                fn ask_write(&self, call: &Call<'_>, draft: &mut Draft) -> Verdict;
                fn commit_write(&self, call: &Call<'_>, draft: &Draft);
                fn refuse_write(&self, call: &Call<'_>);
                fn ask_remove(&self, call: &Call<'_>) -> Verdict;
                fn commit_remove(&self, call: &Call<'_>);
                fn ask_clear(&self, call: &Call<'_>) -> Verdict;
                fn commit_clear(&self, call: &Call<'_>);
            }
        }
    )* };
}

shared!(Arc<S>, &'static S);
