//! The body of a cached function: look up, or run what the user wrote, and store.

use super::{
    batch, code, limits,
    names::{Names, hidden, mode, returned, runtime, turbofish},
    parts::{self, Parts},
    place::Place,
    recipe::{self, Marker},
};
use crate::{
    plan::{Argument, BlockPlan, Colour, Form, Plan, Value, Version},
    types,
};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::Visibility;

/// ```text
/// let scope = in_scope();
/// let k0 = &id;
/// match lookup(scope, site(), &shape(..), &returns, &Borrowed((part!(k0),)), || terms) {
///     Done(returned) => returned,
///     Run(mut leader) => {
///         let returned = leader.run(move || -> R { body });
///         match outcome(leader, &returns, returned) { Done(returned) => returned, Run(storing) => storing.finish(..) }
///     }
/// }
/// ```
pub(crate) fn cached(plan: &Plan, unit: Option<&BlockPlan>) -> TokenStream {
    if let Some(of_items) = &plan.batch {
        return batch::cached(plan, of_items, unit);
    }
    let rt = runtime(plan);
    let Prelude { items, bindings, home, recipe, parts, returns } = Prelude::of(plan, unit);
    let (terms, can_tell) = (parts::terms(plan), limits::can_tell(plan));
    let name = &plan.signature.ident;
    let [scope, leader, result, storing, says] =
        ["__scope", "__leader", "__returned", "__storing", "__returns"].map(|text| hidden(text, name));
    let body = body(plan);
    let (lookup, run, finish, wait) = match plan.colour {
        Colour::Sync => (quote!(lookup), quote!(run), quote!(finish), TokenStream::new()),
        Colour::Async => (quote!(lookup_async), quote!(drive), quote!(finish_async), quote!(.await)),
    };
    quote! {
        #items
        // First, because what the user wrote for the key may call cached functions.
        let #scope = #rt::in_scope();
        #bindings
        #can_tell
        let #says = #returns;
        match #rt::#lookup(#scope, #home, &#recipe, &#says, &#parts, || #terms)#wait {
            #rt::Step::Done(#result) => #result,
            #rt::Step::Run(mut #leader) => {
                let #result = #leader.#run(#body)#wait;
                match #rt::outcome(#leader, &#says, #result) {
                    #rt::Step::Done(#result) => #result,
                    #rt::Step::Run(#storing) => #storing.#finish(&#says)#wait,
                }
            }
        }
    }
}

/// What a call and its companions have in common.
pub(crate) struct Prelude {
    /// Items that stand inside the function, if nothing may stand beside it.
    pub(crate) items: TokenStream,
    /// `let k0 = &id;`
    pub(crate) bindings: TokenStream,
    pub(crate) home: TokenStream,
    pub(crate) recipe: TokenStream,
    pub(crate) parts: TokenStream,
    pub(crate) returns: TokenStream,
}

impl Prelude {
    pub(crate) fn of(plan: &Plan, unit: Option<&BlockPlan>) -> Self {
        let names = Names::of(plan, unit);
        let (items, marker) = match &plan.companions {
            None => inside(plan, &names, unit),
            Some(_) => (TokenStream::new(), marker_call(plan, &names, unit)),
        };
        let Parts { bindings, tuple } = Parts::of(plan);
        Self {
            items: quote!(#items),
            bindings,
            home: recipe::home(plan, &names),
            recipe: recipe::shape(plan, &names, &marker),
            parts: tuple,
            returns: returns(plan),
        }
    }
}

/// The items of a function that nothing may stand beside, and its marker: a closure, whose type carries every type
/// parameter around it, or a type of our own if one of them is not identity.
fn inside(plan: &Plan, names: &Names, unit: Option<&BlockPlan>) -> (TokenStream, TokenStream) {
    let (rt, site, config) = (runtime(plan), recipe::site(plan, names), recipe::config(plan, names));
    let versioned = matches!(plan.version, Some(Version::Code));
    let code = versioned.then(|| code::function(plan, names, &Visibility::Inherited));
    if !has_other_parameters(plan) {
        return (quote!(#site #config #code), quote!(#rt::marker(&|| ())));
    }
    let Marker { definition, ty } = Marker::of(plan, unit.map(|unit| &unit.header.generics));
    (quote!(#site #config #code #definition), quote!(::core::marker::PhantomData::<#ty>))
}

/// Whether the function has type parameters that are not identity: ignored ones, or `impl Trait` arguments.
fn has_other_parameters(plan: &Plan) -> bool {
    let generics = &plan.signature.generics;
    let types = generics.type_params().map(|parameter| &parameter.ident);
    let consts = generics.const_params().map(|parameter| &parameter.ident);
    let ignored = types.chain(consts).any(|name| !super::companions::is_identity(plan, name));
    let is_list = |ident: &Ident| plan.batch.iter().flat_map(|batch| &batch.lists).any(|list| list.ident == *ident);
    let other = |argument: &Argument| !argument.identity || is_list(&argument.ident);
    let opaque = plan.arguments.iter().any(|argument| other(argument) && types::is_opaque(&argument.ty));
    ignored || opaque || plan.ignores_itself
}

/// `user::__cacher_marker::<T>()`
fn marker_call(plan: &Plan, names: &Names, unit: Option<&BlockPlan>) -> TokenStream {
    let Names { marker, owner, .. } = names;
    let of_unit = plan.companions.as_ref().is_some_and(|companions| companions.form == Form::Unit);
    let around = unit.filter(|_| of_unit).map(|unit| &unit.header.generics);
    let generics = around.into_iter().chain([&plan.signature.generics]);
    let turbofish = turbofish(generics, |name| super::companions::is_identity(plan, name));
    quote!(#owner #marker #turbofish())
}

/// What the return type can say; and, where its name does not show it, that it is no `Result`.
pub(super) fn returns(plan: &Plan) -> TokenStream {
    let (rt, mode, ty) = (runtime(plan), mode(plan), &plan.returns);
    match plan.value {
        Value::Fallible { owned_error: true } => quote!(#rt::returns!(#mode, #ty)),
        Value::Fallible { owned_error: false } | Value::Plain { probe: false } => quote!(#rt::Returns::values(#mode)),
        Value::Plain { probe: true } => {
            let place = Place::of(returned(plan));
            let mode = place.call(quote!(#rt::plain), place.show(quote!(#rt::Probe::<#ty>::of().answer())));
            quote! {{
                use #rt::NotResult as _;
                #rt::Returns::values(#mode)
            }}
        }
    }
}

/// What the user wrote, to be run once.
///
/// ```text
/// { body }    ->    move || -> R { let (a, b) = __a0; body }
/// { body }    ->    async move { if let Some(returned) = None::<R> { return returned; } let (a, b) = __a0; body }
/// ```
fn body(plan: &Plan) -> TokenStream {
    let rebind = plan.arguments.iter().filter_map(|argument| {
        let pattern = argument.rebind.as_ref()?;
        let ident = &argument.ident;
        Some(quote!(let #pattern = #ident;))
    });
    let rebind: TokenStream = rebind.collect();
    let body = &plan.function.body;
    let returned = returned(plan);
    match plan.colour {
        Colour::Sync => {
            let body = with_start(body, &rebind);
            quote!(move || -> #returned #body)
        }
        Colour::Async => {
            let typed = typed(plan);
            let body = with_start(body, &quote!(#typed #rebind));
            // Pinned here, so that the call's future holds it once, not once more in each function it passes through.
            quote!(::core::pin::pin!(async move #body))
        }
    }
}

/// Says the type of an async block, for which there is no other way.
pub(super) fn typed(plan: &Plan) -> TokenStream {
    let (out, returned) = (hidden("__returned", &plan.signature.ident), returned(plan));
    quote! {
        if let ::core::option::Option::Some(#out) = ::core::option::Option::None::<#returned> {
            return #out;
        }
    }
}

/// The braces with something before what is in them.
pub(super) fn with_start(body: &proc_macro2::Group, start: &TokenStream) -> proc_macro2::Group {
    let content = body.stream();
    let mut group = proc_macro2::Group::new(body.delimiter(), quote!(#start #content).into_token_stream());
    group.set_span(body.span());
    group
}
