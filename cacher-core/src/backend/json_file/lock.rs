//! The lock beside the file, which processes take in turn to write.

use std::{
    fs::{File, TryLockError},
    io::{self, ErrorKind},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use crate::backend::local;

/// How long a write waits for those of other processes.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(5);

/// The lock file at `path`, locked until it is dropped. It stays there, empty: whoever removed it could not know that
/// nobody waits for it.
pub(super) fn take(path: &Path) -> io::Result<File> {
    let file = local::private().create(true).truncate(false).open(path)?;
    let start = Instant::now();
    let mut pause = Duration::from_micros(50);
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if start.elapsed() > PATIENCE => {
                return Err(io::Error::new(ErrorKind::TimedOut, "another process has the lock for too long"));
            }
            Err(TryLockError::WouldBlock) => thread::sleep(pause),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
