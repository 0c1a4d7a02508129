//! What a proxy is told to do, and what goes through it.

use std::{
    collections::BTreeMap,
    net::{Shutdown, TcpStream},
    sync::{Condvar, Mutex, MutexGuard},
    time::Duration,
};

use crate::server::locked;

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Mode {
    #[default]
    Pass,
    CutAfter(u64),
    Delay(Duration),
    Hold,
    /// Holds what the server answers.
    Mute,
    /// Holds connections of up to this number.
    Strand(u64),
}

#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) mode: Mode,
    /// Both ends of the connections that stand, with what the server has answered on each since the mode was set.
    pub(super) open: BTreeMap<u64, Ends>,
    pub(super) accepted: u64,
    pub(super) to_server: u64,
    pub(super) from_server: u64,
    pub(super) closing: bool,
    last: u64,
}

#[derive(Debug)]
pub(super) struct Ends {
    pub(super) streams: [TcpStream; 2],
    pub(super) answered: u64,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Holds those that stand.
    pub(super) fn strand(&self) {
        let last = self.lock().last;
        self.set(Mode::Strand(last));
    }

    pub(super) fn set(&self, mode: Mode) {
        let mut state = self.lock();
        state.mode = mode;
        state.open.values_mut().for_each(|ends| ends.answered = 0);
        self.changed.notify_all();
    }

    /// Notes a connection, and gives it a number.
    pub(super) fn add(&self, streams: [TcpStream; 2]) -> u64 {
        let mut state = self.lock();
        state.last += 1;
        let number = state.last;
        state.open.insert(number, Ends { streams, answered: 0 });
        number
    }

    pub(super) fn cut(&self, number: u64) {
        if let Some(ends) = self.lock().open.remove(&number) {
            ends.cut();
        }
        self.changed.notify_all();
    }

    pub(super) fn cut_all(&self) {
        let open = std::mem::take(&mut self.lock().open);
        open.values().for_each(Ends::cut);
        self.changed.notify_all();
    }

    /// Waits as long as what comes from this side is held back, and this connection stands.
    pub(super) fn wait_while_held(&self, number: u64, answers: bool) -> MutexGuard<'_, State> {
        let held = |state: &mut State| {
            let meant = match state.mode {
                Mode::Hold => true,
                Mode::Mute => answers,
                Mode::Strand(last) => number <= last,
                _ => false,
            };
            meant && state.open.contains_key(&number)
        };
        self.changed.wait_while(self.lock(), held).expect("no panic under the lock")
    }

    /// Waits so long, or until this connection is cut.
    pub(super) fn wait(&self, number: u64, time: Duration) {
        let stands = |state: &mut State| state.open.contains_key(&number);
        drop(self.changed.wait_timeout_while(self.lock(), time, stands));
    }
}

impl Ends {
    fn cut(&self) {
        for stream in &self.streams {
            // It may have ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
