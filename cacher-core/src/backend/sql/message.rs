//! How changes are told of: who has made them, and what their entries are called; never what they hold.

use super::super::watchers::mark;
use crate::hex;

/// What is sent. A server takes just under 8000 digits of it, and digits are two for a byte.
#[derive(Clone, Debug)]
pub(super) struct Message(Vec<u8>);

/// What is heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) origin: u64,
    pub(super) number: u64,
    pub(super) changes: Vec<Changes>,
}

/// What has changed of a namespace.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) namespace: u64,
    /// The entries; if none is named, any of them.
    pub(super) marks: Vec<u64>,
}

/// The form of a message, for when there is another.
const FORM: u8 = 1;
/// How many bytes the changes of a message may have.
const ROOM: usize = 3900;
/// How many of them a namespace has, and each of its entries.
const NAMESPACE: usize = 10;
const ENTRY: usize = 8;

impl Message {
    /// That nothing has changed so far.
    pub(super) fn new() -> Self {
        let unsigned = [0; 16];
        Self([FORM].into_iter().chain(unsigned).collect())
    }

    /// And that these entries have, by the texts of their keys and the prefix of all in their namespace; any of it, if
    /// none are named.
    pub(super) fn and<'a>(mut self, prefix: &str, keys: impl ExactSizeIterator<Item = &'a str>) -> Self {
        let count = u16::try_from(keys.len()).unwrap_or(0);
        self.0.extend(mark(prefix).to_be_bytes());
        self.0.extend(count.to_be_bytes());
        self.0.extend(keys.take(count.into()).flat_map(|key| mark(key).to_be_bytes()));
        self
    }

    /// How many of the first entries there is room for, by their namespaces.
    pub(super) fn room_for<'a>(namespaces: impl Iterator<Item = &'a str>) -> usize {
        let (mut bytes, mut last) = (0, None);
        let fits = |namespace: &&'a str| {
            bytes += ENTRY + if last == Some(*namespace) { 0 } else { NAMESPACE };
            last = Some(*namespace);
            bytes <= ROOM
        };
        namespaces.take_while(fits).count()
    }

    /// Says who tells it, and which of its messages it is.
    pub(super) fn sign(&mut self, origin: u64, number: u64) {
        let signature = [origin, number].into_iter().flat_map(u64::to_be_bytes);
        for (place, byte) in self.0.iter_mut().skip(1).zip(signature) {
            *place = byte;
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Told {
    /// From what the server hands on; `None` if it is something else.
    pub(super) fn read(payload: &str) -> Option<Self> {
        let bytes = hex::from_hex(payload)?;
        let mut rest = bytes.strip_prefix(&[FORM])?;
        let (origin, number, mut changes) = (take(&mut rest)?, take(&mut rest)?, Vec::new());
        while !rest.is_empty() {
            let namespace = take(&mut rest)?;
            let (count, marks) = rest.split_first_chunk()?;
            rest = marks;
            let marks = (0..u16::from_be_bytes(*count)).map(|_| take(&mut rest)).collect::<Option<_>>()?;
            changes.push(Changes { namespace, marks });
        }
        Some(Self { origin, number, changes })
    }
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(message: &Message) -> String {
        hex::to_hex(message.bytes())
    }

    #[test]
    fn what_is_sent_is_heard() {
        let mut message =
            Message::new().and("posts|", ["posts|a", "posts|b"].into_iter()).and("users|", [].into_iter());
        message.sign(u64::MAX, 7);
        let posts = Changes { namespace: mark("posts|"), marks: vec![mark("posts|a"), mark("posts|b")] };
        let users = Changes { namespace: mark("users|"), marks: vec![] };
        let told = Told { origin: u64::MAX, number: 7, changes: vec![posts, users] };
        assert_eq!(Told::read(&sent(&message)), Some(told));
    }

    #[test]
    fn what_others_send_is_nothing() {
        let one = sent(&Message::new().and("posts|", ["posts|a"].into_iter()));
        for payload in ["", "posts", "02", &one[2..], &one[..one.len() - 2], &one.replacen("01", "02", 1)] {
            assert_eq!(Told::read(payload), None, "{payload}");
        }
    }

    #[test]
    fn a_message_has_the_length_that_is_reckoned_with() {
        let most = (ROOM - NAMESPACE) / ENTRY;
        let full = Message::new().and("posts|", vec!["posts|a"; most].into_iter());
        assert_eq!(full.bytes().len(), Message::new().bytes().len() + NAMESPACE + most * ENTRY);
        assert!(sent(&full).len() < 8000);
        let room = |namespaces: &[&'static str]| Message::room_for(namespaces.iter().copied().cycle().take(1000));
        assert_eq!((room(&["a"]), room(&["a", "b"])), (most, ROOM / (NAMESPACE + ENTRY)));
    }
}
