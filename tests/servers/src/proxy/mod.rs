//! A proxy that fails in place of a server.

mod line;
mod state;

use std::{
    io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use self::state::{Mode, Shared};
use crate::{port, server::locked};

/// Passes bytes between clients and a server, by TCP, as it is told to. What it is told holds for connections that stand
/// and for later ones, until it is told something else. It closes all when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    target: String,
    shared: Arc<Shared>,
    /// Accepts connections, as long as they are not refused.
    door: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    /// A proxy in front of a host and port, also as the URL of one server. It passes all.
    ///
    /// # Panics
    /// If it finds no port.
    #[must_use]
    pub fn before(target: impl AsRef<str>) -> Self {
        let target = host_and_port(target.as_ref()).to_owned();
        let proxy = Self { port: port::free(), target, shared: Arc::default(), door: Mutex::default() };
        proxy.open();
        proxy
    }

    /// The port to connect to.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port to connect to, as `127.0.0.1:20001`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Passes everything, also what was held.
    ///
    /// # Panics
    /// If somebody else has taken the port while connections were refused.
    pub fn pass(&self) {
        self.set(Mode::Pass);
    }

    /// Passes so many bytes of what the server answers, on each connection and from now on, and cuts it where more follow.
    ///
    /// # Panics
    /// As [`pass`](Self::pass).
    pub fn cut_after(&self, bytes: u64) {
        self.set(Mode::CutAfter(bytes));
    }

    /// Passes what the server answers, each piece later by this.
    ///
    /// # Panics
    /// As [`pass`](Self::pass).
    pub fn delay(&self, by: Duration) {
        self.set(Mode::Delay(by));
    }

    /// Holds everything back, as a network does that is down: connections stand, and are even made.
    ///
    /// # Panics
    /// As [`pass`](Self::pass).
    pub fn hold(&self) {
        self.set(Mode::Hold);
    }

    /// Holds back what the server answers: what is asked meanwhile is asked in one round trip.
    ///
    /// # Panics
    /// As [`pass`](Self::pass).
    pub fn mute(&self) {
        self.set(Mode::Mute);
    }

    /// Holds back the connections that stand, as a firewall does that has forgotten them; later ones pass. What was held
    /// goes on with the next [`pass`](Self::pass), even if its client has gone.
    ///
    /// # Panics
    /// As [`pass`](Self::pass).
    pub fn strand(&self) {
        self.shared.strand();
        self.open();
    }

    /// Refuses new connections, as a machine does where nothing listens. Those that stand go on.
    ///
    /// # Panics
    /// If the thread that accepts connections has.
    pub fn refuse(&self) {
        self.shared.set(Mode::Pass);
        self.close();
    }

    /// Cuts all connections that stand. New ones may be made.
    pub fn drop_all(&self) {
        self.shared.cut_all();
    }

    /// How many connections there were until now.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.lock().accepted
    }

    /// How many bytes went to the server.
    #[must_use]
    pub fn bytes_to_server(&self) -> u64 {
        self.shared.lock().to_server
    }

    /// How many bytes came from the server and went on.
    #[must_use]
    pub fn bytes_from_server(&self) -> u64 {
        self.shared.lock().from_server
    }

    fn set(&self, mode: Mode) {
        self.shared.set(mode);
        self.open();
    }

    fn open(&self) {
        let mut door = locked(&self.door);
        if door.is_none() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).expect("a port that is free");
            let (target, shared) = (self.target.clone(), Arc::clone(&self.shared));
            shared.lock().closing = false;
            *door = Some(thread::spawn(move || accept(&listener, &target, &shared)));
        }
    }

    /// Afterwards nobody listens at the port.
    fn close(&self) {
        if let Some(door) = locked(&self.door).take() {
            self.shared.lock().closing = true;
            // Wakes the thread, which then sees it.
            drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
            door.join().expect("the thread that accepts connections");
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.close();
        self.drop_all();
    }
}

fn accept(listener: &TcpListener, target: &str, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.lock().closing {
            return;
        }
        // A server that is down is a connection that ends at once.
        let _ = client.and_then(|client| join(client, target, shared));
    }
}

fn join(client: TcpStream, target: &str, shared: &Arc<Shared>) -> io::Result<()> {
    shared.lock().accepted += 1;
    let server = TcpStream::connect(target)?;
    line::run(client, server, shared)
}

fn host_and_port(target: &str) -> &str {
    let authority = target.split_once("://").map_or(target, |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
