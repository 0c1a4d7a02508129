//! Bodies that ask their source whether what was there before is still good.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use cacher::{
    backend::bytes::Bytes,
    cache, invalidate_tag, previous,
    testing::{ManualClock, TempDir},
};
use futures::executor::block_on;
use serde::{Deserialize, Serialize};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Page {
    etag: u64,
    text: String,
}

/// A server that sends a page, unless the one asked for is the same as before.
#[derive(Default)]
struct Server {
    version: AtomicU64,
    sent: AtomicU64,
    asked: AtomicU64,
}

impl Server {
    fn get(&self, etag: Option<u64>) -> Option<Page> {
        self.asked.fetch_add(1, SeqCst);
        let version = self.version.load(SeqCst);
        if etag == Some(version) {
            return None;
        }
        self.sent.fetch_add(1, SeqCst);
        Some(Page { etag: version, text: format!("version {version}") })
    }

    fn change(&self) {
        self.version.fetch_add(1, SeqCst);
    }

    /// How often it was asked, and how often it has sent the page.
    fn counts(&self) -> (u64, u64) {
        (self.asked.load(SeqCst), self.sent.load(SeqCst))
    }

    /// What a body does.
    fn page(&self) -> Page {
        let previous = previous::<Page>();
        match (self.get(previous.as_ref().map(|previous| previous.value().etag)), previous) {
            (Some(page), _) => page,
            (None, Some(previous)) => previous.not_modified(),
            (None, None) => panic!("nothing was asked for that could be unchanged"),
        }
    }
}

#[test]
fn what_is_still_good_lives_on_and_is_not_sent_again() {
    static SERVER: LazyLock<Server> = LazyLock::new(Server::default);
    #[cache(ttl = "10s", revalidate = "1h")]
    fn page(key: u64) -> Page {
        SERVER.page()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(page(1).etag, 0);
    clock.advance(10 * SECOND);
    assert_eq!((page(1).etag, SERVER.counts()), (0, (2, 1)));
    clock.advance(9 * SECOND);
    assert_eq!((page(1).etag, SERVER.counts()), (0, (2, 1)), "it lives on");
    SERVER.change();
    clock.advance(SECOND);
    assert_eq!((page(1).etag, SERVER.counts()), (1, (3, 2)));
    let stats = page::cache().stats();
    assert_eq!((stats.loads, stats.renewals, stats.hits), (3, 1, 1));
}

#[test]
fn what_was_kept_long_enough_is_not_shown_any_more() {
    static SERVER: LazyLock<Server> = LazyLock::new(Server::default);
    #[cache(ttl = "10s", revalidate = "1h")]
    fn page(key: u64) -> Page {
        SERVER.page()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    page(1);
    clock.advance(Duration::from_secs(3609));
    page(1);
    assert_eq!(SERVER.counts(), (2, 1));
    clock.advance(Duration::from_secs(3610));
    page(1);
    assert_eq!(SERVER.counts(), (3, 2));
}

#[test]
fn async_bodies_are_shown_what_stores_have_at_any_time() {
    static SERVER: LazyLock<Server> = LazyLock::new(Server::default);
    static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    #[cache(backend = STORE.clone(), ttl = "10s", revalidate = "1h")]
    async fn page(key: u64) -> Page {
        let before = previous::<Page>();
        let mut turns = 0;
        std::future::poll_fn(|cx| {
            turns += 1;
            cx.waker().wake_by_ref();
            if turns < 3 { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
        })
        .await;
        let after = previous::<Page>();
        assert_eq!(before.map(|page| page.age()), after.map(|page| page.age()));
        SERVER.page()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    block_on(page(1));
    clock.advance(15 * SECOND);
    block_on(page(1));
    assert_eq!(SERVER.counts(), (2, 1));
    clock.advance(9 * SECOND);
    block_on(page(1));
    assert_eq!(SERVER.counts(), (2, 1));
}

#[test]
fn it_outlives_the_process_in_files() {
    static SERVER: LazyLock<Server> = LazyLock::new(Server::default);
    static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);
    #[cache(backend = ["memory://?capacity=1", format!("file://{}", DIR.path().display())], ttl = "10s", revalidate = "1h")]
    fn page(key: u64) -> Page {
        SERVER.page()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    (1..=2).for_each(|key| drop(page(key)));
    clock.advance(11 * SECOND);
    (1..=2).for_each(|key| drop(page(key)));
    assert_eq!(SERVER.counts(), (4, 2));
}

#[test]
fn it_says_how_old_the_value_is_and_that_of_a_result_is_what_is_ok() {
    static AGES: LazyLock<std::sync::Mutex<Vec<Option<Duration>>>> = LazyLock::new(std::sync::Mutex::default);
    #[cache(ttl = "10s", refresh_at = 0.5, revalidate = "1h")]
    fn number(key: u64) -> Result<u64, String> {
        let previous = previous::<u64>();
        AGES.lock().unwrap().push(previous.as_ref().map(cacher::Previous::age));
        Ok(previous.map_or(7, cacher::Previous::not_modified))
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    for wait in [0, 6, 12] {
        clock.advance(wait * SECOND);
        assert_eq!(number(1), Ok(7));
    }
    assert_eq!(*AGES.lock().unwrap(), [None, Some(6 * SECOND), Some(12 * SECOND)]);
}

#[test]
fn it_answers_no_call_by_itself() {
    #[cache(ttl = "10s", revalidate = "1h", max_concurrent = 1)]
    fn number(key: u64) -> Result<u64, String> {
        if previous::<u64>().is_some() { Err("down".into()) } else { Ok(1) }
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(number(1), Ok(1));
    clock.advance(10 * SECOND);
    assert_eq!(number(1), Err("down".into()));
    assert_eq!(number::entry(1).peek(), None);
    let explained = number::entry(1).explain();
    assert!(explained.outlook == cacher::Outlook::Absent, "{explained}");
}

#[test]
fn a_body_that_is_held_back_is_no_reason_to_return_it() {
    #[cache(ttl = "10s", revalidate = "1h", rate_limit = "1/1h", on_limit = stale)]
    fn number(key: u64) -> Result<u64, cacher::Error> {
        Ok(1)
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!(number(1).unwrap(), 1);
    clock.advance(19 * SECOND);
    assert_eq!(number(1).unwrap(), 1, "as long again");
    clock.advance(SECOND);
    assert_eq!(number(1).unwrap_err().kind(), cacher::Kind::Limited);
}

#[test]
fn nothing_is_shown_after_an_invalidation_in_a_refresh_and_to_others() {
    static SHOWN: LazyLock<std::sync::Mutex<Vec<Option<u64>>>> = LazyLock::new(std::sync::Mutex::default);
    fn note() {
        SHOWN.lock().unwrap().push(previous::<u64>().map(|previous| *previous.value()));
    }
    #[cache]
    fn inner(key: u64) -> u64 {
        note();
        key
    }
    #[cache(ttl = "10s", revalidate = "1h", tags = ["revalidated:{key}"])]
    fn outer(key: u64) -> u64 {
        static CALLS: AtomicU64 = AtomicU64::new(0);
        inner(CALLS.fetch_add(1, SeqCst));
        note();
        key
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    let shown = || std::mem::take(&mut *SHOWN.lock().unwrap());
    outer(1);
    clock.advance(11 * SECOND);
    outer(1);
    assert_eq!(shown(), [None, None, None, Some(1)], "the inner body does not see what the outer one is shown");
    clock.advance(11 * SECOND);
    outer::refresh(1);
    clock.advance(11 * SECOND);
    invalidate_tag("revalidated:1");
    outer(1);
    clock.advance(11 * SECOND);
    outer::entry(1).invalidate();
    outer(1);
    assert!(shown().iter().all(Option::is_none));
    note();
    assert_eq!(shown(), [None]);
}

#[test]
#[should_panic(expected = "`previous::<u32>()`: the values of this function are `u64`; write `previous::<u64>()`")]
fn a_wrong_type_is_told() {
    #[cache(ttl = "10s", revalidate = "1h")]
    fn number(key: u64) -> u64 {
        u64::from(previous::<u32>().map_or(1, cacher::Previous::not_modified))
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    number(1);
    clock.advance(11 * SECOND);
    number(1);
}

#[test]
fn loads_behind_their_callers_are_shown_it() {
    static SERVER: LazyLock<Server> = LazyLock::new(Server::default);
    #[cache(ttl = "10s", stale_while_revalidate = "1m", revalidate = "1h", refresh = background)]
    fn page(key: u64) -> Page {
        SERVER.page()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    page(1);
    clock.advance(11 * SECOND);
    page(1);
    crate::support::until(|| page::cache().stats().renewals == 1);
    assert_eq!(SERVER.counts(), (2, 1));
}

#[test]
fn who_takes_nothing_old_is_shown_nothing_old() {
    static SERVER: LazyLock<Server> = LazyLock::new(Server::default);
    #[cache(ttl = "1h", revalidate = "1h")]
    fn page(key: u64) -> Page {
        SERVER.page()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    page(1);
    clock.advance(11 * SECOND);
    cacher::no_older_than(10 * SECOND, || page(1));
    assert_eq!(SERVER.counts(), (2, 2));
}

#[test]
fn what_nobody_asked_for_is_kept_for_it_as_well() {
    static SERVER: LazyLock<Server> = LazyLock::new(Server::default);
    #[cache(tti = "10s", revalidate = "1h")]
    fn page(key: u64) -> Page {
        SERVER.page()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    page(1);
    for _ in 0..3 {
        clock.advance(9 * SECOND);
        page(1);
    }
    assert_eq!(SERVER.counts(), (1, 1));
    clock.advance(11 * SECOND);
    page(1);
    assert_eq!(SERVER.counts(), (2, 1), "it was kept for the body");
    clock.advance(Duration::from_secs(3611));
    page(1);
    assert_eq!(SERVER.counts(), (3, 2));
}
