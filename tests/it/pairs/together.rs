//! What holds of two stores that both work.

use std::time::Duration;

use ::cacher::Removal;

use super::scene::{on_pairs, pairs};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn every_byte() -> Vec<u8> {
    (0..=u8::MAX).collect()
}

on_pairs! {
    what_the_lower_has_goes_up_with_the_life_it_has_left: |scene, open, now| {
        let value = every_byte();
        assert!(now!(open!(scene.both()).with_ttl(MINUTE).set("a", value.clone())));
        assert!(now!(open!(scene.alone(0)).delete("a")));
        scene.clock.advance(20 * SECOND);
        let both = open!(scene.both());
        let info = now!(both.entry("a").info()).unwrap();
        assert_eq!((scene.place(&info), info.fresh_for), (1, Some(40 * SECOND)));
        assert_eq!(now!(both.get("a")), Some(value.clone()));
        let info = now!(both.entry("a").info()).unwrap();
        assert_eq!((scene.place(&info), info.fresh_for, info.age), (0, Some(40 * SECOND), 20 * SECOND));
        assert_eq!(both.stats().store_errors, 0);
        drop(both);
        scene.clock.advance(39 * SECOND);
        assert_eq!(now!(open!(scene.alone(0)).get("a")), Some(value));
        scene.clock.advance(SECOND);
        assert_eq!(now!(open!(scene.both()).get("a")), None);
    }
}

on_pairs! {
    /// So an upper one never has what the lower has not yet.
    values_are_written_to_the_last_first: |scene, open, now, body| {
        let both = open!(scene.witnessed());
        assert!(now!(both.set("a", vec![1])));
        assert_eq!(scene.log.take("put"), [1, 0]);
        assert_eq!(now!(both.get_or_load("b", body!(vec![2]))), [2]);
        assert_eq!(scene.log.take("put"), [1, 0]);
        assert_eq!(now!(both.update("a", |_| Some(vec![3]))), Some(vec![3]));
        assert_eq!(scene.log.take("put"), [1, 0]);
        assert_eq!((now!(both.get("a")), scene.log.take("get")), (Some(vec![3]), vec![0]));
        drop(both);
        assert!(now!(open!(scene.alone(0)).delete("a")));
        let both = open!(scene.witnessed());
        assert_eq!((now!(both.get("a")), scene.log.take("put")), (Some(vec![3]), vec![0]));
        assert_eq!((now!(both.get("absent")), scene.log.take("get")), (None, vec![0, 1]));
    }
}

on_pairs! {
    cch_62_removals_reach_both: |scene, open, now| {
        let both = open!(scene.both());
        assert_eq!(now!(both.set_many([("a", vec![1]), ("b", vec![2])])), 2);
        assert!(now!(both.delete("a")) && !now!(both.delete("a")));
        drop(both);
        for place in [0, 1] {
            let alone = open!(scene.alone(place));
            assert_eq!((now!(alone.get("a")), now!(alone.get("b"))), (None, Some(vec![2])));
        }
        assert_eq!(now!(open!(scene.both()).clear()), Removal::Removed);
        for place in [0, 1] {
            assert_eq!(now!(open!(scene.alone(place)).get("b")), None);
        }
    }
}

on_pairs! {
    ctu_13_14_what_one_of_them_lost_is_deleted_and_was_there: |scene, open, now| {
        for lost in [0, 1] {
            now!(open!(scene.both()).set("a", every_byte()));
            assert!(now!(open!(scene.alone(lost)).delete("a")));
            let both = open!(scene.both());
            assert!(now!(both.delete("a")) && !now!(both.delete("a")));
            assert_eq!(now!(both.get("a")), None);
        }
    }
}

on_pairs! {
    a_life_that_changes_changes_in_both: |scene, open, now| {
        let both = open!(scene.both());
        now!(both.set("a", vec![1]));
        assert!(now!(both.expire_in("a", MINUTE)));
        drop(both);
        scene.clock.advance(MINUTE - SECOND);
        for place in [0, 1] {
            let info = now!(open!(scene.alone(place)).entry("a").info()).unwrap();
            assert_eq!(info.fresh_for, Some(SECOND), "place {place}");
        }
        scene.clock.advance(SECOND);
        for place in [0, 1] {
            assert_eq!(now!(open!(scene.alone(place)).get("a")), None, "place {place}");
        }
    }
}
