//! The values of arguments: one function for each form, from the `=` on.

use super::{Template, literal, names};
use crate::units;
use proc_macro2::{Ident, Span};
use quote::ToTokens;
use std::time::Duration;
use syn::{
    Error, Expr, ExprClosure, ExprLit, ExprPath, Lit, LitInt, LitStr, Path, Result, Token, bracketed,
    ext::IdentExt,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
    token::Bracket,
};

/// One store.
pub(crate) enum Backend {
    Url(LitStr),
    Expr(Expr),
}

/// `format`
pub(crate) enum Format {
    /// `"msgpack+zstd"`
    Text(LitStr),
    /// Makes one, once.
    Expr(Expr),
}

/// How long, or until when.
pub(crate) enum Timing {
    /// `"1h30m"`
    Fixed(LitStr, Duration),
    /// Runs before the body; may name the identity arguments.
    Expr(Expr),
    /// Runs after the body; gets the value.
    Closure(ExprClosure),
}

/// What identifies a call in place of the arguments.
pub(crate) enum Key {
    /// `(self.base_url, path)`
    Tuple(Vec<Expr>),
    /// `"user:{user.id}:{page}"`
    Template(Template),
}

impl Key {
    /// The expressions, in order.
    pub(crate) fn parts(&self) -> &[Expr] {
        match self {
            Self::Tuple(parts) => parts,
            Self::Template(template) => &template.parts,
        }
    }

    pub(crate) fn template(&self) -> Option<&Template> {
        match self {
            Self::Tuple(_) => None,
            Self::Template(template) => Some(template),
        }
    }
}

/// `version`
pub(crate) enum Version {
    /// `"v1"`
    Text(LitStr),
    /// `code`: a hash of the function's tokens.
    Code,
}

/// `single_flight`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flight {
    Local,
    Distributed,
    Off,
}

/// `keyer`
pub(crate) enum Keyer {
    Hash,
    Readable,
    Closure(ExprClosure),
    /// An expression that makes a keyer.
    Expr(Expr),
}

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

/// `write`
pub(crate) enum Write {
    Through,
    Background,
    /// Makes a `Background`, once.
    Expr(Expr),
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

/// A number of revisions.
pub(super) fn revisions(name: &Ident, input: ParseStream) -> Result<Expr> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if number.base10_digits() == "0" => {
            Err(Error::new_spanned(number, "nothing would be kept: write at least 1, or leave `revisions` out"))
        }
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => whole(&number),
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_) | Expr::Unary(_)) => {
            Err(mismatch(name, other, "a number of revisions"))
        }
        other => Ok(other),
    }
}

/// `through`, `background`, or an expression that makes a `Background`.
pub(super) fn write(name: &Ident, input: ParseStream) -> Result<Write> {
    match expression(name, input)? {
        Expr::Path(path) if path.path.is_ident("through") => Ok(Write::Through),
        Expr::Path(path) if path.path.is_ident("background") => Ok(Write::Background),
        Expr::Path(path) if path.path.get_ident().is_some_and(is_lower_case) => {
            let text = "`write` is `through`, which is the default, or `background`";
            Err(Error::new_spanned(path, text))
        }
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_) | Expr::Array(_)) => {
            Err(mismatch(name, other, "`through`, `background`, or an expression that makes a `Background`"))
        }
        other => Ok(Write::Expr(other)),
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

/// A number of entries.
pub(super) fn entries(name: &Ident, input: ParseStream) -> Result<Expr> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => whole(&number),
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_) | Expr::Unary(_)) => {
            Err(mismatch(name, other, "a number of entries"))
        }
        other => Ok(other),
    }
}

/// A size with its unit, or a number of bytes.
pub(super) fn bytes(name: &Ident, input: ParseStream) -> Result<Expr> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => whole(&number),
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let size = units::size(&text.value()).map_err(|problem| Error::new(text.span(), problem))?;
            Ok(number(size, text.span()))
        }
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_) | Expr::Unary(_)) => {
            Err(mismatch(name, other, "a size"))
        }
        other => Ok(other),
    }
}

/// The orders in which entries make room.
pub(crate) const EVICTIONS: [&str; 5] = ["lru", "fifo", "lfu", "lifo", "random"];

pub(super) fn eviction(name: &Ident, input: ParseStream) -> Result<Ident> {
    equals(name, input)?;
    let order = |span| {
        Error::new(span, "`eviction` is `lru`, which is the default, `fifo`, `lfu`, `lifo` or `random`, unquoted")
    };
    let word = input.call(Ident::parse_any).map_err(|error| order(error.span()))?;
    if EVICTIONS.contains(&word.to_string().as_str()) { Ok(word) } else { Err(order(word.span())) }
}

/// How often at least.
pub(super) fn frequency(name: &Ident, input: ParseStream) -> Result<Rate> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let (times, time) = units::rate(&text.value()).map_err(|problem| Error::new(text.span(), problem))?;
            Ok(Rate::Fixed(times, time))
        }
        other => Err(mismatch(name, other, "how often an entry is asked for at least")),
    }
}

/// The same number without its suffix, so that its type is the one that is asked for.
pub(super) fn whole(written: &LitInt) -> Result<Expr> {
    Ok(number(written.base10_parse()?, written.span()))
}

fn number(number: u64, span: Span) -> Expr {
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
fn list<T: Parse>(name: &Ident, input: ParseStream, of: &str) -> Result<Vec<T>> {
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

/// The paths of functions.
pub(super) fn functions(name: &Ident, input: ParseStream) -> Result<Vec<ExprPath>> {
    list(name, input, "functions")
}

/// `"v1"` or `code`
pub(super) fn version(name: &Ident, input: ParseStream) -> Result<Version> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(Version::Text(text)),
        Expr::Path(path) if path.path.is_ident("code") => Ok(Version::Code),
        Expr::Lit(ExprLit { lit: lit @ (Lit::Int(_) | Lit::Float(_)), .. }) => {
            let written = lit.to_token_stream();
            Err(Error::new_spanned(lit, format!("`version` takes a string or `code`: write `version = \"{written}\"`")))
        }
        other => Err(mismatch(name, other, "a string or `code`")),
    }
}

/// A tuple or a template.
pub(super) fn key(name: &Ident, input: ParseStream) -> Result<Key> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Template::parse(&text).map(Key::Template),
        other => tuple(name, other).map(Key::Tuple),
    }
}

/// `(self.base_url, path)`; one expression in parentheses is a tuple of one.
fn tuple(name: &Ident, value: Expr) -> Result<Vec<Expr>> {
    match value {
        Expr::Tuple(tuple) if tuple.elems.is_empty() => {
            Err(mismatch(name, tuple, "at least one expression, or all calls would share one entry"))
        }
        Expr::Tuple(tuple) => Ok(tuple.elems.into_iter().collect()),
        Expr::Paren(paren) => Ok(vec![*paren.expr]),
        other => Err(mismatch(name, other, "a tuple of expressions, in parentheses, or a template")),
    }
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

/// `hash`, `readable`, a closure of the call, or an expression that makes a keyer.
pub(super) fn keyer(name: &Ident, input: ParseStream) -> Result<Keyer> {
    match expression(name, input)? {
        Expr::Path(path) if path.path.is_ident("hash") => Ok(Keyer::Hash),
        Expr::Path(path) if path.path.is_ident("readable") => Ok(Keyer::Readable),
        Expr::Path(path) if path.path.get_ident().is_some_and(is_lower_case) => Err(no_keyer(&path)),
        Expr::Closure(closure) => Ok(Keyer::Closure(closure)),
        Expr::Lit(lit) => Err(mismatch(name, lit, "`hash`, `readable`, or an expression that makes a keyer, unquoted")),
        Expr::Array(list) => Err(mismatch(name, list, "one keyer: a key has one name in all stores")),
        other => Ok(Keyer::Expr(other)),
    }
}

/// Whether it is no name of a type or a constant.
fn is_lower_case(name: &Ident) -> bool {
    name.to_string().starts_with(char::is_lowercase)
}

fn no_keyer(path: &ExprPath) -> Error {
    let text = format!(
        "there is no keyer `{}`: write `hash`, which is BLAKE3, or `readable`; \
         for a hash function of your own `cacher::keyer::Hash::with(|identity| ..)`",
        path.to_token_stream()
    );
    Error::new_spanned(path, text)
}

/// A closure of the call, or the path of a function.
pub(super) fn file_name(name: &Ident, input: ParseStream) -> Result<Expr> {
    match expression(name, input)? {
        file_name @ (Expr::Closure(_) | Expr::Path(_)) => Ok(file_name),
        other => Err(mismatch(name, other, "a closure of the call that gives a path")),
    }
}

/// The name of a format, or an expression that makes one.
pub(super) fn format(name: &Ident, input: ParseStream) -> Result<Format> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(Format::Text(text)),
        Expr::Path(path) if path.path.get_ident().is_some_and(is_lower_case) => {
            let written = path.to_token_stream();
            Err(Error::new_spanned(&path, format!("`format` takes a string: write `format = \"{written}\"`")))
        }
        Expr::Array(list) => Err(mismatch(name, list, "one format, with `+` between its pieces")),
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_)) => {
            Err(mismatch(name, other, "the name of a format, or an expression that makes one"))
        }
        other => Ok(Format::Expr(other)),
    }
}

/// One backend, or several in brackets.
pub(super) fn backends(name: &Ident, input: ParseStream) -> Result<Vec<Backend>> {
    match expression(name, input)? {
        Expr::Array(list) if list.elems.is_empty() => {
            Err(Error::new_spanned(list, "no backend is named: leave `backend` out for memory"))
        }
        Expr::Array(list) => list.elems.into_iter().map(|one| backend(name, ungrouped(one))).collect(),
        one => Ok(vec![backend(name, one)?]),
    }
}

fn backend(name: &Ident, expr: Expr) -> Result<Backend> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(url), .. }) => Ok(Backend::Url(url)),
        Expr::Call(call) if call.func.to_token_stream().to_string() == "registered" && call.args.len() != 1 => {
            let text = "`registered` takes the name of a backend: write `registered(\"posts\")`";
            Err(Error::new_spanned(call, text))
        }
        Expr::Lit(_) | Expr::Closure(_) | Expr::Array(_) => {
            Err(mismatch(name, expr, "a URL, an expression that makes a backend, or a list of them"))
        }
        expr => Ok(Backend::Expr(expr)),
    }
}

pub(super) fn flight(name: &Ident, input: ParseStream) -> Result<Flight> {
    equals(name, input)?;
    let word = input.call(Ident::parse_any).map_err(|error| mode(error.span()))?;
    match word.to_string().as_str() {
        "local" => Ok(Flight::Local),
        "off" => Ok(Flight::Off),
        "distributed" => Ok(Flight::Distributed),
        _ => Err(mode(word.span())),
    }
}

fn mode(span: Span) -> Error {
    Error::new(span, "`single_flight` is `local`, which is the default, `distributed` or `off`")
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
