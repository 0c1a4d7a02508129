//! What becomes of a test without its server.

use std::{
    env,
    io::{self, Write},
};

/// What was found; otherwise the test is failed, where `CI` is set, or said to be skipped.
pub(crate) fn or_skipped<T>(found: Option<T>, what: &str) -> Option<T> {
    if found.is_none() {
        assert!(
            !in_ci(),
            "no {what}: run scripts/servers install, then start, and export what scripts/servers env says"
        );
        // Not by `eprintln!`, which is captured: nobody would see it.
        let _ = writeln!(io::stderr(), "skipped: no {what} (see scripts/servers)");
    }
    found
}

fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}
