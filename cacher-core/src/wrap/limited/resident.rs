//! How much memory the process takes.

/// Its resident set, in bytes; `None` where the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn bytes() -> Option<u64> {
    // In kilobytes, where `statm` counts pages of a size that it does not say.
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Its resident set, in bytes; `None` where the system does not say.
#[cfg(not(target_os = "linux"))]
pub(super) fn bytes() -> Option<u64> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #[test]
    fn a_process_takes_memory() {
        let bytes = super::bytes().expect("Linux says");
        assert!((100_000..1 << 40).contains(&bytes), "{bytes}");
    }
}
