//! Values that are due, past their time, or late.

use super::Subject;
use crate::{
    args::{Args, Flight, Given, Timing},
    errors::Errors,
    tokens, types,
};
use proc_macro2::Ident;
use syn::ReceiverKind;

/// What loads values anew while they still answer calls.
fn renewing(args: &Args) -> impl Iterator<Item = &Ident> {
    let names = [
        args.stale_while_revalidate.as_ref().map(|given| &given.name),
        args.refresh_at.as_ref().map(|given| &given.name),
        args.xfetch.as_ref().map(|given| &given.name),
    ];
    names.into_iter().flatten()
}

fn is_behind(args: &Args) -> Option<&Ident> {
    args.refresh.as_ref().filter(|given| given.value == "background").map(|given| &given.value)
}

pub(super) fn something_expires(Subject { args, .. }: Subject, errors: &Errors) {
    let expires = args.ttl.is_some() || args.expires_at.is_some();
    let old = args.stale_if_error.as_ref().filter(|_| args.tti.is_none()).map(|given| &given.name);
    let known = args.revalidate.as_ref().filter(|_| args.tti.is_none()).map(|given| &given.name);
    for name in renewing(args).chain(old).chain(known).filter(|_| !expires) {
        errors.at(name, format!("nothing expires here, so `{name}` says nothing: add a `ttl`"));
    }
}

// The body of a batch runs for many values, and what a body is shown may be seen by other threads.
pub(super) fn single_values_are_revalidated(Subject { args, .. }: Subject, errors: &Errors) {
    let Some(given) = &args.revalidate else { return };
    if args.batch.is_some() {
        errors.at(&given.name, "the body of a batch is shown no old values: leave `revalidate` out");
    }
    if args.thread_local.is_some() {
        errors.at(&given.name, "what one thread keeps no body is shown: leave out `thread_local`, or `revalidate`");
    }
}

// What is asked for lives on anyway.
pub(super) fn idle_values_are_not_renewed(Subject { args, .. }: Subject, errors: &Errors) {
    for name in renewing(args).filter(|_| args.tti.is_some()) {
        errors.at(name, format!("`tti` lets what is asked for live on as it is: leave out `{name}` or `tti`"));
    }
}

// Without flights each caller would load.
pub(super) fn one_load_renews(Subject { args, .. }: Subject, errors: &Errors) {
    let off = args.single_flight.as_ref().is_some_and(|flight| flight.value == Flight::Off);
    for name in renewing(args).filter(|_| off) {
        errors.at(
            name,
            format!("with `single_flight = off` each call would load the value anew: leave out one of it and `{name}`"),
        );
    }
}

pub(super) fn soft_timeouts_have_something_to_return(Subject { args, .. }: Subject, errors: &Errors) {
    if let Some(soft) = args.soft_timeout.as_ref().filter(|_| args.stale_if_error.is_none()) {
        errors.at(&soft.name, "no value past its time is kept that could be returned: add `stale_if_error = \"1h\"`");
    }
}

// Past the hard one nobody waits any more.
pub(super) fn soft_timeouts_come_first(Subject { args, .. }: Subject, errors: &Errors) {
    let fixed = |given: &Given<Timing>| match &given.value {
        Timing::Fixed(_, time) => Some(*time),
        Timing::Expr(_) | Timing::Closure(_) => None,
    };
    let times = args.soft_timeout.as_ref().zip(args.hard_timeout.as_ref());
    let Some((soft, hard)) = times.and_then(|(soft, hard)| fixed(soft).zip(fixed(hard))) else { return };
    if let Some(given) = args.soft_timeout.as_ref().filter(|_| soft >= hard) {
        errors.at(
            &given.name,
            "nobody waits longer than `hard_timeout`: write a shorter `soft_timeout`, or leave it out",
        );
    }
}

// Only the user knows which errors would come again.
pub(super) fn lasting_errors_are_known(subject: Subject, errors: &Errors) {
    let args = subject.args;
    match (&args.error_ttl, &args.error_if) {
        (Some(ttl), None) => {
            errors.at(
                &ttl.name,
                "which errors would come again? Add `error_if = |error| ..`, which says so: a source that is down for a \
                 moment is not to answer calls any longer",
            );
        }
        (None, Some(of)) => errors.at(&of.name, "no error answers further calls: add `error_ttl = \"30s\"`"),
        _ => {}
    }
    let Some(ttl) = &args.error_ttl else { return };
    if !(subject.returns_result() || args.result.is_some()) {
        errors.at(&ttl.name, "there are no errors here: return a `Result`, or write `none_ttl` for `None`");
    }
    if args.batch.is_some() {
        errors.at(&ttl.name, "an error of a batch is that of no item: leave `error_ttl` out");
    }
}

pub(super) fn late_bodies_can_be_told(subject: Subject, errors: &Errors) {
    let fallible = subject.returns_result() || subject.args.result.is_some();
    if let Some(hard) = subject.args.hard_timeout.as_ref().filter(|_| !fallible) {
        errors.at(
            &hard.name,
            "that the body takes too long can only be said as an error: return `Result<_, E>` with \
             `E: From<cacher::Error>`",
        );
    }
}

pub(super) fn open_circuits_can_be_told(subject: Subject, errors: &Errors) {
    let fallible = subject.returns_result() || subject.args.result.is_some();
    if let Some(breaker) = subject.args.breaker.as_ref().filter(|_| !fallible) {
        errors.at(
            &breaker.name,
            "loads fail, and the body does not run, as an error says: return `Result<_, E>` with `E: From<cacher::Error>`",
        );
    }
}

pub(super) fn abandoned_loads_need_no_patience(Subject { args, .. }: Subject, errors: &Errors) {
    let off = args.single_flight.as_ref().is_some_and(|flight| flight.value == Flight::Off);
    if let Some(abandon) = args.abandon_after.as_ref().filter(|_| off) {
        errors.at(
            &abandon.name,
            "with `single_flight = off` no load keeps others from its key: leave `abandon_after` out",
        );
    }
    if let (Some(_), Some(patience)) = (&args.abandon_after, &args.patience) {
        errors.at(&patience.name, "`abandon_after` says how long a load is waited for: leave `patience` out");
    }
}

// What goes on behind its caller owns what it uses.
pub(super) fn loads_behind_own_what_they_use(subject: Subject, errors: &Errors) {
    let args = subject.args;
    let Some(word) = is_behind(args) else { return };
    let deadlines = args.soft_timeout.is_some() || args.hard_timeout.is_some();
    if renewing(args).next().is_none() && !deadlines {
        errors.at(
            word,
            "nothing is loaded behind its caller here: add `stale_while_revalidate = \"30s\"`, `refresh_at = 0.8` or a \
             deadline",
        );
    }
    if args.thread_local.is_some() {
        errors.at(word, "what one thread keeps no other can load: leave out `thread_local`, or `refresh`");
    }
    if args.batch.is_some() {
        errors.at(word, "the body of a batch runs for what is due and what is missing alike: leave `refresh` out");
    }
    let borrowed = subject.function.arguments.iter().filter(|argument| {
        !types::make_static(&mut argument.ty.clone()).is_empty() || tokens::borrow_mutably(&argument.ty)
    });
    for argument in borrowed {
        errors.at(
            &argument.ty,
            "a load in the background goes on when its caller has gone: take this by value, or in an `Arc`",
        );
    }
    let Some(this) = &subject.function.receiver else { return };
    if !matches!(&this.receiver.kind, ReceiverKind::Typed(..)) {
        errors.at(&this.receiver, "a load in the background goes on when its caller has gone: write `self: Arc<Self>`");
    }
}
