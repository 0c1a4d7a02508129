//! Functions in processes of their own: copies of this test program, each of which runs one ignored test.

use std::{
    env,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use cacher::{cache, testing::ManualClock};

const URL: &str = "CACHER_TEST_URL";
const TIME: &str = "CACHER_TEST_TIME";
const KEYS: &str = "CACHER_TEST_KEYS";

/// The TTL that the function has in the source of a process.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    Hour,
    Minute,
}

/// Starts a process that calls its function for the numbers below `keys`, with its files in `dir`, at a time of day.
pub(crate) fn start(source: Source, dir: &Path, time: SystemTime, keys: u64) -> Child {
    start_on(source, &format!("file://{}", dir.display()), time, keys)
}

/// The same with another store.
pub(crate) fn start_on(source: Source, url: &str, time: SystemTime, keys: u64) -> Child {
    let test = match source {
        Source::Hour => "processes::child_with_a_ttl_of_an_hour",
        Source::Minute => "processes::child_with_a_ttl_of_a_minute",
    };
    Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", test, "--nocapture", "--quiet"])
        .env(URL, url)
        .env(TIME, time.duration_since(UNIX_EPOCH).unwrap().as_millis().to_string())
        .env(KEYS, keys.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How often the body ran in a process, once that has ended.
pub(crate) fn runs_of(child: Child) -> u64 {
    let output = child.wait_with_output().unwrap();
    let (told, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}{complaint}");
    let count = told.lines().find_map(|line| line.strip_prefix("runs: ")).expect("a count");
    count.parse().unwrap()
}

/// How often the body runs in a process that does what [`start`] says.
pub(crate) fn runs(source: Source, dir: &Path, time: SystemTime, keys: u64) -> u64 {
    runs_of(start(source, dir, time, keys))
}

/// The whole second that begins this one: what files show, they show to the millisecond.
pub(crate) fn now() -> SystemTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UNIX_EPOCH + Duration::from_secs(since.as_secs())
}

fn url() -> String {
    env::var(URL).unwrap()
}

fn number(name: &str) -> u64 {
    env::var(name).unwrap().parse().unwrap()
}

fn clock() -> Arc<ManualClock> {
    let clock = ManualClock::new();
    clock.set_time_of_day(UNIX_EPOCH + Duration::from_millis(number(TIME)));
    clock
}

macro_rules! child {
    ($name:ident, $ttl:literal) => {
        #[test]
        #[ignore = "a part of other tests"]
        fn $name() {
            static RUNS: AtomicU64 = AtomicU64::new(0);
            #[cache(backend = url(), ttl = $ttl, name = "shared")]
            fn triple(n: u64) -> u64 {
                RUNS.fetch_add(1, SeqCst);
                3 * n
            }
            if env::var_os(URL).is_none() {
                return;
            }
            let clock = clock();
            let _in_force = clock.enter();
            for n in 0..number(KEYS) {
                assert_eq!(triple(n), 3 * n);
            }
            assert_eq!(triple::cache().stats().store_errors, 0);
            println!("runs: {}", RUNS.load(SeqCst));
        }
    };
}

child!(child_with_a_ttl_of_an_hour, "1h");
child!(child_with_a_ttl_of_a_minute, "1m");
