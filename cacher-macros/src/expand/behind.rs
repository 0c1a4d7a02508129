//! Companions that go on when their caller has gone: `prefetch` and `stream`. They own what they use.

use super::{
    batch,
    companions::{callee, member_cfgs, visibility},
    names::{self, companion, hidden, runtime, without_self},
};
use crate::{
    plan::{Argument, Batch, BlockPlan, Colour, Companions, List, Plan, Value},
    types,
};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::Type;

pub(super) fn all(plan: &Plan, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    let prefetch = plan.policies.prefetch.then(|| prefetch(plan, companions, unit));
    let stream = plan.batch.as_ref().filter(|batch| batch.stream);
    let stream = stream.map(|batch| self::stream(plan, batch, companions, unit));
    quote!(#prefetch #stream)
}

/// The parameters of such a companion.
///
/// `lang: &str` is taken as anything that borrows as a `str`: a `String`, a `&'static str`, an `Arc<str>`. A list is
/// taken as a `Vec`, a set or a map as it is.
fn inputs(plan: &Plan, unit: Option<&BlockPlan>) -> TokenStream {
    let this = plan.receiver.as_ref().map(|_| {
        let (this, ty) = (hidden("__this", &plan.signature.ident), this_type(unit));
        quote!(#this: impl ::core::borrow::Borrow<#ty> + ::core::marker::Send + ::core::marker::Sync + 'static,)
    });
    let arguments = plan.arguments.iter().map(|Argument { ident, ty, .. }| {
        let ty = match (list_of(plan, ident), types::bare(ty)) {
            (Some(list), _) => owned_list(list),
            (None, Type::Reference(reference)) => {
                let inner = &reference.elem;
                quote!(impl ::core::borrow::Borrow<#inner> + ::core::marker::Send + ::core::marker::Sync + 'static)
            }
            (None, ty) => quote!(#ty),
        };
        quote!(#ident: #ty,)
    });
    quote!(#this #(#arguments)*)
}

fn this_type(unit: Option<&BlockPlan>) -> TokenStream {
    unit.map_or_else(|| quote!(Self), |unit| without_self(quote!(Self), &unit.header.self_ty))
}

/// The list that this argument is, if its items are known.
fn list_of<'a>(plan: &'a Plan, ident: &Ident) -> Option<&'a List> {
    let lists = plan.batch.iter().flat_map(|batch| &batch.lists);
    lists.into_iter().find(|list| list.ident == *ident && list.item.is_some())
}

fn owned_list(List { ty, listed, item, .. }: &List) -> TokenStream {
    let inner = types::inside_reference(ty);
    match listed {
        types::List::Slice | types::List::IntoIterator | types::List::Iterator => quote!(::std::vec::Vec<#item>),
        _ => quote!(#inner),
    }
}

/// The arguments as they are passed on; `at` gives a reference to what stands under a name.
fn passed(plan: &Plan, unit: Option<&BlockPlan>, at: impl Fn(&Ident) -> TokenStream, again: bool) -> Vec<TokenStream> {
    let rt = runtime(plan);
    let this = plan.receiver.as_ref().map(|_| {
        let (this, ty) = (at(&hidden("__this", &plan.signature.ident)), this_type(unit));
        quote!(<_ as ::core::borrow::Borrow<#ty>>::borrow(#this))
    });
    let arguments =
        plan.arguments.iter().map(|Argument { ident, ty, .. }| match (list_of(plan, ident), types::bare(ty)) {
            (Some(list), _) => match list.listed {
                listed if listed.is_borrowed() => quote!(&#ident),
                types::List::Iterator => quote!(::core::iter::IntoIterator::into_iter(#ident)),
                _ => quote!(#ident),
            },
            (None, Type::Reference(reference)) => {
                let (inner, at) = (&reference.elem, at(ident));
                quote!(<_ as ::core::borrow::Borrow<#inner>>::borrow(#at))
            }
            (None, _) if again => {
                let at = at(ident);
                quote!(#rt::batch::again(#at))
            }
            (None, _) => quote!(#ident),
        });
    this.into_iter().chain(arguments).collect()
}

/// ```text
/// fn prefetch(ids: Vec<u64>, lang: impl Borrow<str> + Send + Sync + 'static) {
///     detach_async("posts", async move { drop(posts(&ids, lang.borrow()).await) });
/// }
/// ```
fn prefetch(plan: &Plan, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    let (rt, cfgs, vis) = (runtime(plan), member_cfgs(plan, companions), visibility(companions, unit));
    let (name, text) = (companion(companions, "prefetch"), plan.signature.ident.to_string());
    let (inputs, passed) = (inputs(plan, unit), passed(plan, unit, |ident| quote!(&#ident), false));
    let callee = callee(plan, companions, unit);
    let (parameters, predicates) = generics(plan, unit);
    let run = match plan.colour {
        Colour::Sync => quote!(#rt::detach(#text, move || ::core::mem::drop(#callee(#(#passed),*)))),
        Colour::Async => {
            quote!(#rt::detach_async(#text, async move { ::core::mem::drop(#callee(#(#passed),*).await) }))
        }
    };
    quote! {
        #cfgs
        #[doc = " Calls the function in the background, so that later calls find what it returns."]
        #vis fn #name #parameters(#inputs) #predicates { #run }
    }
}

/// All type parameters, those of the block around a unit type too; no lifetimes, as all is owned.
fn generics(plan: &Plan, unit: Option<&BlockPlan>) -> (TokenStream, TokenStream) {
    let kept = super::companions::Kept::of(plan, unit, |_| true, |_| false);
    (kept.parameters, kept.predicates)
}

/// ```text
/// fn stream(ids: Vec<u64>, lang: impl Borrow<str> + Send + Sync + 'static) -> AnswerStream<Result<(u64, Post), Error>> {
///     let lang = Arc::new(lang);
///     stream(ids.into_iter().collect(), 100, move |some| {
///         let lang = Arc::clone(&lang);
///         async move { let ids = some.clone(); match posts(&ids, (*lang).borrow()).await { .. } }
///     })
/// }
/// ```
fn stream(plan: &Plan, batch: &Batch, companions: &Companions, unit: Option<&BlockPlan>) -> TokenStream {
    let (rt, krate, cfgs) = (runtime(plan), &plan.krate, member_cfgs(plan, companions));
    let (name, vis) = (companion(companions, "stream"), visibility(companions, unit));
    let (inputs, (parameters, predicates)) = (inputs(plan, unit), generics(plan, unit));
    let passed = passed(plan, unit, |ident| quote!(&*#ident), true);
    let callee = callee(plan, companions, unit);
    let [some, answers] = ["__some", "__answers"].map(|text| hidden(text, &plan.signature.ident));
    let this = plan.receiver.as_ref().map(|_| hidden("__this", &plan.signature.ident));
    let others = plan.arguments.iter().map(|argument| argument.ident.clone());
    let others = others.filter(|ident| list_of(plan, ident).is_none());
    let shared: Vec<_> = this.into_iter().chain(others).collect();
    let [list] = batch.lists.as_slice() else { return TokenStream::new() };
    let (ident, item, owned) = (&list.ident, &list.item, owned_list(list));
    let made = quote! {
        let #ident: #owned = ::core::iter::FromIterator::from_iter(::core::clone::Clone::clone(&#some));
    };
    let (answer, unpack) = (answer(plan, batch, list), unpack(plan, batch, list, &some, &answers));
    let most = batch.most.as_ref().map_or_else(|| quote!(usize::MAX), |most| quote!(#most));
    let most = batch.parallel.as_ref().map_or(most.clone(), |count| quote!(usize::saturating_mul(#most, #count)));
    let (ty, begin, wait, run) = match plan.colour {
        Colour::Sync => (quote!(Answers), quote!(iterate), TokenStream::new(), TokenStream::new()),
        Colour::Async => (quote!(AnswerStream), quote!(stream), quote!(.await), quote!(async move)),
    };
    quote! {
        #cfgs
        #[doc = " The answers for these items in their order, as they are there."]
        #vis fn #name #parameters(#inputs) -> #krate::#ty<#answer> #predicates {
            #(let #shared = ::std::sync::Arc::new(#shared);)*
            #rt::batch::#begin(#rt::batch::list(#ident), #most, move |#some: ::std::vec::Vec<#item>| {
                #(let #shared = ::core::clone::Clone::clone(&#shared);)*
                #run {
                    #made
                    let #answers = #callee(#(#passed),*) #wait;
                    #unpack
                }
            })
        }
    }
}

/// What is given for each item: its name and its answer, or an error.
fn answer(plan: &Plan, batch: &Batch, list: &List) -> TokenStream {
    let (rt, returned) = (runtime(plan), names::returned(plan));
    let (form, collection) = (batch::form(plan, batch), batch::collection(plan));
    let item = &list.item;
    let name = match types::parameters(types::inside_reference(&list.ty)).first() {
        Some(key) if list.listed.is_map() => quote!(#key),
        _ => quote!(#item),
    };
    let pair = quote!((#name, <#form as #rt::batch::Only<#collection>>::Out));
    match plan.value {
        Value::Plain { .. } => pair,
        Value::Fallible { .. } => quote!(<#returned as #rt::batch::Carrier<#pair>>::Out),
    }
}

/// Makes these of what a call returned.
fn unpack(plan: &Plan, batch: &Batch, list: &List, some: &Ident, answers: &Ident) -> TokenStream {
    let rt = runtime(plan);
    let reading = if list.listed.is_map() { quote!(EntriesByValue) } else { quote!(ByValue) };
    let (form, collection) = (batch::form(plan, batch), batch::collection(plan));
    let [asked, answered] = batch::hashes(plan, batch);
    let each = quote! {
        #rt::batch::each::<#rt::batch::#reading, #form, #collection, _, _, _>(&#some, #answers, #asked, #answered)
    };
    match plan.value {
        Value::Plain { .. } => each,
        Value::Fallible { .. } => quote! {
            match #answers {
                ::core::result::Result::Ok(#answers) => ::core::iter::Iterator::collect(
                    ::core::iter::Iterator::map(::core::iter::IntoIterator::into_iter(#each), ::core::result::Result::Ok),
                ),
                ::core::result::Result::Err(#answers) => {
                    <::std::vec::Vec<_> as ::core::convert::From<_>>::from([::core::result::Result::Err(#answers)])
                }
            }
        },
    }
}
