//! What is put around a store.

use super::{Subject, backend};
use crate::{
    args::{Args, Backend, Write},
    errors::Errors,
};

/// Whether something may be kept in a store: an expression may make one.
fn has_store(args: &Args) -> bool {
    args.backend.iter().flat_map(|given| &given.value).any(|one| match one {
        Backend::Url(url) => !backend::is_memory(&url.value()),
        Backend::Expr(_) => true,
    })
}

// Memory is written at once.
pub(super) fn writes_go_somewhere(Subject { args, .. }: Subject, errors: &Errors) {
    let Some(write) = args.write.as_ref().filter(|_| !has_store(args)) else { return };
    if !matches!(write.value, Write::Through) {
        errors.at(
            &write.name,
            "nothing is written here but memory, which takes no time: add a store, as in \
             `backend = \"file://./.cache/posts\"`, or leave `write` out",
        );
    }
}
