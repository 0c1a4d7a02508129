//! What the attribute puts around a store: writes in the background, revisions, an archive, one slot.

use std::{
    sync::{Arc, LazyLock, atomic::Ordering::SeqCst},
    thread,
    time::Duration,
};

use cacher::{
    Kind, Removal,
    backend::{
        Backend,
        archived::Archived,
        background::{Background, Backgrounded, WhenFull},
        bytes::Bytes,
        prefixed::Prefixed,
    },
    cache,
    testing::ManualClock,
};

use crate::{
    common::faults,
    gated::Gated,
    support::{block_on, ends, poll_once, runs},
};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn cch_49_a_call_returns_before_the_store_has_its_value() {
    runs!(RUNS);
    static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = STORE.clone(), write = background, name = "cch-49")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (9, 9, 1));
    assert_eq!(STORE.len("cch-49").unwrap(), 0);
    clock.advance(SECOND);
    assert_eq!((STORE.len("cch-49").unwrap(), square(3), RUNS.load(SeqCst)), (1, 9, 1));
}

#[test]
fn an_invalidation_removes_what_waits() {
    runs!(RUNS);
    static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = ["memory://", STORE.clone()], write = background, name = "background-invalidate")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    square(3);
    assert_eq!(square::entry(3).invalidate(), Removal::Removed);
    clock.advance(SECOND);
    assert_eq!((STORE.len("background-invalidate").unwrap(), square::entry(3).peek()), (0, None));
    square(4);
    assert_eq!(square::cache().clear(), Removal::Removed);
    clock.advance(SECOND);
    assert_eq!((STORE.len("background-invalidate").unwrap(), square(3), RUNS.load(SeqCst)), (0, 9, 3));
}

#[test]
fn an_invalidation_waits_for_what_is_being_written() {
    ends(|| {
        static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        #[cache(backend = STORE.clone(), write = Background::new().batch(1))]
        fn square(n: u64) -> u64 {
            n * n
        }
        STORE.shut();
        square(3);
        STORE.await_writer();
        let invalidated = thread::spawn(|| square::entry(3).invalidate());
        assert_eq!(square::entry(3).peek(), Some(9));
        assert!(!invalidated.is_finished());
        STORE.open();
        assert_eq!(invalidated.join().unwrap(), Removal::Removed);
        assert_eq!((STORE.len(), square::entry(3).peek()), (0, None));
    });
}

#[test]
fn what_the_store_refuses_later_is_a_fault_of_the_function() {
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = STORE.clone(), write = background, name = "background-refused")]
    fn square(n: u64) -> u64 {
        n * n
    }
    let faults = faults("background-refused");
    STORE.fail(true);
    assert_eq!((square(3), faults().len(), square::entry(3).peek()), (9, 0, Some(9)));
    clock.advance(SECOND);
    assert_eq!((faults().len(), square::cache().stats().store_errors, square::entry(3).peek()), (1, 1, None));
}

#[test]
fn an_async_call_does_not_wait_for_the_store_either() {
    ends(|| {
        static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
        #[cache(backend = STORE.clone(), write = Background::new().batch(1).when_full(WhenFull::Block))]
        async fn square(n: u64) -> u64 {
            n * n
        }
        STORE.shut();
        assert_eq!(block_on(square(3)), 9);
        STORE.await_writer();
        assert_eq!(block_on(square(3)), 9);
        let mut removal = Box::pin(async { square::entry(3).invalidate().await });
        assert!(poll_once(&mut removal).is_pending());
        STORE.open();
        assert_eq!(block_on(removal), Removal::Removed);
    });
}

#[test]
fn an_expression_may_make_a_store_that_is_written_in_the_background() {
    static INNER: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    static STORE: LazyLock<Backgrounded> = LazyLock::new(|| Backgrounded::new(INNER.clone()));
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = STORE.clone(), name = "background-made")]
    fn square(n: u64) -> u64 {
        n * n
    }
    square(3);
    assert_eq!((INNER.len("background-made").unwrap(), STORE.waiting()), (0, 1));
    STORE.flush().unwrap();
    assert_eq!(INNER.len("background-made").unwrap(), 1);
}

#[test]
fn ctu_01_and_02_parts_of_one_store_don_t_meet() {
    runs!(RUNS);
    static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    macro_rules! part {
        ($function:ident, $prefix:literal) => {
            #[cache(backend = Prefixed::new(STORE.clone(), $prefix), name = "part")]
            fn $function(n: u64) -> u64 {
                RUNS.fetch_add(1, SeqCst);
                n
            }
        };
    }
    part!(f, "f.");
    part!(g, "g.");
    (0..2).for_each(|_| (0..50).for_each(|n| assert_eq!(f(n), n)));
    assert_eq!((RUNS.load(SeqCst), f::cache().len()), (50, 50));
    (0..50).for_each(|n| assert_eq!(g(n), n));
    let parts = ["f.part", "g.part", "part"].map(|namespace| STORE.len(namespace).unwrap());
    assert_eq!((RUNS.load(SeqCst), parts), (100, [50, 50, 0]));
    assert_eq!(f::cache().clear(), Removal::Removed);
    assert_eq!((f::cache().len(), g::cache().len()), (0, 50));
}

#[test]
fn cch_55_revisions_of_a_function() {
    static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    #[cache(backend = ["memory://", STORE.clone()], revisions = 5, ignore = [text], name = "cch-55")]
    fn page(id: u64, text: &str) -> String {
        format!("{id}: {text}")
    }
    let entry = page::entry(1);
    assert_eq!(entry.pin("stable").unwrap_err().kind(), Kind::NotCached);
    page(1, "v1");
    entry.pin("stable").unwrap();
    ["v2", "v3", "v4", "v5", "v6", "v7"].iter().for_each(|text| drop(page::refresh(1, text)));
    let revision = |number| entry.revision(number);
    assert_eq!((entry.peek().as_deref(), page(1, "v8").as_str()), (Some("1: v7"), "1: v7"));
    assert_eq!([-1, -2, -5].map(|number| revision(number).unwrap()), ["1: v7", "1: v6", "1: v3"]);
    assert_eq!((revision(-6), revision(2), revision(1).as_deref()), (None, None, Some("1: v1")));
    assert_eq!((entry.named("stable").as_deref(), entry.named("other")), (Some("1: v1"), None));
    let listed: Vec<_> = entry.revisions().into_iter().map(|one| (one.number, one.from_end)).collect();
    assert_eq!(listed, [(1, None), (3, Some(-5)), (4, Some(-4)), (5, Some(-3)), (6, Some(-2)), (7, Some(-1))]);
    assert_eq!((entry.clear_unpinned(), entry.revisions().len()), (4, 2));
    assert!(entry.unpin("stable") && !entry.unpin("stable"));
    entry.pin("last").unwrap();
    assert_eq!((page::cache().len(), entry.invalidate()), (1, Removal::Removed));
    assert_eq!((entry.revisions().len(), entry.named("last"), revision(-1)), (0, None, None));
    assert_eq!(page::cache().stats().store_errors, 0);
}

#[test]
fn revisions_outlive_their_ttl_and_a_repeated_value_is_none() {
    static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = STORE.clone(), revisions = 5, ttl = "1m", write = background, ignore = [text])]
    async fn page(id: u64, text: &str) -> Result<String, ()> {
        Ok(format!("{id}: {text}"))
    }
    let entry = page::entry(1);
    ["v1", "v1", "v2"].iter().for_each(|text| {
        block_on(page(1, text)).unwrap();
        clock.advance(60 * SECOND);
    });
    assert_eq!(block_on(entry.peek()), None);
    let revisions = [-1, -2, -3].map(|number| block_on(entry.revision(number)));
    assert_eq!(revisions.map(Option::unwrap_or_default), ["1: v2", "1: v1", ""]);
    assert_eq!(entry.clone().blocking().revisions().len(), 2);
}

#[test]
fn revisions_of_a_method_of_a_trait_have_companions() {
    static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    struct Pages;
    trait Source {
        fn page(&self, id: u64) -> u64;
    }
    #[cache(companions = PagesOfSource)]
    impl Source for Pages {
        #[cache(backend = STORE.clone(), revisions = 2, ignore = [self])]
        fn page(&self, id: u64) -> u64 {
            id
        }
    }
    Pages.page(7);
    assert_eq!(PagesOfSource::page_entry(&Pages, 7).revision(-1), Some(7));
}

#[test]
fn cch_79_what_has_expired_is_moved_aside() {
    static STORE: LazyLock<Bytes> = LazyLock::new(Bytes::new);
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    #[cache(backend = STORE.clone(), archive, ttl = "1m", ignore = [text], name = "cch-79")]
    fn page(id: u64, text: &str) -> String {
        format!("{id}: {text}")
    }
    let archived = || {
        let mut count = 0;
        let visit = &mut |_| {
            count += 1;
            true
        };
        Archived::new(STORE.clone()).scan_archive("cch-79", visit).unwrap();
        count
    };
    page(1, "v1");
    page::refresh(1, "v2");
    assert_eq!(archived(), 0);
    clock.advance(600 * SECOND);
    assert_eq!((page(1, "v3").as_str(), archived(), page::cache().len()), ("1: v3", 1, 1));
}

fn single<B: Backend>(store: &B, namespace: &str) -> u64 {
    store.len(namespace).unwrap()
}

#[test]
fn cch_77_one_slot_knows_what_it_was_built_with() {
    runs!(STORED, BOTH, MEMORY);
    static STORES: LazyLock<[Bytes; 2]> = LazyLock::new(Default::default);
    #[cache(backend = STORES[0].clone(), single, name = "cch-77-stored")]
    fn stored(n: u64) -> u64 {
        STORED.fetch_add(1, SeqCst);
        n
    }
    #[cache(backend = ["memory://", STORES[1].clone()], single, name = "cch-77-both")]
    fn both(n: u64) -> u64 {
        BOTH.fetch_add(1, SeqCst);
        n
    }
    #[cache(single, name = "cch-77-memory")]
    fn memory(n: u64) -> u64 {
        MEMORY.fetch_add(1, SeqCst);
        n
    }
    for (function, runs) in [(stored as fn(u64) -> u64, &STORED), (both, &BOTH), (memory, &MEMORY)] {
        assert_eq!([1, 1, 2, 2, 1, 1].map(function), [1, 1, 2, 2, 1, 1]);
        assert_eq!(runs.load(SeqCst), 3);
    }
    assert_eq!((single(&STORES[0], "cch-77-stored"), single(&STORES[1], "cch-77-both")), (1, 1));
    assert_eq!((memory::cache().len(), memory::cache().stats().entries), (1, 1));
    assert_eq!((stored::cache().stats().store_errors, both::cache().stats().store_errors), (0, 0));
}

#[test]
fn one_slot_is_emptied_by_an_invalidation_of_what_is_in_it() {
    static STORE: LazyLock<Arc<Bytes>> = LazyLock::new(Arc::default);
    #[cache(backend = ["memory://", Arc::clone(&*STORE)], single)]
    fn square(n: u64) -> u64 {
        n * n
    }
    square(2);
    square(3);
    assert_eq!((square::entry(2).peek(), square::entry(3).peek()), (None, Some(9)));
    assert_eq!(square::entry(3).invalidate(), Removal::Removed);
    assert_eq!((square::entry(2).peek(), square::entry(3).peek(), square::cache().len()), (None, None, 0));
}
