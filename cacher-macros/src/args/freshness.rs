//! What is said about values that are due to be loaded anew.

use super::{
    literal,
    values::{equals, expression, mismatch},
};
use crate::units;
use proc_macro2::Ident;
use std::time::Duration;
use syn::{Error, Expr, ExprLit, Lit, Result, ext::IdentExt, parse::ParseStream};

/// A part of a life: between 0 and 1.
pub(super) fn part(name: &Ident, input: ParseStream) -> Result<Expr> {
    let expr = expression(name, input)?;
    match literal(&expr) {
        Some(Lit::Float(number)) if (f64::EPSILON..1.0).contains(&number.base10_parse::<f64>()?) => Ok(expr),
        None if !matches!(expr, Expr::Closure(_) | Expr::Unary(_)) => Ok(expr),
        _ => Err(mismatch(
            name,
            expr,
            "the part of its life after which a value is loaded anew, above 0.0 and below 1.0",
        )),
    }
}

/// A positive number.
pub(super) fn eagerness(name: &Ident, input: ParseStream) -> Result<Expr> {
    let expr = expression(name, input)?;
    match literal(&expr) {
        Some(Lit::Float(number)) if number.base10_parse::<f64>()? > 0.0 => Ok(expr),
        None if !matches!(expr, Expr::Closure(_) | Expr::Unary(_)) => Ok(expr),
        _ => Err(mismatch(name, expr, "a number above 0.0; 1.0 is the optimum")),
    }
}

/// When no body runs any more.
#[derive(Clone)]
pub(crate) enum Breaker {
    /// When this part of the loads has failed in that time.
    Fixed(f64, Duration),
    /// What an expression makes.
    Expr(Expr),
}

/// `"50%/10s"`, or an expression that makes a breaker.
pub(super) fn breaker(name: &Ident, input: ParseStream) -> Result<Breaker> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let (part, window) = part_of_time(&text.value()).map_err(|problem| Error::new(text.span(), problem))?;
            Ok(Breaker::Fixed(part, window))
        }
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_)) => {
            Err(mismatch(name, other, "a part of the loads and a time"))
        }
        other => Ok(Breaker::Expr(other)),
    }
}

fn part_of_time(text: &str) -> std::result::Result<(f64, Duration), String> {
    let form = || format!("`{text}` is no part of the loads and a time: write \"50%/10s\"");
    let (part, window) = text.split_once('/').ok_or_else(form)?;
    let percent = part.trim().strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    let percent = percent.filter(|percent| *percent > 0.0 && *percent <= 100.0).ok_or_else(form)?;
    let window = units::duration(window.trim())?;
    if window.is_zero() { Err(form()) } else { Ok((percent / 100.0, window)) }
}

/// `background`, or `caller`, which is the default.
pub(super) fn refresh(name: &Ident, input: ParseStream) -> Result<Ident> {
    equals(name, input)?;
    let who = |span| Error::new(span, "`refresh` is `caller`, which is the default, or `background`, unquoted");
    let word = input.call(Ident::parse_any).map_err(|error| who(error.span()))?;
    if word == "caller" || word == "background" { Ok(word) } else { Err(who(word.span())) }
}
