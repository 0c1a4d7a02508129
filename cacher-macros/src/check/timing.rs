//! Durations, closures, and what the expressions may name.

use super::{Subject, keyer, wrap};
use crate::{
    args::{Args, Backend, Breaker, Format, Given, Rate, Tag, Timing},
    errors::Errors,
    item::Argument,
    tokens,
};
use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Expr, ExprClosure};

impl<'s> Subject<'s> {
    /// The arguments that say how long.
    fn timings(self) -> impl Iterator<Item = &'s Given<Timing>> {
        let args = self.args;
        let life = [&args.ttl, &args.tti, &args.expires_at, &args.jitter, &args.none_ttl];
        let beyond = [&args.stale_while_revalidate, &args.stale_if_error, &args.revalidate, &args.error_ttl];
        let body = [&args.soft_timeout, &args.hard_timeout, &args.abandon_after];
        let waits = [&args.patience, &args.max_wait, &args.batch_window];
        life.into_iter().chain(beyond).chain(body).chain(waits).flatten()
    }

    /// Each closure, with the name of the argument that it is given to.
    fn closures(self) -> impl Iterator<Item = (&'s Ident, &'s ExprClosure)> {
        let timings = self.timings().filter_map(|given| match &given.value {
            Timing::Closure(closure) if takes_closure(&given.name) => Some((&given.name, closure)),
            _ => None,
        });
        let of_values = self.args.cache_if.iter().flat_map(|given| given.value.iter().map(|expr| (&given.name, expr)));
        let of_tags = self.args.tags.iter().flat_map(|given| {
            given.value.iter().filter_map(|tag| match tag {
                Tag::OfValue(expr) => Some((&given.name, expr)),
                Tag::Template(_) => None,
            })
        });
        let of_errors = self.args.error_if.iter().map(|given| (&given.name, &given.value));
        let predicates = of_values.chain(of_tags).chain(of_errors).filter_map(|(name, expr)| match expr {
            Expr::Closure(closure) => Some((name, closure)),
            _ => None,
        });
        timings.chain(predicates)
    }

    /// The argument that a name stands for, by itself or as a part of a pattern.
    fn argument(self, name: &Ident) -> Option<&'s Argument> {
        self.function.arguments.iter().find(|argument| match &argument.pattern {
            Some(pattern) => tokens::bound(pattern).contains(name),
            None => argument.ident == *name,
        })
    }
}

/// Whether this argument of the attribute is one for all calls.
fn is_fixed(name: &Ident) -> bool {
    !["ttl", "expires_at", "none_ttl"].iter().any(|of_a_call| name == of_a_call)
}

/// Whether this argument of the attribute may depend on the value.
fn takes_closure(name: &Ident) -> bool {
    name == "ttl" || name == "expires_at"
}

pub(super) fn no_zero(subject: Subject, errors: &Errors) {
    for given in subject.timings() {
        let Timing::Fixed(text, duration) = &given.value else { continue };
        let advice = match given.name.to_string().as_str() {
            "patience" => "no call would wait for another: write `single_flight = off`",
            "none_ttl" => "`None` would not be kept: write `cache_if = |value| value.is_some()`",
            "jitter" => "nothing would be spread: leave it out",
            "max_wait" => "no call would wait: write `on_limit = error`",
            "stale_while_revalidate" | "stale_if_error" | "revalidate" => {
                "no value would be kept past its time: leave it out"
            }
            "error_ttl" => "no error would answer further calls: leave it out",
            "soft_timeout" | "hard_timeout" | "abandon_after" => "no body could ever be waited for: leave it out",
            "batch_window" => "no call would wait for others: leave it out",
            _ => "nothing would be kept: remove `#[cache]`",
        };
        if duration.is_zero() {
            errors.at(text, format!("`{}` is zero, {advice}", given.name));
        }
    }
}

// These are asked for before there is a value.
pub(super) fn closures_where_a_value_is(subject: Subject, errors: &Errors) {
    for given in subject.timings() {
        let name = &given.name;
        if let Timing::Closure(closure) = &given.value
            && !takes_closure(name)
        {
            errors.at(
                closure,
                format!("`{name}` is the same for all values: write a duration, as in `{name} = \"30s\"`"),
            );
        }
    }
}

pub(super) fn closures_take_the_value(subject: Subject, errors: &Errors) {
    for (name, closure) in subject.closures() {
        if closure.inputs.len() != 1 {
            errors.at(
                closure,
                format!("the closure of `{name}` takes one argument, a reference to the value: `|value| ..`"),
            );
        } else if let Some(word) = closure.asyncness {
            errors.at(word, format!("the closure of `{name}` can't wait: remove `async`"));
        }
    }
}

// The body has run by then, and may have consumed its arguments.
pub(super) fn closures_capture_no_argument(subject: Subject, errors: &Errors) {
    for (name, closure) in subject.closures() {
        for captured in tokens::captures(closure) {
            if captured == "self" || subject.argument(&captured).is_some() {
                let instead = match name.to_string().as_str() {
                    "tags" => format!(", or a template in place of the closure, as in `\"group:{{{captured}}}\"`"),
                    "error_if" => String::new(),
                    _ => ", or write an expression in place of the closure".to_owned(),
                };
                errors.at(
                    &captured,
                    format!(
                        "the closure of `{name}` runs after the body, which may have consumed `{captured}`: \
                         use the value only{instead}"
                    ),
                );
            }
        }
    }
}

// `entry(..)` has the identity arguments only, and `insert` on it evaluates these as well.
pub(super) fn expressions_name_identity_only(subject: Subject, errors: &Errors) {
    let timings = subject.timings().filter_map(|given| match &given.value {
        Timing::Expr(expr) if !is_fixed(&given.name) => Some((&given.name, expr)),
        _ => None,
    });
    let others = [&subject.args.site, &subject.args.per].into_iter().flatten();
    let others = others.map(|given| (&given.name, &given.value));
    let conditions = subject.args.cache_if.iter().flat_map(|given| given.value.iter().map(|expr| (&given.name, expr)));
    let others = others.chain(conditions.filter(|(_, expr)| !matches!(expr, Expr::Closure(_))));
    let tags = subject.args.tags.as_ref().map(|given| &given.name);
    let tags = tags
        .into_iter()
        .flat_map(|name| subject.tag_templates().flat_map(move |tag| tag.parts.iter().map(move |part| (name, part))));
    let others = others.chain(tags);
    let outside = subject.args.depends_on.iter().flat_map(|given| given.value.iter().map(|expr| (&given.name, expr)));
    for (name, expr) in timings.chain(others).chain(outside) {
        for used in tokens::names(expr) {
            match subject.argument(&used) {
                Some(argument) if !argument.is_named() => errors.at(&used, part(&used)),
                Some(argument) if !subject.identifies(argument) => {
                    errors.at(&used, format!("`{name}` may name only what identifies a call, and `{used}` does not"));
                }
                _ => {}
            }
        }
    }
    for used in subject.key_names().into_iter().flatten() {
        if subject.argument(&used).is_some_and(|argument| !argument.is_named()) {
            errors.at(&used, part(&used));
        }
    }
}

fn part(used: &Ident) -> String {
    format!("`{used}` is a part of an argument, which is taken apart in the body only: give the whole a name")
}

// The cache is made once, at whichever call comes first.
pub(super) fn fixed_names_no_argument(subject: Subject, errors: &Errors) {
    let args = subject.args;
    let bounds = [&args.capacity, &args.max_bytes, &args.process_memory].into_iter().flatten();
    let bounds = bounds.map(|given| (&given.name, given.value.to_token_stream()));
    let backends = args.backend.iter().flat_map(|given| given.value.iter().map(move |one| (&given.name, one)));
    let backends = backends.filter_map(|(name, one)| match one {
        Backend::Expr(expr) => Some((name, expr.to_token_stream())),
        Backend::Url(_) => None,
    });
    let format = args.format.iter().filter_map(|given| match &given.value {
        Format::Expr(expr) => Some((&given.name, expr.to_token_stream())),
        Format::Text(_) => None,
    });
    let timings = subject.timings().filter_map(|given| match &given.value {
        Timing::Expr(expr) if is_fixed(&given.name) => Some((&given.name, expr.to_token_stream())),
        _ => None,
    });
    let fixed = bounds
        .chain(backends)
        .chain(format)
        .chain(limits(args))
        .chain(wrap::made(args))
        .chain(timings)
        .flat_map(|(name, expr)| tokens::names(expr).into_iter().map(move |it| (name, it)));
    for (name, used) in fixed.chain(keyer::captured(args)) {
        if used == "self" || subject.argument(&used).is_some() {
            errors.at(&used, format!("`{name}` is set once for all calls, so it can't depend on `{used}`"));
        }
    }
}

/// What is made once beside the bounds and the backends.
fn limits(args: &Args) -> impl Iterator<Item = (&Ident, TokenStream)> {
    let details = [&args.burst, &args.variance].into_iter().flatten();
    let details = details.map(|given| (&given.name, given.value.to_token_stream()));
    let made = args.rate_limit.iter().filter_map(|given| match &given.value {
        Rate::Expr(expr) => Some((&given.name, expr.to_token_stream())),
        Rate::Fixed(..) => None,
    });
    let listed = args.strategies.iter().flat_map(|given| given.value.iter().map(move |one| (&given.name, one)));
    let others = [&args.max_concurrent, &args.admit, &args.refresh_at, &args.xfetch]
        .into_iter()
        .flatten()
        .map(|given| (&given.name, &given.value));
    let breakers = args.breaker.iter().filter_map(|given| match &given.value {
        Breaker::Expr(expr) => Some((&given.name, expr)),
        Breaker::Fixed(..) => None,
    });
    let strategies = listed.chain(others).chain(breakers).map(|(name, one)| (name, one.to_token_stream()));
    details.chain(made).chain(strategies)
}

pub(super) fn site_is_a_field(subject: Subject, errors: &Errors) {
    let Some(site) = &subject.args.site else { return };
    if subject.function.receiver.is_none() {
        errors.at(&site.name, "`site` is for methods, whose instances each have a cache of their own: leave it out");
    } else if !tokens::names(&site.value).iter().any(|name| name == "self") {
        errors
            .at(&site.value, "`site` names a field of the instance, of type `cacher::Site`: write `site = self.cache`");
    }
}
