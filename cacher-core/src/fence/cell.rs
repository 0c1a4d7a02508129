//! What goes on at one key.

use crate::sync::{Arc, AtomicBool, Event, Mutex, Ordering, lock};

#[derive(Debug)]
pub(super) struct Cell<F> {
    pub(super) state: Mutex<State<F>>,
    /// Tells of the end of an invalidation or an overwrite.
    pub(super) settled: Event,
}

#[derive(Debug, Default)]
pub(super) struct State<F> {
    pub(super) epoch: u64,
    /// Invalidations that are going on.
    pub(super) closed: usize,
    /// Overwrites that are going on.
    pub(super) overwriting: usize,
    /// How many seats were taken, and some numbers passed over.
    pub(super) seats: u64,
    /// No seat of a lower number writes any more.
    pub(super) wrote: u64,
    /// No seat of a lower number overwrites any more.
    pub(super) overwrote: u64,
    /// What had a seat by then may have read what was overwritten.
    pub(super) passed: u64,
    write: Option<Arc<Write>>,
    pub(super) extra: F,
}

/// A write to the stores that was admitted.
#[derive(Debug, Default)]
pub(super) struct Write {
    /// Whether it puts a newer value in place of an older one.
    overwrites: bool,
    done: AtomicBool,
    /// Somebody has given up waiting for it.
    overtaken: AtomicBool,
    quiet: Event,
}

impl Write {
    pub(super) async fn wait(&self) {
        loop {
            let listener = self.quiet.listen();
            if self.done.load(Ordering::SeqCst) {
                return;
            }
            listener.await;
        }
    }
}

impl<F> State<F> {
    /// The write that is going on.
    pub(super) fn writing(&self) -> Option<Arc<Write>> {
        self.write.as_ref().filter(|write| !write.done.load(Ordering::SeqCst)).map(Arc::clone)
    }

    /// Begins a write, unless there is one already, as [`Self::catch_up`] said before the rest was looked at.
    pub(super) fn write(&mut self, overwrites: bool, ongoing: Option<Arc<Write>>) -> Admission {
        if let Some(other) = ongoing {
            return Admission::Busy(Ongoing(other));
        }
        let write = Arc::new(Write { overwrites, ..Write::default() });
        self.write = Some(Arc::clone(&write));
        Admission::Now(Admitted(write))
    }

    /// Lets nothing that has a seat by now write any more.
    pub(super) fn pass_over(&mut self) {
        self.seats += 1;
        self.wrote = self.seats;
        self.passed = self.seats;
    }

    /// Notes the end of an overwrite in the stores, also of one whose caller has gone: who had a seat while it went on
    /// may have read what it replaced. The write that is going on comes back; as a write ends without the lock, it is
    /// asked but once whether it has.
    pub(super) fn catch_up(&mut self) -> Option<Arc<Write>> {
        let ongoing = self.writing();
        if ongoing.is_none() && self.write.take().is_some_and(|write| write.overwrites) {
            self.pass_over();
        }
        ongoing
    }

    /// Whether what stands here is just being replaced or removed.
    pub(super) fn is_unsettled(&self) -> bool {
        self.closed > 0 || self.overwriting > 0
    }

    /// Whether a newer value is just being put here.
    pub(super) fn is_overwritten(&self, ongoing: Option<&Arc<Write>>) -> bool {
        self.overwriting > 0 || ongoing.is_some_and(|write| write.overwrites)
    }
}

impl<F> Cell<F> {
    /// Waits until the write that is going on has ended.
    pub(super) async fn quiet(&self) {
        let writing = lock(&self.state).writing();
        if let Some(write) = writing {
            write.wait().await;
        }
    }
}

impl<F> State<F> {
    pub(super) fn overtake(&self) -> Option<Overtaken> {
        let write = self.writing()?;
        write.overtaken.store(true, Ordering::SeqCst);
        Some(Overtaken(write))
    }
}

impl<F: Default> State<F> {
    /// What was kept here comes back, to be dropped where no lock is held.
    pub(super) fn close(&mut self) -> F {
        self.epoch += 1;
        self.closed += 1;
        std::mem::take(&mut self.extra)
    }
}

/// Whether a write may begin.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It does.
    Now(Admitted),
    /// Not before another one has ended.
    Busy(Ongoing),
    /// The value is out of date.
    Outdated,
}

/// A write that is going on.
#[derive(Debug)]
pub(crate) struct Ongoing(Arc<Write>);

impl Ongoing {
    /// Waits for its end.
    pub(super) async fn end(&self) {
        self.0.wait().await;
    }
}

/// A write that may go on to the stores. Dropped when they have answered.
#[derive(Debug)]
pub(crate) struct Admitted(Arc<Write>);

impl Admitted {
    /// Whether somebody has given up waiting for this write, so that it must be undone.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.0.overtaken.load(Ordering::SeqCst)
    }
}

/// A write that somebody has given up waiting for.
#[derive(Clone, Debug)]
pub(crate) struct Overtaken(Arc<Write>);

impl Overtaken {
    /// Whether the stores have answered, and it was undone.
    pub(crate) fn is_done(&self) -> bool {
        self.0.done.load(Ordering::SeqCst)
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.0.done.store(true, Ordering::SeqCst);
        self.0.quiet.notify(usize::MAX);
    }
}
