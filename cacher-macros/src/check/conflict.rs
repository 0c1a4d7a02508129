//! Arguments that can't stand together.

use super::{Subject, backend};
use crate::{
    args::{Backend, Flight, Given, literal},
    errors::Errors,
};
use proc_macro2::Ident;
use syn::Lit;

fn name<T>(argument: Option<&Given<T>>) -> Option<&Ident> {
    argument.map(|given| &given.name)
}

pub(super) fn result_or_value(Subject { args, .. }: Subject, errors: &Errors) {
    if let (Some(_), Some(value)) = (&args.result, &args.value) {
        errors.at(&value.name, "`result` keeps what is in `Ok`, `value` keeps everything: write one of them");
    }
}

pub(super) fn ttl_or_expires_at(Subject { args, .. }: Subject, errors: &Errors) {
    if let (Some(_), Some(at)) = (&args.ttl, &args.expires_at) {
        errors.at(&at.name, "`ttl` and `expires_at` both say when a value expires: write one of them");
    }
}

pub(super) fn jitter_has_something_to_spread(Subject { args, .. }: Subject, errors: &Errors) {
    if let Some(jitter) = &args.jitter
        && args.ttl.is_none()
        && args.tti.is_none()
        && args.expires_at.is_none()
    {
        errors.at(&jitter.name, "`jitter` spreads when values expire, and nothing expires here: add a `ttl`");
    }
}

// One thread never waits for itself, and what it keeps is its own.
pub(super) fn thread_local_stands_alone(Subject { args, .. }: Subject, errors: &Errors) {
    if args.thread_local.is_none() {
        return;
    }
    let others = [
        (name(args.backend.as_ref()), "the stores of `backend` are for all threads"),
        (name(args.site.as_ref()), "the caches of `site` are for all threads"),
        (name(args.single_flight.as_ref()), "one thread has one load at a time anyway"),
        (name(args.patience.as_ref()), "one thread never waits for itself"),
    ];
    for (name, reason) in others.into_iter().filter_map(|(name, reason)| Some((name?, reason))) {
        errors.at(name, format!("`{name}` can't stand beside `thread_local`, because {reason}: write one of them"));
    }
}

pub(super) fn flight_or_patience(Subject { args, .. }: Subject, errors: &Errors) {
    let off = args.single_flight.as_ref().is_some_and(|flight| flight.value == Flight::Off);
    if let Some(patience) = args.patience.as_ref().filter(|_| off) {
        errors.at(&patience.name, "with `single_flight = off` no call waits for another: leave `patience` out");
    }
}

pub(super) fn bounds_leave_room(Subject { args, .. }: Subject, errors: &Errors) {
    for bound in [&args.capacity, &args.max_bytes, &args.process_memory].into_iter().flatten() {
        if matches!(literal(&bound.value), Some(Lit::Int(number)) if number.base10_digits() == "0") {
            errors.at(&bound.value, format!("`{} = 0` keeps nothing: remove `#[cache]`, or the bound", bound.name));
        }
    }
}

// The instances would share what is in the store, and a cache that goes with its instance needs none.
pub(super) fn site_is_in_memory(Subject { args, .. }: Subject, errors: &Errors) {
    let (Some(_), Some(backend)) = (&args.site, &args.backend) else { return };
    let text = "the instances with a `site` of their own would share this store: \
                leave `site` out and say in `key` what of `self` identifies a call";
    for one in &backend.value {
        match one {
            Backend::Url(url) if backend::is_store(&url.value()) => return errors.at(url, text),
            Backend::Expr(expr) => return errors.at(expr, text),
            Backend::Url(_) => {}
        }
    }
}

pub(super) fn name_is_not_empty(Subject { args, .. }: Subject, errors: &Errors) {
    if let Some(name) = &args.name
        && (name.value.value().trim().is_empty() || name.value.value().contains(char::is_control))
    {
        errors.at(&name.value, "a name is what is read in statistics and stores: write some letters");
    } else if let Some(name) = args.name.as_ref().filter(|name| name.value.value().contains('@')) {
        errors.at(&name.value, "`@` stands between a name and a version: leave it out, and write `version = \"..\"`");
    }
}

// In a store the prefix of a process and a name are joined by one colon.
pub(super) fn name_has_no_single_colon(Subject { args, .. }: Subject, errors: &Errors) {
    if let Some(name) = &args.name
        && name.value.value().replace("::", "").contains(':')
    {
        errors.at(&name.value, "a single `:` ends the prefix of a process (`CACHER_PREFIX`): write `::` or `-` here");
    }
}
