//! What a writer invalidates or updates: an entry, all entries of a function, or a tag.

use super::Deed;
use crate::args::Template;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Error, Expr, ExprCall, ExprLit, ExprMethodCall, ExprPath, Lit, Path, PathArguments, Result};

pub(super) enum Target {
    /// `user::entry(id)`
    Entry(TokenStream),
    /// `user::cache()`
    All(TokenStream),
    /// `"user:{id}"`
    Tag(Template),
}

const FORM: &str = "write the call whose entry is meant, as in `user(id)`; all entries of a function are `user(..)`, \
                    and those with a tag `tag(\"user:{id}\")`";

impl Target {
    pub(super) fn of(deed: Deed, expr: Expr) -> Result<Self> {
        let target = match &expr {
            Expr::Call(call) => Self::of_call(call)?,
            Expr::MethodCall(call) => Self::of_method(call)?,
            _ => return Err(Error::new_spanned(expr, FORM)),
        };
        if deed == Deed::Updates && !matches!(target, Self::Entry(_)) {
            let text = "one value is put into one entry: write `user(id)`, and the rest into `#[cacher::invalidates]`";
            return Err(Error::new_spanned(expr, text));
        }
        Ok(target)
    }

    fn of_call(ExprCall { func, args, .. }: &ExprCall) -> Result<Self> {
        let Expr::Path(ExprPath { path, qself: None, .. }) = &**func else {
            return Err(Error::new_spanned(func, FORM));
        };
        if path.is_ident("tag") {
            return tag(path, args);
        }
        if is_all(args) {
            let cache = companion(path, "cache");
            return Ok(Self::All(quote!(#cache())));
        }
        let (entry, args) = (companion(path, "entry"), args.iter().map(argument));
        Ok(Self::Entry(quote!(#entry(#(#args),*))))
    }

    fn of_method(call: &ExprMethodCall) -> Result<Self> {
        let ExprMethodCall { receiver, method, turbofish, args, .. } = call;
        if is_all(args) {
            return Err(Error::new_spanned(call, format!("for all entries name the type: write `Self::{method}(..)`")));
        }
        let entry = format_ident!("{method}_entry", span = method.span());
        let args = args.iter().map(argument);
        Ok(Self::Entry(quote!(#receiver.#entry #turbofish(#(#args),*))))
    }

    /// What is made before the body runs, which may take the arguments away.
    pub(super) fn prepared(&self, rt: &TokenStream) -> TokenStream {
        match self {
            Self::Entry(entry) => entry.clone(),
            Self::All(cache) => quote!(#rt::written::all(#cache)),
            Self::Tag(Template { text, parts, .. }) => {
                let escaped = text.iter().map(|piece| piece.replace('{', "{{").replace('}', "}}"));
                let format = escaped.collect::<Vec<_>>().join("{}");
                quote!(::std::format!(#format, #(#parts),*))
            }
        }
    }

    /// What is done with it when the body has returned a value.
    pub(super) fn done(&self, deed: Deed, rt: &TokenStream, name: &Ident, value: &Ident, wait: bool) -> TokenStream {
        let (what, value) = match (self, deed) {
            (Self::Entry(_), Deed::Updates) => ("update", Some(quote!(, ::core::clone::Clone::clone(#value)))),
            (Self::Entry(_), Deed::Invalidates) => ("invalidate", None),
            (Self::All(_), _) => ("clear", None),
            (Self::Tag(_), _) => ("invalidate_tag", None),
        };
        if wait {
            let what = Ident::new(&format!("{what}_async"), Span::mixed_site());
            quote!(#rt::written::#what(&#name #value).await;)
        } else {
            let what = Ident::new(what, Span::mixed_site());
            quote!(#rt::written::#what(&#name #value);)
        }
    }
}

/// `tag("user:{id}")`
fn tag(name: &Path, args: &super::List) -> Result<Target> {
    match args.first() {
        Some(Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) if args.len() == 1 && !text.value().is_empty() => {
            Template::parse_any(text).map(Target::Tag)
        }
        Some(other) => Err(Error::new_spanned(other, "a tag is text: write `tag(\"user:{id}\")`")),
        None => Err(Error::new_spanned(name, "which one? write `tag(\"user:{id}\")`")),
    }
}

/// `(..)`
fn is_all(args: &super::List) -> bool {
    matches!(args.first(), Some(Expr::Range(range)) if range.start.is_none() && range.end.is_none()) && args.len() == 1
}

/// `user::entry`, `Client::user_entry`: behind a type, which is written large, stand functions of its own.
fn companion(path: &Path, what: &str) -> TokenStream {
    let mut path = path.clone();
    let behind_type = path.segments.iter().rev().nth(1).is_some_and(|segment| is_type(&segment.ident));
    let Some(last) = path.segments.last_mut() else { return path.to_token_stream() };
    let span = last.ident.span();
    if behind_type {
        last.ident = format_ident!("{}_{what}", last.ident, span = span);
        return path.to_token_stream();
    }
    let what = Ident::new(what, span);
    let turbofish = match std::mem::replace(&mut last.arguments, PathArguments::None) {
        PathArguments::AngleBracketed(mut arguments) => {
            arguments.colon2_token = Some(syn::token::PathSep::default());
            Some(arguments)
        }
        _ => None,
    };
    quote!(#path::#what #turbofish)
}

fn is_type(name: &Ident) -> bool {
    name.to_string().starts_with(|first: char| first.is_uppercase())
}

/// An argument of the writer is needed by its body as well.
fn argument(expr: &Expr) -> TokenStream {
    match expr {
        Expr::Path(ExprPath { path, qself: None, .. }) if path.get_ident().is_some_and(|name| !is_type(name)) => {
            quote!(::core::clone::Clone::clone(&#expr))
        }
        other => other.to_token_stream(),
    }
}
