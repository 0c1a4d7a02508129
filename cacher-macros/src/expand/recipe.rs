//! How a cache is set up, and what tells it from others.

use super::names::{Names, hidden, runtime, value};
use crate::plan::{Generic, Home, Plan, Tier, Timing};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{GenericParam, spanned::Spanned};

/// The `static` of the function, behind a function.
///
/// ```text
/// fn __cacher_site() -> &'static Site { static SITE: Site = Site::new(); &SITE }
/// ```
pub(crate) fn site(plan: &Plan, names: &Names) -> TokenStream {
    let (rt, name) = (runtime(plan), &names.site);
    match plan.home {
        Home::Field(_) => TokenStream::new(),
        Home::Static => quote! {
            #[doc(hidden)]
            fn #name() -> &'static #rt::Site {
                static SITE: #rt::Site = #rt::Site::new();
                &SITE
            }
        },
        Home::Thread => quote! {
            #[doc(hidden)]
            fn #name() -> #rt::PerThread {
                static SITE: #rt::Site = #rt::Site::new();
                ::std::thread_local! {
                    static LOCAL: #rt::LocalSite = const { #rt::LocalSite::new() };
                }
                #rt::PerThread { shared: &SITE, local: &LOCAL }
            }
        },
    }
}

/// An expression for the place of the caches.
pub(crate) fn home(plan: &Plan, names: &Names) -> TokenStream {
    let Names { site, owner, .. } = names;
    match &plan.home {
        Home::Field(field) => {
            let field = &field.source;
            quote!(&#field)
        }
        Home::Static | Home::Thread => quote!(#owner #site()),
    }
}

/// The function that sets the cache up.
pub(crate) fn config(plan: &Plan, names: &Names) -> TokenStream {
    let (rt, name) = (runtime(plan), &names.config);
    let fields = fields(plan);
    let needs = plan.tiers.iter().flat_map(|tier| match tier {
        Tier::Url { needs, .. } => needs.as_slice(),
        Tier::Expr(_) => &[],
    });
    quote! {
        #[doc(hidden)]
        fn #name() -> #rt::Config {
            #(#rt::#needs! {})*
            #rt::Config { #fields ..::core::default::Default::default() }
        }
    }
}

fn fields(plan: &Plan) -> TokenStream {
    let rt = runtime(plan);
    let policies = &plan.policies;
    let mut fields = TokenStream::new();
    if let Some(name) = &plan.name {
        fields.extend(quote!(name: ::core::option::Option::Some(#name),));
    }
    let arguments = argument_names(plan);
    fields.extend(quote!(arguments: &[#(#arguments),*],));
    if !plan.tiers.is_empty() {
        let openers = plan.tiers.iter().map(|tier| opener(&rt, tier));
        fields.extend(quote!(backends: ::std::vec::Vec::from([#(#openers),*]),));
    }
    let bound = match (&policies.capacity, &policies.max_bytes) {
        (Some(most), _) => Some(quote!(#rt::Bound::Entries(#most))),
        (None, Some(most)) => Some(quote!(#rt::Bound::Bytes(#most))),
        (None, None) => None,
    };
    fields.extend(bound.map(|bound| quote!(bound: ::core::option::Option::Some(#bound),)));
    let once = |timing: &Option<Timing>| timing.as_ref().and_then(super::parts::fixed);
    let life = [("tti", once(&policies.tti)), ("jitter", once(&policies.jitter))];
    let life: Vec<_> = life.into_iter().filter_map(|(name, time)| Some((name, time?))).collect();
    if !life.is_empty() {
        let said = life.iter().map(|(name, time)| {
            let name = proc_macro2::Ident::new(name, Span::mixed_site());
            quote!(#name: ::core::option::Option::Some(#time),)
        });
        fields.extend(quote!(life: #rt::Life { #(#said)* ..::core::default::Default::default() },));
    }
    if let Some(patience) = once(&policies.patience) {
        fields.extend(quote!(patience: #patience,));
    }
    if !policies.single_flight {
        fields.extend(quote!(single_flight: false,));
    }
    fields
}

/// What people see as the names of what identifies a call.
fn argument_names(plan: &Plan) -> Vec<String> {
    match &plan.key {
        Some(key) => key.iter().map(|part| readable(&part.source)).collect(),
        None => super::parts::identity(plan).map(|argument| plain(&argument.ident.to_string())).collect(),
    }
}

/// `self . base_url` as a person writes it.
fn readable(expression: &impl ToTokens) -> String {
    let text = expression.to_token_stream().to_string();
    plain(&text.replace(" . ", ".").replace(" (", "(").replace("( ", "(").replace(" )", ")"))
}

fn plain(name: &str) -> String {
    name.strip_prefix("r#").unwrap_or(name).to_owned()
}

fn opener(rt: &TokenStream, tier: &Tier) -> TokenStream {
    match tier {
        Tier::Url { url, .. } => quote!((|| #rt::open(#url)) as #rt::Opener),
        Tier::Expr(expr) => {
            let open = quote_spanned!(Span::mixed_site().located_at(expr.span())=> #rt::open);
            quote!((|| #open(#expr)) as #rt::Opener)
        }
    }
}

/// The marker type: its parameters are what of the types is identity.
///
/// ```text
/// struct CacherMarker<A0: ?Sized, const N: usize>(PhantomData<A0>);
/// ```
pub(crate) struct Marker {
    /// The type's definition.
    pub(crate) definition: TokenStream,
    /// `CacherMarker<Self, N>`
    pub(crate) ty: TokenStream,
}

impl Marker {
    pub(crate) fn of<'a>(plan: &'a Plan, around: Option<&'a syn::Generics>) -> Self {
        let at = &plan.signature.ident;
        let name = hidden("CacherMarker", at);
        let mut parameters = Vec::new();
        let mut arguments = Vec::new();
        let mut phantoms = Vec::new();
        for (index, generic) in plan.generics.iter().enumerate() {
            match generic {
                Generic::Const(ident) => {
                    parameters.push(const_parameter(plan, around, ident));
                    arguments.push(ident.to_token_stream());
                }
                Generic::Type(_) | Generic::Itself(_) => {
                    let parameter = hidden(&format!("A{index}"), at);
                    parameters.push(quote!(#parameter: ?::core::marker::Sized));
                    phantoms.push(quote!(::core::marker::PhantomData<#parameter>));
                    arguments.push(match generic {
                        Generic::Type(ident) => ident.to_token_stream(),
                        _ => quote!(Self),
                    });
                }
            }
        }
        if parameters.is_empty() {
            return Self { definition: quote!(struct #name;), ty: name.to_token_stream() };
        }
        Self { definition: quote!(struct #name<#(#parameters),*>(#(#phantoms),*);), ty: quote!(#name<#(#arguments),*>) }
    }
}

/// `const N: usize`, as it is declared on the function or the block around it.
fn const_parameter(plan: &Plan, around: Option<&syn::Generics>, name: &proc_macro2::Ident) -> TokenStream {
    let all = plan.signature.generics.params.iter().chain(around.into_iter().flat_map(|around| &around.params));
    let declared = all.filter_map(|parameter| match parameter {
        GenericParam::Const(parameter) if parameter.ident == *name => Some(&parameter.ty),
        _ => None,
    });
    declared.map(|ty| quote!(const #name: #ty)).collect()
}

/// The function's description for the runtime.
pub(crate) fn shape(plan: &Plan, names: &Names, marker: &TokenStream) -> TokenStream {
    let rt = runtime(plan);
    let Names { config, owner, .. } = names;
    let value = value(plan);
    let at = Span::mixed_site().located_at(super::names::returned(plan).span());
    let held = quote_spanned!(at=> #rt::held!(#value));
    let codec = if in_memory(plan) { quote!(InMemory) } else { quote!(Stored) };
    let (seen, weigh) = (seen(plan), weigh(plan));
    quote!(#rt::shape(#marker, #held, #rt::#codec, #owner #config, #seen, #weigh))
}

/// Whether all backends are memory: then nothing needs serde.
fn in_memory(plan: &Plan) -> bool {
    plan.tiers.iter().all(|tier| matches!(tier, Tier::Url { url, .. } if url.value().starts_with("memory:")))
}

/// What is said about a value on seeing it: a function of it.
fn seen(plan: &Plan) -> TokenStream {
    let (rt, value) = (runtime(plan), value(plan));
    let policies = &plan.policies;
    let it = hidden("__value", &plan.signature.ident);
    let mut said = TokenStream::new();
    for (name, timing) in
        [("ttl", &policies.ttl), ("expires_at", &policies.expires_at), ("none_ttl", &policies.none_ttl)]
    {
        if let Some(Timing::Closure(closure)) = timing {
            let method = proc_macro2::Ident::new(name, Span::mixed_site());
            said.extend(quote!(.#method(#rt::ask(#it, #closure))));
        }
    }
    if let Some(timing) = &policies.none_ttl {
        let at = Span::mixed_site().located_at(match timing {
            Timing::Fixed(_, span) => *span,
            Timing::Expr(expr) => expr.source.span(),
            Timing::Closure(closure) => closure.span(),
        });
        said.extend(quote_spanned!(at=> .none(#rt::MaybeNone::is_none(#it))));
    }
    if let Some(predicate) = &policies.cache_if {
        said.extend(quote!(.keep(#rt::ask(#it, #predicate))));
    }
    if said.is_empty() {
        return quote!(|_| #rt::Terms::new());
    }
    quote!(|#it: &#value| #rt::Terms::new()#said)
}

fn weigh(plan: &Plan) -> TokenStream {
    let (rt, value) = (runtime(plan), value(plan));
    match &plan.policies.max_bytes {
        Some(at) => {
            let at = Span::mixed_site().located_at(at.span());
            quote_spanned!(at=> |value: &#value| #rt::Weigh::weigh(value))
        }
        None => quote!(|_| 1),
    }
}
