//! `format`: how values become bytes in stores.

use std::{
    env, fs,
    path::Path,
    process::Command,
    sync::{OnceLock, atomic::Ordering::SeqCst},
    time::Duration,
};

use cacher::{
    Removal,
    backend::{Backend, bytes::Bytes, file::Files},
    cache,
    error::Result,
    format::{Context, Filter, Format},
    testing::{ManualClock, TempDir},
};

use crate::{
    common::{faults, files_below, only_file},
    gated::Gated,
    support::runs,
};

/// A directory that is there as long as the process.
macro_rules! dir {
    () => {{
        static DIR: OnceLock<TempDir> = OnceLock::new();
        DIR.get_or_init(TempDir::new).path()
    }};
}

#[cfg(all(feature = "zlib", feature = "postcard"))]
#[test]
fn a_format_is_for_the_stores_that_do_not_say_their_own() {
    runs!(RUNS);
    fn first() -> Files {
        Files::new(dir!())
    }
    fn second() -> Files {
        Files::new(dir!()).format("msgpack")
    }
    #[cache(backend = ["memory://", first(), second(), "memory://?format=json"], format = "postcard+zlib?level=9")]
    fn words(text: &str) -> Vec<String> {
        RUNS.fetch_add(1, SeqCst);
        text.split(' ').map(ToOwned::to_owned).collect()
    }
    assert_eq!((words("a b"), words("a b")), (words::uncached("a b"), words::uncached("a b")));
    assert_eq!((words::cache().stats().store_errors, RUNS.load(SeqCst)), (0, 3));
    let found = |store: Files| {
        let mut entries = Vec::new();
        store
            .scan("it::formats::a_format_is_for_the_stores_that_do_not_say_their_own::words", &mut |scanned| {
                entries.push(scanned.entry);
                true
            })
            .unwrap();
        entries.iter().map(|entry| String::from_utf8_lossy(entry).into_owned()).collect::<String>()
    };
    assert!(found(first()).contains("postcard+zlib") && found(second()).contains("msgpack"));
}

#[cfg(feature = "zstd")]
#[test]
fn a_chain_in_a_url_is_the_end_of_a_name() {
    #[cache(backend = format!("file://{}?format=msgpack%2Bzstd?level=19", dir!().display()))]
    fn zeros(n: usize) -> Vec<u64> {
        vec![0; n]
    }
    #[cache(backend = format!("file://{}?format=msgpack+zstd", dir!().display()))]
    fn others(n: usize) -> Vec<u64> {
        vec![0; n]
    }
    assert_eq!((zeros(9), zeros(9), others(9)), (vec![0; 9], vec![0; 9], vec![0; 9]));
    assert_eq!((zeros::cache().stats().hits, zeros::cache().stats().store_errors), (1, 0));
}

#[cfg(feature = "zstd")]
#[test]
fn cty_29_a_number_is_kept_compressed() {
    runs!(RUNS);
    #[cache(backend = "memory://?format=msgpack%2Bzstd?level=3")]
    fn foo() -> u64 {
        RUNS.fetch_add(1, SeqCst);
        0
    }
    assert!(foo::entry().insert(42));
    assert_eq!((foo(), foo::entry().peek(), RUNS.load(SeqCst)), (42, Some(42), 0));
}

/// Files are used off the executor; values are encoded where the caller is.
#[cfg(feature = "zlib")]
#[tokio::test]
async fn cty_38_an_async_function_has_formats_too() {
    #[cache(backend = ["memory://?format=json+zlib", Files::new(dir!())], format = "msgpack+zlib?level=9")]
    async fn words(text: &str) -> Vec<String> {
        tokio::task::yield_now().await;
        text.split(' ').map(ToOwned::to_owned).collect()
    }
    assert_eq!((words("a b").await, words("a b").await), (vec!["a".into(), "b".into()], vec!["a".into(), "b".into()]));
    let stats = words::cache().stats();
    assert_eq!((stats.hits, stats.loads, stats.store_errors), (1, 1, 0));
}

/// Does what it is told to.
struct Flipped(u8);

impl Filter for Flipped {
    fn name(&self) -> &'static str {
        "flipped"
    }

    fn apply(&self, bytes: Vec<u8>, context: &Context<'_>) -> Result<Vec<u8>> {
        assert!(context.times.is_some() && !context.key.is_empty() && context.format == "json+flipped");
        Ok(bytes.iter().map(|byte| byte ^ self.0).collect())
    }

    fn undo(&self, bytes: &[u8], context: &Context<'_>) -> Result<Vec<u8>> {
        self.apply(bytes.to_vec(), context)
    }
}

#[test]
fn an_expression_makes_a_format_of_ones_own() {
    runs!(RUNS);
    fn store() -> &'static Path {
        dir!()
    }
    #[cache(backend = Files::new(store()), format = Format::named("json").map(|json| json.then(Flipped(0x55))))]
    fn shout(text: &str) -> String {
        RUNS.fetch_add(1, SeqCst);
        text.to_uppercase()
    }
    assert_eq!((shout("abc").as_str(), shout("abc").as_str(), RUNS.load(SeqCst)), ("ABC", "ABC", 1));
    assert_eq!(only_file(store()).extension().unwrap(), "json+flipped");
}

#[test]
fn a_format_that_panics_is_never_the_callers_fault() {
    struct Panics;
    impl Filter for Panics {
        fn name(&self) -> &'static str {
            "panics"
        }
        fn apply(&self, _: Vec<u8>, _: &Context<'_>) -> Result<Vec<u8>> {
            panic!("on purpose")
        }
        fn undo(&self, _: &[u8], _: &Context<'_>) -> Result<Vec<u8>> {
            panic!("on purpose")
        }
    }
    #[cache(backend = Bytes::new(), format = Format::named("json").unwrap().then(Panics))]
    fn square(n: u64) -> u64 {
        n * n
    }
    assert_eq!((square(3), square(3)), (9, 9));
    assert_eq!((square::cache().len(), square::cache().stats().store_errors), (0, 2));
}

#[test]
fn a_format_that_is_none_is_told_and_the_function_runs() {
    #[cache(backend = Bytes::new(), format = String::from("json+nothing"), name = "format-of-nothing")]
    fn square(n: u64) -> u64 {
        n * n
    }
    let faults = faults("format-of-nothing");
    assert_eq!((square(3), square(3), square::cache().len()), (9, 9, 0));
    assert!(faults()[0].to_string().contains("no filter \"nothing\""), "{:?}", faults());
}

#[cfg(feature = "raw")]
#[test]
fn what_a_format_does_not_take_is_returned_and_told() {
    #[cache(backend = Bytes::new(), format = "raw", name = "raw-number")]
    fn square(n: u64) -> u64 {
        n * n
    }
    let faults = faults("raw-number");
    assert_eq!((square(3), square(3), square::cache().len()), (9, 9, 0));
    assert!(faults()[0].to_string().contains("`msgpack` takes the rest"), "{:?}", faults());
}

#[cfg(feature = "encrypt")]
mod encrypted {
    use super::*;
    use cacher::{add_decryption_key, set_secret_key};

    /// The key of all tests in this process; see `identity::secrets`.
    fn secret_key() {
        let _ = set_secret_key([7; 32]);
    }

    /// CTU-34: what is set is read, the store has exactly one entry, and shows nothing of the call.
    #[test]
    fn ctu_34_a_store_shows_nothing_of_a_call() {
        secret_key();
        runs!(RUNS);
        fn store() -> &'static Path {
            dir!()
        }
        #[cache(backend = Files::new(store()), format = "json+encrypt", keyer = readable)]
        fn greet(name: &str, years_of_life: u64) -> String {
            RUNS.fetch_add(1, SeqCst);
            format!("Hello, {name}, {years_of_life}")
        }
        assert_eq!(
            (greet("Ottokar", 7_777_777), greet("Ottokar", 7_777_777)),
            (greet::uncached("Ottokar", 7_777_777), greet::uncached("Ottokar", 7_777_777))
        );
        assert_eq!((RUNS.load(SeqCst), greet::cache().len()), (3, 1));
        let file = only_file(store());
        let shown = [file.to_string_lossy().into_owned().into_bytes(), fs::read(&file).unwrap()].concat();
        for part in ["Ottokar", "Hello", "7777777", "years_of_life"] {
            assert!(!shown.windows(part.len()).any(|bytes| bytes == part.as_bytes()), "{part}");
        }
        assert_eq!(greet::entry("Ottokar", 7_777_777).invalidate(), Removal::Removed);
        assert!(files_below(store()).is_empty());
    }

    #[test]
    fn ctu_35_damage_and_swaps_are_counted_misses() {
        secret_key();
        runs!(RUNS);
        fn store() -> &'static Path {
            dir!()
        }
        #[cache(backend = Files::new(store()), format = "msgpack+encrypt?per_key=true")]
        fn square(n: u64) -> u64 {
            RUNS.fetch_add(1, SeqCst);
            n * n
        }
        assert_eq!((square(3), square(4), RUNS.load(SeqCst)), (9, 16, 2));
        let files = files_below(store());
        let contents: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
        fs::write(&files[0], &contents[1]).unwrap();
        fs::write(&files[1], &contents[0]).unwrap();
        assert_eq!((square(3), square(4), RUNS.load(SeqCst)), (9, 16, 4));
        assert_eq!((square(3), square(4), square::cache().stats().store_errors), (9, 16, 2));
        fs::write(&files[0], &contents[0][..contents[0].len() - 1]).unwrap();
        fs::write(&files[1], b"").unwrap();
        assert_eq!((square(3), square(4), RUNS.load(SeqCst)), (9, 16, 6));
    }

    /// Runs [`child`] in a process of its own, with a secret key and one of earlier, and says what it printed.
    fn process(dir: &Path, keys: &str) -> String {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "formats::encrypted::child", "--nocapture", "--quiet"]);
        command.env("CACHER_TEST_DIR", dir).env("CACHER_TEST_KEYS", keys).env_remove("CACHER_SECRET_KEY");
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
        told.lines()
            .filter(|line| ["runs: ", "fault: ", "removed: "].iter().any(|what| line.starts_with(what)))
            .map(|line| line.to_owned() + "\n")
            .collect()
    }

    #[test]
    #[ignore = "a part of other tests"]
    fn child() {
        runs!(RUNS);
        #[cache(backend = Files::new(env::var_os("CACHER_TEST_DIR").unwrap()), format = "json+encrypt", name = "child")]
        fn square(n: u64) -> u64 {
            RUNS.fetch_add(1, SeqCst);
            n * n
        }
        let Ok(keys) = env::var("CACHER_TEST_KEYS") else { return };
        let faults = faults("child");
        for (at, key) in keys.split_whitespace().filter(|key| key.len() == 1).enumerate() {
            let key = [key.parse().unwrap(); 32];
            if at == 0 { set_secret_key(key).unwrap() } else { add_decryption_key(key) }
        }
        assert_eq!((square(3), square(3)), (9, 9));
        println!("runs: {}", RUNS.load(SeqCst));
        faults().iter().for_each(|fault| println!("fault: {fault}"));
        if keys.ends_with("insert") {
            assert!(square::entry(3).insert(10));
        }
        if keys.ends_with("remove") {
            println!("removed: {:?}", square::entry(3).invalidate());
        }
    }

    #[test]
    fn without_a_secret_key_nothing_is_stored_and_that_is_said_once() {
        let dir = TempDir::new();
        let told = process(dir.path(), "");
        let fault = "no secret key is set: call `cacher::set_secret_key` or set `CACHER_SECRET_KEY`";
        assert_eq!(told, format!("runs: 2\nfault: cache of child: {fault}\n"));
        assert!(files_below(dir.path()).is_empty());
    }

    #[test]
    fn a_key_of_earlier_reads_and_the_key_in_force_writes() {
        let dir = TempDir::new();
        assert_eq!(process(dir.path(), "7"), "runs: 1\n");
        assert_eq!(process(dir.path(), "8 7"), "runs: 0\n");
        assert_eq!(process(dir.path(), "8"), "runs: 1\n");
        assert_eq!(files_below(dir.path()).len(), 2);
        assert_eq!(process(dir.path(), "9 8 7 insert"), "runs: 0\n");
        // What was written anew is the only one.
        assert_eq!((files_below(dir.path()).len(), process(dir.path(), "8 7")), (1, "runs: 1\n".to_owned()));
    }

    #[test]
    fn what_is_invalidated_is_so_under_all_keys() {
        let dir = TempDir::new();
        assert_eq!((process(dir.path(), "7"), process(dir.path(), "8")), ("runs: 1\n".into(), "runs: 1\n".into()));
        assert_eq!(files_below(dir.path()).len(), 2);
        assert_eq!(process(dir.path(), "8 7 remove"), "runs: 0\nremoved: Removed\n");
        assert!(files_below(dir.path()).is_empty());
    }

    #[test]
    fn times_are_part_of_the_seal_and_may_change() {
        secret_key();
        runs!(RUNS);
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        #[cache(backend = "memory://?format=json+zlib+encrypt", ttl = "1h")]
        fn square(n: u64) -> u64 {
            RUNS.fetch_add(1, SeqCst);
            n * n
        }
        assert_eq!(square(3), 9);
        assert!(square::entry(3).expire_in(Duration::from_secs(60)));
        assert_eq!((square(3), RUNS.load(SeqCst)), (9, 1));
        clock.advance(Duration::from_secs(61));
        assert_eq!((square(3), RUNS.load(SeqCst)), (9, 2));
    }

    #[test]
    fn a_cache_without_a_function_is_encrypted_too() {
        secret_key();
        let store = Bytes::new();
        let cache = cacher::Cache::builder().name("encrypted").backend(store.clone()).format("json+encrypt");
        let cache: cacher::Cache<String, u64> = cache.build().unwrap();
        assert!(cache.set("Ottokar", 7));
        assert_eq!((cache.get("Ottokar"), cache.len()), (Some(7), 1));
        let mut bytes = Vec::new();
        store
            .scan("encrypted", &mut |scanned| {
                bytes.extend(scanned.entry);
                true
            })
            .unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("Ottokar"));
        assert_eq!(cache.keys().unwrap_err().kind(), cacher::Kind::Unsupported);
        let wrong = cacher::Cache::<u64, u64>::builder().backend(Bytes::new()).format("json+nothing").build();
        assert!(wrong.unwrap_err().to_string().contains("no filter \"nothing\""));
    }

    #[test]
    fn adding_keys_of_earlier_changes_nothing_that_is_there() {
        secret_key();
        add_decryption_key([1; 32]);
        add_decryption_key([7; 32]);
        #[cache(backend = "memory://?format=msgpack+encrypt")]
        fn square(n: u64) -> u64 {
            n * n
        }
        assert_eq!((square(3), square(3), square::cache().stats().hits), (9, 9, 1));
        assert_eq!((square::entry(3).invalidate(), square::cache().len()), (Removal::Removed, 0));
    }
}

mod bare {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_bare_value_is_the_value_alone_and_as_old_as_its_file() {
        runs!(RUNS);
        fn store() -> &'static Path {
            dir!()
        }
        #[cache(backend = Files::new(store()), format = "json+bare", ttl = "1h", keyer = readable)]
        fn square(n: u64) -> Vec<u64> {
            RUNS.fetch_add(1, SeqCst);
            vec![n, n * n]
        }
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        clock.set_time_of_day(SystemTime::now());
        assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (vec![3, 9], vec![3, 9], 1));
        let file = only_file(store());
        assert!(file.ends_with("square_n=3.bare.json"), "{file:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "[\n  3,\n  9\n]");
        fs::write(&file, "[1]").unwrap();
        assert_eq!((square(3), RUNS.load(SeqCst)), (vec![1], 1));
        fs::write(&file, "[1").unwrap();
        assert_eq!((square(3), square(3), RUNS.load(SeqCst)), (vec![3, 9], vec![3, 9], 2));
        clock.advance(Duration::from_secs(3700));
        assert_eq!((square(3), RUNS.load(SeqCst)), (vec![3, 9], 3));
        assert_eq!(square::cache().len(), 1);
        assert_eq!((square::cache().clear(), square::cache().len()), (Removal::Removed, 0));
        assert!(files_below(store()).is_empty());
    }

    #[test]
    fn a_bare_value_lives_as_long_as_it_says() {
        runs!(RUNS);
        fn store() -> &'static Path {
            dir!()
        }
        #[cache(
            backend = ["memory://", Files::new(store())],
            format = "json+bare",
            ttl = |seconds: &u64| Duration::from_secs(*seconds)
        )]
        fn minutes(n: u64) -> u64 {
            RUNS.fetch_add(1, SeqCst);
            n * 60
        }
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        clock.set_time_of_day(SystemTime::now());
        assert_eq!((minutes(10), minutes(1), RUNS.load(SeqCst)), (600, 60, 2));
        clock.advance(Duration::from_secs(120));
        assert_eq!((minutes(10), minutes(1), RUNS.load(SeqCst)), (600, 60, 3));
        assert_eq!(minutes::entry(10).invalidate(), Removal::Removed);
        assert_eq!((minutes(10), RUNS.load(SeqCst)), (600, 4));
    }

    /// Or else the slot of all calls would give one the value of another.
    #[test]
    fn a_bare_value_can_not_be_the_single_one() {
        fn store() -> &'static Path {
            dir!()
        }
        // Where it is written out, it does not compile.
        const BARE: &str = "json+bare";
        #[cache(backend = Files::new(store()), format = BARE, name = "bare-single", single)]
        fn square(n: u64) -> u64 {
            n * n
        }
        let faults = faults("bare-single");
        assert_eq!((square(3), square(4), square::cache().stats().hits), (9, 16, 0));
        assert!(faults()[0].to_string().contains("does not say whose it is"), "{:?}", faults());
    }

    #[test]
    fn a_store_that_knows_no_age_takes_no_bare_value() {
        #[cache(backend = Gated::default(), format = "json+bare", name = "bare-ageless")]
        fn square(n: u64) -> u64 {
            n * n
        }
        let faults = faults("bare-ageless");
        assert_eq!((square(3), square(3), square::cache().stats().hits), (9, 9, 0));
        assert!(faults()[0].to_string().contains("leave `bare` out"), "{:?}", faults());
    }
}
