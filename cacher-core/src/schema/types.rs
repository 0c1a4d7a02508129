//! The types of the standard library, as serde writes them: what is written alike has one schema.

use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    ffi::OsString,
    marker::PhantomData,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    ops::{Range, RangeInclusive},
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{Outline, Schema};

macro_rules! words {
    ($($word:literal: $($type:ty),+;)*) => { $($(
        impl Schema for $type {
            fn describe(outline: &mut Outline) {
                outline.word($word);
            }
        }
    )+)* };
}

words! {
    "bool": bool;
    "char": char;
    "f32": f32;
    "f64": f64;
    "i8": i8;
    "i16": i16;
    "i32": i32;
    "i64": i64, isize;
    "i128": i128;
    "u8": u8;
    "u16": u16;
    "u32": u32;
    "u64": u64, usize;
    "u128": u128;
    "unit": ();
    "text": str, String;
    "path": Path, PathBuf;
    "os text": OsString;
    "duration": Duration;
    "system time": SystemTime;
    "address": IpAddr;
    "address 4": Ipv4Addr;
    "address 6": Ipv6Addr;
    "socket": SocketAddr;
    "socket 4": SocketAddrV4;
    "socket 6": SocketAddrV6;
}

macro_rules! containers {
    ($($word:literal: $([$($bounds:tt)*] $type:ty),+;)*) => { $($(
        impl<T: Schema, $($bounds)*> Schema for $type {
            fn describe(outline: &mut Outline) {
                outline.word($word);
                outline.part::<T>();
            }
        }
    )+)* };
}

containers! {
    "option": [] Option<T>;
    "sequence": [] [T], [] Vec<T>, [] VecDeque<T>, [] LinkedList<T>, [] BinaryHeap<T>, [] BTreeSet<T>,
        [S: 'static] HashSet<T, S>;
    "range": [] Range<T>;
    "closed range": [] RangeInclusive<T>;
}

macro_rules! maps {
    ($([$($bounds:tt)*] $type:ty),+) => { $(
        impl<K: Schema, V: Schema, $($bounds)*> Schema for $type {
            fn describe(outline: &mut Outline) {
                outline.word("map");
                outline.part::<K>();
                outline.part::<V>();
            }
        }
    )+ };
}

maps!([] BTreeMap<K, V>, [S: 'static] HashMap<K, V, S>);

macro_rules! pointers {
    ($($type:ty),+) => { $(
        impl<T: Schema + ?Sized> Schema for $type {
            fn describe(outline: &mut Outline) {
                outline.part::<T>();
            }
        }
    )+ };
}

pointers!(Box<T>, Rc<T>, Arc<T>, &'static T);

impl<T: Schema, E: Schema> Schema for Result<T, E> {
    fn describe(outline: &mut Outline) {
        outline.word("result");
        outline.part::<T>();
        outline.part::<E>();
    }
}

impl<T: Schema, const N: usize> Schema for [T; N] {
    fn describe(outline: &mut Outline) {
        outline.word("array");
        outline.word(&N.to_string());
        outline.part::<T>();
    }
}

impl<T: 'static> Schema for PhantomData<T> {
    fn describe(outline: &mut Outline) {
        outline.word("unit");
    }
}

macro_rules! tuples {
    ($($part:ident)+) => {
        tuples!(@one $($part)+);
        tuples!(@less $($part)+);
    };
    (@less $first:ident) => {};
    (@less $first:ident $($part:ident)+) => { tuples!($($part)+); };
    (@one $($part:ident)+) => {
        impl<$($part: Schema),+> Schema for ($($part,)+) {
            fn describe(outline: &mut Outline) {
                outline.word("tuple");
                $(outline.part::<$part>();)+
                outline.word("end");
            }
        }
    };
}

tuples!(A B C D E F G H I J K L);
