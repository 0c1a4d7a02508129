//! The store `file://`: the contract, and what only files can get wrong.
#![cfg(feature = "file")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    thread,
    time::{Duration, SystemTime},
};

use cacher_core::{
    backend::{
        Backend, Key,
        file::{Durability, Files},
    },
    entry::{Stamp, Times},
    envelope::{self, Content, Identity},
    error::{Error, Kind},
    testkit::{TempDir, conformance},
};

const SPACE: &str = "app::posts::fetch";
const HOUR: Duration = Duration::from_secs(3600);
/// Tells a copy of this test program which directory to write to.
const CHILD: &str = "CACHER_TEST_CHILD_DIR";
const SHORT: usize = 10_000;
const LONG: usize = 300_000;

#[test]
fn files_keep_the_contract() {
    let dir = TempDir::new();
    conformance::run(|| Arc::new(Files::new(dir.path())));
}

#[test]
fn files_that_survive_a_power_loss_keep_the_contract() {
    let dir = TempDir::new();
    conformance::run(|| Arc::new(Files::new(dir.path().join("a/b")).durability(Durability::Power)));
}

#[test]
fn nothing_is_made_before_the_first_write() {
    let dir = TempDir::new();
    let files = Files::new(dir.path().join("a/b"));
    assert_eq!(files.get(&key("x")).expect("get"), None);
    assert!(!files.remove(&key("x")).expect("remove"));
    assert_eq!(files.len(SPACE).expect("len"), 0);
    assert_eq!(files.clear(SPACE).expect("clear"), 0);
    assert_eq!(files.sweep(SPACE, SystemTime::now()).expect("sweep"), 0);
    assert!(!dir.path().join("a").exists());
    put(&files, "x", None);
    assert_eq!(names(&space(&dir.path().join("a/b"))), ["x.json"]);
}

#[cfg(unix)]
#[test]
fn only_our_user_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new();
    let files = Files::new(dir.path().join("a/b"));
    put(&files, "x", None);
    assert!(files.put_if_absent(&key("y"), b"entry", None).expect("put_if_absent"));
    let space = space(&dir.path().join("a/b"));
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    for made in [dir.path().join("a"), dir.path().join("a/b"), space.clone()] {
        assert_eq!(mode(&made), 0o700, "{}", made.display());
    }
    assert_eq!([mode(&space.join("x.json")), mode(&space.join("y.json"))], [0o600, 0o600]);
}

#[test]
fn no_temporary_file_is_left() {
    let dir = TempDir::new();
    let files = Files::new(dir.path());
    put(&files, "x", None);
    put(&files, "x", None);
    assert!(!files.put_if_absent(&key("x"), b"entry", None).expect("put_if_absent"));
    assert_eq!(names(&space(dir.path())), ["x.json"]);
    // A directory in the place of the file fails the last step of a write.
    fs::create_dir(space(dir.path()).join("y.json")).expect("made");
    unavailable(files.put(&key("y"), b"entry", None), dir.path());
    assert_eq!(names(&space(dir.path())), ["x.json", "y.json"]);
}

#[test]
fn leftovers_of_dead_processes_are_swept() {
    let now = SystemTime::now();
    let leftover = |modified: SystemTime, sweep: fn(&Files)| {
        let dir = TempDir::new();
        let files = Files::new(dir.path());
        put(&files, "x", None);
        let temp = space(dir.path()).join(".tmp-1-2-0123456789abcdef");
        fs::write(&temp, "torn").expect("written");
        fs::File::options().write(true).open(&temp).and_then(|file| file.set_modified(modified)).expect("set");
        assert_eq!(files.len(SPACE).expect("len"), 1);
        sweep(&files);
        temp.exists()
    };
    let sweep = |files: &Files| assert_eq!(files.sweep(SPACE, SystemTime::now()).expect("sweep"), 0);
    let clear = |files: &Files| assert_eq!(files.clear(SPACE).expect("clear"), 1);
    for act in [sweep, clear] {
        assert!(leftover(now, act));
        assert!(leftover(now - HOUR / 2, act));
        assert!(!leftover(now - HOUR * 2, act));
        assert!(leftover(now + HOUR * 2, act), "the clock of another machine");
        assert!(!leftover(now + HOUR * 48, act), "a clock that jumped back");
    }
}

#[test]
fn a_torn_write_is_never_read() {
    let dir = TempDir::new();
    let files = Files::new(dir.path());
    let old = put(&files, "x", None);
    let half = &old[..old.len() / 2];
    fs::write(space(dir.path()).join(".tmp-1-2-0123456789abcdef"), half).expect("written");
    assert_eq!(files.get(&key("x")).expect("get").as_deref(), Some(&old[..]));
    assert_eq!(files.get(&key(".tmp-1-2-0123456789abcdef")).expect("get"), None);
    assert_eq!(files.len(SPACE).expect("len"), 1);
}

#[test]
fn foreign_files_are_left_alone() {
    let dir = TempDir::new();
    let files = Files::new(dir.path());
    let entry = put(&files, "x", Some(SystemTime::now() - HOUR));
    let space = space(dir.path());
    let hash = "0f".repeat(32);
    let of_other = sealed("app::other", None);
    let foreign: [(String, &[u8]); 7] = [
        ("notes.txt".into(), b"mine"),
        (format!("{hash}.json"), b"{\"mine\": 1}"),
        (format!("{hash}.msgpack"), &entry[..entry.len() / 2]),
        (format!("{hash}.gz"), &of_other),
        ("Copy of x.json".into(), &entry),
        ("x".into(), &entry),
        (".tmp-mine".into(), b"mine"),
    ];
    for (name, bytes) in &foreign {
        fs::write(space.join(name), bytes).expect("written");
    }
    fs::create_dir(space.join("folder.json")).expect("made");
    fs::write(dir.path().join("beside.json"), &entry).expect("written");
    assert_eq!(files.len(SPACE).expect("len"), 1);
    assert_eq!(files.sweep(SPACE, SystemTime::now()).expect("sweep"), 1);
    assert_eq!(files.clear(SPACE).expect("clear"), 0);
    for (name, bytes) in &foreign {
        assert_eq!(fs::read(space.join(name)).expect("still there"), *bytes, "{name}");
    }
    assert!(space.join("folder.json").is_dir() && dir.path().join("beside.json").exists());
}

#[test]
fn sweep_removes_what_has_expired() {
    let dir = TempDir::new();
    let files = Files::new(dir.path());
    let now = SystemTime::now();
    put(&files, "old", Some(now - HOUR));
    put(&files, "later", Some(now + HOUR));
    put(&files, "never", None);
    assert_eq!(files.sweep(SPACE, now).expect("sweep"), 1);
    assert_eq!(names(&space(dir.path())), ["later.json", "never.json"]);
    assert_eq!(files.sweep(SPACE, now + HOUR * 2).expect("sweep"), 1);
    assert_eq!(names(&space(dir.path())), ["never.json"]);
}

#[test]
fn clear_removes_an_empty_directory() {
    let dir = TempDir::new();
    let files = Files::new(dir.path());
    put(&files, "x", None);
    assert_eq!(files.clear(SPACE).expect("clear"), 1);
    assert_eq!(names(dir.path()), [""; 0]);
    put(&files, "x", None);
    assert_eq!(files.len(SPACE).expect("len"), 1);
}

#[test]
fn a_name_with_slashes_is_a_path_below_the_directory() {
    let dir = TempDir::new();
    let files = Files::new(dir.path());
    let all = ["a", "a/b", "a/c", "a/b/c", "1/2/3/4/5/6/7/8", "1/2/3/4/5/6/7/8/9", "a.json/b", "A/b"];
    let expired = SystemTime::now() - HOUR;
    for name in all {
        put(&files, name, (name == "a/b/c").then_some(expired));
    }
    let space = space(dir.path());
    assert_eq!(files.len(SPACE).expect("len"), 8);
    assert_eq!(names(&space.join("a")), ["b", "b.json", "c.json"]);
    assert_eq!(names(&space).iter().filter(|name| name.starts_with('~')).count(), 3, "too deep, a dot, a capital");
    assert_eq!(files.sweep(SPACE, SystemTime::now()).expect("sweep"), 1);
    assert_eq!(names(&space.join("a")), ["b.json", "c.json"], "the directory that was left empty is gone");
    assert!(files.remove(&key("a/b")).expect("removed") && files.remove(&key("a/c")).expect("removed"));
    assert!(!space.join("a").exists() && space.join("a.json").exists());

    fs::create_dir_all(space.join("mine/empty")).expect("made");
    fs::create_dir_all(space.join("Mine")).expect("made");
    fs::write(space.join("Mine/x.json"), sealed(SPACE, None)).expect("written");
    assert_eq!(files.clear(SPACE).expect("clear"), 5);
    assert_eq!(names(&space), ["Mine", "mine"]);
}

#[cfg(unix)]
#[test]
fn symbolic_links_to_directories_are_not_followed() {
    let (dir, outside) = (TempDir::new(), TempDir::new());
    let files = Files::new(dir.path());
    let entry = put(&files, "x", None);
    fs::write(outside.path().join("y.json"), &entry).expect("written");
    std::os::unix::fs::symlink(outside.path(), space(dir.path()).join("a")).expect("linked");
    assert_eq!(files.len(SPACE).expect("len"), 1);
    unavailable(files.put(&key("a/z"), &entry, None), dir.path());
    unavailable(files.remove(&key("a/y")), dir.path());
    assert_eq!(files.clear(SPACE).expect("clear"), 1);
    assert_eq!(names(outside.path()), ["y.json"]);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_not_followed_on_write() {
    use std::os::unix::fs::symlink;
    let (dir, outside) = (TempDir::new(), TempDir::new());
    let files = Files::new(dir.path());
    let entry = put(&files, "x", None);
    let (victim, space) = (outside.path().join("victim"), space(dir.path()));
    fs::write(&victim, &entry).expect("written");
    for name in ["y.json", "z.json", ".tmp-1-2-0123456789abcdef"] {
        symlink(&victim, space.join(name)).expect("linked");
    }
    put(&files, "y", Some(SystemTime::now() - HOUR));
    assert!(!files.put_if_absent(&key("z"), b"entry", None).expect("put_if_absent"));
    assert_eq!(files.sweep(SPACE, SystemTime::now()).expect("sweep"), 1);
    assert_eq!(files.clear(SPACE).expect("clear"), 1);
    assert_eq!(names(&space), [".tmp-1-2-0123456789abcdef", "z.json"]);
    assert_eq!(fs::read(&victim).expect("there"), entry);

    fs::remove_dir_all(&space).expect("removed");
    symlink(outside.path(), &space).expect("linked");
    unavailable(files.put(&key("x"), b"entry", None), dir.path());
    unavailable(files.remove(&key("x")), dir.path());
    unavailable(files.clear(SPACE), dir.path());
    assert_eq!(names(outside.path()), ["victim"]);
}

#[test]
fn no_name_leaves_the_directory() {
    let outer = TempDir::new();
    let dir = outer.path().join("store");
    let files = Files::new(&dir);
    for name in ["..", "../x", "../../x", "/x", "a/../../../x", "", ".", "a\0b", "C:\\x"] {
        for namespace in [SPACE, name] {
            let key = Key { namespace: namespace.into(), name: name.into(), format: "json" };
            files.put(&key, name.as_bytes(), None).expect("put");
            assert_eq!(files.get(&key).expect("get").as_deref(), Some(name.as_bytes()));
        }
    }
    assert_eq!(names(outer.path()), ["store"]);
    for space in names(&dir) {
        let all_plain = names(&dir.join(&space)).iter().all(|name| name.len() == 70 && name.starts_with('~'));
        assert!(dir.join(&space).is_dir() && all_plain, "{space}");
    }
}

#[test]
fn what_can_not_be_used_is_unavailable() {
    let dir = TempDir::new();
    let path = dir.path().join("file");
    fs::write(&path, "mine").expect("written");
    // Permissions do not stop the superuser; a file in place of a directory stops everybody.
    for path in [path.clone(), path.join("below")] {
        let files = Files::new(&path);
        unavailable(files.put(&key("x"), b"entry", None), &path);
        unavailable(files.put_if_absent(&key("x"), b"entry", None), &path);
        unavailable(files.get(&key("x")), &path);
        unavailable(files.remove(&key("x")), &path);
        unavailable(files.clear(SPACE), &path);
        unavailable(files.len(SPACE), &path);
    }
    assert_eq!(fs::read(&path).expect("still there"), b"mine");
    let files = Files::new(dir.path());
    put(&files, "x", None);
    fs::create_dir(space(dir.path()).join("y.json")).expect("made");
    unavailable(files.get(&key("y")), dir.path());
    assert_eq!(files.clear(SPACE).expect("clear"), 1);
}

#[cfg(unix)]
#[test]
fn a_failed_write_keeps_the_old_entry() {
    let dir = TempDir::new();
    let files = Files::new(dir.path());
    let old = put(&files, "x", None);
    let other = Command::new("sh")
        .args(["-c", "ulimit -f 1; trap '' XFSZ; exec \"$0\" --ignored --exact child_writes --quiet"])
        .arg(env::current_exe().expect("a path"))
        .env(CHILD, dir.path())
        .output()
        .expect("a child");
    let told = String::from_utf8_lossy(&other.stdout);
    assert!(!other.status.success() && told.contains("Unavailable: file://"), "{told}");
    assert_eq!(files.get(&key("x")).expect("get"), Some(old));
    assert_eq!(names(&space(dir.path())), ["x.json"]);
}

#[test]
fn a_write_survives_clears_of_others() {
    let dir = TempDir::new();
    thread::scope(|scope| {
        let (writer, clearer) = (Files::new(dir.path()), Files::new(dir.path()));
        let writing = scope.spawn(move || (0..2000).for_each(|_| _ = put(&writer, "x", None)));
        while !writing.is_finished() {
            clearer.clear(SPACE).expect("clear");
        }
        writing.join().expect("no put failed");
    });
}

/// Not a test of its own: what the others run in a process that they can kill.
#[test]
#[ignore = "a part of other tests"]
fn child_writes() {
    let Some(dir) = env::var_os(CHILD) else { return };
    let files = Files::new(PathBuf::from(dir));
    for n in 0..200 {
        let (letter, length) = if n % 2 == 0 { (b'a', SHORT) } else { (b'b', LONG) };
        files.put(&key("x"), &vec![letter; length], None).expect("put");
    }
}

#[test]
fn urls_make_stores() {
    for (url, shown, format) in [
        ("file:///var/cache", "file:///var/cache", "json"),
        ("file://./.cache/posts?format=msgpack", "file://./.cache/posts", "msgpack"),
        ("file://rel/dir?durability=process", "file://rel/dir", "json"),
        ("file:///a%20b/%7E?durability=power&format=json", "file:///a b/~", "json"),
        ("file://~/x", "file://~/x", "json"),
    ] {
        let files = Files::from_url(url).expect(url);
        // A relative path is shown from the root.
        let shown = match shown.strip_prefix("file:///") {
            Some(_) => shown.to_owned(),
            None => format!("file://{}", std::path::absolute(&shown["file://".len()..]).expect("a path").display()),
        };
        assert_eq!((files.describe(), &*Backend::format(&files)), (shown, format));
    }
    let power = Files::from_url("file:///x?durability=power").expect("valid");
    assert_eq!(format!("{power:?}"), format!("{:?}", Files::new("/x").durability(Durability::Power)));
}

#[test]
fn wrong_urls_say_what_is_wrong() {
    for (url, part) in [
        ("file://", "path is missing"),
        ("file://?format=json", "path is missing"),
        ("file:///x?fromat=json", "format, durability"),
        ("file:///x?durability=disk", "`process` or `power`"),
        ("file:///x?format=", "format=json"),
        ("file:///x?format=json&format=json", "twice"),
        ("file:///%zz", "two hexadecimal digits"),
        ("/var/cache", "scheme://"),
        ("redis://u:hunter2@h", "not redis://"),
    ] {
        let error = Files::from_url(url).expect_err(url);
        assert_eq!(error.kind(), Kind::Invalid);
        let text = error.to_string();
        assert!(text.contains(part) && !text.contains("hunter2"), "{text}");
    }
}

fn key(name: &str) -> Key {
    Key { namespace: SPACE.into(), name: name.into(), format: "json" }
}

/// Puts a sealed entry, and returns its bytes.
fn put(files: &Files, name: &str, expires: Option<SystemTime>) -> Vec<u8> {
    let entry = sealed(SPACE, expires);
    files.put(&key(name), &entry, expires).expect("put");
    entry
}

fn sealed(namespace: &str, expires: Option<SystemTime>) -> Vec<u8> {
    let until = expires.map_or(Stamp::NEVER, Stamp::from);
    let times = Times {
        load_began: Stamp(1),
        created: Stamp(2),
        fresh_until: until,
        keep_until: until,
        load_time: Duration::from_millis(5),
    };
    envelope::seal(
        "json",
        &Identity { namespace, key: b"x" },
        &times,
        &Content { value: b"1", arguments: None, tags: &[] },
    )
}

/// The directory of `SPACE`.
fn space(dir: &Path) -> PathBuf {
    let own = names(dir).into_iter().find(|name| name.starts_with("app-posts-fetch-"));
    dir.join(own.expect("a directory for the namespace"))
}

fn names(dir: &Path) -> Vec<String> {
    let listed = fs::read_dir(dir).expect("a directory");
    let mut names: Vec<_> =
        listed.map(|found| found.expect("readable").file_name().into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

fn unavailable<T>(result: Result<T, Error>, dir: &Path) {
    let error = result.err().expect("an error");
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(error.to_string().starts_with(&format!("file://{}: can't ", dir.display())), "{error}");
}
