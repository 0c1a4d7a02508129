//! What others see of caches: spans, events, metrics, logged operations; and what nobody is to see.

use std::{
    fmt::Write,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Duration,
};

use cacher::{
    Error, Kind, Site,
    backend::{Backend, Key, file::Files, logged::Logged},
    cache,
    testing::{ManualClock, TempDir},
};

use crate::{
    common::{faults, files_below},
    observers::{Numbers, Spans},
    support::{Gate, block_on, ends, poll_once, runs, until},
};

const MINUTE: Duration = Duration::from_secs(60);

/// Each test has files of its own.
macro_rules! dirs {
    ($($name:ident),*) => {
        $(static $name: LazyLock<(TempDir, Files)> = LazyLock::new(|| {
            let dir = TempDir::new();
            let files = Files::new(dir.path());
            (dir, files)
        });)*
    };
}

#[test]
fn a_load_is_one_span_and_a_hit_in_memory_none() {
    #[cache(ttl = "1h", name = "seen-in-memory")]
    fn double(n: u64) -> Result<u64, u64> {
        if n > 9 { Err(n) } else { Ok(2 * n) }
    }
    let spans = Spans::default();
    let _ = spans.watch(|| (double(1), double(1), double(1), double(10), double::refresh(1)));
    assert_eq!(spans.verdicts("seen-in-memory"), ["loaded", "failed", "refreshed"]);
    let all = spans.of("seen-in-memory");
    assert!(all.iter().all(|span| span["level"] == "DEBUG" && span["load_s"].parse::<f64>().is_ok()), "{all:?}");
    assert!(all.iter().all(|span| !span.contains_key("tier")), "{all:?}");
}

#[test]
fn a_span_says_which_store_had_the_value_and_how_old_it_was() {
    dirs!(DIR);
    #[cache(backend = &DIR.1, ttl = "1h", name = "seen-in-files")]
    fn double(n: u64) -> u64 {
        2 * n
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let (spans, numbers) = (Spans::default(), Numbers::default());
    numbers.watch(|| {
        spans.watch(|| {
            double(1);
            clock.advance(MINUTE);
            double(1);
            cacher::read_only(|| double(1));
            cacher::read_only(|| double(2));
            cacher::bypass(|| double(1));
        });
    });
    assert_eq!(spans.verdicts("seen-in-files"), ["loaded", "hit", "hit", "bypassed", "bypassed"]);
    let hit = &spans.of("seen-in-files")[1];
    assert_eq!((hit["age_s"].as_str(), hit["tier"].as_str()), ("60.0", &*DIR.1.describe()));
    assert_eq!(numbers.samples("cacher_hit_age_seconds", "seen-in-files"), [60.0, 60.0]);
}

#[test]
fn a_span_says_that_nothing_was_to_be_loaded() {
    #[cache(name = "seen-absent")]
    fn double(n: u64) -> Result<u64, Error> {
        Ok(2 * n)
    }
    let spans = Spans::default();
    let answer = spans.watch(|| cacher::only_if_cached(|| double(1)));
    assert_eq!(answer.unwrap_err().kind(), Kind::NotCached);
    assert_eq!(spans.verdicts("seen-absent"), ["absent"]);
}

#[test]
fn a_span_says_that_the_body_was_held_back() {
    let _alone = Numbers::alone();
    #[cache(rate_limit = "1/h", on_limit = error, name = "seen-turned-down")]
    fn double(n: u64) -> Result<u64, Error> {
        Ok(2 * n)
    }
    let (spans, numbers) = (Spans::default(), Numbers::default());
    let _ = numbers.watch(|| spans.watch(|| (double(1), double(2))));
    assert_eq!(spans.verdicts("seen-turned-down"), ["loaded", "turned down"]);
    assert_eq!(numbers.count("cacher_limited_total", "seen-turned-down"), 1);
}

#[test]
fn who_waits_for_another_is_told_from_who_loads() {
    let _alone = Numbers::alone();
    static GATE: Gate = Gate::new();
    runs!(RUNS);
    #[cache(name = "seen-waiting")]
    fn double(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        GATE.pass();
        2 * n
    }
    ends(|| {
        let (spans, numbers) = (Spans::default(), Arc::new(Numbers::default()));
        let leader = {
            let numbers = Arc::clone(&numbers);
            thread::spawn(move || numbers.watch(|| double(1)))
        };
        until(|| RUNS.load(SeqCst) == 1);
        let follower = {
            let (spans, numbers) = (spans.clone(), Arc::clone(&numbers));
            thread::spawn(move || numbers.watch(|| spans.watch(|| double(1))))
        };
        until(|| double::cache().stats().waits == 1);
        GATE.open();
        assert_eq!((leader.join().unwrap(), follower.join().unwrap()), (2, 2));
        assert_eq!(spans.verdicts("seen-waiting"), ["waited"]);
        assert_eq!(numbers.samples("cacher_wait_seconds", "seen-waiting").len(), 1);
        assert_eq!(numbers.count("cacher_waits_total", "seen-waiting"), 1);
    });
}

#[test]
fn a_call_inside_its_own_load_is_a_lone_one() {
    static INNER: AtomicBool = AtomicBool::new(false);
    #[cache(name = "seen-alone")]
    fn double(n: u64) -> u64 {
        if INNER.swap(true, SeqCst) { 2 * n } else { double(n) }
    }
    let spans = Spans::default();
    assert_eq!(spans.watch(|| double(1)), 2);
    assert_eq!(spans.verdicts("seen-alone"), ["loaded", "lone"]);
}

#[test]
fn a_sync_body_runs_in_its_span() {
    static SPANS: LazyLock<Spans> = LazyLock::new(Spans::default);
    static INSIDE: Mutex<Option<String>> = Mutex::new(None);
    #[cache(name = "seen-inside")]
    fn double(n: u64) -> u64 {
        *INSIDE.lock().unwrap() = SPANS.inside();
        2 * n
    }
    SPANS.watch(|| {
        double(1);
        assert_eq!(SPANS.inside(), None);
    });
    assert_eq!(INSIDE.lock().unwrap().as_deref(), Some("seen-inside"));
}

#[test]
fn an_async_body_runs_in_its_span_while_it_is_polled() {
    static SPANS: LazyLock<Spans> = LazyLock::new(Spans::default);
    static INSIDE: Mutex<Vec<Option<String>>> = Mutex::new(Vec::new());
    #[cache(name = "seen-inside-async")]
    async fn double(n: u64) -> u64 {
        let mut polled = false;
        std::future::poll_fn(|cx| {
            INSIDE.lock().unwrap().push(SPANS.inside());
            cx.waker().wake_by_ref();
            if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        2 * n
    }
    SPANS.watch(|| {
        let mut call = Box::pin(double(1));
        assert_eq!(poll_once(&mut call), Poll::Pending);
        assert_eq!(SPANS.inside(), None);
        assert_eq!(block_on(call), 2);
    });
    assert_eq!(*INSIDE.lock().unwrap(), [const { Some("seen-inside-async") }; 2].map(|name| name.map(str::to_owned)));
    assert_eq!(SPANS.verdicts("seen-inside-async"), ["loaded"]);
}

#[test]
fn a_call_that_is_given_up_has_failed() {
    #[cache(name = "seen-dropped")]
    async fn never(n: u64) -> u64 {
        std::future::pending::<()>().await;
        n
    }
    let spans = Spans::default();
    spans.watch(|| {
        let mut call = Box::pin(never(1));
        assert_eq!(poll_once(&mut call), Poll::Pending);
        drop(call);
    });
    assert_eq!(spans.verdicts("seen-dropped"), ["failed"]);
}

/// A store that is out of order.
struct Broken;

impl Backend for Broken {
    fn describe(&self) -> String {
        "broken".into()
    }

    fn get(&self, _: &Key) -> Result<Option<Vec<u8>>, Error> {
        Err(Error::new(Kind::Unavailable, "out of order"))
    }

    fn put(&self, _: &Key, _: &[u8], _: Option<std::time::SystemTime>) -> Result<(), Error> {
        Ok(())
    }

    fn remove(&self, _: &Key) -> Result<bool, Error> {
        Ok(false)
    }
}

#[test]
fn a_fault_is_a_warning_and_counted() {
    let _alone = Numbers::alone();
    #[cache(backend = Broken, name = "seen-broken")]
    fn double(n: u64) -> u64 {
        2 * n
    }
    let (spans, numbers) = (Spans::default(), Numbers::default());
    numbers.watch(|| spans.watch(|| double(1)));
    let events = spans.events();
    assert_eq!(events.len(), 1, "{events:?}");
    let shown = ["level", "target", "cache", "error"].map(|field| events[0][field].as_str());
    assert_eq!(shown, ["WARN", "cacher", "seen-broken", "broken: out of order"]);
    assert_eq!(numbers.count("cacher_store_errors_total", "seen-broken"), 1);
}

#[test]
fn counters_are_handed_over_at_loads_and_on_request() {
    let _alone = Numbers::alone();
    #[cache(capacity = 2, name = "counted")]
    fn double(n: u64) -> Result<u64, u64> {
        if n > 90 { Err(n) } else { Ok(2 * n) }
    }
    let numbers = Numbers::default();
    let count = |metric| numbers.count(metric, "counted");
    numbers.watch(|| {
        let _ = (double(1), double(1), double(1));
        assert_eq!((count("cacher_loads_total"), count("cacher_hits_total")), (1, 0));
        cacher::publish_metrics();
        assert_eq!((count("cacher_loads_total"), count("cacher_hits_total")), (1, 2));
        let _ = (double(1), double(2), double(3), double(91));
        assert_eq!((count("cacher_hits_total"), count("cacher_load_failures_total")), (3, 1));
        assert_eq!(count("cacher_evictions_total"), 1);
        cacher::publish_metrics();
        assert_eq!(count("cacher_misses_total"), 4);
        assert!((numbers.gauge("cacher_entries", "counted") - 2.0).abs() < f64::EPSILON);
        assert_eq!(numbers.samples("cacher_load_seconds", "counted").len(), 4);
    });
}

#[test]
fn caches_of_one_name_are_counted_together_also_when_they_go() {
    let _alone = Numbers::alone();
    #[derive(Default)]
    struct Client {
        cache: Site,
    }
    impl Client {
        #[cache(site = self.cache, name = "counted-of-instances")]
        fn double(&self, n: u64) -> u64 {
            2 * n
        }
    }
    let numbers = Numbers::default();
    numbers.watch(|| {
        for _ in 0..3 {
            let client = Client::default();
            let _ = [client.double(1), client.double(1)];
        }
    });
    let count = |metric| numbers.count(metric, "counted-of-instances");
    assert_eq!((count("cacher_loads_total"), count("cacher_hits_total")), (3, 3));
}

#[test]
fn ctu_29_a_traced_backend_tells_one_event_of_each_operation() {
    dirs!(DIR);
    #[cache(backend = Logged::traced(DIR.1.clone()), name = "traced")]
    fn double(n: u64) -> u64 {
        2 * n
    }
    let spans = Spans::default();
    let removed = spans.watch(|| {
        let _ = [double(1), double(1)];
        double::entry(1).invalidate()
    });
    assert_eq!(removed, cacher::Removal::Removed);
    let events = spans.events();
    let events: Vec<_> = events.iter().filter(|event| event["target"] == "cacher::backend").collect();
    assert!(events.iter().all(|event| event["level"] == "DEBUG" && event["namespace"] == "traced"), "{events:?}");
    let told: Vec<_> = events.iter().map(|event| (event["operation"].as_str(), event["outcome"].as_str())).collect();
    assert!(
        matches!(told[..], [("get", "absent"), ("put", put), ("get", got), ("remove", "done")] if put == got),
        "{told:?}"
    );
}

/// Everything that tells of a call, in one text.
struct Output {
    spans: Spans,
    numbers: Numbers,
    told: Mutex<String>,
}

impl Output {
    fn new() -> Self {
        Self { spans: Spans::default(), numbers: Numbers::default(), told: Mutex::default() }
    }

    /// Adds something that was shown.
    fn add(&self, text: impl std::fmt::Display) {
        writeln!(self.told.lock().unwrap(), "{text}").unwrap();
    }

    /// Fails if one of these texts was shown anywhere.
    #[track_caller]
    fn assert_hides(&self, secrets: &[&str]) {
        let shown = self.told.lock().unwrap().clone() + &self.spans.text() + &self.numbers.text();
        for secret in secrets {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}

#[test]
fn nothing_tells_a_secret() {
    let _alone = Numbers::alone();
    dirs!(DIR);
    static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());
    fn logged() -> Logged {
        Logged::new(DIR.1.clone(), |record| LINES.lock().unwrap().push(format!("{record} {record:?}")))
    }
    runs!(RUNS);
    #[cache(
        backend = ["memory://", logged(), String::from("nostore://user:hunter2@host/db?password=hunter2"), Logged::traced(DIR.1.clone().format("msgpack"))],
        ttl = "1h", ignore = [password], secret = [pin], name = "discreet-outside"
    )]
    fn log_in(user: &str, password: &str, pin: &str) -> Result<String, String> {
        RUNS.fetch_add(1, SeqCst);
        if user == "mallory" { Err(format!("wrong: {password}")) } else { Ok(format!("token of {user}")) }
    }
    // That of the other tests in this process.
    cacher::set_secret_key([7; 32]).unwrap();
    let output = Output::new();
    let faults = faults("discreet-outside");
    output.numbers.watch(|| {
        output.spans.watch(|| {
            let _ = (
                log_in("eve", "swordfish", "xyzzy-4711"),
                log_in("eve", "swordfish", "xyzzy-4711"),
                log_in("mallory", "swordfish", "xyzzy-4711"),
            );
            let _ = (
                cacher::bypass(|| log_in("eve", "swordfish", "xyzzy-4711")),
                log_in::refresh("eve", "swordfish", "xyzzy-4711"),
            );
            let entry = log_in::entry("eve", "xyzzy-4711");
            output.add(format!("{entry:?} {} {:?}", entry.explain(), entry.explain()));
            entry.invalidate();
            let _ = log_in("eve", "swordfish", "xyzzy-4711");
            cacher::publish_metrics();
        });
    });
    assert_eq!(RUNS.load(SeqCst), 5);
    assert!(!files_below(DIR.0.path()).is_empty());
    output.add(format!("{:?} {:?}", log_in::cache(), cacher::caches()));
    output.add(format!("{} {:?}", cacher::configuration(), cacher::configuration()));
    assert!(!faults().is_empty() && !LINES.lock().unwrap().is_empty());
    faults().iter().for_each(|fault| output.add(format!("{fault} {fault:?}")));
    LINES.lock().unwrap().iter().for_each(|line| output.add(line));
    // Something was shown at all.
    assert!(output.spans.text().contains("discreet-outside") && output.numbers.text().contains("discreet-outside"));
    assert!(output.spans.text().contains("user:***@host"), "{}", output.spans.text());
    output.assert_hides(&["hunter2", "swordfish", "xyzzy-4711", "token of eve"]);
    // A store has the value, and no more.
    for file in files_below(DIR.0.path()) {
        output.add(format!("{} {}", file.display(), String::from_utf8_lossy(&std::fs::read(&file).unwrap())));
    }
    output.assert_hides(&["hunter2", "swordfish", "xyzzy-4711"]);
}
