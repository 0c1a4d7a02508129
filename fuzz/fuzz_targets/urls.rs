//! Any text is the URL of a store or an error, and neither shows a password.
#![no_main]

use arbitrary::Arbitrary;
use cacher_core::{
    backend::{bytes::Bytes, file::Files, json_file::JsonFile, lmdb::Lmdb, null::Null, sqlite::Sqlite, url::redact},
    error::Result,
};
use libfuzzer_sys::fuzz_target;

const PASSWORD: &str = "hunter2";

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Text(&'a str),
    User { scheme: u8, before: &'a str, after: &'a str, rest: &'a str },
    Parameter { scheme: u8, rest: &'a str, before: &'a str, after: &'a str, name: u8 },
}

fuzz_target!(|input: Input<'_>| {
    match input {
        Input::Text(text) => drop(said(text) + &opened(text)),
        Input::User { scheme, before, after, rest } => {
            // Digits and a `/` behind a `:` are a port and a path.
            let port = before.split(['/', '?', '#']).next().unwrap_or_default();
            if port.is_empty() || port.bytes().any(|byte| !byte.is_ascii_digit()) {
                let url = format!("{}://user:{before}{PASSWORD}{after}@{rest}", a_scheme(scheme));
                assert_hidden(&url, said);
            }
        }
        Input::Parameter { scheme, rest, before, after, name } => {
            let name = ["password", "api_token", "secret"][usize::from(name) % 3];
            // What follows an `&` is another parameter; what follows a second `?` is none.
            if !before.contains('&') && !rest.contains('?') {
                let url = format!("{}://{rest}?{name}={before}{PASSWORD}{after}", a_scheme(scheme));
                assert_hidden(&url, |url| said(url) + &opened(url));
            }
        }
    }
});

fn a_scheme(at: u8) -> &'static str {
    ["file", "json", "sqlite", "lmdb", "memory", "null", "redis"][usize::from(at) % 7]
}

fn assert_hidden(url: &str, said: fn(&str) -> String) {
    // Once, where it is a password.
    if url.matches(PASSWORD).count() == 1 {
        assert!(!redact(url).contains(PASSWORD), "{url}");
        assert!(!said(url).contains(PASSWORD), "{url}");
    }
}

/// What is said of a URL by stores that open nothing.
fn said(url: &str) -> String {
    let made = [
        errors(Bytes::from_url(url)),
        errors(Null::from_url(url)),
        errors(Files::from_url(url)),
        errors(JsonFile::from_url(url)),
    ];
    redact(url) + &made.concat()
}

/// What is said by those that do. They get a path below a file: nothing is there, and nothing can be made.
fn opened(url: &str) -> String {
    let nowhere = |scheme: &str| match url.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("://")) {
        Some(rest) => format!("{scheme}:///dev/null/{rest}"),
        None => url.to_owned(),
    };
    errors(Sqlite::from_url(&nowhere("sqlite"))) + &errors(Lmdb::from_url(&nowhere("lmdb")))
}

fn errors<T>(made: Result<T>) -> String {
    made.err().map(|error| format!("{error} {error:?}")).unwrap_or_default()
}
