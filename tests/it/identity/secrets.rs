//! Secret arguments.

use std::{
    env,
    path::Path,
    process::Command,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use cacher::{Kind, Removal, Wipe, backend::file::Files, cache, testing::TempDir};
use serde::{Serialize, Serializer, ser::Error as _};

use super::recorder::Recorder;
use crate::{
    common::{faults, files_below, only_file},
    support::runs,
};

/// Sets the key of all tests in this process.
pub(super) fn set_key() {
    cacher::set_secret_key([7; 32]).unwrap();
}

#[test]
fn a_secret_identifies_a_call_in_every_form() {
    static STORE: LazyLock<Recorder> = LazyLock::new(Recorder::default);
    runs!(RUNS);
    #[cache(backend = STORE.clone(), secret = [api_key])]
    fn listed(n: u64, api_key: &str) -> String {
        RUNS.fetch_add(1, SeqCst);
        format!("{n}{}", api_key.len())
    }
    #[cache(backend = STORE.clone())]
    fn marked(n: u64, #[cache(secret)] (user, password): (&str, &[u8])) -> String {
        RUNS.fetch_add(1, SeqCst);
        format!("{n}{user}{}", password.len())
    }
    #[cache(backend = STORE.clone(), key = (n, api_key.map(str::len), api_key), secret = [api_key])]
    fn in_a_tuple(n: u64, api_key: Option<&str>) -> String {
        RUNS.fetch_add(1, SeqCst);
        format!("{n}{api_key:?}")
    }
    #[cache(backend = STORE.clone(), key = "{n}/{api_key}", secret = [api_key])]
    fn in_a_template(n: u64, api_key: String) -> String {
        RUNS.fetch_add(1, SeqCst);
        format!("{n}{}", api_key.len())
    }
    set_key();
    for _ in 0..2 {
        for key in ["one", "two"] {
            listed(1, key);
            marked(1, ("ada", key.as_bytes()));
            in_a_tuple(1, Some(key));
            in_a_template(1, key.to_owned());
        }
    }
    assert_eq!(RUNS.load(SeqCst), 8);
    assert_eq!(STORE.names().len(), 8);
    assert_eq!(listed::entry(1, "two").peek().as_deref(), Some("13"));
    assert_eq!(listed::entry(1, "two").invalidate(), Removal::Removed);
    assert_eq!(listed::entry(1, "one").peek().as_deref(), Some("13"));
    assert_eq!(marked::entry(1, ("ada", b"one")).peek().as_deref(), Some("1ada3"));
    assert_eq!(listed::cache().stats().store_errors, 0);
}

struct Client {
    token: String,
    base: &'static str,
}

static CLIENTS: LazyLock<Recorder> = LazyLock::new(Recorder::default);

impl Client {
    #[cache(backend = CLIENTS.clone(), key = (self.base, self.token, path), secret = [self])]
    pub(crate) async fn get(&self, path: &str) -> String {
        format!("{}{path}{}", self.base, self.token.len())
    }
}

#[tokio::test]
async fn what_names_a_secret_self_is_secret() {
    set_key();
    let client = |token: &str| Client { token: token.to_owned(), base: "https://host/" };
    assert_eq!(client("hush-hush").get("a").await, "https://host/a9");
    assert_eq!(client("other").get("a").await, "https://host/a5");
    assert_eq!(client("hush-hush").get_entry("a").peek().await.as_deref(), Some("https://host/a9"));
    let bytes = String::from_utf8_lossy(&CLIENTS.bytes()).into_owned();
    assert!(!bytes.contains("hush-hush"), "{bytes}");
}

#[test]
fn people_see_a_hash_in_the_place_of_a_secret() {
    static DIR: LazyLock<TempDir> = LazyLock::new(TempDir::new);
    #[cache(backend = Files::new(DIR.path()), secret = [password])]
    fn login(user: &str, password: &str) -> usize {
        user.len() + password.len()
    }
    set_key();
    login("ada", "enigma");
    let text = std::fs::read_to_string(only_file(DIR.path())).unwrap();
    // The keyed hash of the encoding of "enigma" under the key of these tests.
    let arguments: serde_json::Value = serde_json::from_str(&text).unwrap();
    let hash = "8dcae0ad606be17a03d740e0941201ba944037a2ce6328b73ca6656f78e0f16f";
    assert_eq!(arguments["arguments"], serde_json::json!({"user": "ada", "password": hash}));
}

static CLONES: AtomicU64 = AtomicU64::new(0);
static WIPES: AtomicU64 = AtomicU64::new(0);

#[derive(PartialEq, Eq, Hash)]
struct Token(String);

impl Clone for Token {
    fn clone(&self) -> Self {
        CLONES.fetch_add(1, SeqCst);
        Self(self.0.clone())
    }
}

impl Wipe for Token {
    fn wipe(&mut self) {
        WIPES.fetch_add(1, SeqCst);
        self.0.wipe();
        assert!(self.0.bytes().all(|byte| byte == 0));
    }
}

#[test]
fn each_copy_is_wiped() {
    #[cache(secret = [token])]
    fn len(token: Token) -> usize {
        token.0.len()
    }
    assert_eq!((len(Token("a".into())), len(Token("bb".into())), len(Token("a".into()))), (1, 2, 1));
    assert!(len::entry(Token("a".into())).contains());
    assert!(CLONES.load(SeqCst) > WIPES.load(SeqCst), "two are kept");
    len::cache().clear();
    assert!(CLONES.load(SeqCst) >= 2);
    assert_eq!(CLONES.load(SeqCst), WIPES.load(SeqCst));
}

#[test]
fn a_cache_of_a_thread_has_secrets_too() {
    runs!(RUNS);
    #[cache(thread_local, secret = [pin])]
    fn len(pin: [u8; 4], name: &str) -> std::rc::Rc<usize> {
        RUNS.fetch_add(1, SeqCst);
        std::rc::Rc::new(pin.len() + name.len())
    }
    for pin in [[1; 4], [2; 4], [1; 4]] {
        assert_eq!(*len(pin, "a"), 5);
    }
    assert_eq!(RUNS.load(SeqCst), 2);
}

#[test]
fn the_first_key_stays() {
    set_key();
    set_key();
    assert_eq!(cacher::set_secret_key([8; 32]).unwrap_err().kind(), Kind::Invalid);
    set_key();
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Talkative(String);

impl Wipe for Talkative {
    fn wipe(&mut self) {
        self.0.wipe();
    }
}

impl Serialize for Talkative {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(format!("cannot serialise {}", self.0)))
    }
}

#[test]
fn no_error_quotes_a_secret() {
    static STORE: LazyLock<Recorder> = LazyLock::new(Recorder::default);
    #[cache(backend = STORE.clone(), name = "talkative", secret = [token])]
    fn len(token: &Talkative) -> usize {
        token.0.len()
    }
    set_key();
    let faults = faults("talkative");
    assert_eq!((len(&Talkative("hush".into())), len(&Talkative("psst!".into()))), (4, 5));
    let texts: Vec<_> = faults().iter().map(|fault| format!("{fault} {:?}", fault.error)).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(texts[0].contains("a secret argument can't be encoded") && !texts[0].contains("hush"), "{texts:?}");
    assert!(len::cache().stats().store_errors > 1);
    assert_eq!(STORE.names().len(), 0);
}

/// Runs [`child`] in a process of its own, with what the environment is to hold; gives what it printed.
fn process(dir: &Path, what: &str, variable: Option<&str>) -> String {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "identity::secrets::child", "--nocapture", "--quiet"]);
    command.env("CACHER_TEST_DIR", dir).env("CACHER_TEST_WHAT", what).env_remove("CACHER_SECRET_KEY");
    let output = command.envs(variable.map(|key| ("CACHER_SECRET_KEY", key))).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    told
}

#[test]
#[ignore = "a part of other tests"]
fn child() {
    runs!(RUNS);
    #[cache(backend = Files::new(env::var_os("CACHER_TEST_DIR").unwrap()), name = "child", secret = [password])]
    fn login(user: &str, password: &str) -> usize {
        RUNS.fetch_add(1, SeqCst);
        user.len() + password.len()
    }
    let Ok(what) = env::var("CACHER_TEST_WHAT") else { return };
    let faults = faults("child");
    if let Some(byte) = what.strip_prefix("set ") {
        cacher::set_secret_key([byte.parse().unwrap(); 32]).unwrap();
    }
    assert_eq!((login("ada", "enigma"), login("ada", "enigma"), login("ada", "other")), (9, 9, 8));
    if what == "late" {
        let error = cacher::set_secret_key([9; 32]).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
        println!("late: {error}");
    }
    println!("runs: {}", RUNS.load(SeqCst));
    faults().iter().for_each(|fault| println!("fault: {fault}"));
}

fn lines<'a>(told: &'a str, what: &str) -> Vec<&'a str> {
    told.lines().filter_map(|line| line.split_once(what)).map(|(_, rest)| rest).collect()
}

#[test]
fn without_a_key_nothing_is_stored_and_that_is_said_once() {
    let dir = TempDir::new();
    let told = process(dir.path(), "", None);
    // A hit is one in no store.
    assert_eq!(lines(&told, "runs: "), ["3"], "{told}");
    let faults = lines(&told, "fault: ");
    assert_eq!(faults.len(), 1, "{told}");
    let text = "no secret key is set: call `cacher::set_secret_key` or set `CACHER_SECRET_KEY`";
    assert!(faults[0].ends_with(text), "{told}");
    assert_eq!(files_below(dir.path()).len(), 0);
}

#[test]
fn a_malformed_key_is_none() {
    let dir = TempDir::new();
    let told = process(dir.path(), "", Some("swordfish"));
    let faults = lines(&told, "fault: ");
    assert_eq!(faults.len(), 1, "{told}");
    assert!(faults[0].ends_with("`CACHER_SECRET_KEY` is not 64 hexadecimal digits"), "{told}");
    assert!(!told.contains("swordfish"));
    assert_eq!(files_below(dir.path()).len(), 0);
}

/// Also CCH-23 for secrets: what a process stored, the next one finds.
#[test]
fn entries_are_found_under_the_same_key_alone() {
    let dir = TempDir::new();
    let runs = |what, variable| lines(&process(dir.path(), what, variable), "runs: ")[0].to_owned();
    let sevens = "07".repeat(32);
    assert_eq!(runs("set 7", None), "2");
    assert_eq!(runs("", Some(&sevens)), "0");
    assert_eq!(runs("set 8", Some(&sevens)), "2");
    assert_eq!(files_below(dir.path()).len(), 4);
    assert_eq!(lines(&process(dir.path(), "late", Some(&sevens)), "late: ").len(), 1);
}
