//! What stands for the thread that drives network stores where there are none.

/// Whether this is that thread.
pub(crate) const fn here() -> bool {
    false
}

/// What `work` gives.
pub(crate) async fn run<T>(work: impl Future<Output = T>) -> T {
    work.await
}
