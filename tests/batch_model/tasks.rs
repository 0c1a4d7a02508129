//! Tasks that are polled by hand, in random order, on one thread: thousands of schedules in a second, and the same ones
//! for the same seed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use cacher::testing::ManualClock;

use super::{
    random::Random,
    world::{Answer, ITEMS, Planned, Rules, Value, World},
};

pub(super) type Doing<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What is tried: a function with `batch`, and its companions.
pub(super) struct Subject {
    pub(super) rules: Rules,
    pub(super) call: fn(Vec<u64>, Arc<World>) -> Doing<Answer>,
    pub(super) one: fn(u64, Arc<World>) -> Doing<Answer>,
    pub(super) refresh: fn(Vec<u64>, Arc<World>) -> Doing<Answer>,
    pub(super) invalidate: fn(Vec<u64>, u64) -> Doing<()>,
    pub(super) insert: fn(Vec<u64>, u64, Vec<Value>) -> Doing<()>,
    pub(super) clear: fn() -> Doing<()>,
}

/// Polled once more before it is done.
pub(super) async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Tries one schedule, and says what went wrong.
pub(super) fn try_one(subject: &'static Subject, seed: u64, clock: &ManualClock) -> (Arc<World>, Vec<String>) {
    let (mut random, world) = (Random::new(seed), World::new(seed, seed, subject.rules));
    let tasks = (0..2 + random.below(4)).map(|_| task(subject, Arc::clone(&world), random.next()));
    let tasks: Vec<_> = tasks.collect();
    let mut wrong = Vec::new();
    wrong.extend(drive(tasks, &mut random, clock, subject.rules).err());
    if wrong.is_empty() {
        world.calm();
        wrong.extend(drive(vec![all(subject, Arc::clone(&world))], &mut random, clock, subject.rules).err());
    }
    wrong.extend(world.wrong());
    (world, wrong)
}

/// When all is over every item can be had: nothing is left in flight.
fn all(subject: &'static Subject, world: Arc<World>) -> Doing<()> {
    Box::pin(async move {
        let ids: Vec<_> = (0..ITEMS).collect();
        let call = world.call(&ids);
        let answer = (subject.call)(ids.clone(), Arc::clone(&world)).await;
        if answer.is_err() {
            world.complain(format!("at the end: {answer:?}"));
        }
        call.returned(&answer);
    })
}

fn task(subject: &'static Subject, world: Arc<World>, seed: u64) -> Doing<()> {
    Box::pin(async move {
        let mut random = Random::new(seed);
        for _ in 0..=random.below(4) {
            for _ in 0..random.below(3) {
                pause().await;
            }
            step(subject, &world, &mut random).await;
        }
    })
}

async fn step(subject: &'static Subject, world: &Arc<World>, random: &mut Random) {
    let ids = random.items(5, ITEMS);
    match random.below(20) {
        0..=9 => called(world, (subject.call)(ids.clone(), Arc::clone(world)), ids, random).await,
        10..=12 => called(world, (subject.one)(ids[0], Arc::clone(world)), vec![ids[0]], random).await,
        13..=15 => {
            let change = world.change(&ids, false);
            (subject.invalidate)(ids, world.run).await;
            change.done();
        }
        16..=17 => {
            let change = world.change(&ids, true);
            let (ids, values) = change.values();
            (subject.insert)(ids, world.run, values).await;
            change.done();
        }
        18 => {
            let _reloads = world.change(&ids, false);
            called(world, (subject.refresh)(ids.clone(), Arc::clone(world)), ids, random).await;
        }
        _ => {
            let change = world.change(&(0..ITEMS).collect::<Vec<_>>(), false);
            (subject.clear)().await;
            change.done();
        }
    }
}

/// A call that may be given up half-way, or panic.
async fn called(world: &World, mut doing: Doing<Answer>, ids: Vec<u64>, random: &mut Random) {
    let call = world.call(&ids);
    let mut polls = if random.once_in(5) { Some(random.below(4)) } else { None };
    let answer = std::future::poll_fn(|cx| {
        if let Some(left) = &mut polls {
            let Some(less) = left.checked_sub(1) else { return Poll::Ready(None) };
            *left = less;
            cx.waker().wake_by_ref();
        }
        match catch_unwind(AssertUnwindSafe(|| doing.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Some),
            Err(panic) if panic.is::<Planned>() => Poll::Ready(None),
            Err(panic) => resume_unwind(panic),
        }
    })
    .await;
    if let Some(answer) = answer {
        call.returned(&answer);
    } else {
        drop(doing);
        if world.rules.slow_stores {
            world.disturb(&(0..ITEMS).collect::<Vec<_>>());
        }
    }
}

struct Task {
    doing: Doing<()>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool, Thread);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
        self.1.unpark();
    }
}

/// Polls tasks until all are done; an error if none can go on any more.
fn drive(tasks: Vec<Doing<()>>, random: &mut Random, clock: &ManualClock, rules: Rules) -> Result<(), String> {
    let woken = || Arc::new(Woken(AtomicBool::new(true), thread::current()));
    let mut tasks: Vec<_> = tasks.into_iter().map(|doing| Task { doing, woken: woken() }).collect();
    while !tasks.is_empty() {
        let ready: Vec<_> = (0..tasks.len()).filter(|at| tasks[*at].woken.0.load(SeqCst)).collect();
        if ready.is_empty() {
            wait(&tasks, clock, rules)?;
            continue;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a place")]
        let at = ready[random.below(ready.len() as u64) as usize];
        let Task { doing, woken } = &mut tasks[at];
        woken.0.store(false, SeqCst);
        let waker = Waker::from(Arc::clone(woken));
        if doing.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            drop(tasks.swap_remove(at));
        }
        if random.once_in(16) {
            clock.advance(Duration::from_millis(1));
        }
    }
    Ok(())
}

/// Lets time pass: windows end. Nothing waits longer than they do, but for stores.
fn wait(tasks: &[Task], clock: &ManualClock, rules: Rules) -> Result<(), String> {
    let goes_on = || tasks.iter().any(|task| task.woken.0.load(SeqCst));
    let start = Instant::now();
    while !goes_on() {
        clock.advance(Duration::from_millis(5));
        if goes_on() {
            break;
        }
        if !rules.slow_stores || start.elapsed() > Duration::from_secs(20) {
            return Err(format!("{} tasks hang", tasks.len()));
        }
        thread::park_timeout(Duration::from_millis(1));
    }
    Ok(())
}
