//! Settings, from code and from the environment. They are in force for a whole process, so each test starts one of its
//! own: a copy of this program that runs one ignored test.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use cacher::{Kind, Removal, Settings, backend::file::Files, cache, configure, testing::ManualClock};

use crate::support::runs;

const CHILD: &str = "CACHER_TEST_CHILD";
const DIR: &str = "CACHER_TEST_DIR";
const MINUTE: Duration = Duration::from_secs(60);

/// Runs a test of this module in a process with these environment variables; gives what it printed.
#[track_caller]
fn run(test: &str, variables: &[(&str, &str)]) -> String {
    let test = format!("configured::{test}");
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--ignored", "--exact", &test, "--nocapture", "--quiet"]).env(CHILD, "1");
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let (told, complaint) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}{complaint}");
    told.into_owned()
}

/// A test in a process of its own.
macro_rules! child {
    (fn $name:ident() $body:block) => {
        #[test]
        #[ignore = "a part of another test"]
        fn $name() {
            if env::var_os(CHILD).is_some() {
                $body
            }
        }
    };
}

fn dir() -> PathBuf {
    env::var_os(DIR).unwrap().into()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

runs!(POSTS, USERS, OPENED);

fn count(runs: &AtomicU64) -> u64 {
    runs.swap(0, SeqCst)
}

#[cache(ttl = "1h", name = "posts")]
fn fetch_posts(n: u64) -> u64 {
    POSTS.fetch_add(1, SeqCst);
    n
}

fn files() -> Files {
    OPENED.fetch_add(1, SeqCst);
    Files::new(dir())
}

#[cache(backend = ["memory://", files()], ttl = |n: &u64| Duration::from_secs(*n * 60), name = "users")]
fn fetch_users(n: u64) -> u64 {
    USERS.fetch_add(1, SeqCst);
    n
}

#[test]
fn cty_53_an_off_cache_runs_the_body_and_opens_nothing() {
    let dir = cacher::testing::TempDir::new();
    let variables = [("CACHER_OFF", "users"), (DIR, text(dir.path()))];
    run("child_with_users_off", &variables);
    assert!(crate::common::files_below(dir.path()).is_empty());
}

child! {
    fn child_with_users_off() {
        assert_eq!([fetch_users(60), fetch_users(60), fetch_posts(1), fetch_posts(1)], [60, 60, 1, 1]);
        assert_eq!((count(&USERS), count(&POSTS), count(&OPENED)), (2, 1, 0));
        let entry = fetch_users::entry(60);
        assert!(!entry.insert(7) && !entry.contains() && !entry.expire_in(MINUTE));
        assert_eq!((entry.peek(), entry.invalidate()), (None, Removal::Absent));
        assert_eq!(fetch_users::refresh(60), 60);
        assert_eq!((fetch_users::cache().len(), fetch_users::cache().clear()), (0, Removal::Absent));
        let stats = fetch_users::cache().stats();
        assert_eq!((stats.hits, stats.loads, stats.entries, stats.store_errors), (0, 3, 0, 0));
        assert_eq!(count(&OPENED), 0);
    }
}

#[cache(rate_limit = "1/h", on_limit = error, name = "limited-and-off")]
fn limited(n: u64) -> Result<u64, cacher::Error> {
    Ok(n)
}

#[test]
fn a_rate_limit_holds_for_an_off_cache_too() {
    run("child_with_a_limit_and_off", &[("CACHER_OFF", "limited")]);
}

child! {
    fn child_with_a_limit_and_off() {
        assert_eq!(limited(1).unwrap(), 1);
        assert_eq!(limited(1).unwrap_err().kind(), Kind::Limited);
        assert_eq!(cacher::bypass(|| limited(1)).unwrap(), 1);
    }
}

#[test]
fn all_caches_can_be_switched_off() {
    run("child_with_all_off", &[("CACHER_OFF", "*"), (DIR, "unused")]);
}

child! {
    fn child_with_all_off() {
        assert_eq!([fetch_posts(1), fetch_posts(1), fetch_users(1), fetch_users(1)], [1; 4]);
        assert_eq!((count(&POSTS), count(&USERS), count(&OPENED)), (2, 2, 0));
    }
}

#[test]
fn a_cache_without_a_function_is_configured_too() {
    let dir = cacher::testing::TempDir::new();
    let variables = [("CACHER_OFF", "direct-off"), ("CACHER_TTL", "direct-brief=1m"), (DIR, text(dir.path()))];
    run("child_with_direct_caches", &variables);
    assert_eq!(crate::common::files_below(dir.path()).len(), 1);
}

child! {
    fn child_with_direct_caches() {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let url = format!("file://{}", dir().display());
        let open = |name: &str| cacher::Cache::<String, u64>::builder().name(name).backend(&url).build().unwrap();
        let memory = cacher::Cache::<String, u64>::builder().name("direct-off").capacity(1).build().unwrap();
        for off in [open("direct-off"), memory] {
            assert!(!off.set("a", 1) && !off.set_if_absent("a", 1) && !off.delete("a") && !off.expire_in("a", MINUTE));
            assert_eq!((off.get("a"), off.update("a", |_| Some(2)), off.contains("a"), off.len()), (None, Some(2), false, 0));
            assert_eq!((off.get_or_load("a", || 3), off.get_or_load("a", || 4)), (3, 4));
        }
        let brief = open("direct-brief");
        assert!(brief.with_ttl(10 * MINUTE).set("a", 1) && brief.get("a") == Some(1));
        clock.advance(MINUTE);
        assert_eq!(brief.get("a"), None);
    }
}

#[test]
fn cme_13_processes_with_other_prefixes_share_a_store_and_no_entries() {
    let dir = cacher::testing::TempDir::new();
    let dir = (DIR, text(dir.path()));
    let bodies = |prefix: &[(&str, &str)], test: &str| {
        let variables = [&[dir], prefix].concat();
        let told = run(test, &variables);
        told.lines().find_map(|line| line.strip_prefix("runs: ")).expect("a count").to_owned()
    };
    let (none, staging, other) = ([].as_slice(), [("CACHER_PREFIX", "staging")], [("CACHER_PREFIX", "st:aging/..")]);
    for prefix in [none, &staging, &other] {
        assert_eq!(bodies(prefix, "child_that_fills"), "2", "{prefix:?}");
        assert_eq!(bodies(prefix, "child_that_fills"), "0", "{prefix:?}");
    }
    assert_eq!(bodies(&staging, "child_that_clears"), "2");
    for prefix in [none, &other] {
        assert_eq!(bodies(prefix, "child_that_fills"), "0", "{prefix:?}");
    }
    let files = crate::common::files_below(Path::new(dir.1)).into_iter().map(std::fs::read_to_string);
    let files = files.collect::<Result<String, _>>().unwrap();
    assert!(["\"users\"", "\"st%3Aaging%2F..:users\""].iter().all(|namespace| files.contains(namespace)), "{files}");
    assert_eq!(bodies(&staging, "child_that_fills"), "2");
}

child! {
    fn child_that_fills() {
        assert_eq!([fetch_users(50), fetch_users(60)], [50, 60]);
        assert_eq!(fetch_users::cache().len(), 2);
        assert_eq!(fetch_users::cache().stats().store_errors, 0);
        println!("runs: {}", count(&USERS));
    }
}

child! {
    fn child_that_clears() {
        println!("runs: {}", fetch_users::cache().len());
        assert_eq!(fetch_users::cache().clear(), Removal::Removed);
        assert_eq!(fetch_users::cache().len(), 0);
    }
}

#[test]
fn a_ttl_by_name_replaces_that_of_the_attribute() {
    let dir = cacher::testing::TempDir::new();
    run("child_with_other_ttls", &[("CACHER_TTL", "configured::fetch_users=5m, posts=2h"), (DIR, text(dir.path()))]);
}

child! {
    fn child_with_other_ttls() {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        let call = || (fetch_users(60), fetch_posts(1), count(&USERS), count(&POSTS));
        assert_eq!(call(), (60, 1, 1, 1));
        clock.advance(4 * MINUTE);
        assert_eq!(call(), (60, 1, 0, 0));
        clock.advance(2 * MINUTE);
        assert_eq!(call(), (60, 1, 1, 0));
        assert!(fetch_users::entry(61).insert(61));
        assert_eq!(fetch_users::entry(61).info().unwrap().fresh_for, Some(5 * MINUTE));
        clock.advance(110 * MINUTE);
        assert_eq!(call(), (60, 1, 1, 0));
        clock.advance(5 * MINUTE);
        assert_eq!(call(), (60, 1, 1, 1));
    }
}

#[test]
fn a_shorter_ttl_by_name_holds_for_what_is_stored_already() {
    let dir = cacher::testing::TempDir::new();
    let dir = (DIR, text(dir.path()));
    for (ttl, runs) in [("users=3h", "runs: 1"), ("users=30m", "runs: 0"), ("users=10m", "runs: 1")] {
        // Each process is twenty minutes after the one before.
        let told = run("child_later", &[dir, ("CACHER_TTL", ttl)]);
        assert!(told.contains(runs), "{ttl}: {told}");
    }
}

child! {
    fn child_later() {
        let marks = dir().join("later");
        let minutes = 20 * std::fs::read_dir(&marks).map_or(0, Iterator::count);
        std::fs::create_dir_all(marks.join(minutes.to_string())).unwrap();
        let clock = ManualClock::new();
        let start = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        clock.set_time_of_day(start + MINUTE * u32::try_from(minutes).unwrap());
        let _in_force = clock.enter();
        assert_eq!(fetch_users(240), 240);
        println!("runs: {}", count(&USERS));
    }
}

#[cache(name = "plain")]
fn plain(n: u64) -> Option<u64> {
    USERS.fetch_add(1, SeqCst);
    (n > 0).then_some(n)
}

#[cache(name = "until", expires_at = |_: &u64| SystemTime::now() + Duration::from_secs(86_400))]
fn until(n: u64) -> u64 {
    n
}

#[cache(name = "heavy", max_bytes = "1MiB")]
fn heavy(n: u64) -> String {
    n.to_string().repeat(100)
}

#[cache(name = "sparse", none_ttl = "1m")]
fn sparse(n: u64) -> Option<u64> {
    POSTS.fetch_add(1, SeqCst);
    (n > 0).then_some(n)
}

#[test]
fn defaults_hold_where_the_attribute_says_nothing() {
    let defaults = [
        ("CACHER_TTL", "10m, sparse=5m"),
        ("CACHER_CAPACITY", "3,posts=2"),
        ("CACHER_MAX_BYTES", "heavy=1kB,plain=1kB"),
    ];
    run("child_with_defaults", &defaults);
}

child! {
    fn child_with_defaults() {
        let clock = ManualClock::new();
        let _in_force = clock.enter();
        assert_eq!((plain(0), plain(1), until(1), sparse(0), sparse(1)), (None, Some(1), 1, None, Some(1)));
        let life = |info: Option<cacher::Info>| info.unwrap().fresh_for.unwrap();
        assert_eq!(life(plain::entry(1).info()), 10 * MINUTE);
        assert_eq!(life(sparse::entry(0).info()), MINUTE);
        assert_eq!(life(sparse::entry(1).info()), 5 * MINUTE);
        assert!(life(until::entry(1).info()) > 60 * MINUTE);
        for n in 0..9 {
            let _ = (plain(n), fetch_posts(n), heavy(n));
        }
        assert_eq!((plain::cache().len(), fetch_posts::cache().len()), (3, 2));
        assert!((1..9).contains(&heavy::cache().len()) && heavy::cache().stats().bytes <= 1000);
        let report = cacher::configuration().to_string();
        assert!(report.contains("plain: max_bytes in vain"), "{report}");
        assert!(report.contains("sparse: ttl 300s (CACHER_TTL)"), "{report}");
    }
}

#[test]
fn the_environment_overrules_the_code_and_the_last_word_counts() {
    let variables = [("CACHER_TTL", "posts=5m"), ("CACHER_PATIENCE", "7s"), (DIR, "unused")];
    run("child_that_configures", &variables);
}

child! {
    fn child_that_configures() {
        let settings = Settings::new().ttl("posts", 2 * MINUTE).ttl("plain", 2 * MINUTE).default_patience(MINUTE);
        configure(settings).unwrap();
        configure(Settings::new().ttl("*", 3 * MINUTE).off("users").capacity("nobody", 5)).unwrap();
        let refused = configure(Settings::new().capacity("plain", 0)).unwrap_err();
        assert_eq!(refused.kind(), Kind::Invalid);
        assert!(refused.to_string().contains("switch it `off`"), "{refused}");
        assert!(cacher::configuration().applied.is_empty());

        let _ = (plain(1), fetch_posts(1), fetch_users(1), fetch_users(1));
        assert_eq!(count(&USERS), 3);
        let life = |info: Option<cacher::Info>| info.unwrap().fresh_for.unwrap().as_secs().div_ceil(60);
        assert_eq!((life(plain::entry(1).info()), life(fetch_posts::entry(1).info())), (3, 5));

        let late = configure(Settings::new().off("*")).unwrap_err();
        assert_eq!(late.kind(), Kind::Invalid);
        assert!(late.to_string().contains("before any cached function"), "{late}");
        let report = cacher::configuration();
        assert_eq!(report.all, ["default patience 7s (CACHER_PATIENCE)"]);
        assert_eq!(report.unused, ["nobody: capacity 5 (in code)"]);
        let applied: Vec<_> = report.applied.iter().map(|one| format!("{}: {}", one.cache, one.setting)).collect();
        assert_eq!(
            applied,
            [
                "plain: ttl 120s (in code)",
                "plain: ttl 180s (in code)",
                "posts: ttl 120s (in code)",
                "posts: ttl 180s (in code)",
                "posts: ttl 300s (CACHER_TTL)",
                "users: ttl 180s (in code)",
                "users: off (in code)",
            ]
        );
    }
}

#[test]
fn what_is_malformed_is_reported_and_the_rest_holds() {
    run("child_with_mistakes", &[("CACHER_TTL", "posts=soon,plain=5m"), ("CACHER_CAPACITY", "many")]);
}

static FAULTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

child! {
    fn child_with_mistakes() {
        cacher::on_fault(|fault| {
            // A hook may call cached functions.
            assert_eq!(plain(2), Some(2));
            FAULTS.lock().unwrap().push(fault.to_string());
        });
        assert_eq!((fetch_posts(1), plain(1)), (1, Some(1)));
        let report = cacher::configuration();
        let expected = [
            "CACHER_TTL: `posts=soon` is malformed, and ignored: write it as in `CACHER_TTL=10m,users=5m`",
            "CACHER_CAPACITY: `many` is malformed, and ignored: write it as in `CACHER_CAPACITY=10000,users=500`",
        ];
        assert_eq!(report.malformed, expected);
        assert_eq!(*FAULTS.lock().unwrap(), expected.map(|text| format!("cache of *: {text}")));
        assert_eq!(
            report.to_string(),
            format!("plain: ttl 300s (CACHER_TTL)\nmalformed: {}\nmalformed: {}\n", expected[0], expected[1])
        );
    }
}

#[test]
fn a_secret_key_is_said_to_be_set_and_not_shown() {
    let key = "5ec2e7".repeat(11);
    let told = run("child_with_a_secret_key", &[("CACHER_SECRET_KEY", &key[..64])]);
    assert!(told.contains("all caches: a secret key\n") && !told.contains("5ec2e7"), "{told}");
    let told = run("child_with_a_secret_key", &[("CACHER_SECRET_KEY", "5ec2e7")]);
    assert!(
        told.contains("malformed: no secret key is set: `CACHER_SECRET_KEY` is not 64") && !told.contains("5ec2e7"),
        "{told}"
    );
}

child! {
    fn child_with_a_secret_key() {
        let _ = fetch_posts(1);
        println!("\n{} {:?}", cacher::configuration(), cacher::configuration());
    }
}

#[test]
fn nothing_is_reported_where_nothing_is_set() {
    run("child_as_its_attributes_say", &[]);
}

child! {
    fn child_as_its_attributes_say() {
        let _ = fetch_posts(1);
        assert_eq!(cacher::configuration().to_string(), "all caches are as their attributes say\n");
    }
}
