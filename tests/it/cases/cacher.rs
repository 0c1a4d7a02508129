//! Cases of the Python library cacher.

use std::{
    fs,
    sync::{Arc, Barrier, LazyLock, Mutex},
    thread,
    time::UNIX_EPOCH,
};

use cacher::{
    Error, Kind,
    strategy::{Call, Draft, Strategy, Verdict},
};

use super::prelude::*;
use crate::{
    common::{faults, files_below, only_file},
    limits::Hand,
    processes::{self, Source},
    support::until,
};

on_every_backend! {
    cch_01_a_value_that_is_set_is_read_until_another_is:
    #[cache()]
    fn value(key: &str) -> String { format!("loaded for {key}") }
    {
        assert!(value::entry("key1").insert("value1".into()));
        assert_eq!(value::entry("key1").peek().as_deref(), Some("value1"));
        assert!(value::entry("key1").insert("value2".into()));
        assert_eq!(value::entry("key1").peek().as_deref(), Some("value2"));
        assert_eq!(value("key1"), "value2");
        assert_eq!(RUNS.load(SeqCst), 0);
    }
}

on_every_backend! {
    /// The error names the function. It holds no argument, which may be a secret (law 8).
    cch_02_what_is_absent_is_none_or_an_error:
    #[cache(name = "absent")]
    fn value(key: &str) -> Result<String, Error> { Ok(format!("loaded for {key}")) }
    {
        assert_eq!(value::entry("key1").peek(), None);
        let error = cacher::only_if_cached(|| value("key1")).unwrap_err();
        assert_eq!(error.kind(), Kind::NotCached);
        assert!(error.to_string().contains("absent"), "{error}");
        assert_eq!(RUNS.load(SeqCst), 0);
        value("key1").unwrap();
        assert_eq!(cacher::only_if_cached(|| value("key1")).unwrap(), "loaded for key1");
    }
}

on_every_backend! {
    cch_04_after_a_clear_all_is_absent:
    #[cache()]
    fn square(n: u64) -> u64 { n * n }
    {
        let _: Vec<_> = (0..5).map(square).collect();
        assert_eq!(square::cache().len(), 5);
        assert_eq!(square::cache().clear(), Removal::Removed);
        assert!((0..5).all(|n| square::entry(n).peek().is_none()));
        assert_eq!(square::cache().len(), 0);
        assert_eq!(square::cache().clear(), Removal::Absent);
    }
}

on_every_backend! {
    cch_05_stats_of_a_miss_and_a_hit:
    #[cache()]
    fn square(n: u64) -> u64 { n * n }
    {
        assert_eq!((square(3), square(3)), (9, 9));
        let stats = square::cache().stats();
        assert_eq!((stats.misses, stats.hits), (1, 1));
    }
}

#[test]
fn cch_07_a_method_is_cached() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    struct Calculator {
        factor: u64,
    }
    impl Calculator {
        #[cache(key = (self.factor, a, b))]
        pub(crate) fn compute(&self, a: u64, b: u64) -> u64 {
            RUNS.fetch_add(1, SeqCst);
            a * b * self.factor
        }
    }
    let calculator = Calculator { factor: 2 };
    assert_eq!((calculator.compute(3, 4), calculator.compute(3, 4)), (24, 24));
    assert_eq!(RUNS.load(SeqCst), 1);
    assert_eq!(calculator.compute_entry(3, 4).peek(), Some(24));
}

on_every_backend! {
    cch_08_a_random_choice_stays_as_it_was:
    #[cache()]
    fn choice(from: u64) -> u64 { std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), from) }
    {
        let first = choice(7);
        assert!((0..10).all(|_| choice(7) == first));
        assert_eq!(choice::cache().stats().hits, 10);
    }
}

on_every_backend! {
    cch_10_a_second_fetch_needs_no_network:
    #[cache()]
    fn fetch(url: &str) -> Result<String, ureq::Error> {
        ureq::get(url).config().proxy(None).build().call()?.body_mut().read_to_string()
    }
    {
        let server = tiny_http::Server::http("127.0.0.1:0").unwrap();
        let url = format!("http://{}/page", server.server_addr());
        let answering = thread::spawn(move || {
            server.recv().unwrap().respond(tiny_http::Response::from_string("the page")).unwrap();
        });
        assert_eq!(fetch(&url).unwrap(), "the page");
        answering.join().unwrap();
        // Nobody listens there any more.
        assert_eq!(fetch(&url).unwrap(), "the page");
        assert!(fetch::uncached(&url).is_err());
    }
}

on_files! {
    cch_11_a_write_makes_the_directory_and_leaves_no_temporary_file:
    #[cache()]
    fn value(key: &str) -> String { key.repeat(1000) }
    {
        let dir = DIR.get().unwrap();
        fs::remove_dir(dir).unwrap();
        assert_eq!(value("é").len(), 2000);
        let file = only_file(dir);
        assert!(String::from_utf8_lossy(&fs::read(&file).unwrap()).contains(&"é".repeat(1000)));
        assert_eq!(value("é").len(), 2000);
        assert_eq!((RUNS.load(SeqCst), only_file(dir)), (1, file));
    }
}

on_files! {
    cch_13_a_file_that_cannot_be_read_is_a_miss:
    #[cache()]
    fn square(n: u64) -> u64 { n * n }
    {
        assert_eq!((square(3), square(3)), (9, 9));
        assert_eq!(RUNS.load(SeqCst), 1);
        let file = only_file(DIR.get().unwrap());
        fs::remove_file(&file).unwrap();
        assert_eq!(square(3), 9);
        assert_eq!((RUNS.load(SeqCst), square::cache().stats().store_errors), (2, 0));
        // Permissions do not stop the superuser; a directory in the place of a file stops everybody.
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        assert_eq!((square(3), square(3)), (9, 9));
        assert_eq!(RUNS.load(SeqCst), 4);
        assert!(square::cache().stats().store_errors >= 2);
    }
}

/// The value stands in an envelope; its own text is as the case wants it, two spaces further in.
#[test]
fn cch_28_a_json_file_is_golden() {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Value {
        a: String,
        b: Vec<u64>,
    }
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    #[cache(backend = Files::new(DIR.get().unwrap()), ttl = "1h", name = "golden", ignore = [secret])]
    fn golden(path: &str, n: u64, secret: &str) -> Value {
        Value { a: path.to_owned(), b: vec![n, secret.len() as u64] }
    }
    let dir = TempDir::new();
    DIR.set(dir.path().to_owned()).unwrap();
    let clock = ManualClock::new();
    clock.set_time_of_day(UNIX_EPOCH + Duration::from_millis(1_790_000_000_123));
    let _in_force = clock.enter();
    let value = golden("é", 1, "hidden");
    assert_eq!(fs::read_to_string(only_file(dir.path())).unwrap(), GOLDEN);
    assert_eq!(golden("é", 1, "other"), value);
}

const GOLDEN: &str = r#"{
  "cacher": 1,
  "function": "golden",
  "arguments": {
    "n": 1,
    "path": "é"
  },
  "key": "32022802c3a913000000000000000100000000000000047061746800000000000000016e",
  "written": "2026-09-21T14:13:20.123Z",
  "fresh_until": "2026-09-21T15:13:20.123Z",
  "keep_until": "2026-09-21T15:13:20.123Z",
  "load_began": "2026-09-21T14:13:20.123Z",
  "load_ms": 0.000,
  "value": {
    "a": "é",
    "b": [
      1,
      6
    ]
  },
  "checksum": "bda9883e5a2c29a296cae198bf6e4bef"
}
"#;

#[test]
fn cch_29_what_is_fetched_is_kept_in_memory() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(backend = "memory://")]
    fn fetch(endpoint: &str, user_id: u64) -> Vec<String> {
        RUNS.fetch_add(1, SeqCst);
        vec![format!("{endpoint}?userId={user_id}")]
    }
    let first = fetch("/posts", 1);
    assert_eq!(fetch("/posts", 1), first);
    assert_eq!(RUNS.load(SeqCst), 1);
}

on_files! {
    cch_32_a_file_is_named_by_a_hash_of_the_key:
    #[cache()]
    fn posts(endpoint: &str, user_id: u64) -> String { format!("{endpoint} {user_id}") }
    {
        posts("/posts", 1);
        let file = only_file(DIR.get().unwrap());
        let digest = file.file_stem().unwrap().to_str().unwrap();
        assert_eq!(digest, "882edb4c431c32a927c3e8c63b3c33aa74af1d88566dca07720736d3c7f55cfc");
        assert_eq!(posts::entry("/posts", 1).explain().stored_key.as_deref(), Some(digest));
    }
}

on_files! {
    cch_34_no_two_keys_share_a_file_and_none_leaves_the_directory:
    #[cache()]
    fn echo(key: &str) -> String { key.to_owned() }
    {
        let long = "x".repeat(300);
        let longer = "x".repeat(301);
        let keys = ["a/b", "a.b", "a\\b", "A.B", "", ".", "..", "../../x", "/x", "nul", "a\0b", "é", &long, &longer];
        for key in keys {
            assert_eq!(echo(key), key);
        }
        for key in keys {
            assert_eq!(echo(key), key);
        }
        assert_eq!(RUNS.load(SeqCst), keys.len() as u64);
        let files = files_below(DIR.get().unwrap());
        assert_eq!(files.len(), keys.len());
        assert!(files.iter().all(|file| file.file_name().unwrap().len() < 255));
        assert!(files.iter().all(|file| file.parent().unwrap().parent() == DIR.get().map(PathBuf::as_path)));
    }
}

on_every_backend! {
    cch_35_what_a_closure_holds_is_not_part_of_the_key:
    #[cache(companions = false, ignore = [get])]
    fn fetch(path: &str, get: impl Fn(&str) -> String) -> String { get(path) }
    {
        let with_key = |api_key: &'static str| move |path: &str| format!("{path} for {} letters", api_key.len());
        assert_eq!(fetch("/posts", with_key("s3cret")), "/posts for 6 letters");
        assert_eq!(fetch("/posts", with_key("another")), "/posts for 6 letters");
        assert_eq!(RUNS.load(SeqCst), 1);
    }
}

on_every_backend! {
    cch_37_none_is_a_value:
    #[cache()]
    fn find(id: u64) -> Option<u64> { id.checked_sub(10) }
    {
        assert_eq!((find(3), find(3)), (None, None));
        assert_eq!(RUNS.load(SeqCst), 1);
        assert_eq!(find::entry(3).peek(), Some(None));
    }
}

on_files! {
    cch_38_a_corrupt_file_is_a_miss_and_is_replaced:
    #[cache()]
    fn square(n: u64) -> u64 { n * n }
    {
        assert_eq!(square(3), 9);
        let file = only_file(DIR.get().unwrap());
        let whole = fs::read(&file).unwrap();
        fs::write(&file, "{\"cacher\": 1, \"value\": 10}").unwrap();
        assert_eq!((square(3), square(3)), (9, 9));
        assert_eq!((RUNS.load(SeqCst), square::cache().stats().store_errors), (2, 1));
        assert_eq!(fs::read(&file).unwrap().len(), whole.len());
    }
}

on_every_backend! {
    /// At the very instant at which its age is the TTL an entry is expired, as in CCH-83.
    cch_40_an_entry_lives_for_its_ttl_and_reads_do_not_prolong_it:
    #[cache(ttl = "24h")]
    fn square(n: u64) -> u64 { n * n }
    {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!(square(3), 9);
        clock.advance(Duration::from_secs(12 * 3600));
        assert_eq!(square(3), 9);
        clock.advance(Duration::from_secs(12 * 3600) - Duration::from_millis(1));
        assert_eq!((square(3), RUNS.load(SeqCst)), (9, 1));
        clock.advance(Duration::from_millis(1));
        assert_eq!((square(3), RUNS.load(SeqCst)), (9, 2));
    }
}

on_files! {
    /// There is no choice: memory forgets an entry at once, a store within five minutes.
    cch_41_what_has_expired_is_removed:
    #[cache(ttl = "1m")]
    fn square(n: u64) -> u64 { n * n }
    {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!(square(3), 9);
        clock.advance(Duration::from_secs(60));
        assert_eq!(square::entry(3).peek(), None);
        assert_eq!(square::cache().len(), 1);
        let before = square::cache().stats().expirations;
        clock.advance(Duration::from_secs(240));
        assert_eq!(square::cache().len(), 0);
        assert_eq!(files_below(DIR.get().unwrap()).len(), 0);
        assert_eq!(square::cache().stats().expirations, before + 1);
    }
}

#[test]
fn cch_43_an_entry_of_an_earlier_process_expires_by_its_own_time() {
    let dir = TempDir::new();
    let (written, minute) = (processes::now(), Duration::from_secs(60));
    assert_eq!(processes::runs(Source::Hour, dir.path(), written, 1), 1);
    assert_eq!(processes::runs(Source::Hour, dir.path(), written + 59 * minute, 1), 0);
    assert_eq!(processes::runs(Source::Hour, dir.path(), written + 60 * minute, 1), 1);
}

#[test]
fn cch_44_misses_start_at_least_a_second_apart_and_hits_at_once() {
    #[cache(rate_limit = "1/s", per = host, ignore = [hand])]
    async fn fetch(host: &str, page: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    let fetch = |host, page| hand.drive(Duration::from_millis(1), fetch(host, page, &hand));
    let starts = [fetch("a", 1), fetch("a", 2), fetch("a", 3)];
    assert!(starts.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(1)), "{starts:?}");
    let now = hand.now();
    assert_eq!([fetch("a", 1), fetch("a", 2), fetch("a", 3)], starts);
    assert_eq!(fetch("b", 1), now, "another host has its own rate");
    assert_eq!(hand.now(), now);
}

/// Says no to whatever it is told to refuse, and notes what it is asked and told.
#[derive(Default)]
struct Refusing {
    refused: Mutex<&'static str>,
    log: Mutex<Vec<&'static str>>,
}

impl Refusing {
    fn ask(&self, what: &'static str) -> Verdict {
        self.log.lock().unwrap().push(what);
        if *self.refused.lock().unwrap() == what { Verdict::Refuse } else { Verdict::Proceed }
    }

    fn refuse(&self, what: &'static str) {
        *self.refused.lock().unwrap() = what;
        self.log.lock().unwrap().clear();
    }

    fn log(&self) -> Vec<&'static str> {
        self.log.lock().unwrap().clone()
    }
}

impl Strategy for Refusing {
    fn ask_read(&self, _call: &Call<'_>) -> Verdict {
        self.ask("get")
    }
    fn ask_write(&self, _call: &Call<'_>, _draft: &mut Draft) -> Verdict {
        self.ask("set")
    }
    fn commit_write(&self, _call: &Call<'_>, _draft: &Draft) {
        self.log.lock().unwrap().push("was set");
    }
    fn ask_remove(&self, _call: &Call<'_>) -> Verdict {
        self.ask("delete")
    }
    fn ask_clear(&self, _call: &Call<'_>) -> Verdict {
        self.ask("clear")
    }
}

#[test]
fn cch_46_a_hook_that_says_no_stops_the_step() {
    static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);
    static HOOKS: LazyLock<Arc<Refusing>> = LazyLock::new(Arc::default);
    #[cache(backend = Files::new(DIR.path()), strategies = [HOOKS.clone()], name = "cch_46")]
    fn square(n: u64) -> u64 {
        n * n
    }
    let faults = faults("cch_46");
    assert_eq!((square(3), HOOKS.log()), (9, vec!["get", "set", "was set"]));
    let file = only_file(DIR.path());
    let content = fs::read(&file).unwrap();
    fs::write(&file, "damaged").unwrap();
    HOOKS.refuse("get");
    assert_eq!((square::entry(3).peek(), faults().len()), (None, 0), "a store that is not read has no fault");
    fs::write(&file, content).unwrap();
    HOOKS.refuse("set");
    assert_eq!((square(4), HOOKS.log()), (16, vec!["get", "set"]));
    assert_eq!(only_file(DIR.path()), file);
    HOOKS.refuse("delete");
    assert_eq!(square::entry(3).invalidate(), Removal::Refused);
    HOOKS.refuse("clear");
    assert_eq!(square::cache().clear(), Removal::Refused);
    assert_eq!((only_file(DIR.path()), square::entry(3).peek()), (file, Some(9)));
}

#[test]
fn cch_47_all_hooks_are_asked_even_if_an_earlier_one_said_no() {
    static NO: LazyLock<Arc<Refusing>> = LazyLock::new(Arc::default);
    static YES: LazyLock<Arc<Refusing>> = LazyLock::new(Arc::default);
    #[cache(strategies = [NO.clone(), YES.clone()])]
    fn square(n: u64) -> u64 {
        n * n
    }
    NO.refuse("set");
    assert_eq!(square(3), 9);
    assert_eq!((NO.log(), YES.log()), (vec!["get", "set"], vec!["get", "set"]));
    assert_eq!(square::entry(3).peek(), None);
}

#[test]
fn cch_80_gaps_between_loads_vary_by_a_tenth() {
    #[cache(rate_limit = "1/500ms", variance = 0.1, ignore = [hand])]
    async fn fetch(page: u64, hand: &Hand) -> Duration {
        hand.now()
    }
    let hand = Hand::new();
    let _in_force = hand.clock.enter();
    let starts: Vec<_> = (0..200).map(|page| hand.drive(Duration::from_millis(1), fetch(page, &hand))).collect();
    let gaps: Vec<_> = starts.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
    // The clock goes on in steps of a millisecond.
    assert!(gaps.iter().all(|gap| (475..=526).contains(gap)), "{gaps:?}");
    assert!(gaps.iter().any(|gap| *gap < 480) && gaps.iter().any(|gap| *gap > 520), "{gaps:?}");
    let (now, hits) = (hand.now(), fetch::cache().stats().hits);
    assert!(
        (0..200)
            .all(|page| hand.drive(Duration::from_millis(1), fetch(page, &hand))
                == starts[usize::try_from(page).unwrap()])
    );
    assert_eq!((hand.now(), fetch::cache().stats().hits), (now, hits + 200), "hits are not delayed");
}

on_every_backend! {
    cch_82_ignored_arguments_reach_the_body_and_are_not_part_of_the_key:
    #[cache(ignore = [api_key, retries])]
    fn fetch(path: &str, api_key: &str, retries: u8) -> String { format!("{path} {api_key} {retries}") }
    {
        assert_eq!(fetch("/a", "k1", 3), "/a k1 3");
        assert_eq!(fetch("/a", "k2", 4), "/a k1 3");
        assert_eq!(fetch("/b", "k2", 4), "/b k2 4");
        assert_eq!(RUNS.load(SeqCst), 2);
        assert_eq!(fetch::entry("/a").peek().as_deref(), Some("/a k1 3"));
    }
}

on_every_backend! {
    cch_83_an_entry_is_readable_until_an_instant:
    #[cache(expires_at = UNIX_EPOCH + Duration::from_secs(2_000_000_000))]
    fn square(n: u64) -> u64 { n * n }
    {
        let clock = ManualClock::new();
        clock.set_time_of_day(UNIX_EPOCH + Duration::from_secs(1_999_999_000));
        let _in_force = clock.enter();
        assert_eq!(square(3), 9);
        clock.advance(Duration::from_millis(999_999));
        assert_eq!(square::entry(3).peek(), Some(9));
        clock.advance(Duration::from_millis(1));
        assert_eq!(square::entry(3).peek(), None);
        // What is made after that instant is returned, and not kept.
        assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 3));
    }
}

on_every_backend! {
    /// With the threads of the standard library, or any others.
    cch_86_many_calls_on_threads_are_answered_in_their_order:
    #[cache()]
    fn square(n: u64) -> u64 { n * n }
    {
        let answers = thread::scope(|scope| {
            let calls: Vec<_> = (0..32).map(|n| scope.spawn(move || square(n % 8))).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(answers, (0..32).map(|n| (n % 8) * (n % 8)).collect::<Vec<u64>>());
        assert_eq!(RUNS.load(SeqCst), 8);
    }
}

on_every_backend! {
    cch_88_ten_concurrent_first_calls_run_the_body_once:
    #[cache()]
    fn value() -> u64 {
        until(|| value::cache().stats().waits == 9);
        7
    }
    {
        let start = Barrier::new(10);
        let call = || {
            start.wait();
            value()
        };
        thread::scope(|scope| {
            let callers: Vec<_> = (0..10).map(|_| scope.spawn(call)).collect();
            assert!(callers.into_iter().all(|caller| caller.join().unwrap() == 7));
        });
        assert_eq!(RUNS.load(SeqCst), 1);
    }
}

on_files! {
    cch_89_a_value_that_cannot_be_serialised_is_returned_and_reported:
    #[cache(name = "cch-89")]
    fn ratio(a: f64, b: f64) -> Option<Option<u64>> { (a > b).then_some(None) }
    {
        let faults = faults("cch-89");
        assert_eq!((ratio(2.0, 1.0), ratio(2.0, 1.0)), (Some(None), Some(None)));
        assert_eq!(RUNS.load(SeqCst), 2);
        assert_eq!(ratio::cache().stats().store_errors, 2);
        assert!(faults().iter().filter(|fault| fault.error.kind() == Kind::Unstorable).count() >= 2);
        assert_eq!(files_below(DIR.get().unwrap()).len(), 0);
    }
}
