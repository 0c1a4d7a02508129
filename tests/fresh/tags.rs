//! Entries that are invalidated together, by their tags.

use std::{
    cell::Cell,
    future::poll_fn,
    pin::pin,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use cacher::{Removal, cache, invalidate_tag, invalidate_tag_async, invalidate_tags, testing::ManualClock};
use serde::{Deserialize, Serialize};

use crate::{
    gated::Gated,
    source::{Failure, Source, State},
    support::poll_once,
};

const SECOND: Duration = Duration::from_secs(1);

/// What is loaded while any tag is invalidated may be stored nowhere: no test does so to another.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Post {
    id: u64,
    author: String,
    read: u64,
}

#[test]
fn entries_of_several_functions_go_together() {
    let _alone = alone();
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(tags = ["tags:user:{id}", "tags:users"])]
    fn user(id: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    struct Client {
        base: String,
    }
    impl Client {
        #[cache(tags = ["tags:user:{user_id}", "tags:{self.base}"], key = (self.base, user_id))]
        async fn posts(&self, user_id: u64) -> u64 {
            SOURCE.read().unwrap()
        }
    }
    let client = Client { base: "a".into() };
    let get = |id| futures::executor::block_on(client.posts(id));
    let first = [user(1), user(2), get(1), get(2)];
    assert_eq!([user(1), user(2), get(1), get(2)], first);
    assert_eq!(invalidate_tag("tags:user:1"), Removal::Removed);
    assert_ne!((user(1), get(1)), (first[0], first[2]));
    assert_eq!((user(2), get(2)), (first[1], first[3]));
    assert_eq!(invalidate_tag("tags:nothing has this"), Removal::Absent);
    let second = [user(1), user(2), get(1), get(2)];
    invalidate_tags(&["tags:users", "tags:a"]);
    let third = [user(1), user(2), get(1), get(2)];
    assert!(second.iter().zip(third).all(|(before, after)| *before != after), "{second:?} {third:?}");
    assert_eq!([user(1), user(2), get(1), get(2)], third);
}

#[test]
fn values_say_tags_of_their_own() {
    let _alone = alone();
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    fn of_author(post: &Post) -> String {
        format!("values:author:{}", post.author)
    }
    #[cache(tags = ["values:posts", of_author, |post| (post.id > 5).then_some("values:late")])]
    fn post(id: u64) -> Post {
        Post { id, author: if id.is_multiple_of(2) { "ann" } else { "bob" }.into(), read: SOURCE.read().unwrap() }
    }
    let read = |ids: &[u64]| ids.iter().map(|id| post(*id).read).collect::<Vec<_>>();
    let all = [1, 2, 7, 8];
    assert_eq!((read(&all), read(&all)), (vec![1, 2, 3, 4], vec![1, 2, 3, 4]));
    invalidate_tag("values:author:ann");
    assert_eq!(read(&all), [1, 5, 3, 6]);
    invalidate_tag("values:late");
    assert_eq!(read(&all), [1, 5, 7, 8]);
    invalidate_tag("values:posts");
    assert_eq!(read(&all), [9, 10, 11, 12]);
}

#[test]
fn what_is_inserted_has_the_same_tags() {
    let _alone = alone();
    #[cache(tags = ["inserted:{id}", |value| format!("inserted:value:{value}")])]
    fn value(id: u64) -> u64 {
        id
    }
    value::entry(1).insert(10);
    value::entry(2).insert(20);
    value::entry(3).insert(30);
    invalidate_tag("inserted:1");
    invalidate_tag("inserted:value:20");
    assert_eq!([1, 2, 3].map(|id| value::entry(id).peek()), [None, None, Some(30)]);
    assert_eq!([1, 2, 3].map(value), [1, 2, 30]);
}

#[test]
fn what_was_loading_is_kept_nowhere_and_given_to_nobody_who_comes_later() {
    let _alone = alone();
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(tags = ["loading:{id}", |_| "loading:value"], ignore = [open])]
    async fn value(id: u64, open: &Cell<bool>) -> u64 {
        let read = SOURCE.read().unwrap();
        poll_fn(|_| if open.get() { Poll::Ready(()) } else { Poll::Pending }).await;
        read
    }
    for (tag, first) in [("loading:1", 1), ("loading:value", 3)] {
        let open = Cell::new(false);
        let mut before = pin!(value(1, &open));
        assert!(poll_once(&mut before).is_pending());
        invalidate_tag(tag);
        let mut after = pin!(value(1, &open));
        let mut later = pin!(value(1, &open));
        assert!(poll_once(&mut after).is_pending() && poll_once(&mut later).is_pending());
        open.set(true);
        assert_eq!(poll_once(&mut before), Poll::Ready(first), "its own caller gets it");
        assert_eq!(poll_once(&mut after), Poll::Ready(first + 1), "{tag}");
        assert_eq!(poll_once(&mut later), Poll::Ready(first + 1));
        futures::executor::block_on(value::entry(1).invalidate());
    }
}

#[test]
fn invalidated_values_answer_nothing_that_failed_either() {
    let _alone = alone();
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(ttl = "10s", stale_if_error = "1h", stale_while_revalidate = "30s", tags = ["failed:{id}"])]
    fn value(id: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!((value(1), value(2)), (Ok(1), Ok(2)));
    SOURCE.is(State::Down);
    clock.advance(11 * SECOND);
    assert_eq!((value(1), value(2)), (Ok(1), Ok(2)));
    invalidate_tag("failed:1");
    assert_eq!((value(1), value(2)), (Err(Failure::Down), Ok(2)));
}

#[test]
fn an_error_that_answers_calls_goes_with_the_tags_of_its_call() {
    let _alone = alone();
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(error_ttl = "1h", error_if = |_| true, tags = ["lasting:{id}"])]
    fn value(id: u64) -> Result<u64, Failure> {
        SOURCE.read()
    }
    SOURCE.is(State::Down);
    assert_eq!((value(1), value(2)), (Err(Failure::Down), Err(Failure::Down)));
    SOURCE.is(State::Up);
    invalidate_tag("lasting:1");
    assert_eq!((value(1), value(2)), (Ok(3), Err(Failure::Down)));
}

#[test]
fn stores_know_tags_too() {
    let _alone = alone();
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = STORE.clone(), tags = ["stored:{id}", |post: &Post| format!("stored:author:{}", post.author)])]
    async fn post(id: u64) -> Post {
        Post { id, author: if id.is_multiple_of(2) { "ann" } else { "bob" }.into(), read: SOURCE.read().unwrap() }
    }
    let read = |id| futures::executor::block_on(post(id)).read;
    assert_eq!([1, 2, 3].map(read), [1, 2, 3]);
    assert_eq!([1, 2, 3].map(read), [1, 2, 3]);
    assert_eq!(futures::executor::block_on(invalidate_tag_async("stored:1")), Removal::Removed);
    assert_eq!([1, 2, 3].map(read), [4, 2, 3]);
    invalidate_tag("stored:author:bob");
    assert_eq!([1, 2, 3].map(read), [5, 2, 6]);
    assert!(futures::executor::block_on(post::entry(2).insert(Post { id: 2, author: "cyd".into(), read: 100 })));
    invalidate_tag("stored:author:ann");
    assert_eq!(read(2), 100, "it has the tags of what stands there now");
    invalidate_tag("stored:author:cyd");
    assert_eq!(read(2), 7);
}

#[test]
fn tiers_know_tags_and_hand_them_on() {
    let _alone = alone();
    static LOWER: LazyLock<Gated> = LazyLock::new(Gated::default);
    static UPPER: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = [UPPER.clone(), LOWER.clone()], tags = ["tiers:{id}"])]
    fn value(id: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    assert_eq!([1, 2].map(value), [1, 2]);
    UPPER.empty();
    assert_eq!([1, 2].map(value), [1, 2], "from the lower one");
    LOWER.empty();
    assert_eq!([1, 2].map(value), [1, 2], "which has filled the upper one");
    invalidate_tag("tiers:1");
    assert_eq!([1, 2].map(value), [3, 2]);
    assert_eq!(value::cache().stats().store_errors, 0);
}

#[test]
fn a_store_that_is_down_serves_nothing_that_was_invalidated() {
    let _alone = alone();
    static STORE: LazyLock<Gated> = LazyLock::new(Gated::default);
    static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);
    #[cache(backend = STORE.clone(), tags = ["down:{id}"])]
    fn value(id: u64) -> u64 {
        SOURCE.read().unwrap()
    }
    let clock = ManualClock::new();
    let _in_force = clock.enter();
    assert_eq!([1, 2].map(value), [1, 2]);
    STORE.fail(true);
    assert_eq!(invalidate_tag("down:1"), Removal::Pending);
    assert_eq!([1, 2].map(value), [3, 2], "reads still work there");
    STORE.fail(false);
    clock.advance(2 * SECOND);
    assert_eq!([1, 2].map(value), [4, 2]);
    assert_eq!([1, 2].map(value), [4, 2]);
}
