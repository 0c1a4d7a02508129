use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cacher_core::key::encode::{AsSet, SET};
use proptest::{collection::vec, prelude::*};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    bytes,
    value::{text, value},
};

proptest! {
    #[test]
    fn a_map_has_no_order(entries in vec((text(), any::<u8>()), 0..20)) {
        let sorted: BTreeMap<_, _> = entries.into_iter().collect();
        let forward: HashMap<_, _> = sorted.iter().collect();
        let backward: HashMap<_, _> = sorted.iter().rev().collect();
        prop_assert_eq!(bytes(&forward), bytes(&sorted));
        prop_assert_eq!(bytes(&backward), bytes(&sorted));
    }

    #[test]
    fn a_set_has_no_order_and_no_repetition(mut elements in vec(value(), 0..8)) {
        let sorted: BTreeSet<_> = elements.iter().cloned().collect();
        elements.extend_from_within(..elements.len() / 2);
        let backward: Vec<_> = elements.iter().rev().collect();
        prop_assert_eq!(bytes(&AsSet(&elements)), bytes(&AsSet(&sorted)));
        prop_assert_eq!(bytes(&AsSet(&backward)), bytes(&AsSet(&sorted)));
    }

    #[test]
    fn a_hash_set_is_the_set_of_its_elements(elements in vec(text(), 0..20)) {
        let hashed: HashSet<_> = elements.iter().cloned().collect();
        prop_assert_eq!(bytes(&AsSet(&hashed)), bytes(&AsSet(elements.as_slice())));
    }
}

#[test]
fn a_sequence_keeps_its_order_and_is_no_set() {
    assert_ne!(bytes(&[1, 2]), bytes(&[2, 1]));
    assert_ne!(bytes(&vec![1, 2]), bytes(&AsSet(&[1, 2])));
}

#[test]
fn only_the_sequence_right_inside_is_a_set() {
    assert_ne!(bytes(&AsSet(&[vec![1, 2]])), bytes(&AsSet(&[vec![2, 1]])));
}

#[test]
fn sets_in_a_set_have_no_order_either() {
    let one = [AsSet(&[1, 2]), AsSet(&[3, 4])];
    let other = [AsSet(&[4, 3]), AsSet(&[2, 1])];
    assert_eq!(bytes(&AsSet(&one)), bytes(&AsSet(&other)));
}

/// Without a sequence inside, the name means nothing and adds nothing.
#[test]
fn the_name_makes_sets_of_sequences_only() {
    struct Named;

    impl Serialize for Named {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_newtype_struct(SET, &Some([2, 1].as_slice()))
        }
    }

    assert_eq!(bytes(&Named), bytes(&Some([2, 1].as_slice())));
}

#[test]
fn entries_with_equal_keys_are_all_kept() {
    struct Pairs(&'static [(u8, u8)]);

    impl Serialize for Pairs {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            for (key, value) in self.0 {
                map.serialize_entry(key, value)?;
            }
            map.end()
        }
    }

    let both = bytes(&Pairs(&[(1, 1), (1, 2)]));
    assert_ne!(both, bytes(&Pairs(&[(1, 2)])));
    assert_ne!(both, bytes(&Pairs(&[(1, 2), (1, 1)])));
    assert_eq!(bytes(&Pairs(&[(1, 1), (0, 2)])), bytes(&Pairs(&[(0, 2), (1, 1)])));
}
