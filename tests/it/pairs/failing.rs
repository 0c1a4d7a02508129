//! What holds of two stores one of which fails.

use super::scene::{on_pairs, pairs};
use crate::support::advance_until;

on_pairs! {
    ctu_17_cch_64_one_that_fails_is_skipped_and_counted: |scene, open, now, body| {
        for broken in [0, 1] {
            let both = open!(scene.witnessed());
            assert!(now!(both.set("a", vec![1])));
            scene.witnesses[broken].break_down(true);
            assert_eq!(now!(both.get("a")), Some(vec![1]));
            assert_eq!(now!(both.get("absent")), None);
            assert_eq!(now!(both.get_or_load("b", body!(vec![2]))), [2]);
            assert_eq!(now!(both.get("b")), Some(vec![2]), "the other has it");
            let errors = both.stats().store_errors;
            assert!(errors > 0);
            now!(both.set("c", vec![3]));
            assert_eq!(now!(both.get("c")), Some(vec![3]), "the other has it");
            assert!(both.stats().store_errors > errors);
            scene.witnesses[broken].break_down(false);
            drop(both);
            assert_eq!(now!(open!(scene.alone(1 - broken)).get("c")), Some(vec![3]));
            now!(open!(scene.both()).clear());
        }
    }
}

on_pairs! {
    what_one_did_not_hear_of_is_never_served: |scene, open, now| {
        for broken in [0, 1] {
            let both = open!(scene.witnessed());
            for key in ["set", "deleted"] {
                assert!(now!(both.set(key, vec![1])));
            }
            scene.witnesses[broken].break_down(true);
            now!(both.set("set", vec![2]));
            now!(both.delete("deleted"));
            for round in 0..2 {
                assert_eq!(now!(both.get("set")), Some(vec![2]), "round {round}");
                assert_eq!(now!(both.get("deleted")), None, "round {round}");
                scene.witnesses[broken].break_down(false);
            }
            advance_until(&scene.clock, || both.stats().pending_removals == 0);
            drop(both);
            let alone = open!(scene.alone(broken));
            assert_eq!(now!(alone.get("deleted")), None);
            assert_ne!(now!(alone.get("set")), Some(vec![1]));
            drop(alone);
            assert_eq!(now!(open!(scene.both()).get("set")), Some(vec![2]));
        }
    }
}
