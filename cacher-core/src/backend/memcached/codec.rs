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

/// What a server says to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Value(Vec<u8>),
    Done,
    Missing,
    NotStored,
    /// It could not do it, and what follows is in order.
    Refused(String),
    /// It did not understand it, or does not want to talk. What follows may be anything.
    Failed(String),
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
        self.line(&format!("mg {key} v"));
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
        "VA" => return value(words.next(), end + 1, bytes),
        "HD" | "MN" | "STORED" => Reply::Done,
        "EN" | "NF" => Reply::Missing,
        "NS" | "EX" => Reply::NotStored,
        "SERVER_ERROR" => Reply::Refused(line.to_owned()),
        "CLIENT_ERROR" | "ERROR" => Reply::Failed(line.to_owned()),
        _ => return Err(Garbled),
    };
    Ok(Some((reply, end + 1)))
}

fn value(length: Option<&str>, start: usize, bytes: &[u8]) -> Result<Option<(Reply, usize)>, Garbled> {
    let length = length.and_then(|length| length.parse::<usize>().ok()).filter(|length| *length <= LARGEST_VALUE);
    let end = start + length.ok_or(Garbled)?;
    match bytes.get(end..end + 2) {
        None => Ok(None),
        Some(b"\r\n") => Ok(Some((Reply::Value(bytes[start..end].to_vec()), end + 2))),
        Some(_) => Err(Garbled),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A reply as a server writes it.
    fn written(reply: &Reply) -> Vec<u8> {
        match reply {
            Reply::Value(value) => [format!("VA {}\r\n", value.len()).as_bytes(), value, b"\r\n"].concat(),
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
        let expected = "mg a v\r\nms a 0 T0 ME\r\n\r\nmg a T9\r\nmd a\r\nma n D0 N0 J7 v\r\nma n D1 v\r\n\
                        set auth 0 0 8\r\nann pass\r\nmn\r\n";
        assert_eq!((requests.bytes(), requests.count()), (expected.as_bytes(), 8));
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
