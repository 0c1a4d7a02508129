//! What the stores that outlive a process promise to several processes, and to those after one that was killed.
#![cfg(all(feature = "file", feature = "json_file", feature = "sqlite", feature = "lmdb"))]

mod entries;
mod killed;
mod subject;
mod together;
