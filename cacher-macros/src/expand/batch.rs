//! The body of a function with `batch`: look all items up, run what the user wrote for the rest, and store.

use super::{
    body::{Prelude, returns, typed, with_start},
    freshness, limits,
    names::{hidden, returned, runtime},
    parts,
    place::Place,
};
use crate::{
    plan::{AnswerForm, Batch, BlockPlan, Colour, List, Plan, Side, Value},
    types,
};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::Type;

/// ```text
/// let scope = in_scope();
/// let items = list(ids);
/// let k1 = &lang;
/// let parts = |at: usize| { let ids = items[at]; let k0 = &*ids; Borrowed((part!(k0), part!(k1))) };
/// batch(scope, site(), shape(..), returns, (way, Alone), items((kinds, ..), &items, (parts, rest), |at| terms, ..),
///     |asked, columns| async move { let ids: &[u64] = &asked; body })
/// ```
pub(crate) fn cached(plan: &Plan, batch: &Batch, unit: Option<&BlockPlan>) -> TokenStream {
    let rt = runtime(plan);
    let Prelude { items, home, recipe, .. } = Prelude::of(plan, unit);
    let name = &plan.signature.ident;
    let [scope, says, list, at] = ["__scope", "__returns", "__items", "__at"].map(|text| hidden(text, name));
    let (can_tell, in_time) = (limits::can_tell(plan), freshness::can_tell(plan));
    let (returns, listed) = (returns(plan), listed(plan, batch, &list, &says));
    let several = Several::of(plan, batch, &list, &at);
    let (parts, Several { rest, bindings, .. }) = (hidden("__parts", name), &several);
    let made = several.parts(&parts, &at);
    let terms = parts::terms(plan);
    let (call, wait) = match (plan.colour, &batch.parallel) {
        (Colour::Async, _) => (quote!(batch), quote!(.await)),
        (Colour::Sync, None) => (quote!(batch_sync), TokenStream::new()),
        (Colour::Sync, Some(_)) => (quote!(batch_on_threads), TokenStream::new()),
    };
    let (way, kinds, collection) = (way(plan, batch), kinds(plan, batch), collection(plan));
    let [asked, answered] = hashes(plan, batch);
    let body = body(plan, batch);
    quote! {
        #items
        let #scope = #rt::in_scope();
        #can_tell
        #in_time
        let #says = #returns;
        #listed
        #made
        #rt::batch::#call(
            #scope,
            #home,
            #recipe,
            #says,
            #way,
            #rt::batch::items(
                (#kinds, ::core::marker::PhantomData::<#collection>),
                &#list,
                (#parts, #rest),
                |#at| { #bindings #terms },
                #asked,
                #answered,
            ),
            #body,
        )#wait
    }
}

/// What identifies the items of a call.
pub(super) struct Several {
    /// `let k1 = &lang;`
    shared: TokenStream,
    /// `let k2: Vec<_> = .. ids.name() ..;`
    values: TokenStream,
    /// `let k0 = &*ids; Borrowed((part!(k0), part!(k1)))`
    of_item: TokenStream,
    /// `Borrowed((part!(k1),))`
    rest: TokenStream,
    /// `let ids = items[at];`
    pub(super) bindings: TokenStream,
}

impl Several {
    /// `let parts = |at: usize| ..;`
    pub(super) fn parts(&self, parts: &Ident, at: &Ident) -> TokenStream {
        let Self { shared, values, of_item, bindings, .. } = self;
        quote! {
            #shared
            #values
            let #parts = |#at: usize| { #bindings #of_item };
        }
    }

    pub(super) fn of(plan: &Plan, batch: &Batch, list: &Ident, at: &Ident) -> Self {
        let rt = runtime(plan);
        let bindings = bindings(plan, batch, list, at);
        let (mut shared, mut values, mut own) = (TokenStream::new(), TokenStream::new(), TokenStream::new());
        let (mut all, mut rest) = (Vec::new(), Vec::new());
        for (number, source) in parts::sources(plan).into_iter().enumerate() {
            let name = hidden(&format!("__k{number}"), &plan.signature.ident);
            let tokens = &source.tokens;
            let part = parts::part(plan, &name, &source);
            if !source.of_items {
                shared.extend(quote!(let #name = & #tokens;));
                rest.push(part.clone());
            } else if source.is_place {
                own.extend(quote!(let #name = & #tokens;));
            } else {
                values.extend(quote! {
                    let #name: ::std::vec::Vec<_> = ::core::iter::Iterator::collect(
                        ::core::iter::Iterator::map(0..#list.len(), |#at| { #bindings #tokens }),
                    );
                });
                own.extend(quote!(let #name = & #name[#at];));
            }
            all.push(part);
        }
        let (tuple, rest) = (parts::tuple(&rt, &all), parts::tuple(&rt, &rest));
        Self { shared, values, of_item: quote!(#own #tuple), rest, bindings }
    }
}

/// One item of each list, by reference, under the name of the list.
fn bindings(plan: &Plan, batch: &Batch, list: &Ident, at: &Ident) -> TokenStream {
    if batch.apart.is_some() {
        let ident = &batch.lists[0].ident;
        return named(ident, &quote!(&#list[#at]));
    }
    match batch.lists.as_slice() {
        [one] => item(one, &quote!(#list[#at])),
        lists => {
            let whole = hidden("__item", &plan.signature.ident);
            let each = lists.iter().enumerate().map(|(index, one)| {
                let index = syn::Index::from(index);
                item(one, &quote!(#whole.#index))
            });
            quote!(let #whole = &#list[#at]; #(#each)*)
        }
    }
}

/// `let ids = *items[at];`, of a map `let ids = (&entry.0, &entry.1);`
fn item(List { ident, listed, .. }: &List, place: &TokenStream) -> TokenStream {
    let item = match (listed.is_map(), listed.is_borrowed()) {
        (false, true) => quote!(#place),
        (false, false) => quote!(&#place),
        (true, true) => quote!((#place.0, #place.1)),
        (true, false) => quote!((&#place.0, &#place.1)),
    };
    named(ident, &item)
}

/// A variable that not every expression uses.
fn named(ident: &Ident, value: &TokenStream) -> TokenStream {
    quote!(let #ident = #value; let _ = &#ident;)
}

/// The same for a companion, which has one item of each list.
pub(super) fn single(batch: &Batch) -> TokenStream {
    let each = batch.lists.iter().map(|List { ident, listed, .. }| {
        if listed.is_map() { named(ident, &quote!((&#ident.0, &#ident.1))) } else { named(ident, &quote!(&#ident)) }
    });
    each.collect()
}

/// The type of one item of this argument, if it holds items.
pub(super) fn item_type(plan: &Plan, ident: &Ident) -> Option<TokenStream> {
    let list = plan.batch.iter().flat_map(|batch| &batch.lists).find(|list| list.ident == *ident)?;
    list.item.clone()
}

/// `let items = list(ids);`
pub(super) fn listed(plan: &Plan, batch: &Batch, list: &Ident, says: &Ident) -> TokenStream {
    let rt = runtime(plan);
    let of = |List { ident, .. }: &List| quote!(#rt::batch::list(#ident));
    match (&batch.apart, batch.lists.as_slice(), batch.side) {
        (Some((extract, _)), [List { ident, listed, .. }, ..], _) => {
            let whole = if listed.is_borrowed() { quote!(#ident) } else { quote!(&#ident) };
            quote!(let #list = #rt::batch::extract(#whole, #extract);)
        }
        (None, [one, other], Side::Product) => {
            let (one, other, columns) = (of(one), of(other), hidden("__columns", &plan.signature.ident));
            quote! {
                let #list = #other;
                let #columns = #list.len();
                let #list = #rt::batch::product(&#one, &#list);
            }
        }
        (None, [one, other], _) => {
            let (one, other) = (of(one), of(other));
            quote! {
                let #list = match #rt::batch::side_by_side(#one, #other) {
                    ::core::result::Result::Ok(items) => items,
                    ::core::result::Result::Err(lengths) => return #rt::batch::of_two_lengths(&#says, lengths),
                };
            }
        }
        (_, lists, _) => {
            let lists = lists.iter().map(of);
            quote!(#(let #list = #lists;)*)
        }
    }
}

/// How it is loaded, and whether items of other calls are waited for.
fn way(plan: &Plan, batch: &Batch) -> TokenStream {
    let rt = runtime(plan);
    let most = batch.most.as_ref().map(|most| quote!(most: #most,));
    let parallel = batch.parallel.as_ref().map(|count| quote!(parallel: #count,));
    let partial = batch.partial.then(|| quote!(partial: true,));
    let columns = (batch.side == Side::Product).then(|| {
        let columns = hidden("__columns", &plan.signature.ident);
        quote!(columns: ::core::option::Option::Some(#columns),)
    });
    let window = match batch.window.as_ref().and_then(parts::fixed) {
        None => quote!(#rt::batch::Alone),
        Some(window) => quote!(#rt::batch::Window(#window)),
    };
    quote!((#rt::batch::Way { #most #parallel #partial #columns ..::core::default::Default::default() }, #window))
}

/// `Kinds::<ByRef, Mapped, Forgotten>::new()`
pub(super) fn kinds(plan: &Plan, batch: &Batch) -> TokenStream {
    let rt = runtime(plan);
    let readings: Vec<_> = batch
        .lists
        .iter()
        .map(|List { listed, .. }| match (batch.apart.is_some(), listed.is_map(), listed.is_borrowed()) {
            (true, ..) | (_, false, false) => quote!(#rt::batch::ByValue),
            (_, false, true) => quote!(#rt::batch::ByRef),
            (_, true, true) => quote!(#rt::batch::EntriesByRef),
            (_, true, false) => quote!(#rt::batch::EntriesByValue),
        })
        .collect();
    let reading = match readings.as_slice() {
        [one, other] => quote!(#rt::batch::Both<#one, #other>),
        readings => quote!(#(#readings)*),
    };
    let (form, absence) = (form(plan, batch), absence(plan, batch));
    quote!(#rt::batch::Kinds::<#reading, #form, #absence>::new())
}

pub(super) fn form(plan: &Plan, batch: &Batch) -> TokenStream {
    let rt = runtime(plan);
    match batch.form {
        AnswerForm::InOrder => quote!(#rt::batch::InOrder),
        AnswerForm::OptionalInOrder => quote!(#rt::batch::OptionalInOrder),
        AnswerForm::Mapped => quote!(#rt::batch::Mapped),
    }
}

pub(super) fn absence(plan: &Plan, batch: &Batch) -> TokenStream {
    let rt = runtime(plan);
    if batch.remembered { quote!(#rt::batch::Remembered) } else { quote!(#rt::batch::Forgotten) }
}

/// The type of what is returned of all items: of a `Result` its `Ok`.
pub(super) fn collection(plan: &Plan) -> TokenStream {
    let (rt, returns) = (runtime(plan), &plan.returns);
    match plan.value {
        Value::Plain { .. } => returns.to_token_stream(),
        Value::Fallible { .. } => quote!(<#returns as #rt::ResultOk>::Ok),
    }
}

/// The hashes of the names of items and of answers, where answers have names.
pub(super) fn hashes(plan: &Plan, batch: &Batch) -> [TokenStream; 2] {
    let rt = runtime(plan);
    if batch.form != AnswerForm::Mapped {
        return [quote!(|_| 0), quote!(|_| 0)];
    }
    let (form, collection) = (form(plan, batch), collection(plan));
    let name = hidden("__name", &plan.signature.ident);
    let place = Place::of(batch.lists.first().map(|list| &list.ty));
    let part = place.call(quote!(#rt::part!), place.show(&name));
    let part = place.call(quote!(#rt::key_part), part);
    [
        quote!(|#name| #rt::batch::name_hash(&#part)),
        quote!(|#name: &<#form as #rt::batch::Answers<#collection>>::Name| #rt::batch::name_hash(&#part)),
    ]
}

/// What the user wrote, for some of the items, as often as need be.
///
/// ```text
/// { body }    ->    |asked: Vec<_>, columns: usize| -> R { let lang = again(&lang); let ids: &[u64] = &asked; body }
/// ```
fn body(plan: &Plan, batch: &Batch) -> TokenStream {
    let rt = runtime(plan);
    let name = &plan.signature.ident;
    let [asked, columns] = ["__asked", "__columns"].map(|text| hidden(text, name));
    let others = plan.arguments.iter().filter(|argument| !batch.lists.iter().any(|list| list.ident == argument.ident));
    let owned = others.filter(|argument| !matches!(types::bare(&argument.ty), Type::Reference(_)));
    let again = owned.map(|argument| {
        let (ident, place) = (&argument.ident, Place::of(&argument.ty));
        let cloned = place.call(quote!(#rt::batch::again), quote!(&#ident));
        quote!(let #ident = #cloned;)
    });
    let again: TokenStream = again.collect();
    let lists = rebuilt(plan, batch, &asked, &columns);
    let rebind = plan.arguments.iter().filter_map(|argument| {
        let pattern = argument.rebind.as_ref()?;
        let ident = &argument.ident;
        Some(quote!(let #pattern = #ident;))
    });
    let rebind: TokenStream = rebind.collect();
    let returned = returned(plan);
    match plan.colour {
        Colour::Sync => {
            let body = with_start(&plan.function.body, &quote!(#again #lists #rebind));
            quote!(|#asked: ::std::vec::Vec<_>, #columns: usize| -> #returned #body)
        }
        Colour::Async => {
            let typed = typed(plan);
            let body = with_start(&plan.function.body, &quote!(#typed #lists #rebind));
            quote!(|#asked: ::std::vec::Vec<_>, #columns: usize| { #again async move #body })
        }
    }
}

/// The lists, with the items that were asked for.
fn rebuilt(plan: &Plan, batch: &Batch, asked: &Ident, columns: &Ident) -> TokenStream {
    let rt = runtime(plan);
    let unused = quote!(let _ = #columns;);
    if let (Some((_, combine)), [List { ident, listed, .. }, ..]) = (&batch.apart, batch.lists.as_slice()) {
        let whole = if listed.is_borrowed() { quote!(#ident) } else { quote!(&#ident) };
        let borrow = listed.is_borrowed().then(|| quote!(&));
        let made = hidden("__whole", &plan.signature.ident);
        return quote! {
            #unused
            let #made = #rt::batch::combine(#whole, #asked, #combine);
            let #ident = #borrow #made;
        };
    }
    match batch.lists.as_slice() {
        [one] => {
            let one = rebuild(plan, one, asked);
            quote!(#unused #one)
        }
        lists => {
            let names: Vec<_> = (0..lists.len()).map(|at| hidden(&format!("__asked{at}"), asked)).collect();
            let apart = if batch.side == Side::Product {
                quote!(#rt::batch::factors(&#asked, #columns))
            } else {
                quote!(#rt::batch::apart(#asked))
            };
            let each = lists.iter().zip(&names).map(|(list, name)| rebuild(plan, list, name));
            quote!(#unused let (#(#names),*) = #apart; #(#each)*)
        }
    }
}

/// `let ids: &[u64] = &asked;`
fn rebuild(plan: &Plan, List { ident, ty, listed, .. }: &List, asked: &Ident) -> TokenStream {
    let inner = types::inside_reference(ty);
    let made = hidden(&format!("__made_{ident}").replace("r#", ""), &plan.signature.ident);
    let collect = quote!(::core::iter::Iterator::collect(::core::iter::IntoIterator::into_iter(#asked)));
    match listed {
        types::List::Slice => quote!(let #ident: #ty = &#asked;),
        types::List::Borrowed | types::List::BorrowedMap => {
            quote!(let #made: #inner = #collect; let #ident: #ty = &#made;)
        }
        types::List::Owned | types::List::OwnedMap => quote!(let #ident: #ty = #collect;),
        types::List::IntoIterator => quote!(let #ident = #asked;),
        types::List::Iterator => quote!(let #ident = ::core::iter::IntoIterator::into_iter(#asked);),
    }
}
