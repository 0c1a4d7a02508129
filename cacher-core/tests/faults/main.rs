//! What becomes of calls when a server fails: no wrong value, no error, no hang, and all is well again afterwards.

#![cfg(feature = "async_backend")]

#[cfg(feature = "redis")]
mod redis;
mod scene;
