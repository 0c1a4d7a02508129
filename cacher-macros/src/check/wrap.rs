//! What is put around a store.

use super::{Subject, backend};
use crate::{
    args::{Args, Backend, Flight, Write},
    errors::Errors,
};
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;

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

// The last store gives the leases; what is around it would keep entries from it.
pub(super) fn loads_take_turns_where_they_can(Subject { args, .. }: Subject, errors: &Errors) {
    let Some(flight) = args.single_flight.as_ref().filter(|flight| flight.value == Flight::Distributed) else { return };
    let last = args.backend.as_ref().and_then(|given| given.value.last());
    let gives = match last {
        Some(Backend::Url(url)) => backend::gives_leases(&url.value()),
        Some(Backend::Expr(_)) => true,
        None => false,
    };
    if !gives {
        errors.at(
            &flight.name,
            "loads take turns among processes by leases of the last store, and this one gives none: write one that \
             does, as in `backend = [\"memory://\", \"redis://localhost\"]`, or leave `single_flight` out",
        );
    }
    let around = [
        args.write.as_ref().filter(|write| !matches!(write.value, Write::Through)).map(|given| &given.name),
        args.revisions.as_ref().map(|given| &given.name),
        args.archive.as_ref().map(|given| &given.name),
    ];
    for name in around.into_iter().flatten() {
        errors.at(
            name,
            format!("with `single_flight = distributed` entries go to the store at once: leave `{name}` out"),
        );
    }
}

// Memory has the latest value and nothing else.
pub(super) fn what_was_is_stored(Subject { args, .. }: Subject, errors: &Errors) {
    if has_store(args) {
        return;
    }
    let names = [args.revisions.as_ref().map(|given| &given.name), args.archive.as_ref().map(|given| &given.name)];
    for name in names.into_iter().flatten() {
        errors.at(
            name,
            format!("`{name}` keeps values in a store, and there is none: add `backend = \"file://./.cache/posts\"`"),
        );
    }
}

pub(super) fn one_way_to_keep_what_was(Subject { args, .. }: Subject, errors: &Errors) {
    let Some(revisions) = &args.revisions else { return };
    if let Some(archive) = &args.archive {
        errors.at(&archive.name, "`revisions` keeps what has expired already: write one of them");
    }
    if args.single.is_some() {
        errors.at(&revisions.name, "with `single` there is one value of one call: leave `revisions` out");
    }
}

pub(super) fn archives_have_something_that_expires(Subject { args, .. }: Subject, errors: &Errors) {
    let expires = args.ttl.is_some() || args.tti.is_some() || args.expires_at.is_some() || args.none_ttl.is_some();
    if let Some(archive) = args.archive.as_ref().filter(|_| !expires && args.strategies.is_none()) {
        errors.at(&archive.name, "`archive` moves aside what has expired, and nothing expires here: add a `ttl`");
    }
}

// The slot has one name, and holds one value.
pub(super) fn a_slot_is_a_slot(Subject { args, .. }: Subject, errors: &Errors) {
    if args.single.is_none() {
        return;
    }
    let bounds = [
        args.capacity.as_ref().map(|given| &given.name),
        args.max_bytes.as_ref().map(|given| &given.name),
        args.eviction.as_ref().map(|given| &given.name),
        args.process_memory.as_ref().map(|given| &given.name),
        args.frequency.as_ref().map(|given| &given.name),
    ];
    for name in bounds.into_iter().flatten() {
        errors.at(name, format!("with `single` there is one entry: leave `{name}` out"));
    }
    let names = [args.keyer.as_ref().map(|given| &given.name), args.file_name.as_ref().map(|given| &given.name)];
    for name in names.into_iter().flatten() {
        errors.at(name, format!("with `single` the entry has one name for all calls: leave `{name}` out"));
    }
}

/// What is made once.
pub(super) fn made(args: &Args) -> impl Iterator<Item = (&Ident, TokenStream)> {
    let write = args.write.iter().filter_map(|given| match &given.value {
        Write::Expr(expr) => Some((&given.name, expr.to_token_stream())),
        Write::Through | Write::Background => None,
    });
    write.chain(args.revisions.iter().map(|given| (&given.name, given.value.to_token_stream())))
}
