//! Signals to a server, and to the processes it has made.

use std::{fs, process::Command};

/// Sends a signal, as `KILL`, to a process and its children. It is stopped first, so that it makes no more of them.
pub(crate) fn send_to_family(name: &str, process: u32) {
    send("STOP", &[process]);
    let family: Vec<_> = std::iter::once(process).chain(children(process)).collect();
    send(name, &family);
}

/// Some may be gone by now, which is as well.
fn send(name: &str, processes: &[u32]) {
    let ids = processes.iter().map(u32::to_string);
    let script = r#"kill -s "$0" "$@" 2>/dev/null"#;
    Command::new("sh").args(["-c", script, name]).args(ids).status().expect("a shell");
}

fn children(process: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|&id| parent(id) == Some(process)).collect()
}

fn parent(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}
