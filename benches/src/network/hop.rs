//! What it takes to wake another thread, as a library must that keeps connections on a thread of its own.

use std::{
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    thread,
    time::Instant,
};

const TURNS: u64 = 2_000;

/// Two threads that wake each other in turn, as an idle machine wakes one for an answer.
pub(super) fn measure() {
    let turn = AtomicU64::new(0);
    let (first, turn) = (&thread::current(), &turn);
    let nanos = thread::scope(|scope| {
        let second = scope.spawn(move || {
            for mine in (1..TURNS).step_by(2) {
                wait(turn, mine);
                turn.store(mine + 1, SeqCst);
                first.unpark();
            }
        });
        let begin = Instant::now();
        for mine in (0..TURNS).step_by(2) {
            wait(turn, mine);
            turn.store(mine + 1, SeqCst);
            second.thread().unpark();
        }
        wait(turn, TURNS);
        begin.elapsed().as_nanos()
    });
    println!("\nTo wake another thread: {} us.", nanos / u128::from(TURNS) / 1000);
}

fn wait(turn: &AtomicU64, mine: u64) {
    while turn.load(SeqCst) != mine {
        thread::park();
    }
}
