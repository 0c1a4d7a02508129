//! The scenes, each in memory, in a store, in memory and a store, and in two stores.

use crate::{
    explore,
    ground::{Ground, Life},
    scene::{Scene, Start},
    step::Step::{
        self, Age, Clear, ClearAsync, Delete, DeleteAsync, DeleteDropped, Expire, Get, Linger, Load, LoadAsync,
        LoadDropped, LoadFailing, Prolong, Refresh, Set, SetAsync, SetDropped, Tag, TagAsync, Update,
    },
};

macro_rules! scenes {
    ($($name:ident: $life:ident, $start:ident, $threads:expr;)*) => { $(
        mod $name {
            use super::*;

            const THREADS: &[&[Step]] = &$threads;

            fn on(ground: Ground) {
                explore(move || Scene { ground, life: Life::$life, start: Start::$start, threads: THREADS }.play());
            }

            #[test]
            fn in_memory() {
                on(Ground::Memory);
            }

            #[test]
            fn in_a_store() {
                on(Ground::Store);
            }

            #[test]
            fn in_memory_and_a_store() {
                on(Ground::MemoryAndStore);
            }

            #[test]
            fn in_two_stores() {
                on(Ground::TwoStores);
            }
        }
    )* };
}

scenes! {
    callers_share_a_load: Ever, Nothing, [&[Load], &[LoadAsync], &[Load]];
    a_load_is_dropped: Ever, Nothing, [&[LoadDropped(2)], &[Load, Get], &[LoadAsync]];
    failing_loads_take_turns: Ever, Nothing, [&[LoadFailing], &[LoadFailing], &[Load]];
    a_load_fails: Ever, Nothing, [&[LoadFailing], &[Load], &[Delete]];
    an_entry_is_deleted: Ever, Nothing, [&[Load], &[LoadAsync], &[Delete, Load]];
    an_entry_of_before_is_deleted: Ever, Restarted, [&[Load], &[Get], &[Delete, Get]];
    a_deletion_is_dropped: Ever, Warm, [&[Load], &[DeleteDropped(1)], &[DeleteAsync, LoadAsync]];
    a_dropped_load_is_deleted: Ever, Nothing, [&[LoadDropped(3)], &[DeleteAsync, Get], &[Load]];
    all_is_cleared: Ever, Restarted, [&[Load], &[LoadAsync], &[Clear, Load]];
    all_is_cleared_beside_a_deletion: Ever, Warm, [&[ClearAsync, Load], &[Delete, Load], &[Set]];
    an_entry_is_set: Ever, Restarted, [&[Load], &[Set, Get], &[Delete, Load]];
    an_insertion_is_dropped: Ever, Warm, [&[SetDropped(1)], &[SetAsync, Get], &[Load, Delete]];
    a_load_of_before_an_insertion: Ever, Restarted, [&[Set, Load], &[Load], &[LoadAsync]];
    an_entry_is_refreshed: Ever, Restarted, [&[Refresh, Get], &[Load], &[DeleteAsync, Load]];
    an_entry_is_updated: Ever, Warm, [&[Update], &[Update, Get], &[Delete, Load]];
    a_life_is_prolonged: Ever, Restarted, [&[Prolong], &[Load], &[Delete, Get]];
    a_tag_is_invalidated: Tagged, Nothing, [&[Load], &[LoadAsync], &[Tag, Load]];
    a_tag_of_before_is_invalidated: Tagged, Restarted, [&[Get], &[Set], &[TagAsync, Load]];
    an_entry_expires: Short, Warm, [&[Load, Get], &[LoadAsync], &[Expire, Load]];
    an_old_entry_answers: Stale, Warm, [&[Age, Load], &[Load], &[Delete, Load]];
    a_deletion_waits_too_long: Ever, Nothing, [&[Load], &[Delete, Load], &[Linger]];
}
