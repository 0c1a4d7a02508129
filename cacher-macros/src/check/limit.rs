//! What holds the body back.

use super::Subject;
use crate::{
    args::{Args, OnLimit, Rate},
    errors::Errors,
};
use proc_macro2::Ident;

pub(super) fn details_have_a_rate(Subject { args, .. }: Subject, errors: &Errors) {
    let details = [&args.burst, &args.variance].into_iter().flatten().map(|given| &given.name);
    let details = details.chain(args.per_item.as_ref().map(|given| &given.name));
    for name in details.filter(|_| args.rate_limit.is_none()) {
        errors.at(name, format!("`{name}` says more about a rate, and there is none: add `rate_limit = \"10/s\"`"));
    }
}

/// What concerns all that may hold the body back, strategies too.
fn holding(args: &Args) -> impl Iterator<Item = &Ident> {
    let names = [
        args.per.as_ref().map(|given| &given.name),
        args.on_limit.as_ref().map(|given| &given.name),
        args.max_wait.as_ref().map(|given| &given.name),
    ];
    names.into_iter().flatten()
}

fn holds_back(args: &Args) -> bool {
    args.rate_limit.is_some() || args.strategies.is_some()
}

pub(super) fn something_holds_the_body_back(Subject { args, .. }: Subject, errors: &Errors) {
    for name in holding(args).filter(|_| !holds_back(args)) {
        errors.at(name, format!("nothing holds the body back, so `{name}` says nothing: add `rate_limit = \"10/s\"`"));
    }
}

// It says all of it already.
pub(super) fn a_made_limit_has_its_details(Subject { args, .. }: Subject, errors: &Errors) {
    let Some(Rate::Expr(_)) = args.rate_limit.as_ref().map(|given| &given.value) else { return };
    let details = [&args.burst, &args.variance].into_iter().flatten().map(|given| &given.name);
    for name in details.chain(args.per_item.as_ref().map(|given| &given.name)) {
        errors.at(name, format!("the expression of `rate_limit` makes the limit: write `.{name}(..)` behind it"));
    }
}

// Only an error can say that the body did not run.
pub(super) fn errors_can_be_said(subject: Subject, errors: &Errors) {
    let args = subject.args;
    let fallible = subject.returns_result() || args.result.is_some();
    if fallible || !holds_back(args) {
        return;
    }
    if let Some(OnLimit::Error(word)) = args.on_limit.as_ref().map(|given| &given.value) {
        errors.at(
            word,
            "the limit can only be said as an error: return `Result<_, E>` with `E: From<cacher::Error>`, or write \
             `on_limit = wait`",
        );
    }
    if let Some(wait) = &args.max_wait {
        errors.at(
            &wait.name,
            "that a wait took too long can only be said as an error: return `Result<_, E>` with \
             `E: From<cacher::Error>`, or leave `max_wait` out",
        );
    }
}

pub(super) fn errors_do_not_wait(Subject { args, .. }: Subject, errors: &Errors) {
    if let (Some(OnLimit::Error(_)), Some(wait)) = (args.on_limit.as_ref().map(|given| &given.value), &args.max_wait) {
        errors.at(&wait.name, "with `on_limit = error` no call waits: leave `max_wait` out");
    }
}

pub(super) fn stale_values_come_from_somewhere(Subject { args, .. }: Subject, errors: &Errors) {
    let expires = args.ttl.is_some() || args.tti.is_some() || args.expires_at.is_some() || args.strategies.is_some();
    if let Some(OnLimit::Stale(word)) =
        args.on_limit.as_ref().map(|given| &given.value).filter(|_| holds_back(args) && !expires)
    {
        errors.at(word, "nothing expires here, so no value is ever stale: add a `ttl`, or write `on_limit = wait`");
    }
}
