//! The values of arguments: one function for each form, from the `=` on.

use super::{literal, names};
use crate::units;
use proc_macro2::{Ident, Span};
use quote::ToTokens;
use std::time::Duration;
use syn::{
    Error, Expr, ExprClosure, ExprLit, Lit, LitInt, LitStr, Path, Result, Token, bracketed,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token::Bracket,
};

/// How long, or until when.
pub(crate) enum Timing {
    /// `"1h30m"`
    Fixed(LitStr, Duration),
    /// Runs before the body; may name the identity arguments.
    Expr(Expr),
    /// Runs after the body; gets the value.
    Closure(ExprClosure),
}

/// `companions`
pub(crate) enum Companions {
    Wanted,
    Unwanted,
    Named(Ident),
}

/// What is said when the value has another form.
pub(super) fn mismatch(name: &Ident, at: impl ToTokens, takes: &str) -> Error {
    Error::new_spanned(at, format!("`{name}` takes {takes}: write `{}`", names::form(name)))
}

/// The `=`, and something after it.
pub(super) fn equals(name: &Ident, input: ParseStream) -> Result<()> {
    let error = || Error::new(name.span(), format!("`{name}` needs a value: write `{}`", names::form(name)));
    input.parse::<Token![=]>().map_err(|_| error())?;
    if input.is_empty() || input.peek(Token![,]) { Err(error()) } else { Ok(()) }
}

/// A word that stands alone.
pub(super) fn word(name: &Ident, input: ParseStream) -> Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(input.error(format!("`{name}` takes no value: write `{name}` alone")))
}

pub(super) fn expression(name: &Ident, input: ParseStream) -> Result<Expr> {
    equals(name, input)?;
    Ok(ungrouped(input.parse()?))
}

/// Without the invisible group that `macro_rules` puts around an expression.
pub(super) fn ungrouped(expr: Expr) -> Expr {
    match expr {
        Expr::Group(group) => ungrouped(*group.expr),
        other => other,
    }
}

/// Whether it is no name of a type or a constant.
pub(super) fn is_lower_case(name: &Ident) -> bool {
    name.to_string().starts_with(char::is_lowercase)
}

/// A string literal, a `Duration` expression or a closure of the value.
pub(super) fn timing(name: &Ident, input: ParseStream) -> Result<Timing> {
    match expression(name, input)? {
        Expr::Closure(closure) => Ok(Timing::Closure(closure)),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let duration = units::duration(&text.value()).map_err(|problem| Error::new(text.span(), problem))?;
            Ok(Timing::Fixed(text, duration))
        }
        Expr::Lit(ExprLit { lit: lit @ (Lit::Int(_) | Lit::Float(_)), .. }) => Err(without_unit(name, &lit)),
        Expr::Lit(other) => Err(mismatch(name, other, "a duration")),
        other => Ok(Timing::Expr(other)),
    }
}

fn without_unit(name: &Ident, number: &Lit) -> Error {
    let written = number.to_token_stream();
    Error::new_spanned(number, format!("a duration needs a unit: write `{name} = \"{written}s\"`"))
}

/// An expression or a closure of the value that gives a point in time.
pub(super) fn moment(name: &Ident, input: ParseStream) -> Result<Timing> {
    match expression(name, input)? {
        Expr::Closure(closure) => Ok(Timing::Closure(closure)),
        other if literal(&other).is_some() => {
            Err(mismatch(name, other, "a point in time, as an expression or a closure; a duration is a `ttl`"))
        }
        other => Ok(Timing::Expr(other)),
    }
}

/// `[Slow, Round]`
pub(super) fn strategies(name: &Ident, input: ParseStream) -> Result<Vec<Expr>> {
    match expression(name, input)? {
        Expr::Array(list) if list.elems.is_empty() => {
            Err(Error::new_spanned(list, "no strategy is named: leave `strategies` out"))
        }
        Expr::Array(list) => Ok(list.elems.into_iter().map(ungrouped).collect()),
        other => Err(mismatch(name, other, "a list of expressions")),
    }
}

/// The same number without its suffix, so that its type is the one that is asked for.
pub(super) fn whole(written: &LitInt) -> Result<Expr> {
    Ok(number(written.base10_parse()?, written.span()))
}

pub(super) fn number(number: u64, span: Span) -> Expr {
    let lit = Lit::Int(LitInt::new(&number.to_string(), span));
    Expr::Lit(ExprLit { attrs: Vec::new(), lit })
}

/// `[db, self]`
pub(super) fn idents(name: &Ident, input: ParseStream) -> Result<Vec<Ident>> {
    equals(name, input)?;
    if !input.peek(Bracket) {
        return Err(input.error(format!("`{name}` takes a list of names: write `{}`", names::form(name))));
    }
    let content;
    bracketed!(content in input);
    let idents = Punctuated::<_, Token![,]>::parse_terminated_with(&content, ident)?;
    Ok(idents.into_iter().collect())
}

fn ident(input: ParseStream) -> Result<Ident> {
    let at = input.span();
    let ident = input.call(Ident::parse_any).ok().filter(|_| input.is_empty() || input.peek(Token![,]));
    ident.ok_or_else(|| {
        Error::new(at, "this is not the name of an argument; to use a part of one, write `key = (..)` in place of this")
    })
}

/// `[a, b]` of what can be parsed; at least one.
pub(super) fn list<T: Parse>(name: &Ident, input: ParseStream, of: &str) -> Result<Vec<T>> {
    equals(name, input)?;
    let wanted = || input.error(format!("`{name}` takes a list of {of}: write `{}`", names::form(name)));
    if !input.peek(Bracket) {
        return Err(wanted());
    }
    let empty = wanted();
    let content;
    bracketed!(content in input);
    let all = Punctuated::<T, Token![,]>::parse_terminated(&content)?;
    if all.is_empty() { Err(empty) } else { Ok(all.into_iter().collect()) }
}

pub(super) fn expressions(name: &Ident, input: ParseStream) -> Result<Vec<Expr>> {
    Ok(list(name, input, "expressions")?.into_iter().map(ungrouped).collect())
}

/// A closure of the value, or the path of a function.
pub(super) fn predicate(name: &Ident, input: ParseStream) -> Result<Expr> {
    match expression(name, input)? {
        predicate @ (Expr::Closure(_) | Expr::Path(_)) => Ok(predicate),
        other => Err(mismatch(name, other, "a closure of the value")),
    }
}

/// Closures of the value, and expressions of the arguments.
pub(super) fn conditions(name: &Ident, input: ParseStream) -> Result<Vec<Expr>> {
    let condition = |expr: Expr| match literal(&expr) {
        None => Ok(expr),
        Some(_) => Err(mismatch(name, expr, "a closure of the value, or an expression of the arguments")),
    };
    match expression(name, input)? {
        Expr::Array(list) if list.elems.is_empty() => {
            Err(Error::new_spanned(list, "no condition is named: leave `cache_if` out"))
        }
        Expr::Array(list) => list.elems.into_iter().map(ungrouped).map(condition).collect(),
        other => Ok(vec![condition(other)?]),
    }
}

pub(super) fn text(name: &Ident, input: ParseStream) -> Result<LitStr> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(text),
        other => Err(mismatch(name, other, "a string")),
    }
}

pub(super) fn path(name: &Ident, input: ParseStream) -> Result<Path> {
    equals(name, input)?;
    input.call(Path::parse_mod_style).map_err(|error| {
        let form = names::form(name);
        Error::new(error.span(), format!("`{name}` takes the path of the cacher crate, unquoted: write `{form}`"))
    })
}

/// `companions`, `companions = true`, `companions = false`, `companions = user_cache`
pub(super) fn companions(name: &Ident, input: ParseStream) -> Result<Companions> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(Companions::Wanted);
    }
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Bool(wanted), .. }) if wanted.value => Ok(Companions::Wanted),
        Expr::Lit(ExprLit { lit: Lit::Bool(_), .. }) => Ok(Companions::Unwanted),
        Expr::Path(path) if path.path.get_ident().is_some() => {
            Ok(Companions::Named(path.path.require_ident()?.clone()))
        }
        other => Err(mismatch(name, other, "a name, `true` or `false`")),
    }
}
