//! What is said about what identifies a call.

use super::{
    Template,
    values::{expression, list, mismatch},
};
use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Error, Expr, ExprLit, ExprPath, Lit, LitStr, Result, parse::ParseStream};

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

/// The paths of functions.
pub(super) fn functions(name: &Ident, input: ParseStream) -> Result<Vec<ExprPath>> {
    list(name, input, "functions")
}
