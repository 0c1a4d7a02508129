//! The meta protocol as bytes. Nothing here knows a connection.

/// Requests for one message, each of which has exactly one reply, in their order.
#[derive(Debug, Default)]
pub(super) struct Requests {
    bytes: Vec<u8>,
    count: usize,
    only_once: bool,
}

/// When an entry is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Always,
    IfAbsent,
}

/// What a server says to one request. To who asks for an entry, a lease is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Value(Vec<u8>),
    Item(Item),
    Done,
    Missing,
    NotStored,
    /// It could not do it, and what follows is in order.
    Refused(String),
    /// It did not understand it, or does not want to talk. What follows may be anything.
    Failed(String),
}

/// What stands under a key, whatever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) value: Vec<u8>,
    pub(super) what: What,
    /// No other item has this number, until the server is started anew.
    pub(super) unique: u64,
    /// How many seconds it has left; for ever if it does not say.
    pub(super) left: Option<u32>,
}

/// What an item is, which its client's flag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Entry,
    /// A lease, whose value is its owner.
    Lease,
    /// A lease in front of an entry: a line of its own before that.
    LeaseOfEntry,
}

impl What {
    fn flag(self) -> u32 {
        match self {
            Self::Entry => 0,
            Self::Lease => 1,
            Self::LeaseOfEntry => 2,
        }
    }

    /// By a word of a reply.
    fn read(word: &str) -> Option<Self> {
        [Self::Entry, Self::Lease, Self::LeaseOfEntry].into_iter().find(|what| word == format!("f{}", what.flag()))
    }
}

/// Bytes that are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Garbled;

/// Longer than any line of a server.
const LONGEST_LINE: usize = 2048;
/// More than a server can be set to keep.
const LARGEST_VALUE: usize = 1 << 30;

impl Requests {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Whether it comes to the same, but for a reply that is lost. What is put if nothing is there may be there by then.
    pub(super) fn may_be_sent_twice(&self) -> bool {
        !self.only_once
    }

    fn line(&mut self, line: &str) {
        self.bytes.extend_from_slice(line.as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
        self.count += 1;
    }

    fn with_data(&mut self, line: &str, data: &[u8]) {
        self.bytes.reserve(line.len() + data.len() + 4);
        self.line(line);
        self.bytes.extend_from_slice(data);
        self.bytes.extend_from_slice(b"\r\n");
    }

    pub(super) fn nothing(&mut self) {
        self.line("mn");
    }

    pub(super) fn get(&mut self, key: &str) {
        self.line(&format!("mg {key} v f"));
    }

    /// Whether there is an entry.
    pub(super) fn look(&mut self, key: &str) {
        self.line(&format!("mg {key} f"));
    }

    /// What is there, entry or lease.
    pub(super) fn item(&mut self, key: &str) {
        self.line(&format!("mg {key} v f c t"));
    }

    /// A lease, if nothing is there. Sent twice, it is the same owner's.
    pub(super) fn lease(&mut self, key: &str, owner: &str, seconds: u32) {
        let flag = What::Lease.flag();
        self.with_data(&format!("ms {key} {} T{seconds} F{flag} ME", owner.len()), owner.as_bytes());
    }

    /// A value in place of the item that has this number.
    pub(super) fn set_if(&mut self, key: &str, value: &[u8], what: What, seconds: u32, unique: u64) {
        self.only_once = true;
        let flag = what.flag();
        self.with_data(&format!("ms {key} {} T{seconds} F{flag} C{unique} MS", value.len()), value);
    }

    /// Removes the item that has this number.
    pub(super) fn remove_if(&mut self, key: &str, unique: u64) {
        self.line(&format!("md {key} C{unique}"));
    }

    /// `seconds` as the server counts them: 0 is never.
    pub(super) fn set(&mut self, key: &str, entry: &[u8], seconds: u32, mode: Mode) {
        self.only_once |= mode == Mode::IfAbsent;
        let mode = if mode == Mode::Always { 'S' } else { 'E' };
        self.with_data(&format!("ms {key} {} T{seconds} M{mode}", entry.len()), entry);
    }

    pub(super) fn touch(&mut self, key: &str, seconds: u32) {
        self.line(&format!("mg {key} T{seconds}"));
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.line(&format!("md {key}"));
    }

    /// The number under a key, which is made `first` if there is none.
    pub(super) fn number_or(&mut self, key: &str, first: u64) {
        self.line(&format!("ma {key} D0 N0 J{first} v"));
    }

    /// Adds one to a number, if there is one.
    pub(super) fn increment(&mut self, key: &str) {
        self.line(&format!("ma {key} D1 v"));
    }

    /// Only for a server that has said that it wants it: to others this is an entry like any.
    pub(super) fn sign_in(&mut self, user: &str, password: &str) {
        let both = format!("{user} {password}");
        self.with_data(&format!("set auth 0 0 {}", both.len()), both.as_bytes());
    }
}

/// The first reply in these bytes and how long it is; `None` while some of it is missing.
pub(super) fn read(bytes: &[u8]) -> Result<Option<(Reply, usize)>, Garbled> {
    let end = bytes.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n');
    let Some(end) = end else {
        return if bytes.len() < LONGEST_LINE { Ok(None) } else { Err(Garbled) };
    };
    let line = bytes[..end].strip_suffix(b"\r").and_then(|line| std::str::from_utf8(line).ok()).ok_or(Garbled)?;
    let mut words = line.split(' ');
    let reply = match words.next().unwrap_or_default() {
        "VA" => return value(words, end + 1, bytes),
        "HD" if words.any(|word| What::read(word) == Some(What::Lease)) => Reply::Missing,
        "HD" | "MN" | "STORED" => Reply::Done,
        "EN" | "NF" => Reply::Missing,
        "NS" | "EX" => Reply::NotStored,
        "SERVER_ERROR" => Reply::Refused(line.to_owned()),
        "CLIENT_ERROR" | "ERROR" => Reply::Failed(line.to_owned()),
        _ => return Err(Garbled),
    };
    Ok(Some((reply, end + 1)))
}

/// The rest of a reply that has a value: its length and what else was asked for, and behind that line the value.
fn value<'a>(
    mut words: impl Iterator<Item = &'a str> + Clone,
    start: usize,
    bytes: &[u8],
) -> Result<Option<(Reply, usize)>, Garbled> {
    let length = words.next().and_then(|length| length.parse::<usize>().ok());
    let end = start + length.filter(|length| *length <= LARGEST_VALUE).ok_or(Garbled)?;
    let value = match bytes.get(end..end + 2) {
        None => return Ok(None),
        Some(b"\r\n") => &bytes[start..end],
        Some(_) => return Err(Garbled),
    };
    let what = words.clone().find_map(What::read).unwrap_or(What::Entry);
    let left = words.clone().find_map(|word| word.strip_prefix('t')?.parse().ok());
    let unique = words.find_map(|word| word.strip_prefix('c')?.parse().ok());
    let reply = match (unique, what) {
        (Some(unique), _) => Reply::Item(Item { value: value.to_vec(), what, unique, left }),
        (None, What::Entry) => Reply::Value(value.to_vec()),
        (None, What::Lease) => Reply::Missing,
        (None, What::LeaseOfEntry) => behind_lease(value).map_or(Reply::Missing, |entry| Reply::Value(entry.to_vec())),
    };
    Ok(Some((reply, end + 2)))
}

/// The entry behind a lease.
pub(super) fn behind_lease(value: &[u8]) -> Option<&[u8]> {
    let end = value.iter().position(|byte| *byte == b'\n')?;
    Some(&value[end + 1..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A reply as a server writes it.
    fn written(reply: &Reply) -> Vec<u8> {
        match reply {
            Reply::Value(value) => [format!("VA {} f0\r\n", value.len()).as_bytes(), value, b"\r\n"].concat(),
            Reply::Item(Item { value, what, unique, left }) => {
                let left = left.map_or(-1, i64::from);
                let line = format!("VA {} f{} c{unique} t{left}\r\n", value.len(), what.flag());
                [line.as_bytes(), value, b"\r\n"].concat()
            }
            Reply::Done => b"HD\r\n".to_vec(),
            Reply::Missing => b"EN\r\n".to_vec(),
            Reply::NotStored => b"NS\r\n".to_vec(),
            Reply::Refused(line) | Reply::Failed(line) => format!("{line}\r\n").into_bytes(),
        }
    }

    fn any_reply() -> impl Strategy<Value = Reply> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200).prop_map(Reply::Value),
            prop::sample::select(vec![&b"\r\n"[..], b"EN\r\n", b"VA 9\r\n"]).prop_map(|odd| Reply::Value(odd.to_vec())),
            (prop::collection::vec(any::<u8>(), 0..50), 0..3_usize, any::<u64>(), any::<Option<u32>>()).prop_map(
                |(value, what, unique, left)| {
                    let what = [What::Entry, What::Lease, What::LeaseOfEntry][what];
                    Reply::Item(Item { value, what, unique, left })
                }
            ),
            Just(Reply::Done),
            Just(Reply::Missing),
            Just(Reply::NotStored),
            "SERVER_ERROR [a-z ]{0,30}".prop_map(Reply::Refused),
            "(CLIENT_ERROR [a-z ]{0,30}|ERROR)".prop_map(Reply::Failed),
        ]
    }

    proptest! {
        #[test]
        fn replies_are_read_however_they_arrive(
            replies in prop::collection::vec(any_reply(), 0..12),
            pieces in prop::collection::vec(1_usize..40, 1..40),
        ) {
            let wire = replies.iter().flat_map(written).collect::<Vec<u8>>();
            let (mut input, mut found, mut at) = (Vec::new(), Vec::new(), 0);
            for piece in pieces.iter().cycle() {
                while let Some((reply, length)) = read(&input).expect("replies") {
                    found.push(reply);
                    input.drain(..length);
                }
                if at == wire.len() {
                    break;
                }
                let end = wire.len().min(at + piece);
                input.extend_from_slice(&wire[at..end]);
                at = end;
            }
            prop_assert_eq!(found, replies);
            prop_assert!(input.is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(Some((_, length))) = read(&bytes) {
                prop_assert!(length <= bytes.len());
            }
        }

        #[test]
        fn an_entry_is_never_taken_for_a_request(entry in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut requests = Requests::default();
            requests.set("key", &entry, 60, Mode::Always);
            let line = format!("ms key {} T60 MS\r\n", entry.len());
            prop_assert_eq!(requests.bytes(), &[line.as_bytes(), &entry, b"\r\n"].concat());
            prop_assert_eq!(requests.count(), 1);
        }
    }

    #[test]
    fn requests_are_written_as_the_protocol_has_them() {
        let mut requests = Requests::default();
        requests.get("a");
        requests.set("a", b"", 0, Mode::IfAbsent);
        requests.touch("a", 9);
        requests.remove("a");
        requests.number_or("n", 7);
        requests.increment("n");
        requests.sign_in("ann", "pass");
        requests.nothing();
        requests.look("a");
        requests.item("a");
        requests.lease("a", "ann", 9);
        requests.remove_if("a", 5);
        requests.set_if("a", b"b", What::LeaseOfEntry, 9, 5);
        assert!(!requests.may_be_sent_twice());
        let expected = "mg a v f\r\nms a 0 T0 ME\r\n\r\nmg a T9\r\nmd a\r\nma n D0 N0 J7 v\r\nma n D1 v\r\n\
                        set auth 0 0 8\r\nann pass\r\nmn\r\nmg a f\r\nmg a v f c t\r\nms a 3 T9 F1 ME\r\nann\r\n\
                        md a C5\r\nms a 1 T9 F2 C5 MS\r\nb\r\n";
        assert_eq!((requests.bytes(), requests.count()), (expected.as_bytes(), 13));
    }

    #[test]
    fn a_lease_is_no_entry() {
        assert_eq!(read(b"VA 3 f1\r\nann\r\n"), Ok(Some((Reply::Missing, 14))));
        assert_eq!(read(b"HD f1\r\n"), Ok(Some((Reply::Missing, 7))));
        assert_eq!(read(b"HD f0\r\n"), Ok(Some((Reply::Done, 7))));
        assert_eq!(read(b"HD f2\r\n"), Ok(Some((Reply::Done, 7))), "behind it there is one");
        assert_eq!(read(b"VA 8 f2\r\nann 5\nxy\r\n"), Ok(Some((Reply::Value(b"xy".to_vec()), 19))));
        assert_eq!(read(b"VA 3 f2\r\nann\r\n"), Ok(Some((Reply::Missing, 14))));
        assert_eq!(read(b"VA 3 f10\r\nann\r\n"), Ok(Some((Reply::Value(b"ann".to_vec()), 15))));
    }

    #[test]
    fn what_is_no_reply_is_told_at_once() {
        let endless = vec![b'V'; LONGEST_LINE];
        for bytes in [&b"HTTP/1.1 400\r\n"[..], b"HD\n", b"\r\n", b"VA\r\n", b"VA x\r\n", b"VA 99999999999\r\n"] {
            assert_eq!(read(bytes), Err(Garbled), "{}", bytes.escape_ascii());
        }
        assert_eq!((read(b"VA 2\r\nabc\r\n"), read(&endless)), (Err(Garbled), Err(Garbled)));
        assert_eq!(read(b"HD O1 kx\r\nEN"), Ok(Some((Reply::Done, 10))));
    }
}
