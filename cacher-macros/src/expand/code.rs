//! What `version = code` hashes, where other functions find it.

use super::{
    names::{Names, hidden, runtime},
    place::Place,
};
use crate::{code, plan::Plan};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{ExprPath, PathArguments, Visibility};

/// The function that gives the code of the function, and of those that it depends on.
///
/// ```text
/// fn __cacher_code() -> Code { Code::new("i2:fni4:userl..").and({ .. <parse>::__cacher_code }) }
/// ```
pub(crate) fn function(plan: &Plan, names: &Names, vis: &Visibility) -> TokenStream {
    let (rt, name, text) = (runtime(plan), &names.code, code::of(&plan.function));
    let others = plan.depends.iter().map(|path| other(plan, path));
    // Nothing is generated for it where nobody calls it.
    quote! {
        #[doc(hidden)]
        #[inline]
        #vis fn #name() -> #rt::Code {
            #rt::Code::new(#text) #(.and(#others))*
        }
    }
}

/// The code of another function. If that has none, the trait is found in its place, and says so.
///
/// ```text
/// parse          ->    { use __private::unannotated::*; use parse as __CacherOther; trait .. <__CacherOther>::__cacher_code }
/// Client::get    ->    { trait .. <Client>::__cacher_code_get }
/// ```
fn other(plan: &Plan, path: &ExprPath) -> TokenStream {
    let rt = runtime(plan);
    let (import, owner, name) = if let Some((owner, name)) = method(path) {
        (TokenStream::new(), owner, format!("__cacher_code_{name}"))
    } else {
        let at = path.path.segments.last().map_or(&plan.signature.ident, |last| &last.ident);
        let other = hidden("__CacherOther", at);
        let import = quote!(use #rt::unannotated::*; use #path as #other;);
        (import, other.to_token_stream(), "__cacher_code".to_owned())
    };
    let name = hidden(&name.replace("r#", ""), &plan.signature.ident);
    let place = Place::of(path);
    let code = place.show(quote!(<#owner>::#name));
    quote!({
        #import
        trait Unannotated {
            fn #name() -> #rt::Code
            where
                Self: #rt::Annotated,
            {
                #rt::Code::new("")
            }
        }
        impl<T: ?::core::marker::Sized> Unannotated for T {}
        #code
    })
}

/// The type and the name of a method: what stands before its name is a type if it is written like one.
fn method(path: &ExprPath) -> Option<(TokenStream, Ident)> {
    let mut owner = path.clone();
    let name = owner.path.segments.pop()?.ident;
    owner.path.segments.pop_punct();
    if let Some(itself) = owner.qself.as_ref().filter(|_| owner.path.segments.is_empty()) {
        return Some((itself.ty.to_token_stream(), name));
    }
    let last = owner.path.segments.last()?;
    let is_type = last.ident.to_string().starts_with(char::is_uppercase)
        || !matches!(last.arguments, PathArguments::None)
        || owner.qself.is_some();
    is_type.then(|| (owner.to_token_stream(), name))
}
