//! The store `file://`, through the attribute.

use std::{
    fmt::Write,
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use cacher::{
    Removal,
    backend::file::Files,
    cache,
    testing::{ManualClock, TempDir},
};
use serde::{Deserialize, Serialize};

use crate::{
    common::{faults, files_below, only_file},
    processes::{self, Source},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Post {
    title: String,
    tags: Vec<String>,
}

/// A directory of its own for each test. A backend cannot name arguments, so each test has a `static`.
macro_rules! files {
    ($name:ident) => {
        static $name: LazyLock<(TempDir, Files)> = LazyLock::new(|| {
            let dir = TempDir::new();
            let files = Files::new(dir.path());
            (dir, files)
        });
        let _removed = Removed(&$name);
    };
}

/// Removes a directory at the end of a test, because a `static` is never dropped.
struct Removed(&'static LazyLock<(TempDir, Files)>);

impl Drop for Removed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.0.path());
    }
}

#[test]
fn an_entry_is_a_file_that_a_person_can_read() {
    files!(DIR);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(backend = &DIR.1, ttl = "1d", ignore = [api_key], name = "posts")]
    fn posts(endpoint: &str, user_id: u64, api_key: &str) -> Result<Vec<Post>, std::io::Error> {
        RUNS.fetch_add(1, SeqCst);
        assert_eq!(api_key, "s3cret");
        Ok(vec![Post { title: format!("{endpoint} of {user_id}"), tags: vec!["é".into()] }])
    }
    let first = posts("/posts", 1, "s3cret").unwrap();
    assert_eq!(posts("/posts", 1, "s3cret").unwrap(), first);
    assert_eq!(RUNS.load(SeqCst), 1);
    let directory = fs::read_dir(DIR.0.path()).unwrap().next().unwrap().unwrap().path();
    let file = fs::read_dir(directory).unwrap().next().unwrap().unwrap().path();
    let text = fs::read_to_string(&file).unwrap();
    println!("{}\n{text}", file.display());
    assert!(text.contains("\"endpoint\": \"/posts\"") && text.contains("\"user_id\": 1") && text.contains("\"é\""));
    assert!(!text.contains("s3cret"));
    assert_eq!(posts::entry("/posts", 1).invalidate(), Removal::Removed);
    assert!(!file.exists());
    assert_eq!(posts::cache().len(), 0);
}

#[test]
fn memory_in_front_is_filled_from_a_file() {
    files!(DIR);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = ["memory://?capacity=10", &DIR.1], ttl = "1h")]
    fn twice(n: u64) -> u64 {
        2 * n
    }
    assert_eq!(twice(4), 8);
    assert_eq!(twice::cache().len(), 1);
    assert_eq!(twice(4), 8);
    clock.advance(Duration::from_secs(3601));
    assert_eq!(twice::entry(4).peek(), None);
    assert_eq!(twice(4), 8);
    assert_eq!(twice::cache().stats().loads, 2);
}

#[tokio::test]
async fn async_functions_use_files_too() {
    files!(DIR);
    #[cache(backend = &DIR.1)]
    async fn hello(name: &str) -> String {
        tokio::task::yield_now().await;
        format!("hello {name}")
    }
    assert_eq!(hello("a").await, "hello a");
    assert_eq!(tokio::spawn(hello("a")).await.unwrap(), "hello a");
    assert_eq!(hello::cache().stats().hits, 1);
    assert_eq!(hello::entry("a").peek().await.as_deref(), Some("hello a"));
    assert_eq!(hello::entry("a").invalidate().await, Removal::Removed);
    assert_eq!(hello::entry("a").blocking().peek(), None);
}

#[test]
fn a_restart_finds_what_was_written() {
    let (dir, written) = (TempDir::new(), processes::now());
    assert_eq!(processes::runs(Source::Hour, dir.path(), written, 3), 3);
    assert_eq!(processes::runs(Source::Hour, dir.path(), written + MINUTE, 4), 1);
    assert_eq!(files_below(dir.path()).len(), 4);
}

#[test]
fn a_ttl_shortened_in_the_source_holds_for_old_entries() {
    let (dir, written) = (TempDir::new(), processes::now());
    assert_eq!(processes::runs(Source::Hour, dir.path(), written, 1), 1);
    assert_eq!(processes::runs(Source::Minute, dir.path(), written + MINUTE / 2, 1), 0);
    assert_eq!(processes::runs(Source::Minute, dir.path(), written + MINUTE, 1), 1);
}

#[test]
fn a_ttl_lengthened_in_the_source_revives_nothing() {
    let (dir, written) = (TempDir::new(), processes::now());
    assert_eq!(processes::runs(Source::Minute, dir.path(), written, 1), 1);
    assert_eq!(processes::runs(Source::Hour, dir.path(), written + MINUTE, 1), 1);
}

#[test]
fn a_new_process_sweeps_what_has_expired() {
    let (dir, written) = (TempDir::new(), processes::now());
    assert_eq!(processes::runs(Source::Minute, dir.path(), written, 5), 5);
    assert_eq!(processes::runs(Source::Minute, dir.path(), written + 2 * MINUTE, 1), 1);
    assert_eq!(files_below(dir.path()).len(), 1);
}

#[test]
fn processes_share_a_directory() {
    let (dir, now) = (TempDir::new(), processes::now());
    let together: Vec<_> = (0..4).map(|_| processes::start(Source::Hour, dir.path(), now, 100)).collect();
    let runs: u64 = together.into_iter().map(processes::runs_of).sum();
    assert!((100..=400).contains(&runs), "{runs}");
    assert_eq!(processes::runs(Source::Hour, dir.path(), now, 100), 0);
    let names = files_below(dir.path());
    assert!(names.len() == 100 && names.iter().all(|name| name.extension().unwrap() == "json"), "{names:?}");
}

#[test]
fn a_damaged_file_is_a_miss_and_is_replaced() {
    files!(DIR);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(backend = &DIR.1)]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    assert_eq!((square(3), square(4)), (9, 16));
    let [one, other] = files_below(DIR.0.path()).try_into().unwrap();
    let (whole, of_other) = (fs::read(&one).unwrap(), fs::read(&other).unwrap());
    let cut = &whole[..whole.len() / 2];
    let changed = String::from_utf8(whole.clone()).unwrap().replace("\"value\": ", "\"value\": 1");
    let next_version = String::from_utf8(whole.clone()).unwrap().replace("\"cacher\": 1", "\"cacher\": 2");
    let damages = [&[][..], b"{", b"\0\0\0\0", cut, changed.as_bytes(), next_version.as_bytes(), &of_other];
    for (count, damage) in (1..).zip(damages) {
        fs::write(&one, damage).unwrap();
        for _ in 0..2 {
            assert_eq!((square(3), square(4)), (9, 16));
        }
        assert_eq!((RUNS.load(SeqCst), square::cache().stats().store_errors), (2 + count, count));
        assert_ne!(fs::read(&one).unwrap(), damage);
    }
    // White space is nobody's loss.
    let reformatted = String::from_utf8(fs::read(&one).unwrap()).unwrap().replace("\n ", "\n\t ");
    fs::write(&one, reformatted).unwrap();
    assert_eq!((square(3), square(4)), (9, 16));
    assert_eq!(RUNS.load(SeqCst), 9);
}

#[test]
fn clearing_touches_no_other_file() {
    files!(DIR);
    #[cache(backend = &DIR.1)]
    fn square(n: u64) -> u64 {
        n * n
    }
    #[cache(backend = &DIR.1)]
    fn cube(n: u64) -> u64 {
        n * n * n
    }
    assert_eq!(square(3), 9);
    let entry = only_file(DIR.0.path());
    let own = entry.parent().unwrap();
    assert_eq!(cube(3), 27);
    let hash = "0f".repeat(32);
    let copy = fs::read(&entry).unwrap();
    let foreign = [
        (own.join("notes.txt"), &b"mine"[..]),
        (own.join(format!("{hash}.json")), b"{\"mine\": 1}"),
        (own.join("Copy of an entry.json"), &copy),
        (own.join(".tmp-mine"), b"mine"),
        (DIR.0.path().join(format!("{hash}.json")), &copy),
    ];
    for (path, bytes) in &foreign {
        fs::write(path, bytes).unwrap();
    }
    assert_eq!(square::cache().len(), 1);
    assert_eq!(square::cache().clear(), Removal::Removed);
    assert!(!entry.exists());
    for (path, bytes) in &foreign {
        assert_eq!(fs::read(path).unwrap(), *bytes);
    }
    assert_eq!((square::entry(3).peek(), cube::entry(3).peek()), (None, Some(27)));
    assert_eq!(square::cache().clear(), Removal::Absent);
}

#[test]
fn leftovers_of_interrupted_writes_are_swept_and_never_read() {
    files!(DIR);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = &DIR.1)]
    fn square(n: u64) -> u64 {
        n * n
    }
    assert_eq!(square(3), 9);
    let entry = only_file(DIR.0.path());
    let temporary = |number: u32, age: Duration| {
        let path = entry.with_file_name(format!(".tmp-4711-{number}-0123456789abcdef"));
        fs::copy(&entry, &path).unwrap();
        File::options().write(true).open(&path).unwrap().set_modified(clock.time_of_day() - age).unwrap();
        path
    };
    let (fresh, old) = (temporary(1, MINUTE), temporary(2, 2 * HOUR));
    assert_eq!(square::cache().len(), 1);
    clock.advance(5 * MINUTE);
    assert!(fresh.exists() && !old.exists());
    clock.advance(HOUR);
    assert!(!fresh.exists());
    assert_eq!((square::entry(3).peek(), square::cache().stats().expirations), (Some(9), 0));
}

#[test]
fn a_clock_that_was_ahead_makes_nothing_immortal() {
    files!(DIR);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = &DIR.1, ttl = "1h")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    #[cache(backend = &DIR.1)]
    fn without_end(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    let today = processes::now();
    clock.set_time_of_day(today + 100_000 * HOUR);
    assert_eq!((square(3), without_end(3), RUNS.load(SeqCst)), (9, 9, 2));
    // Set right again: entries from the future are not believed, and are replaced.
    clock.set_time_of_day(today);
    assert_eq!((square::entry(3).peek(), without_end::entry(3).peek()), (None, None));
    assert_eq!((square(3), without_end(3), RUNS.load(SeqCst)), (9, 9, 4));
    assert_eq!((square(3), without_end(3), RUNS.load(SeqCst)), (9, 9, 4));
    clock.advance(HOUR);
    assert_eq!((square(3), without_end(3), RUNS.load(SeqCst)), (9, 9, 5));
}

#[test]
fn a_clock_a_little_ahead_gives_no_longer_life() {
    files!(DIR);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = &DIR.1, ttl = "1h")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    let today = processes::now();
    clock.set_time_of_day(today + MINUTE / 2);
    assert_eq!(square(3), 9);
    clock.set_time_of_day(today);
    assert_eq!((square(3), RUNS.load(SeqCst)), (9, 1), "machines that share a directory differ that much");
    assert!(square::entry(3).info().unwrap().fresh_for.unwrap() <= HOUR);
}

#[test]
fn a_clock_set_forward_expires_and_sweeps() {
    files!(DIR);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = &DIR.1, ttl = "1h")]
    fn square(n: u64) -> u64 {
        n * n
    }
    assert_eq!(square(3), 9);
    clock.set_time_of_day(clock.time_of_day() + 2 * HOUR);
    assert_eq!(square::entry(3).peek(), None);
    clock.advance(5 * MINUTE);
    assert_eq!(files_below(DIR.0.path()).len(), 0);
}

#[test]
fn entries_of_a_clock_that_was_ahead_are_swept_in_the_end() {
    files!(DIR);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = &DIR.1, ttl = "1h")]
    fn square(n: u64) -> u64 {
        n * n
    }
    let today = processes::now();
    clock.set_time_of_day(today + 24 * HOUR);
    assert_eq!(square(3), 9);
    clock.set_time_of_day(today);
    clock.advance(26 * HOUR);
    assert_eq!(files_below(DIR.0.path()).len(), 0);
}

#[test]
fn message_pack_files_are_compact() {
    files!(DIR);
    #[cache(backend = DIR.1.clone().format("msgpack"), ttl = "1d", ignore = [api_key], name = "compact posts")]
    fn posts(endpoint: &str, api_key: &str) -> Vec<Post> {
        assert!(!api_key.is_empty());
        vec![Post { title: endpoint.to_owned(), tags: vec!["é".into()] }]
    }
    let first = posts("/posts", "s3cret");
    let file = only_file(DIR.0.path());
    assert_eq!(file.extension().unwrap(), "msgpack");
    let bytes = fs::read(&file).unwrap();
    assert!(holds(&bytes, "/posts") && holds(&bytes, "é") && !holds(&bytes, "s3cret"));
    assert!(std::str::from_utf8(&bytes).is_err());
    assert_eq!(posts("/posts", "other"), first);
    assert_eq!(posts::cache().stats().hits, 1);
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn ignored_arguments_appear_nowhere() {
    files!(DIR);
    const SECRET: &str = "hunter2-hunter2";
    #[cache(backend = ["memory://", &DIR.1, DIR.1.clone().format("msgpack")], name = "discreet", ignore = [password])]
    fn page(path: &str, password: &str) -> Result<Option<Option<u64>>, String> {
        match path {
            "/fails" => Err("refused".into()),
            "/unstorable" => Ok(Some(None)),
            _ => Ok(Some(Some(password.len() as u64))),
        }
    }
    let faults = faults("discreet");
    for path in ["/", "/fails", "/unstorable"] {
        drop((page(path, SECRET), page(path, SECRET)));
    }
    for file in files_below(DIR.0.path()) {
        fs::write(&file, "damaged").unwrap();
    }
    page::cache().clear();
    drop(page("/", SECRET));
    let mut told = format!("{:?} {:?} {}", page::cache(), page::cache().stats(), page::entry("/").explain());
    for fault in faults() {
        write!(told, "{fault} {fault:?} {:?}", std::error::Error::source(&fault.error)).unwrap();
    }
    assert!(faults().len() >= 2 && told.contains("discreet"));
    assert!(!told.contains(SECRET) && !told.contains("/unstorable"), "{told}");
    let files = files_below(DIR.0.path());
    assert_eq!(files.len(), 2);
    for file in files {
        assert!(!file.to_string_lossy().contains(SECRET) && !holds(&fs::read(&file).unwrap(), SECRET));
    }
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    files!(DIR);
    #[cache(backend = Files::new(DIR.0.path().join("a/b")))]
    fn square(n: u64) -> u64 {
        n * n
    }
    assert_eq!(square(3), 9);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = only_file(DIR.0.path());
    assert_eq!(mode(&file), 0o600);
    let above: Vec<PathBuf> =
        file.ancestors().skip(1).take_while(|path| *path != DIR.0.path()).map(Into::into).collect();
    assert_eq!(above.len(), 3);
    assert!(above.iter().all(|path| mode(path) == 0o700));
}

#[test]
fn a_directory_that_cannot_be_written_is_no_hindrance() {
    files!(DIR);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = Files::new(DIR.0.path().join("file/below")), name = "hindered")]
    fn square(n: u64) -> u64 {
        n * n
    }
    let faults = faults("hindered");
    fs::write(DIR.0.path().join("file"), "mine").unwrap();
    assert_eq!((square(3), square(3), square::entry(3).peek()), (9, 9, None));
    assert_eq!(square::cache().stats().loads, 2);
    assert!(faults().iter().all(|fault| fault.error.kind() == cacher::Kind::Unavailable) && !faults().is_empty());
    fs::remove_file(DIR.0.path().join("file")).unwrap();
    clock.advance(Duration::from_millis(1));
    assert_eq!((square(3), square(3)), (9, 9));
    assert_eq!(square::cache().stats().hits, 1);
}
