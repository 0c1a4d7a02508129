//! What is said about stores.

use super::{
    Rate, literal,
    values::{equals, expression, is_lower_case, mismatch, number, ungrouped, whole},
};
use crate::units;
use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::{Error, Expr, ExprClosure, ExprLit, ExprPath, Lit, LitStr, Result, ext::IdentExt, parse::ParseStream};

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

/// `keyer`
pub(crate) enum Keyer {
    Hash,
    Readable,
    Closure(ExprClosure),
    /// An expression that makes a keyer.
    Expr(Expr),
}

/// `write`
pub(crate) enum Write {
    Through,
    Background,
    /// Makes a `Background`, once.
    Expr(Expr),
}

/// `single_flight`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flight {
    Local,
    Distributed,
    Off,
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
