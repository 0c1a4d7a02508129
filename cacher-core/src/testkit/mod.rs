//! What tests need: a clock that is moved by hand, caches of a test's own, recordings in place of a source, a suite that
//! every store passes, stores and formats that fail, and directories that vanish.

mod chaos;
pub mod conformance;
mod isolation;
mod recording;
mod temp_dir;

pub use chaos::{Chaos, ChaosFilter, Operation, Trouble};
pub use isolation::{Isolation, isolated};
pub use recording::{record, replay};
pub use temp_dir::TempDir;

pub use crate::clock::{Entered, ManualClock};

#[cfg(cacher_shuttle)]
pub use crate::sync::flaw::{Flaw, plant};
