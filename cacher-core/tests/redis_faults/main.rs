//! What becomes of calls when a Redis fails: no wrong value, no error, no hang, and all is well again afterwards.

#![cfg(feature = "redis")]

mod late;
mod refusals;
mod scene;
mod servers;
