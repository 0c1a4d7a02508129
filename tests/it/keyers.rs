//! How calls are called in stores.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::{
        Arc, LazyLock, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
};

use cacher::{
    Kind, Removal,
    backend::file::Files,
    cache,
    keyer::{self, CallKey, Hash, Keyer, Readable},
    testing::TempDir,
};
use serde::{Deserialize, Serialize};

use crate::{
    common::{faults, files_below, only_file},
    support::ends,
};

/// A directory for one test. A backend cannot name arguments, so each has a `static`.
macro_rules! directory {
    ($name:ident, $dir:ident) => {
        static $name: OnceLock<PathBuf> = OnceLock::new();
        let $dir = TempDir::new();
        $name.set($dir.path().to_owned()).unwrap();
    };
}

/// The names of all files, without the directory of the function.
fn names(dir: &TempDir) -> Vec<String> {
    let inside = |path: PathBuf| path.strip_prefix(dir.path()).unwrap().iter().skip(1).collect::<PathBuf>();
    files_below(dir.path()).into_iter().map(|path| inside(path).to_str().unwrap().replace('\\', "/")).collect()
}

#[test]
fn a_readable_name_has_the_function_and_its_arguments() {
    directory!(DIR, dir);
    #[cache(backend = Files::new(DIR.get().unwrap()), keyer = readable, ignore = [api_key])]
    fn posts(user_id: u64, sort: Option<&str>, api_key: &str) -> String {
        format!("{user_id} {sort:?} {api_key}")
    }
    posts(1, Some("asc"), "s3cret");
    posts(1, None, "s3cret");
    posts(1, Some("none"), "s3cret");
    posts(2, Some("Asc 1/2"), "s3cret");
    let expected =
        ["posts_user_id=1_sort='none.json", "posts_user_id=1_sort=asc.json", "posts_user_id=1_sort=none.json"];
    assert_eq!(names(&dir)[..3], expected);
    assert_eq!(names(&dir)[3], "posts_user_id=2_sort=!asc+1%2f2.json");
    assert_eq!(posts::entry(2, None).explain().stored_key.as_deref(), Some("posts_user_id=2_sort=none"));
    assert_eq!(posts::cache().len(), 4);
}

#[test]
fn without_a_keyer_a_name_is_the_hash_that_it_always_was() {
    directory!(DIR, dir);
    #[cache(backend = Files::new(DIR.get().unwrap()))]
    fn by_default(n: u64) -> u64 {
        n
    }
    #[cache(backend = Files::new(DIR.get().unwrap()), keyer = hash)]
    fn by_hash(n: u64) -> u64 {
        n
    }
    by_default(1);
    by_hash(1);
    let name = "4a37a32b90356c879046e5bdd934cc3844906063a649afbaf5952252f3c8b003.json";
    assert_eq!(names(&dir), [name, name]);
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Page {
    number: u8,
    size: Option<u8>,
}

#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Order {
    Newest,
    After(u8),
    #[serde(rename = "by")]
    By {
        column: String,
    },
}

#[test]
fn values_of_all_shapes_are_readable() {
    #[cache(backend = "file://./unused", keyer = readable)]
    fn f<T: Clone + Eq + std::hash::Hash + Serialize + Send + Sync + 'static>(it: T) -> u8 {
        let _ = it;
        0
    }
    fn name<T: Clone + Eq + std::hash::Hash + Serialize + Send + Sync + 'static>(it: T) -> String {
        f::entry(it).explain().stored_key.unwrap().replacen("f_it=", "", 1)
    }
    assert_eq!(name(Page { number: 1, size: None }), "{number=1,size=none}");
    assert_eq!(name((Order::Newest, Order::After(1))), "[!newest,!after(1)]");
    assert_eq!(name(Order::By { column: "a b".into() }), "by{column=a+b}");
    assert_eq!(name(BTreeMap::from([("b", 1), ("a", 2)])), "{a=2,b=1}");
    assert_eq!((name(()), name(true), name('A'), name(-5_i8)), ("()".into(), "true".into(), "!a".into(), "-5".into()));
    assert_eq!((name(None::<Option<u8>>), name(Some(None::<u8>))), ("none".into(), "some(none)".into()));
    assert_eq!((name(Some(Some(1))), name(Some(1))), ("1".into(), "1".into()));
    assert_eq!(
        (name(String::new()), name("1"), name("-"), name("é")),
        ("'".into(), "'1".into(), "'-".into(), "%c3%a9".into())
    );
}

#[test]
fn floats_and_bytes_are_readable() {
    #[cache(backend = "file://./unused", keyer = readable)]
    fn f(x: f64, y: f32) -> u8 {
        let _ = (x, y);
        0
    }
    let name = |x, y| f::entry(x, y).explain().stored_key.unwrap();
    assert_eq!((name(1.0, -0.5), name(1e21, f32::INFINITY)), ("f_x=1.0_y=-0.5".into(), "f_x=1e21_y=inf".into()));
    assert_eq!(name(f64::NAN, 0.0), "f_x=nan(7ff8000000000000)_y=0.0");
}

#[test]
fn an_argument_can_go_without_its_name() {
    static KEYER: Readable = Readable::new();
    #[cache(backend = "file://./unused", keyer = KEYER.clone().unnamed("endpoint").unnamed("r#type"))]
    fn api(endpoint: &str, page: u8) -> u8 {
        let _ = endpoint;
        page
    }
    assert_eq!(api::entry("all_posts", 2).explain().stored_key.unwrap(), "api_all%5fposts_page=2");
}

#[test]
fn a_long_name_is_cut_and_ends_with_a_hash() {
    directory!(DIR, dir);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(backend = Files::new(DIR.get().unwrap()), keyer = readable)]
    fn long(text: &str, n: u8) -> u8 {
        RUNS.fetch_add(1, SeqCst);
        u8::from(text.is_empty()) + n
    }
    let text = "x".repeat(1 << 20);
    let all = || [long(&text, 1), long(&text, 2), long(&text[1..], 1)];
    assert_eq!((all(), all(), RUNS.load(SeqCst)), ([1, 2, 1], [1, 2, 1], 3));
    let names = names(&dir);
    assert_eq!(names.len(), 3);
    for name in names {
        assert_eq!((name.len(), name.starts_with("long_text=xxx")), (185, true), "{name}");
    }
}

#[test]
fn more_arguments_than_a_tuple_takes_are_all_named() {
    #[cache(backend = "file://./unused", keyer = readable)]
    #[expect(clippy::too_many_arguments)]
    fn f(
        a: u8,
        b: u8,
        c: u8,
        d: u8,
        e: u8,
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
        r: (u8, u8),
    ) -> u8 {
        a + b + c + d + e + g + h + i + j + k + l + m + n + o + p + q + r.0
    }
    let name = f::entry(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, (17, 18)).explain().stored_key.unwrap();
    let expected = "f_a=1_b=2_c=3_d=4_e=5_g=6_h=7_i=8_j=9_k=10_l=11_m=12_n=13_o=14_p=15_q=16_r=[17,18]";
    assert_eq!(name, expected);
}

#[test]
fn methods_and_parts_of_a_key_are_named_as_they_are_written() {
    struct Client {
        base: String,
    }
    impl Client {
        #[cache(backend = "file://./unused", keyer = readable, key = (self.base, path))]
        pub fn get(&self, path: &str) -> String {
            self.base.clone() + path
        }
    }
    let client = Client { base: "Local".into() };
    assert_eq!(client.get_entry("x").explain().stored_key.unwrap(), "get_self.base=!local_path=x");
    #[cache(backend = "file://./unused", keyer = readable, name = "All Posts")]
    fn named() -> u8 {
        0
    }
    assert_eq!(named::entry().explain().stored_key.unwrap(), "all%20posts");
}

#[test]
fn a_file_name_may_be_a_path() {
    directory!(DIR, dir);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(
        backend = Files::new(DIR.get().unwrap()),
        file_name = |call| {
            let id = call.argument("id").map_or(String::new(), |id| id.to_string());
            format!("{}/{id}.json", &id[..id.len().min(4)])
        },
    )]
    fn user(id: &str) -> String {
        RUNS.fetch_add(1, SeqCst);
        id.to_uppercase()
    }
    let ids = ["abcd1234", "abcd5678", "efgh", "../../x", "/etc/x", "", "Abcd"];
    for _ in 0..2 {
        ids.iter().for_each(|id| assert_eq!(user(id), id.to_uppercase()));
    }
    assert_eq!((RUNS.load(SeqCst), user::cache().len()), (7, 7));
    let names = names(&dir);
    let expected = ["!abcd/!abcd.json", "%/%.json", "%/etc/%/etc/x.json", "%2e%2e/%2e/%2e%2e/%2e%2e/x.json"];
    assert_eq!(names[..4], expected);
    assert_eq!(names[4..], ["abcd/abcd1234.json", "abcd/abcd5678.json", "efgh/efgh.json"]);

    let space = only_directory(dir.path());
    assert_eq!(user::entry("abcd1234").invalidate(), Removal::Removed);
    assert!(space.join("abcd").exists());
    assert_eq!(user::entry("abcd5678").invalidate(), Removal::Removed);
    assert!(!space.join("abcd").exists(), "it was left empty");
    fs::write(space.join("efgh/notes.txt"), "of somebody else").unwrap();
    user::cache().clear();
    assert_eq!(files_below(dir.path()), [space.join("efgh/notes.txt")]);
    assert_eq!(fs::read_dir(&space).unwrap().count(), 1, "the other directories are gone");
}

fn only_directory(dir: &std::path::Path) -> PathBuf {
    fs::read_dir(dir).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn an_own_name_is_not_doubled_and_not_taken_for_a_directory() {
    directory!(DIR, dir);
    #[cache(
        backend = [Files::new(DIR.get().unwrap()), Files::new(DIR.get().unwrap().join("second")).format("msgpack")],
        file_name = |call| ["a", "a.json/b", "a.msgpack"][call.argument("at").map_or(0, |at| at.to_string().parse::<usize>().unwrap())],
    )]
    fn pick(at: u8) -> u8 {
        at
    }
    (0..3).for_each(|at| assert_eq!(pick(at), at));
    assert_eq!(pick::entry(1).explain().stored_key.unwrap(), "a%2ejson/b");
    (0..3).for_each(|at| assert_eq!(pick(at), at));
}

/// Law 1: an entry carries all that identifies its call.
#[test]
fn calls_of_one_name_never_get_each_others_value() {
    directory!(DIR, dir);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cache(backend = Files::new(DIR.get().unwrap()), keyer = Hash::with(|_| "same".into()), name = "one_name")]
    fn square(n: u64) -> u64 {
        RUNS.fetch_add(1, SeqCst);
        n * n
    }
    let faults = faults("one_name");
    for n in [2, 2, 3, 3, 2] {
        assert_eq!(square(n), n * n);
    }
    assert_eq!((RUNS.load(SeqCst), square::cache().stats().hits, square::cache().stats().misses), (3, 2, 3));
    assert_eq!((square::entry(3).peek(), square::entry(2).peek()), (None, Some(4)));
    assert_eq!(names(&dir), ["same.json"]);
    let kinds: Vec<_> = faults().iter().map(|fault| fault.error.kind()).collect();
    assert_eq!(kinds, [Kind::Damaged; 3]);
    assert_eq!(square::cache().stats().store_errors, 3);
}

#[test]
fn a_keyer_that_panics_leaves_the_call_uncached_in_the_store() {
    directory!(DIR, dir);
    static WORKS: AtomicBool = AtomicBool::new(false);
    #[cache(
        backend = ["memory://", Files::new(DIR.get().unwrap())],
        keyer = |call| {
            assert!(WORKS.load(SeqCst), "secret {:?}", call.argument("n"));
            call.function().to_owned()
        },
        name = "panicking_keyer",
    )]
    fn square(n: u64) -> u64 {
        n * n
    }
    let faults = faults("panicking_keyer");
    assert_eq!((square(3), square(3)), (9, 9));
    let stats = square::cache().stats();
    assert_eq!(
        (stats.hits, stats.store_errors, files_below(dir.path()).len()),
        (1, 2, 0),
        "it was asked to read and to write"
    );
    assert_eq!(faults()[0].error.to_string(), "the keyer panicked");
    WORKS.store(true, SeqCst);
    assert_eq!((square(4), only_file(dir.path()).file_name().unwrap()), (16, "panicking_keyer.json".as_ref()));
}

#[test]
fn a_keyer_may_call_cached_functions_even_the_one_it_names() {
    directory!(DIR, dir);
    #[cache(backend = Files::new(DIR.get().unwrap()), keyer = Nested)]
    fn square(n: u64) -> u64 {
        n * n
    }
    struct Nested;
    impl Keyer for Nested {
        fn name(&self, call: &CallKey<'_>) -> String {
            let n: u64 = call.argument("n").unwrap().to_string().parse().unwrap();
            if n == 0 { "zero".into() } else { format!("{n}-{}", square(n - 1)) }
        }
    }
    ends(|| assert_eq!((square(2), square(2)), (4, 4)));
    assert_eq!(names(&dir), ["1-0.json", "2-1.json", "zero.json"]);
}

#[tokio::test]
async fn keyers_of_every_kind_name_async_calls() {
    static SHARED: LazyLock<Arc<dyn Keyer>> = LazyLock::new(|| Arc::new(Readable::new()));
    #[cache(backend = "file://./unused", keyer = Arc::clone(&SHARED))]
    async fn shared(n: u8) -> u8 {
        n
    }
    static CONST: Readable = Readable::new();
    #[cache(backend = "file://./unused", keyer = &CONST)]
    async fn borrowed(n: u8) -> u8 {
        n
    }
    #[cache(backend = "file://./unused", keyer = keyer::from_fn(|call| format!("{:?}", call.arguments().last())))]
    async fn made(n: u8) -> u8 {
        n
    }
    fn path(call: &CallKey<'_>) -> String {
        format!("{}/{}", call.function(), call.argument("n").unwrap())
    }
    #[cache(backend = "file://./unused", file_name = path)]
    async fn by_path(n: u8) -> u8 {
        n
    }
    assert_eq!(shared::entry(1).explain().await.stored_key.unwrap(), "shared_n=1");
    assert_eq!(borrowed::entry(1).explain().await.stored_key.unwrap(), "borrowed_n=1");
    assert_eq!(made::entry(1).explain().await.stored_key.unwrap(), "Some(Argument { name: \"n\", value: 1 })");
    assert_eq!(by_path::entry(1).explain().await.stored_key.unwrap(), "by_path/1");
}
