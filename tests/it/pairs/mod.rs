//! Two stores, one before the other: every pair of kinds, sync and async.

mod failing;
mod scene;
mod together;
mod witness;
