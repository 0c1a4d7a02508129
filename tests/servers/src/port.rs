//! Ports that stay free while a server is down.

use std::{
    net::{Ipv4Addr, TcpListener},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// Below those that connections take, so that none has it between a stop and a start.
const FIRST: u32 = 20_000;
const COUNT: u32 = 7_000;

/// A port of 127.0.0.1 where nobody listens. Processes that run at once look in different places.
pub(crate) fn free() -> u16 {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let mut candidates = (0..COUNT).map(|_| {
        let next = process::id().wrapping_mul(16).wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        u16::try_from(FIRST + next % COUNT).expect("a port below 27000")
    });
    candidates.find(|&port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()).expect("a port that is free")
}
