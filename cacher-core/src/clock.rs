//! The clock of a cache: the system's, or one that a test moves by hand.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::{Duration, Instant, SystemTime},
};

use crate::{
    sync::{Arc, Mutex, OnceLock, global, lock, thread_local},
    time::{Stamp, Tick},
    timer::{self, AlarmId},
};

/// Where a cache reads the time. Set once, when the cache is first used.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The coarse monotonic clock of the system (a resolution of 1 to 15 ms), and its time of day.
    #[default]
    System,
    /// A clock that stands still until it is moved.
    Manual(Arc<ManualClock>),
}

thread_local! {
    static ENTERED: RefCell<Vec<Clock>> = const { RefCell::new(Vec::new()) };
}

impl Clock {
    /// The clock that [`ManualClock::enter`] put in force on this thread, or the system's.
    #[must_use]
    pub fn current() -> Self {
        // The thread may be ending.
        ENTERED.try_with(|entered| entered.borrow().last().cloned()).ok().flatten().unwrap_or_default()
    }

    /// The time that never goes back.
    #[inline]
    #[must_use]
    pub fn tick(&self) -> Tick {
        match self {
            Self::System => Tick(coarsetime::Instant::now_without_cache_update().as_ticks()),
            Self::Manual(clock) => clock.tick(),
        }
    }

    /// The time of day.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        match self {
            Self::System => SystemTime::now().into(),
            Self::Manual(clock) => lock(&clock.state).stamp,
        }
    }

    /// The time since an instant of the process, for what must be spaced exactly.
    pub(crate) fn elapsed(&self) -> Duration {
        global! {
            static ORIGIN: OnceLock<Instant> = OnceLock::new();
        }
        match self {
            // An hour ago, so that the first call comes after a pause.
            Self::System => ORIGIN.get_or_init(Instant::now).elapsed() + Duration::from_secs(3600),
            Self::Manual(clock) => clock.tick().since(Tick(0)),
        }
    }

    /// Rings `alarm` as soon as the clock reaches `when`: on a thread of ours, or in the call that moves the clock.
    pub(crate) fn at(&self, when: Tick, alarm: Alarm) -> AlarmId {
        let id = timer::id(when);
        match self {
            Self::System => timer::at(id, alarm),
            Self::Manual(clock) => clock.at(id, alarm),
        }
        id
    }

    fn cancel(&self, id: AlarmId) {
        match self {
            Self::System => timer::cancel(id),
            Self::Manual(clock) => clock.cancel(id),
        }
    }

    /// Waits until the clock reaches `when`.
    pub(crate) fn sleep_until(&self, when: Tick) -> Sleep {
        Sleep { clock: self.clone(), when, alarm: None }
    }
}

/// How long something takes, more precisely than [`Clock::tick`] could say.
#[derive(Debug)]
pub(crate) enum Stopwatch {
    System(Instant),
    Manual(Arc<ManualClock>, Tick),
}

impl Stopwatch {
    pub(crate) fn start(clock: &Clock) -> Self {
        match clock {
            Clock::System => Self::System(Instant::now()),
            Clock::Manual(manual) => Self::Manual(Arc::clone(manual), clock.tick()),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        match self {
            Self::System(start) => start.elapsed(),
            Self::Manual(clock, start) => lock(&clock.state).tick.since(*start),
        }
    }
}

/// A wait for a time.
#[derive(Debug)]
pub(crate) struct Sleep {
    clock: Clock,
    when: Tick,
    alarm: Option<AlarmId>,
}

impl Sleep {
    fn cancel(&mut self) {
        if let Some(id) = self.alarm.take() {
            self.clock.cancel(id);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.cancel();
        if self.clock.tick() >= self.when {
            return Poll::Ready(());
        }
        self.alarm = Some(self.clock.at(self.when, Alarm::Wake(cx.waker().clone())));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// What to do when a time is reached. Must neither wait nor run code of the user; work goes to a worker thread.
pub(crate) enum Alarm {
    /// Wakes a task.
    Wake(Waker),
    /// Calls a function.
    Call(Box<dyn FnOnce() + Send>),
}

impl Alarm {
    pub(crate) fn ring(self) {
        match self {
            Self::Wake(waker) => waker.wake(),
            Self::Call(call) => call(),
        }
    }
}

/// A clock for tests: it stands still until [`advance`](Self::advance) moves it.
///
/// A cache takes the clock that is in force on the thread that first uses it, and keeps it:
///
/// ```
/// # use std::time::Duration;
/// # use cacher_core::testkit::ManualClock;
/// let clock = ManualClock::new();
/// let _in_force = clock.enter();
/// // .. call cached functions for the first time ..
/// clock.advance(Duration::from_secs(60));
/// ```
pub struct ManualClock {
    state: Mutex<State>,
}

struct State {
    tick: Tick,
    stamp: Stamp,
    alarms: BTreeMap<AlarmId, Alarm>,
}

impl ManualClock {
    /// A clock that shows the time of day of its making.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State { tick: Tick(1 << 32), stamp: SystemTime::now().into(), alarms: BTreeMap::new() }),
        })
    }

    /// Puts the clock in force on this thread, until the guard is dropped.
    #[must_use = "the clock is in force only while the guard lives"]
    pub fn enter(self: &Arc<Self>) -> Entered {
        ENTERED.with(|entered| entered.borrow_mut().push(Clock::Manual(Arc::clone(self))));
        Entered { _same_thread: std::marker::PhantomData }
    }

    #[cold]
    fn tick(&self) -> Tick {
        lock(&self.state).tick
    }

    /// Moves both times on, then does what was to be done by then: wakes who waits, sweeps what expired.
    pub fn advance(&self, by: Duration) {
        self.go_on(by, by);
    }

    /// Lets this much time pass for what waits, while the time of day stands.
    pub(crate) fn pass(&self, by: Duration) {
        self.go_on(by, Duration::ZERO);
    }

    fn go_on(&self, by: Duration, of_day: Duration) {
        let due = {
            let mut state = lock(&self.state);
            state.tick = state.tick.after(by);
            state.stamp = state.stamp.after(of_day);
            let now = state.tick;
            let later = state.alarms.split_off(&(now, u64::MAX));
            std::mem::replace(&mut state.alarms, later)
        };
        due.into_values().for_each(Alarm::ring);
    }

    /// Sets the time of day, forward or back, as an administrator may.
    pub fn set_time_of_day(&self, time: SystemTime) {
        lock(&self.state).stamp = time.into();
    }

    /// The time of day that the clock shows.
    #[must_use]
    pub fn time_of_day(&self) -> SystemTime {
        lock(&self.state).stamp.to_system().unwrap_or(SystemTime::UNIX_EPOCH)
    }

    fn at(&self, id: AlarmId, alarm: Alarm) {
        let mut state = lock(&self.state);
        if id.0 > state.tick {
            state.alarms.insert(id, alarm);
            return;
        }
        drop(state);
        alarm.ring();
    }

    fn cancel(&self, id: AlarmId) {
        let cancelled = lock(&self.state).alarms.remove(&id);
        drop(cancelled);
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualClock").field("time_of_day", &self.time_of_day()).finish_non_exhaustive()
    }
}

/// Keeps a [`ManualClock`] in force on the thread that entered it.
#[derive(Debug)]
pub struct Entered {
    _same_thread: std::marker::PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        ENTERED.with(|entered| entered.borrow_mut().pop());
    }
}
