//! What a value weighs, for `max_bytes`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    rc::Rc,
    sync::Arc,
};

/// How many bytes a value takes in memory, what it points to included.
///
/// ```
/// use cacher_core::memory::weight::Weigh;
///
/// struct Page { url: String, body: Vec<u8> }
///
/// impl Weigh for Page {
///     fn weigh(&self) -> u64 {
///         self.url.weigh() + self.body.weigh()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`max_bytes` cannot tell how large a `{Self}` is",
    note = "implement `cacher::Weigh` for it, or bound the number of entries with `capacity`"
)]
pub trait Weigh {
    /// The bytes.
    fn weigh(&self) -> u64;
}

fn size_of<T>() -> u64 {
    std::mem::size_of::<T>() as u64
}

macro_rules! flat {
    ($($type:ty),*) => { $(
        impl Weigh for $type {
            fn weigh(&self) -> u64 {
                size_of::<Self>()
            }
        }
    )* };
}

flat!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool, char, ());
flat!(std::time::Duration, std::time::SystemTime);

macro_rules! bytes {
    ($($type:ty),*) => { $(
        impl Weigh for $type {
            fn weigh(&self) -> u64 {
                size_of::<Self>() + self.len() as u64
            }
        }
    )* };
}

bytes!(String, Box<str>, Arc<str>, Rc<str>, Box<[u8]>, Arc<[u8]>, Rc<[u8]>, Cow<'static, str>);

impl Weigh for &'static str {
    fn weigh(&self) -> u64 {
        size_of::<Self>()
    }
}

macro_rules! items {
    ($([$($name:ident),*] $type:ty),*) => { $(
        impl<$($name: Weigh),*> Weigh for $type {
            fn weigh(&self) -> u64 {
                self.iter().fold(size_of::<Self>(), |sum, item| sum.saturating_add(item.weigh()))
            }
        }
    )* };
}

items!([T] Vec<T>, [T] std::collections::VecDeque<T>, [T] Option<T>, [T] std::collections::BTreeSet<T>);

macro_rules! pairs {
    ($([$($state:ident)?] $type:ty),*) => { $(
        impl<K: Weigh, V: Weigh $(, $state)?> Weigh for $type {
            fn weigh(&self) -> u64 {
                let pairs = self.iter().map(|(key, value)| key.weigh().saturating_add(value.weigh()));
                pairs.fold(size_of::<Self>(), u64::saturating_add)
            }
        }
    )* };
}

pairs!([S] HashMap<K, V, S>, [] BTreeMap<K, V>);

macro_rules! pointers {
    ($($type:ty),*) => { $(
        impl<T: Weigh> Weigh for $type {
            fn weigh(&self) -> u64 {
                size_of::<Self>().saturating_add((**self).weigh())
            }
        }
    )* };
}

pointers!(Box<T>, Arc<T>, Rc<T>);

macro_rules! tuples {
    ($([$($name:ident $index:tt),+])*) => { $(
        impl<$($name: Weigh),+> Weigh for ($($name,)+) {
            fn weigh(&self) -> u64 {
                let sum = 0_u64;
                $(let sum = sum.saturating_add(self.$index.weigh());)+
                sum
            }
        }
    )* };
}

tuples!([A 0] [A 0, B 1] [A 0, B 1, C 2] [A 0, B 1, C 2, D 3] [A 0, B 1, C 2, D 3, E 4]);
