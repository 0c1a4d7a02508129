//! Every kind of function takes the attribute.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::SeqCst},
};

use cacher::{Removal, cache};

/// Counts the runs of a body.
macro_rules! runs {
    ($name:ident) => {
        static $name: AtomicU64 = AtomicU64::new(0);
    };
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct User {
    id: u64,
}

#[test]
fn a_free_function() {
    runs!(RUNS);
    #[cache]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    assert_eq!((square(3), square(3), square(4)), (9, 9, 16));
    assert_eq!(RUNS.load(SeqCst), 2);
    assert_eq!(square::entry(3).peek(), Some(9));
    assert_eq!(square::entry(3).invalidate(), Removal::Removed);
    assert_eq!(square::entry(3).invalidate(), Removal::Absent);
    assert_eq!(square::entry(3).peek(), None);
    assert_eq!(square::refresh(4), 16);
    assert_eq!(square::uncached(4), 16);
    assert_eq!(RUNS.load(SeqCst), 4);
    let stats = square::cache().stats();
    assert_eq!((stats.hits, stats.misses, stats.entries), (1, 2, 1));
    square::cache().clear();
    assert_eq!(square::cache().len(), 0);
}

#[test]
fn arguments_of_many_types() {
    runs!(RUNS);
    #[cache]
    #[expect(clippy::too_many_arguments)]
    fn all(
        text: &str,
        numbers: &[u64],
        path: &Path,
        user: &User,
        maybe: Option<&User>,
        cow: Cow<'_, str>,
        float: f64,
        pair: (u8, &str),
        owned: Vec<User>,
        (a, b): (u8, u8),
        mut last: u8,
    ) -> String {
        RUNS.fetch_add(1, SeqCst);
        last += 1;
        format!("{text}{numbers:?}{path:?}{user:?}{maybe:?}{cow}{float}{pair:?}{owned:?}{a}{b}{last}")
    }
    let user = User { id: 1 };
    let call = |float| {
        all(
            "t",
            &[1, 2],
            Path::new("p"),
            &user,
            Some(&user),
            Cow::Borrowed("c"),
            float,
            (1, "x"),
            vec![user.clone()],
            (1, 2),
            3,
        )
    };
    assert_eq!(call(0.0), call(0.0));
    assert_ne!(call(0.0), call(-0.0));
    assert_eq!(RUNS.load(SeqCst), 2);
}

#[test]
fn a_result_keeps_ok_alone() {
    runs!(RUNS);
    #[cache]
    fn parse(text: &str) -> Result<u64, std::num::ParseIntError> {
        RUNS.fetch_add(1, SeqCst);
        let number = text.parse()?;
        Ok(number)
    }
    assert_eq!(parse("7"), Ok(7));
    assert_eq!(parse("7"), Ok(7));
    assert!(parse("x").is_err());
    assert!(parse("x").is_err());
    assert_eq!(RUNS.load(SeqCst), 3);
}

#[test]
fn generic_functions_keep_their_instantiations_apart() {
    #[cache]
    fn size<T: std::fmt::Debug + Clone + std::hash::Hash + Eq + Send + Sync + 'static>(value: &T) -> String {
        format!("{}:{value:?}", std::any::type_name::<T>())
    }
    assert_eq!(size(&1_u8), "u8:1");
    assert_eq!(size(&1_u16), "u16:1");
    assert_eq!(size(&1_u8), "u8:1");
    assert_eq!(size::entry(&1_u8).peek().as_deref(), Some("u8:1"));
    assert_eq!(size::cache().stats().hits, 1);
    #[cache]
    fn zeroes<const N: usize, T: Default + Copy + Send + Sync + 'static>() -> usize {
        N + usize::from(size_of::<T>() > 100)
    }
    assert_eq!((zeroes::<1, u8>(), zeroes::<2, u8>(), zeroes::<1, u8>()), (1, 2, 1));
}

struct Client {
    base: String,
}

impl Client {
    #[cache(ignore = [self])]
    pub fn shared(&self, day: u32) -> String {
        format!("{}/{day}", self.base)
    }

    #[cache(key = (self.base, path), ttl = "1h")]
    pub(crate) fn keyed(&self, path: &str) -> Result<String, std::io::Error> {
        Ok(format!("{}/{path}", self.base))
    }

    #[cache]
    pub fn associated(n: u8) -> Option<Self> {
        (n > 0).then(|| Self { base: n.to_string() })
    }
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Self { base: self.base.clone() }
    }
}

#[test]
fn methods() {
    let (a, b) = (Client { base: "a".into() }, Client { base: "b".into() });
    assert_eq!((a.shared(1), b.shared(1)), ("a/1".into(), "a/1".into()));
    assert_eq!((a.keyed("x").unwrap(), b.keyed("x").unwrap()), ("a/x".into(), "b/x".into()));
    assert_eq!(a.keyed_entry("x").peek().as_deref(), Some("a/x"));
    a.keyed_entry("x").invalidate();
    assert_eq!(a.keyed_entry("x").peek(), None);
    assert_eq!(b.keyed_entry("x").peek().as_deref(), Some("b/x"));
    assert_eq!(Client::shared_cache().stats().hits, 1);
    assert!(Client::associated(0).is_none());
    assert_eq!(Client::associated(2).unwrap().base, "2");
}

trait Repo: 'static {
    fn user(&self, id: u64) -> String;

    #[cache(ignore = [self])]
    fn default_method(&self, id: u64) -> String {
        format!("{}{id}", std::any::type_name::<Self>())
    }
}

struct Pg;
struct Mock;

#[cache(companions = PgUsers)]
impl Repo for Pg {
    #[cache(ignore = [self])]
    fn user(&self, id: u64) -> String {
        format!("pg{id}")
    }
}

impl Repo for Mock {
    #[cache(ignore = [self])]
    fn user(&self, id: u64) -> String {
        format!("mock{id}")
    }
}

#[test]
fn trait_methods() {
    assert_eq!((Pg.user(1), Mock.user(1), Pg.user(1)), ("pg1".into(), "mock1".into(), "pg1".into()));
    assert!(Pg.default_method(1).contains("Pg") && Mock.default_method(1).contains("Mock"));
    assert_eq!(PgUsers::user_entry(&Pg, 1).peek().as_deref(), Some("pg1"));
    assert_eq!(PgUsers::user_refresh(&Pg, 1), "pg1");
    assert_eq!(PgUsers::user_cache().stats().loads, 2);
}

#[test]
fn bodies_may_consume_their_arguments() {
    #[cache(ignore = [sender])]
    fn eat(text: String, path: PathBuf, sender: std::sync::mpsc::Sender<String>) -> usize {
        sender.send(text).unwrap();
        path.into_os_string().len()
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    assert_eq!(eat("a".into(), "bc".into(), sender), 2);
    assert_eq!(receiver.recv().unwrap(), "a");
}

#[test]
fn thirteen_and_more_arguments() {
    #[cache]
    #[expect(clippy::too_many_arguments)]
    fn sum(
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
        f: u8,
        g: u8,
        h: u8,
        i: u8,
        j: u8,
        k: u8,
        l: u8,
        m: u8,
        n: u8,
        o: u8,
        p: u8,
        q: u8,
        r: u8,
    ) -> u64 {
        [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r].into_iter().map(u64::from).sum()
    }
    let call = |last| sum(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, last);
    assert_eq!((call(1), call(2), call(1)), (18, 19, 18));
    assert_eq!(sum::cache().stats().hits, 1);
}

#[test]
fn a_per_instance_cache() {
    #[derive(Clone, Default)]
    struct Counter {
        cache: cacher::Site,
        step: u64,
    }
    impl Counter {
        #[cache(site = self.cache)]
        pub(crate) fn next(&self, n: u64) -> u64 {
            n + self.step
        }
    }
    let one = Counter { step: 1, ..Counter::default() };
    let two = Counter { step: 2, ..one.clone() };
    assert_eq!((one.next(1), two.next(1), one.next(1)), (2, 3, 2));
    assert_eq!((one.next_cache().stats().hits, two.next_cache().stats().hits), (1, 0));
    assert_eq!(one.next_entry(1).peek(), Some(2));
}

#[test]
fn a_cache_on_each_thread() {
    use std::rc::Rc;
    #[cache(thread_local)]
    fn shared(n: u64) -> Rc<u64> {
        Rc::new(n)
    }
    assert!(Rc::ptr_eq(&shared(1), &shared(1)));
    assert_eq!(*shared::entry(1).peek().unwrap(), 1);
    assert_eq!(shared::cache().stats().hits, 1);
    std::thread::spawn(|| assert_eq!(shared::entry(1).peek(), None)).join().unwrap();
    shared::cache().clear();
    assert_eq!(shared::entry(1).peek(), None);
}

#[test]
fn recursion() {
    #[cache]
    fn fib(n: u64) -> u64 {
        if n < 2 { n } else { fib(n - 1) + fib(n - 2) }
    }
    assert_eq!(fib(80), 23_416_728_348_467_685);
    assert_eq!(fib::cache().stats().loads, 81);
}

trait Convert<X: 'static>: Sized {
    #[cache(ignore = [self])]
    fn name_of_target(&self) -> &'static str {
        std::any::type_name::<X>()
    }
}

struct Borrowing<'a>(&'a str);

impl Convert<u8> for Borrowing<'_> {}
impl Convert<u16> for Borrowing<'_> {}

impl Borrowing<'_> {
    #[cache(key = (self.0, n))]
    pub fn repeat(&self, n: usize) -> String {
        self.0.repeat(n)
    }
}

struct Holder<T>(T);

impl<T: Default + ToString> Holder<T> {
    #[cache(ignore = [self])]
    pub fn of_default(&self) -> String {
        std::any::type_name::<T>().to_owned() + &T::default().to_string()
    }

    #[cache(companions = false)]
    fn size() -> usize {
        let _: Option<Self> = None;
        size_of::<T>()
    }
}

#[test]
fn parameters_that_tokens_do_not_show_are_identity() {
    let text = String::from("ab");
    let borrowing = Borrowing(&text);
    assert_eq!(Convert::<u8>::name_of_target(&borrowing), "u8");
    assert_eq!(Convert::<u16>::name_of_target(&borrowing), "u16");
    assert_eq!(borrowing.repeat(2), "abab");
    assert_eq!((Holder(1_u8).of_default(), Holder(1_i32).of_default()), ("u80".into(), "i320".into()));
    assert_eq!((Holder::<u8>::size(), Holder::<u64>::size()), (1, 8));
    assert_eq!(Holder::<u8>::of_default_cache().stats().loads, 1);
    let _ = Holder(1_u8).0;
}

#[test]
fn parameters_of_ignored_arguments_are_not_identity() {
    #[cache(companions = false, ignore = [log])]
    fn double(n: u64, log: impl Fn(u64)) -> u64 {
        log(n);
        2 * n
    }
    let runs = AtomicU64::new(0);
    assert_eq!(double(1, |_| ()), 2);
    assert_eq!(double(1, |_| _ = runs.fetch_add(1, SeqCst)), 2);
    assert_eq!(runs.load(SeqCst), 0);
    #[cache(ignore = [db, D])]
    fn with_db<D: ToString>(n: u64, db: &D) -> u64 {
        n + db.to_string().len() as u64
    }
    assert_eq!((with_db(1, &1_u8), with_db(1, &"abc")), (2, 2));
    assert_eq!(with_db::entry(1).peek(), Some(2));
}
