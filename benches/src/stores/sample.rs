//! The values that are stored, and a function that caches them.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use cacher::{Stats, backend::Backend, cache};
use serde::{Deserialize, Serialize};

/// So many posts are about 200 bytes.
pub(super) const SMALL: usize = 1;
/// So many posts are about 10 kB.
pub(super) const LARGE: usize = 48;

/// Mixed fields, about 200 bytes of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Post {
    id: u64,
    author: String,
    address: Option<String>,
    visible: bool,
    score: f64,
    tags: Vec<String>,
    visits: Vec<u32>,
    text: String,
}

/// A value: some posts.
pub(super) type Value = Vec<Post>;

/// A value of so many posts, another for each number.
pub(super) fn value(n: u64, posts: usize) -> Value {
    (n..).take(posts).map(post).collect()
}

fn post(n: u64) -> Post {
    // What a compressor finds should be words, not one word many times.
    let word = |k: u64| WORDS[usize::try_from(n.wrapping_mul(31).wrapping_add(k * k + k) % 16).unwrap_or(0)];
    Post {
        id: n,
        author: format!("{} {}", word(1), word(2)),
        address: n.is_multiple_of(2).then(|| format!("{}.{}@example.org", word(3), n)),
        visible: !n.is_multiple_of(3),
        score: f64::from(u32::try_from(n % 1000).unwrap_or(0)) / 7.0,
        tags: vec![word(4).into(), word(5).into(), word(6).into()],
        visits: (0..8).map(|k| u32::try_from(n.wrapping_mul(k + 7) % 100_000).unwrap_or(0)).collect(),
        text: (7..17).map(word).collect::<Vec<_>>().join(" "),
    }
}

const WORDS: [&str; 16] = [
    "river", "stone", "amber", "quiet", "north", "paper", "glass", "winter", "orchard", "copper", "lantern", "meadow",
    "harbour", "violet", "thunder", "saddle",
];

/// The store of the function that is called next for the first time.
static NEXT: Mutex<Option<Arc<dyn Backend>>> = Mutex::new(None);

fn next() -> Result<Arc<dyn Backend>, &'static str> {
    NEXT.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or("no store is chosen")
}

/// A cached function with a store of its own, and no memory in front.
#[derive(Clone, Copy)]
pub(super) struct Function {
    load: fn(u64, usize) -> Value,
    refresh: fn(u64, usize) -> Value,
    stats: fn() -> Stats,
}

/// Functions that have not been called, all alike: a function opens its store once and keeps it.
macro_rules! functions {
    ($($name:ident)*) => {
        $(
            #[cache(name = "measured", ttl = "1h", ignore = [posts], backend = next())]
            fn $name(n: u64, posts: usize) -> Value {
                value(n, posts)
            }
        )*
        const ALL: &[Function] =
            &[$(Function { load: $name, refresh: $name::refresh, stats: || $name::cache().stats() }),*];
    };
}

functions! {
    a00 a01 a02 a03 a04 a05 a06 a07 a08 a09 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19 a20 a21 a22 a23 a24
    b00 b01 b02 b03 b04 b05 b06 b07 b08 b09 b10 b11 b12 b13 b14 b15 b16 b17 b18 b19 b20 b21 b22 b23 b24
}

impl Function {
    /// One that caches in this store alone.
    pub(super) fn over(store: &Arc<dyn Backend>) -> Option<Self> {
        static TAKEN: AtomicUsize = AtomicUsize::new(0);
        *NEXT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(store));
        let function = *ALL.get(TAKEN.fetch_add(1, Relaxed))?;
        // Opens it.
        (function.load)(0, SMALL);
        Some(function)
    }

    pub(super) fn load(&self, n: u64, posts: usize) -> Value {
        (self.load)(n, posts)
    }

    /// Runs the body and stores what it returns.
    pub(super) fn store(&self, n: u64, posts: usize) -> Value {
        (self.refresh)(n, posts)
    }

    pub(super) fn stats(&self) -> Stats {
        (self.stats)()
    }
}
