//! Which functions can be writers.

use super::Deed;
use crate::{errors::Errors, item::Function, types};
use proc_macro2::TokenStream;
use syn::{
    Attribute, ReturnType, Safety, Type,
    parse::{ParseStream, Parser},
};

/// A hit would skip the body, and with it what it changes.
pub(super) fn caches_nothing(deed: Deed, item: &TokenStream, errors: &Errors) {
    let attrs = |input: ParseStream| {
        let attrs = input.call(Attribute::parse_outer)?;
        input.parse::<TokenStream>()?;
        Ok(attrs)
    };
    let attrs = attrs.parse2(item.clone()).unwrap_or_default();
    let cached = attrs.iter().find(|attr| attr.path().segments.last().is_some_and(|last| last.ident == "cache"));
    if let Some(cached) = cached {
        let text = format!("what `#[{}]` stands on is to run at each call: don't cache it", deed.name());
        errors.at(cached, text);
    }
}

pub(super) fn function(deed: Deed, function: &Function, errors: &Errors) {
    let signature = &function.signature;
    if let Some(word) = signature.constness {
        errors.at(word, format!("a `const fn` changes nothing: it {} no entries", deed.name()));
    }
    if let Safety::Unsafe(word) = signature.safety {
        errors.at(word, "an `unsafe fn` can't be a writer: let a safe function that calls it be one");
    }
    if let ReturnType::Type(_, ty) = &signature.output
        && signature.asyncness.is_none()
        && is_future(ty)
    {
        errors.at(ty, "its body has changed nothing when it returns a future: write an `async fn`");
    }
}

fn is_future(ty: &Type) -> bool {
    crate::tokens::contain(ty, "Future")
}

/// Whether the type is called like a `Result`: `Result<T, E>`, `io::Result<T>`, `DbResult`.
pub(super) fn returns_result(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else { return false };
    types::last_segment(types::bare(ty)).is_some_and(|last| last.ident.to_string().ends_with("Result"))
}
