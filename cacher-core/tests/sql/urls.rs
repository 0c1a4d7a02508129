//! What is wrong with a URL is said, and its password is not.

use cacher_core::{
    backend::{driven::Driven, sql::Sql},
    error::Kind,
};

/// What there is, and whether it is built in.
const SCHEMES: [(&str, bool); 2] = [("postgres", cfg!(feature = "postgres")), ("mysql", cfg!(feature = "mysql"))];

#[test]
fn what_is_wrong_is_said_before_anything_is_connected() {
    for (rest, expected) in [
        ("://u:hunter2@h", "the database is missing"),
        ("://u:hunter2@h/", "the database is missing"),
        ("://u:hunter2@h/d?tabel=a", "no parameter `tabel`"),
        ("://u:hunter2@h/d?table=a;b", "invalid table name `a;b`"),
        ("://u:hunter2@h/d?table=1a", "no digit first"),
        ("://u:hunter2@h/d?table=", "invalid table name"),
        ("://u:hunter2@h/d?timeout=0s", "no time"),
        ("://u:hunter2@h/d?connections=0", "no number from 1"),
        ("://u:hunter2@h/d?connections=many", "no number from 1"),
        ("://u:hunter2@h/d?format=", "the format is missing"),
        ("://u:hunter2@h:port/d", "no address of a server"),
    ] {
        for (scheme, is_built_in) in SCHEMES {
            let error = Sql::from_url(&format!("{scheme}{rest}")).expect_err(rest);
            let text = format!("{error} {error:?}");
            assert_eq!(error.kind(), Kind::Invalid, "{text}");
            assert!(text.contains(if is_built_in { expected } else { "needs the feature" }), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
    assert!(Sql::from_url("oracle://u@h/d").expect_err("another server").to_string().contains("`oracle://`"));
}

#[test]
#[cfg(feature = "postgres")]
fn a_name_that_postgresql_would_cut_is_refused() {
    let url = |letters: usize| format!("postgres://u@h/d?table={}", "a".repeat(letters));
    assert!(Sql::from_url(&url(59)).is_ok());
    assert!(Sql::from_url(&url(60)).expect_err("too long").to_string().contains("at most 59"));
}

#[test]
fn it_is_shown_with_its_table_and_without_its_password() {
    for (scheme, _) in SCHEMES.into_iter().filter(|(_, is_built_in)| *is_built_in) {
        let url = format!("{scheme}://user:hunter2@host/app?table=Posts&timeout=3s");
        let store = Sql::from_url(&url).expect("a URL");
        let text = format!("{store:?} {:?}", Driven::new(store.clone()));
        assert!(text.contains(&format!("{scheme}://user:***@host/app?table=posts")), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
