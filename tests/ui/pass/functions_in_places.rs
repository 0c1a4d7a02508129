//! Functions in functions, in modules of one name each, from macros, and seen from as far as they say.
#![deny(warnings)]

use cacher::cache;

mod a {
    pub mod b {
        use cacher::cache;

        #[cache]
        pub(in crate::a) fn near(n: u64) -> u64 {
            n
        }

        #[cache]
        pub(super) fn nearer(n: u64) -> u64 {
            n
        }

        #[cache]
        pub(self) fn nearest(n: u64) -> u64 {
            n
        }

        pub fn all(n: u64) -> u64 {
            nearest(n)
        }
    }

    pub fn near(n: u64) -> u64 {
        assert_eq!(b::near::entry(n).peek(), None);
        b::near(n) + b::nearer(n) + b::all(n)
    }
}

mod one {
    use cacher::cache;

    #[cache]
    pub fn same(n: u64) -> u64 {
        n
    }
}

mod two {
    use cacher::cache;

    #[cache]
    pub fn same(n: u64) -> u64 {
        n + 1
    }
}

macro_rules! cached {
    ($name:ident, $argument:ident: $type:ty, $ttl:literal, $life:expr, $body:expr) => {
        #[cache(ttl = $ttl, tti = $life, ignore = [other])]
        fn $name($argument: $type, other: &str) -> $type {
            let _ = other;
            $body
        }
    };
}

cached!(from_a_macro, n: u64, "5m", std::time::Duration::from_secs(5), n + 1);
cached!(from_it_again, n: u8, "5m", std::time::Duration::from_secs(5), n + 1);

macro_rules! hygienic {
    ($name:ident) => {
        #[cache]
        fn $name(inside: u64) -> u64 {
            inside + 1
        }
    };
}

hygienic!(hidden);

#[cache]
fn outer(n: u64) -> u64 {
    #[cache]
    fn inner(n: u64) -> u64 {
        #[cache]
        fn innermost(n: u64) -> u64 {
            n
        }
        innermost(n)
    }
    assert_eq!(inner::entry(n).peek(), None);
    inner(n)
}

fn brought_by_one_use() -> (u64, Option<u64>) {
    use one::same;
    (same(1), same::entry(1).peek())
}

struct Wrapper<T>(T);

impl<T> Wrapper<T>
where
    T: Clone + Send + Sync + ToString + 'static,
{
    #[cache(ignore = [self])]
    pub fn text<U>(&self, more: U) -> String
    where
        U: ToString + std::hash::Hash + Eq + Clone + Send + Sync + 'static,
    {
        self.0.to_string() + &more.to_string()
    }
}

fn main() {
    assert_eq!(a::near(1), 3);
    assert_eq!((one::same(1), two::same(1)), (1, 2));
    assert_eq!(from_a_macro(1, "") + u64::from(from_it_again(1, "")) + hidden(1), 6);
    assert_eq!(outer(1), 1);
    assert_eq!(brought_by_one_use(), (1, Some(1)));
    assert_eq!(Wrapper(1).text("x"), "1x");
}
