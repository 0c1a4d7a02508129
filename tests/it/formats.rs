//! `format`: how values become bytes in stores.

use std::{
    fs,
    path::Path,
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
            .scan("it::formats::a_format_is_for_the_stores_that_do_not_say_their_own::words", &mut |entry| {
                entries.push(entry);
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
