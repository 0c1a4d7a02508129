//! What is said about batches.

use super::{
    literal,
    values::{equals, expression, mismatch, whole},
};
use proc_macro2::Ident;
use syn::{Error, Expr, ExprClosure, ExprLit, Lit, Result, ext::IdentExt, parse::ParseStream, punctuated::Punctuated};

/// `batch`: the arguments that hold the items.
pub(crate) enum Batch {
    /// `ids`
    One(Ident),
    /// `(xs, ys)`: side by side.
    Parallel(Ident, Ident),
    /// `product(xs, ys)`: each with each.
    Product(Ident, Ident),
}

impl Batch {
    /// The names of the arguments.
    pub(crate) fn names(&self) -> Vec<&Ident> {
        match self {
            Self::One(list) => vec![list],
            Self::Parallel(one, other) | Self::Product(one, other) => vec![one, other],
        }
    }
}

/// The name of an argument, two in parentheses, or their product.
pub(super) fn lists(name: &Ident, input: ParseStream) -> Result<Batch> {
    let wanted = "the argument that holds the items, two that stand side by side, `(xs, ys)`, or their product, \
                  `product(xs, ys)`";
    match expression(name, input)? {
        Expr::Path(path) if path.path.get_ident().is_some() => Ok(Batch::One(path.path.require_ident()?.clone())),
        Expr::Tuple(tuple) => match two(&tuple.elems) {
            Some((one, other)) => Ok(Batch::Parallel(one, other)),
            None => Err(mismatch(name, tuple, wanted)),
        },
        Expr::Call(call) if matches!(&*call.func, Expr::Path(function) if function.path.is_ident("product")) => {
            match two(&call.args) {
                Some((one, other)) => Ok(Batch::Product(one, other)),
                None => Err(mismatch(name, call, wanted)),
            }
        }
        other => Err(mismatch(name, other, wanted)),
    }
}

/// Two names.
fn two(expressions: &Punctuated<Expr, syn::Token![,]>) -> Option<(Ident, Ident)> {
    let mut names = expressions.iter().map(|expr| match expr {
        Expr::Path(path) => path.path.get_ident().cloned(),
        _ => None,
    });
    let pair = (names.next()??, names.next()??);
    names.next().is_none().then_some(pair)
}

/// How many, one at least.
pub(super) fn count(name: &Ident, input: ParseStream) -> Result<Expr> {
    match expression(name, input)? {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) if number.base10_digits() == "0" => {
            Err(Error::new_spanned(number, format!("with `{name} = 0` nothing could be loaded: write at least 1")))
        }
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => whole(&number),
        other if literal(&other).is_some() || matches!(other, Expr::Closure(_) | Expr::Unary(_)) => {
            Err(mismatch(name, other, "a number"))
        }
        other => Ok(other),
    }
}

/// `partial`, or `fail`, which is the default.
pub(super) fn on_error(name: &Ident, input: ParseStream) -> Result<Ident> {
    equals(name, input)?;
    let outcome = |span| Error::new(span, "`on_error` is `fail`, which is the default, or `partial`, unquoted");
    let word = input.call(Ident::parse_any).map_err(|error| outcome(error.span()))?;
    if word == "fail" || word == "partial" { Ok(word) } else { Err(outcome(word.span())) }
}

pub(super) fn closure(name: &Ident, input: ParseStream) -> Result<ExprClosure> {
    match expression(name, input)? {
        Expr::Closure(closure) => Ok(closure),
        other => Err(mismatch(name, other, "a closure")),
    }
}
