//! Names of groups of entries.

use super::{
    Template, literal,
    values::{equals, mismatch, ungrouped},
};
use proc_macro2::Ident;
use syn::{Error, Expr, ExprLit, Lit, Result, parse::ParseStream};

/// What makes tags of a call or of its value.
#[derive(Clone)]
pub(crate) enum Tag {
    /// `"user:{id}"`, of the arguments.
    Template(Template),
    /// A closure of the value, or the path of a function, that gives tags.
    OfValue(Expr),
}

/// `["user:{id}", "posts", |post| format!("author:{}", post.author)]`
pub(super) fn tags(name: &Ident, input: ParseStream) -> Result<Vec<Tag>> {
    equals(name, input)?;
    match input.parse::<Expr>()? {
        Expr::Array(list) if list.elems.is_empty() => {
            Err(Error::new_spanned(list, "no tag is named: leave `tags` out"))
        }
        Expr::Array(list) => list.elems.into_iter().map(|one| tag(name, ungrouped(one))).collect(),
        other => Ok(vec![tag(name, ungrouped(other))?]),
    }
}

fn tag(name: &Ident, expr: Expr) -> Result<Tag> {
    match expr {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if text.value().is_empty() => {
            Err(Error::new(text.span(), "a tag has a name: write `tags = [\"posts\"]`"))
        }
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Template::parse_any(&text).map(Tag::Template),
        expr @ (Expr::Closure(_) | Expr::Path(_)) if literal(&expr).is_none() => Ok(Tag::OfValue(expr)),
        other => Err(mismatch(name, other, "a list of templates and closures of the value")),
    }
}
