//! What is said about when bodies may run, and how many.

use super::{
    literal,
    values::{equals, expression, is_lower_case, mismatch, whole},
};
use crate::units;
use proc_macro2::Ident;
use std::time::Duration;
use syn::{Error, Expr, ExprLit, Lit, Result, ext::IdentExt, parse::ParseStream};

/// `rate_limit`
pub(crate) enum Rate {
    /// `"10/s"`: so many calls in such a time.
    Fixed(u32, Duration),
    /// Makes a `RateLimit`, once.
    Expr(Expr),
}

/// `on_limit`, with the word as it is written.
pub(crate) enum OnLimit {
    Wait,
    Error(Ident),
    Stale(Ident),
}

/// `"10/s"`, or an expression that makes a `RateLimit`.
pub(super) fn rate(name: &Ident, input: ParseStream) -> Result<Rate> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let (calls, time) = units::rate(&text.value()).map_err(|problem| Error::new(text.span(), problem))?;
            Ok(Rate::Fixed(calls, time))
        }
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_)) => Err(mismatch(name, other, "a rate")),
        other => Ok(Rate::Expr(other)),
    }
}

/// A number of calls.
pub(super) fn calls(name: &Ident, input: ParseStream) -> Result<Expr> {
    at_least_one(name, input, "a number of calls")
}

/// A number of bodies.
pub(super) fn bodies(name: &Ident, input: ParseStream) -> Result<Expr> {
    at_least_one(name, input, "a number of bodies")
}

fn at_least_one(name: &Ident, input: ParseStream, takes: &str) -> Result<Expr> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if number.base10_digits() == "0" => {
            Err(Error::new_spanned(number, "no body could ever run: write at least 1"))
        }
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => whole(&number),
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_) | Expr::Unary(_)) => {
            Err(mismatch(name, other, takes))
        }
        other => Ok(other),
    }
}

/// `second_sighting`, or an expression that makes a strategy.
pub(super) fn admission(name: &Ident, input: ParseStream) -> Result<Expr> {
    match expression(name, input)? {
        Expr::Path(path) if path.path.is_ident("second_sighting") => Ok(Expr::Path(path)),
        Expr::Path(path) if path.path.get_ident().is_some_and(is_lower_case) => {
            let text = "`admit` is `second_sighting`, or an expression that makes a `cacher::strategy::Doorkeeper`";
            Err(Error::new_spanned(path, text))
        }
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_)) => {
            Err(mismatch(name, other, "`second_sighting`, or an expression that makes a `Doorkeeper`, unquoted"))
        }
        other => Ok(other),
    }
}

/// What of the arguments has a rate of its own.
pub(super) fn per(name: &Ident, input: ParseStream) -> Result<Expr> {
    match expression(name, input)? {
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_)) => {
            Err(mismatch(name, other, "an expression of the arguments, whose values have a rate each"))
        }
        other => Ok(other),
    }
}

/// A fraction of one.
pub(super) fn share(name: &Ident, input: ParseStream) -> Result<Expr> {
    let expr = expression(name, input)?;
    match literal(&expr) {
        Some(Lit::Float(number)) if (0.0..=1.0).contains(&number.base10_parse::<f64>()?) => Ok(expr),
        None if !matches!(expr, Expr::Closure(_) | Expr::Unary(_)) => Ok(expr),
        _ => Err(mismatch(name, expr, "a fraction between 0.0 and 1.0")),
    }
}

pub(super) fn on_limit(name: &Ident, input: ParseStream) -> Result<OnLimit> {
    equals(name, input)?;
    let outcome = |span| Error::new(span, "`on_limit` is `wait`, which is the default, `error` or `stale`, unquoted");
    let word = input.call(Ident::parse_any).map_err(|error| outcome(error.span()))?;
    match word.to_string().as_str() {
        "wait" => Ok(OnLimit::Wait),
        "error" => Ok(OnLimit::Error(word)),
        "stale" => Ok(OnLimit::Stale(word)),
        _ => Err(outcome(word.span())),
    }
}
