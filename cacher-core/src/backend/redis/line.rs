//! A connection in use: whether it still answers, and how its commands are kept from coming late.

use std::collections::BTreeSet;

use redis::{Cmd, RedisResult, cmd};

use super::{
    tracking::{Prefixes, tracking},
    wire::Wire,
};
use crate::sync::{Arc, AtomicBool, AtomicU64, Ordering};

/// The connection in use, and how many there were with it.
#[derive(Default)]
pub(super) struct Current {
    pub(super) number: u64,
    pub(super) line: Option<Arc<Line>>,
    /// Whose changes it is told of.
    pub(super) told: Prefixes,
    /// Whether changes may have been missed since it was there.
    pub(super) missed: bool,
    /// The earlier ones that the server may still hear something from.
    pub(super) past: Vec<Peer>,
}

pub(super) struct Line {
    pub(super) wire: Wire,
    /// What the server calls it, if it says so.
    pub(super) peer: Option<Peer>,
    answers: AtomicU64,
    silent: AtomicBool,
}

/// A connection as its server knows it: the number alone could be another's after a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Peer {
    id: String,
    address: String,
}

impl Line {
    pub(super) async fn new(mut wire: Wire) -> Self {
        let info = match &wire {
            // Servers before 6.2 do not know it, some users may not ask.
            Wire::One(_) => cmd("CLIENT").arg("INFO").query_async::<String>(&mut wire).await.ok(),
            Wire::Cluster(_) => None,
        };
        let peer = info.as_deref().and_then(Peer::read);
        Self { wire, peer, answers: AtomicU64::new(0), silent: AtomicBool::new(false) }
    }

    /// Lets it be told of all that is wanted, and says whether it could.
    pub(super) async fn tell(&self, told: &mut Prefixes, wanted: &Prefixes) -> bool {
        let more: BTreeSet<_> = wanted.prefixes.difference(&told.prefixes).cloned().collect();
        // Without any it does not speak the protocol that news come by.
        let (mut wire, can) = (self.wire.clone(), !told.prefixes.is_empty());
        let tells = more.is_empty() || can && self.heard(tracking(&more).query_async::<()>(&mut wire)).await.is_ok();
        if tells {
            told.prefixes.extend(more);
            told.number = wanted.number;
        }
        tells
    }

    /// What the server answers. Where that is given up, and nothing else was answered meanwhile, the connection is
    /// silent.
    pub(super) async fn heard<T>(&self, asking: impl Future<Output = T>) -> T {
        let waiting = Waiting { line: self, answers: self.answers.load(Ordering::SeqCst) };
        let answer = asking.await;
        self.answers.fetch_add(1, Ordering::SeqCst);
        drop(waiting);
        answer
    }

    pub(super) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::SeqCst)
    }

    /// Ends earlier connections, so that nothing comes from them any more: a write that was given up there, and that the
    /// network still holds, would bring back what has been removed since.
    pub(super) async fn fence(&self, past: &mut Vec<Peer>) -> RedisResult<()> {
        let mut wire = self.wire.clone();
        while let Some(peer) = past.last() {
            match peer.kill().query_async::<()>(&mut wire).await {
                Err(error) if super::fault::is_lost(&error, false) => return Err(error),
                // Some users may not.
                _ => past.pop(),
            };
        }
        Ok(())
    }
}

/// An answer that is waited for.
struct Waiting<'a> {
    line: &'a Line,
    answers: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.line.answers.load(Ordering::SeqCst) == self.answers {
            self.line.silent.store(true, Ordering::SeqCst);
        }
    }
}

impl Peer {
    /// From what `CLIENT INFO` says.
    fn read(info: &str) -> Option<Self> {
        let field = |name| info.split_ascii_whitespace().find_map(|field| field.strip_prefix(name));
        Some(Self { id: field("id=")?.to_owned(), address: field("addr=")?.to_owned() })
    }

    fn kill(&self) -> Cmd {
        let mut kill = cmd("CLIENT");
        kill.arg("KILL").arg("ID").arg(&self.id).arg("ADDR").arg(&self.address);
        kill
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_known_by_its_number_and_address() {
        let info = "id=7 addr=127.0.0.1:5000 laddr=127.0.0.1:6379 fd=8 name= age=0\n";
        let peer = Peer::read(info).expect("both are there");
        assert_eq!(peer, Peer { id: "7".into(), address: "127.0.0.1:5000".into() });
        assert_eq!(Peer::read("id=7 fd=8"), None);
    }
}
