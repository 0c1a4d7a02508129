use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    str::Split,
    time::{Duration, SystemTime},
};

use crate::{
    backend::{Backend, Key, bytes::Bytes},
    clock::{Clock, ManualClock},
    core::StandIns,
    interned::interned,
    scope::{Isolation, Purpose, Scope, Scoped},
    sync::{Arc, OnceLock, Weak},
    time::{Stamp, Tick},
    work::on_worker_at,
};

/// Records what cached functions return inside, in the file at `path`, for [`replay`]: a test then needs no source.
///
/// Takes a closure, or a future. It is an [`isolated`](super::isolated) scope, so that each call runs its body at first,
/// and what all stores would have goes to the file instead, when the scope ends; not if a closure panics. The time of day
/// stands inside, as it does in `replay`. One file is one scope, and the scope replaces it.
///
/// Recorded is what is kept by a function that has a store, in its `format` if it says one, else as `msgpack` (`json`
/// where that is not built in), whatever its store prefers. So nothing is recorded of a function in memory alone, whose
/// values nothing could encode, nor of errors and other values that are not kept: their calls are answered inside as
/// in `isolated`.
///
/// ```
/// # use cacher_core::testkit::{TempDir, record, replay};
/// # fn rate(currency: &str) -> f64 { 1.0 }
/// # let directory = TempDir::new();
/// # let path = directory.path().join("rates.recording");
/// let test = || assert!(rate("EUR") > 0.0);
/// if std::env::var_os("RECORD").is_some() { record(path, test) } else {
/// # return;
///     replay(path, test)
/// }
/// ```
///
/// # Panics
/// If the file can't be written.
pub fn record<M, S: Scoped<M>>(path: impl AsRef<Path>, scoped: S) -> S::Output {
    let isolation = Isolation::new(Purpose::Record);
    let recording = Recording { time: Clock::current().stamp(), store: Bytes::new().preferring_any() };
    let clock = recording.open(&isolation);
    keep_going(Arc::downgrade(&clock), Clock::System.tick());
    let _ = isolation.kept::<Recorder>().0.set((path.as_ref().to_owned(), recording));
    scoped.within(Scope::isolated(isolation))
}

/// Answers cached functions inside from what [`record`] wrote to the file at `path`, and from nothing else: no body runs,
/// whatever scope is inside. The clock stands at the time of the recording, so that nothing has expired. Takes a closure,
/// or a future; the file stays as it is.
///
/// A call that was not recorded, such as each one of a function without a store, returns an error of kind
/// [`NotCached`](crate::error::Kind::NotCached). So does one whose entry would be another now: its function has another
/// name, version or format, or other arguments.
///
/// # Panics
/// If the file can't be read, or is no recording. A call that was not recorded panics if its function can't return the
/// error, for which it must return `Result<_, E>` with `E: From<cacher::Error>`.
pub fn replay<M, S: Scoped<M>>(path: impl AsRef<Path>, scoped: S) -> S::Output {
    let path = path.as_ref();
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("can't read {}: {error}", path.display()));
    let recording = Recording::read(&text).unwrap_or_else(|| panic!("{} is no recording", path.display()));
    let isolation = Isolation::new(Purpose::Replay);
    recording.open(&isolation);
    scoped.within(Scope::isolated(isolation))
}

/// How often what waits in a recording is seen to.
const STEP: Duration = Duration::from_millis(5);

/// Lets time pass for what waits, while the time of day stands.
fn keep_going(clock: Weak<ManualClock>, since: Tick) {
    on_worker_at(&Clock::System, Clock::System.tick().after(STEP), move || {
        if let Some(passing) = clock.upgrade() {
            let now = Clock::System.tick();
            passing.pass(now.since(since));
            keep_going(clock, now);
        }
    });
}

/// What is written when the isolation ends that it is kept in.
#[derive(Default)]
struct Recorder(OnceLock<(PathBuf, Recording)>);

impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some((path, recording)) = self.0.get()
            && !std::thread::panicking()
            && let Err(error) = fs::write(path, recording.text())
        {
            panic!("can't write the recording {}: {error}", path.display());
        }
    }
}

/// The entries of functions, and the time of day when they were made.
///
/// As text it is a line for each, sorted, so that little changes where little has: namespace, name, format and entry,
/// with tabs in between. What is not printable ASCII is escaped as in a URL.
struct Recording {
    time: Stamp,
    store: Bytes,
}

const FIRST_WORDS: &str = "cacher recording 1, made at ";

impl Recording {
    /// Lets the functions of an isolation keep their entries here. Their clock stands at the time of the recording.
    fn open(&self, isolation: &Isolation) -> Arc<ManualClock> {
        let clock = ManualClock::new();
        clock.set_time_of_day(self.time.to_system().unwrap_or(SystemTime::UNIX_EPOCH));
        isolation.kept::<StandIns>().have_in_common(self.store.clone(), Arc::clone(&clock));
        clock
    }

    fn text(&self) -> String {
        let line = |(key, entry): &(Key, Arc<[u8]>)| {
            let fields = [key.namespace.as_bytes(), key.name.as_bytes(), key.format.as_bytes(), entry];
            fields.map(escape).join("\t")
        };
        let mut lines: Vec<_> = self.store.entries().iter().map(line).collect();
        lines.sort_unstable();
        format!("{FIRST_WORDS}{}\n{}\n", self.time.0, lines.join("\n"))
    }

    fn read(text: &str) -> Option<Self> {
        let (first, lines) = text.split_once('\n')?;
        let time = Stamp(first.strip_prefix(FIRST_WORDS)?.parse().ok()?);
        let store = Bytes::new().preferring_any();
        for line in lines.lines().filter(|line| !line.is_empty()) {
            let mut fields = line.split('\t');
            let key = Key {
                namespace: next_text(&mut fields)?.into(),
                name: next_text(&mut fields)?.into(),
                format: interned(&next_text(&mut fields)?),
            };
            let entry = unescape(fields.next()?)?;
            if fields.next().is_some() || store.put(&key, &entry, None).is_err() {
                return None;
            }
        }
        Some(Self { time, store })
    }
}

fn next_text(fields: &mut Split<'_, char>) -> Option<String> {
    String::from_utf8(unescape(fields.next()?)?).ok()
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' '..=b'~' if *byte != b'%' => text.push((*byte).into()),
            _ => drop(write!(text, "%{byte:02x}")),
        }
    }
    text
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let text = escape(&bytes);
        assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{text}");
        assert_eq!(unescape(&text), Some(bytes));
        assert_eq!([unescape("%0"), unescape("%zz"), unescape("%é")], [None, None, None]);
    }
}
