//! Calls that arrive at a steady rate.

use std::{error::Error, iter};

use cacher::testing::ManualClock;
use tokio::{runtime::Builder, task::yield_now};

use crate::{
    policies::Policy,
    source::{self, Answer, PHASE, Phase, START},
    time,
};

/// How many keys are asked for, one of them each millisecond.
const KEYS: u64 = 20;

/// Which of them, in what order.
const SEED: u64 = 7;

/// When the first phase begins, the last call, and when all calls have ended, in milliseconds.
const LAST: u64 = START + PHASE * Phase::ALL.len() as u64;
const END: u64 = LAST + 5_000;

/// A call, and what came of it.
pub(crate) struct Call {
    pub(crate) began: u64,
    pub(crate) took: u64,
    /// How old the value is that it got, in milliseconds; `None` after an error.
    pub(crate) age: Option<u64>,
}

/// What happened with one policy.
pub(crate) struct Run {
    pub(crate) calls: Vec<Call>,
    /// When the source was asked.
    pub(crate) reads: Vec<u64>,
}

/// Calls a function with a policy through all phases.
pub(crate) fn run(policy: &Policy) -> Result<Run, Box<dyn Error>> {
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    time::reset();
    source::take_reads();
    // Whoever yields goes on when no other task can.
    let runtime = Builder::new_current_thread().event_interval(u32::MAX).build()?;
    let calls = runtime.block_on(async {
        let (mut numbers, mut begun) = (numbers(), Vec::new());
        while time::now() < END {
            if time::now() < LAST
                && let Some(number) = numbers.next()
            {
                begun.push(tokio::spawn(timed((policy.call)(number % known(time::now())))));
            }
            yield_now().await;
            time::tick(&clock);
        }
        let mut calls = Vec::new();
        for call in begun {
            calls.push(call.await?);
        }
        Ok::<_, tokio::task::JoinError>(calls)
    })?;
    Ok(Run { calls, reads: source::take_reads() })
}

/// Says what a call takes.
async fn timed(call: impl Future<Output = Answer>) -> Call {
    let began = time::now();
    let answer = call.await;
    let ended = time::now();
    Call { began, took: ended - began, age: answer.ok().map(|read| ended - read) }
}

/// How many keys are asked for at a time: before the first phase one after the other begins, so that their values do not
/// all end at once.
fn known(millis: u64) -> u64 {
    (millis * KEYS / START + 1).min(KEYS)
}

/// The same numbers in each run, by `SplitMix64` (Steele, Lea and Flood, 2014).
fn numbers() -> impl Iterator<Item = u64> {
    let mut state = SEED;
    iter::repeat_with(move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    })
}
