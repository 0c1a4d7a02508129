//! Threads that run freely.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{
    random::Random,
    world::{Answer, ITEMS, Planned, Rules, Value, World},
};

/// What is tried: a sync function with `batch`, and its companions.
pub(super) struct Subject {
    pub(super) rules: Rules,
    pub(super) call: fn(&[u64], &World) -> Answer,
    pub(super) one: fn(u64, &World) -> Answer,
    pub(super) refresh: fn(&[u64], &World) -> Answer,
    pub(super) invalidate: fn(&[u64], u64),
    pub(super) insert: fn(&[u64], u64, Vec<Value>),
    pub(super) clear: fn(),
}

/// How many threads there are.
const THREADS: u64 = 3;

/// So many threads, which try what they are given again and again.
pub(super) struct Threads {
    work: Vec<mpsc::Sender<(&'static Subject, Arc<World>, u64)>>,
    done: mpsc::Receiver<()>,
}

impl Threads {
    pub(super) fn new() -> Self {
        let (ended, done) = mpsc::channel();
        let work = (0..THREADS).map(|_| {
            let (work, orders) = mpsc::channel::<(&Subject, Arc<World>, u64)>();
            let ended = ended.clone();
            thread::spawn(move || {
                for (subject, world, seed) in orders {
                    act(subject, &world, &mut Random::new(seed));
                    drop(world);
                    _ = ended.send(());
                }
            });
            work
        });
        Self { work: work.collect(), done }
    }

    /// Tries one schedule, and says what went wrong.
    pub(super) fn try_one(&self, subject: &'static Subject, seed: u64) -> (Arc<World>, Vec<String>) {
        let (mut random, world) = (Random::new(seed), World::new(seed, seed, subject.rules));
        for work in &self.work {
            work.send((subject, Arc::clone(&world), random.next())).expect("the threads go on");
        }
        for _ in &self.work {
            if self.done.recv_timeout(Duration::from_secs(20)).is_err() {
                return (Arc::clone(&world), vec!["a thread hangs, or has panicked".into()]);
            }
        }
        world.calm();
        let ids: Vec<_> = (0..ITEMS).collect();
        called(&world, &ids, || (subject.call)(&ids, &world));
        let wrong = world.wrong();
        (world, wrong)
    }
}

fn act(subject: &Subject, world: &World, random: &mut Random) {
    for _ in 0..=random.below(4) {
        step(subject, world, random);
    }
}

fn step(subject: &Subject, world: &World, random: &mut Random) {
    let ids = random.items(5, ITEMS);
    match random.below(20) {
        0..=9 => called(world, &ids, || (subject.call)(&ids, world)),
        10..=12 => called(world, &ids[..1], || (subject.one)(ids[0], world)),
        13..=15 => {
            let change = world.change(&ids, false);
            (subject.invalidate)(&ids, world.run);
            change.done();
        }
        16..=17 => {
            let change = world.change(&ids, true);
            let (ids, values) = change.values();
            (subject.insert)(&ids, world.run, values);
            change.done();
        }
        18 => {
            let _reloads = world.change(&ids, false);
            called(world, &ids, || (subject.refresh)(&ids, world));
        }
        _ => {
            let change = world.change(&(0..ITEMS).collect::<Vec<_>>(), false);
            (subject.clear)();
            change.done();
        }
    }
}

/// A call that may panic.
fn called(world: &World, ids: &[u64], call: impl FnOnce() -> Answer) {
    let noted = world.call(ids);
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(answer) => noted.returned(&answer),
        Err(panic) if panic.is::<Planned>() => {}
        Err(panic) => {
            world.complain("a panic that was not planned".into());
            resume_unwind(panic);
        }
    }
}
