//! What stands beside a function with `batch`: `one` and `entries`.

use super::{
    batch::{self, Several},
    body::Prelude,
    companions::{
        Kept, callee, is_declared_identity, member_cfgs, mentions_lifetime, receiver, unit_signature,
        unlike_the_function, visibility,
    },
    names::{self, companion, hidden, runtime, value},
    parts,
    place::Place,
};
use crate::{
    plan::{Batch, BlockPlan, Colour, Companions, Home, List, Plan, Value},
    tokens, types,
};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::FnArg;

pub(super) fn all(plan: &Plan, batch: &Batch, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    let entries = entries(plan, batch, companions, unit);
    let one = if batch.apart.is_none() { one(plan, batch, companions, unit) } else { TokenStream::new() };
    quote!(#one #entries)
}

/// `one(id, lang)`: the function for one item.
///
/// ```text
/// async fn one(ids: u64, lang: &str) -> Result<Option<Post>, Error> { posts(&[ids], lang).await.map(only) }
/// ```
fn one(plan: &Plan, batch: &Batch, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    let (rt, cfgs, vis) = (runtime(plan), member_cfgs(plan, companions), visibility(companions, unit));
    let name = companion(companions, "one");
    let mut signature = plan.signature.clone();
    let asyncness = signature.asyncness.as_mut().map(|token| &mut token.span);
    for span in [Some(&mut signature.fn_token.span), asyncness].into_iter().flatten() {
        *span = name.span();
    }
    signature.ident = name;
    let arguments = unlike_the_function(plan, &mut signature);
    take_one(plan, &mut signature);
    let (out, unpack) = single(plan, batch);
    signature.output = syn::parse_quote!(-> #out);
    let made = plan.arguments.iter().zip(&arguments).map(|(argument, ident)| {
        let list = batch.lists.iter().find(|list| list.ident == argument.ident);
        list.map_or_else(|| ident.to_token_stream(), |list| of_one(list, ident))
    });
    let this = this(plan, unit).map(|this| quote!(#this,));
    let callee = callee(plan, companions, unit);
    let wait = (plan.colour == Colour::Async).then(|| quote!(.await));
    let call = quote!(#callee(#this #(#made),*) #wait);
    let head = match unit {
        Some(unit) => unit_signature(plan, unit, signature),
        None => signature.to_token_stream(),
    };
    let returned = match plan.value {
        Value::Fallible { .. } => quote!(::core::result::Result::map(#call, #unpack)),
        Value::Plain { .. } => quote!(#rt::ask_owned(#call, #unpack)),
    };
    quote! {
        #cfgs
        #[doc = " The function for one item, whose entry is that of the item in any batch."]
        #vis #head { #returned }
    }
}

/// What is returned for one item, and what makes it of what is returned for a list of it.
pub(super) fn single(plan: &Plan, batch: &Batch) -> (TokenStream, TokenStream) {
    let (rt, returned) = (runtime(plan), names::returned(plan));
    let (form, collection) = (batch::form(plan, batch), batch::collection(plan));
    let only = quote!(<#form as #rt::batch::Only<#collection>>::Out);
    let out = match plan.value {
        Value::Plain { .. } => only,
        Value::Fallible { .. } => quote!(<#returned as #rt::batch::Carrier<#only>>::Out),
    };
    (Place::of(names::kept(plan)).generated(out), quote!(#rt::batch::only::<#form, _>))
}

/// The list's argument takes one item.
fn take_one(plan: &Plan, signature: &mut syn::Signature) {
    let typed = signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (input, argument) in typed.zip(&plan.arguments) {
        if let Some(item) = batch::item_type(plan, &argument.ident) {
            *input.ty = syn::parse_quote!(#item);
        }
    }
}

/// A list of one: `&[ids]`.
fn of_one(List { ty, listed, .. }: &List, ident: &Ident) -> TokenStream {
    let inner = types::inside_reference(ty);
    let collected = quote!(<#inner as ::core::iter::FromIterator<_>>::from_iter([#ident]));
    match listed {
        types::List::Slice => quote!(&[#ident]),
        types::List::Borrowed | types::List::BorrowedMap => quote!(&#collected),
        types::List::Owned | types::List::OwnedMap => collected,
        types::List::IntoIterator => quote!([#ident]),
        types::List::Iterator => quote!(::core::iter::IntoIterator::into_iter([#ident])),
    }
}

/// The receiver, as it is passed on.
pub(super) fn this(plan: &Plan, unit: Option<&BlockPlan>) -> Option<TokenStream> {
    plan.receiver.as_ref()?;
    Some(if unit.is_some() { hidden("__this", &plan.signature.ident).to_token_stream() } else { quote!(self) })
}

/// `entries(&ids, lang)`: of all items.
fn entries(plan: &Plan, batch: &Batch, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    let (rt, krate, value, cfgs) = (runtime(plan), &plan.krate, value(plan), member_cfgs(plan, companions));
    let name = companion(companions, "entries");
    let vis = visibility(companions, unit);
    let inputs = parts::identity(plan).map(|argument| {
        let (ident, ty) = (&argument.ident, &argument.ty);
        quote!(#ident: #ty)
    });
    let receiver = receiver(plan, unit).map(|receiver| quote!(#receiver,));
    let inputs = quote!(#receiver #(#inputs),*);
    let ignored = |name: &Ident| !is_declared_identity(plan, unit, name);
    let used = quote!(#inputs #value);
    let kept = Kept::of(plan, unit, |name| !ignored(name), |lifetime| mentions_lifetime(&used, lifetime));
    let (parameters, predicates) = (&kept.parameters, &kept.predicates);
    let Prelude { home, recipe, .. } = Prelude::of(plan, unit);
    let [list, at, made] = ["__items", "__at", "__parts"].map(|text| hidden(text, &plan.signature.ident));
    let several = Several::of(plan, batch, &list, &at);
    let (listed, parts, terms) = (entries_listed(plan, batch, &list), several.parts(&made, &at), parts::terms(plan));
    let bindings = &several.bindings;
    let (ty, constructor) = match (&plan.home, plan.colour) {
        (Home::Thread, _) => (quote!(LocalEntries), quote!(entries_local)),
        (_, Colour::Sync) => (quote!(Entries), quote!(entries)),
        (_, Colour::Async) => (quote!(AsyncEntries), quote!(entries_async)),
    };
    let returns = Place::of(names::kept(plan)).generated(quote!(#krate::#ty<#value>));
    let body = quote! {
        #listed
        #parts
        #rt::batch::#constructor(#home, &#recipe, (#list.len(), #made), |#at| { #bindings #terms })
    };
    let body = match this(plan, unit).filter(|_| unit.is_some()) {
        Some(this) => tokens::replace(body, "self", &this),
        None => body,
    };
    quote! {
        #cfgs
        #[doc = " The entries of these items."]
        #[must_use]
        #vis fn #name #parameters(#inputs) -> #returns #predicates {
            #body
        }
    }
}

/// The items; of lists side by side as many as both have.
fn entries_listed(plan: &Plan, batch: &Batch, list: &Ident) -> TokenStream {
    let rt = runtime(plan);
    match (batch.lists.as_slice(), batch.side) {
        ([one, other], crate::plan::Side::Parallel) => {
            let (one, other) = (&one.ident, &other.ident);
            quote! {
                let #list: ::std::vec::Vec<_> = ::core::iter::Iterator::collect(::core::iter::Iterator::zip(
                    ::core::iter::IntoIterator::into_iter(#rt::batch::list(#one)),
                    #rt::batch::list(#other),
                ));
            }
        }
        _ => batch::listed(plan, batch, list, list),
    }
}
