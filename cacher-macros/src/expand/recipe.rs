//! How a cache is set up, and what tells it from others.

use super::{
    freshness, limits,
    names::{Names, hidden, kept, runtime, value},
    place::Place,
};
use crate::{
    check::{self, Bounded},
    plan::{Flight, Format, Generic, Home, Keyer, Plan, Tier, Timing, Version, Write},
};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprClosure, GenericParam, spanned::Spanned};

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
            let (rt, field) = (runtime(plan), &field.source);
            let place = Place::of(field);
            let borrow = place.show(quote!(&));
            place.call(quote!(#rt::site), quote!(#borrow #field))
        }
        Home::Static | Home::Thread => quote!(#owner #site()),
    }
}

/// The function that sets the cache up.
pub(crate) fn config(plan: &Plan, names: &Names) -> TokenStream {
    let (rt, name) = (runtime(plan), &names.config);
    let (fields, version) = (fields(plan), version(plan, names));
    let needs = plan.tiers.iter().flat_map(|tier| match tier {
        Tier::Url { needs, .. } => needs.as_slice(),
        Tier::Expr(_) | Tier::Registered(_) => &[],
    });
    let of_format = plan.format.iter().flat_map(|format| match format {
        Format::Text { needs, .. } => needs.as_slice(),
        Format::Expr(_) => &[],
    });
    let needs = needs.chain(of_format).map(|need| Place::at(need.span()).show(quote!(#rt::#need! {})));
    quote! {
        #[doc(hidden)]
        fn #name() -> #rt::Config {
            #(#needs)*
            #rt::Config { #fields #version ..::core::default::Default::default() }
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
    if let Some(text) = &plan.template {
        fields.extend(quote!(template: ::core::option::Option::Some(&[#(#text),*]),));
    }
    if !plan.tiers.is_empty() {
        let openers = plan.tiers.iter().map(|tier| opener(&rt, tier));
        fields.extend(quote!(backends: <::std::vec::Vec<_> as ::core::convert::From<_>>::from([#(#openers),*]),));
    }
    if let Some(format) = &plan.format {
        let format = match format {
            Format::Text { text, .. } => quote!(#rt::format(#text)),
            Format::Expr(expr) => Place::of(expr).call(quote!(#rt::format), expr),
        };
        fields.extend(quote!(format: #format,));
    }
    if let Some(keyer) = &plan.keyer {
        let keyer = self::keyer(&rt, keyer);
        fields.extend(quote!(keyer: #keyer,));
    }
    let bound = match (&policies.capacity, &policies.max_bytes) {
        _ if policies.bounded == Bounded::Store && !policies.single => None,
        (Some(most), _) => Some(quote!(#rt::Bound::Entries(#most))),
        (None, Some(most)) => Some(quote!(#rt::Bound::Bytes(#most))),
        (None, None) if policies.single => Some(quote!(#rt::Bound::Entries(1))),
        (None, None) => None,
    };
    fields.extend(bound.map(|bound| quote!(bound: ::core::option::Option::Some(#bound),)));
    let once = |timing: &Option<Timing>| timing.as_ref().and_then(super::parts::fixed);
    fields.extend(freshness::fields(plan));
    fields.extend(limits::fields(plan));
    fields.extend(wraps(plan));
    fields.extend(policies.single.then(|| quote!(single: true,)));
    if let Some(patience) = once(&policies.patience) {
        fields.extend(quote!(patience: ::core::option::Option::Some(#patience),));
    }
    match policies.single_flight {
        Flight::Local => {}
        Flight::Distributed => fields.extend(quote!(distributed: true,)),
        Flight::Off => fields.extend(quote!(single_flight: false,)),
    }
    fields
}

/// `wraps: Wraps { revisions: Some(5), ..Default::default() },`
fn wraps(plan: &Plan) -> TokenStream {
    let rt = runtime(plan);
    let policies = &plan.policies;
    let background = match &policies.write {
        Write::Through => None,
        Write::Background => Some(quote!(#rt::Background::new())),
        Write::Expr(expr) => Some(Place::of(expr).call(quote!(#rt::background), expr)),
    };
    let background = background.map(|made| quote!(background: ::core::option::Option::Some(#made),));
    let revisions = policies.revisions.as_ref().map(|most| quote!(revisions: ::core::option::Option::Some(#most),));
    let archive = policies.archive.then(|| quote!(archive: true,));
    let limits = limits::of_store(plan).map(|limits| quote!(limits: #limits,));
    if background.is_none() && revisions.is_none() && archive.is_none() && limits.is_none() {
        return TokenStream::new();
    }
    quote!(wraps: #rt::Wraps { #background #revisions #archive #limits ..::core::default::Default::default() },)
}

/// `keyer(ReadableKeyer::new())`
fn keyer(rt: &TokenStream, keyer: &Keyer) -> TokenStream {
    match keyer {
        Keyer::Hash => quote!(#rt::keyer(#rt::HashKeyer)),
        Keyer::Readable => quote!(#rt::keyer(#rt::ReadableKeyer::new())),
        Keyer::Expr(expr) => Place::of(expr).call(quote!(#rt::keyer), expr),
        Keyer::Closure(closure) => Place::of(closure).call(quote!(#rt::keyer_from_fn), braced(closure)),
        Keyer::FileName(Expr::Closure(closure)) => Place::of(closure).call(quote!(#rt::file_name), braced(closure)),
        Keyer::FileName(expr) => Place::of(expr).call(quote!(#rt::file_name), expr),
    }
}

fn version(plan: &Plan, names: &Names) -> TokenStream {
    let (rt, Names { code, owner, .. }) = (runtime(plan), names);
    let version = match &plan.version {
        None => return TokenStream::new(),
        Some(Version::Text(text)) => quote!(#rt::Version::Text(#text)),
        Some(Version::Code) => quote!(#rt::Version::Code(#owner #code)),
    };
    quote!(version: ::core::option::Option::Some(#version),)
}

/// What people see as the names of what identifies a call.
fn argument_names(plan: &Plan) -> Vec<String> {
    let mut names: Vec<_> = match &plan.key {
        Some(key) => key.iter().map(|part| readable(&part.source)).collect(),
        None => super::parts::identity(plan).map(|argument| plain(&argument.ident.to_string())).collect(),
    };
    names.extend(plan.depends_on.iter().map(|part| readable(&part.source)));
    names
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
        Tier::Registered(call) => {
            let (at, name) = (Span::mixed_site().located_at(call.func.span()), &call.args);
            let found = quote_spanned!(at=> #rt::registered);
            quote!((|| #rt::open(#found(#name))) as #rt::Opener)
        }
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
                Generic::Type(_) | Generic::Itself => {
                    let parameter = hidden(&format!("A{index}"), at);
                    parameters.push(quote!(#parameter: ?::core::marker::Sized));
                    phantoms.push(quote!(::core::marker::PhantomData<#parameter>));
                    let itself = quote!(Self);
                    arguments.push(if let Generic::Type(ident) = generic { ident.to_token_stream() } else { itself });
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
    let place = Place::of(kept(plan));
    let question = place.call(quote!(#rt::HeldKind::<#value>::of), TokenStream::new());
    let mut held = place.call(quote!(#rt::kept), place.show(quote!((&&&#question).held())));
    if !matches!(plan.home, Home::Thread) {
        held = place.call(quote!(#rt::shared), held);
    }
    let name = hidden("__held", &plan.signature.ident);
    let codec =
        if in_memory(plan) { quote!(#rt::InMemory) } else { place.call(quote!(#rt::stored), place.show(&name)) };
    let schema = (!in_memory(plan)).then(|| quote!(.schema(|| #rt::schema_of!(#value))));
    let revalidates = plan.policies.revalidate.is_some().then(|| quote!(.revalidates()));
    let (seen, weigh, transforms) = (seen(plan), weigh(plan), limits::transforms(plan));
    quote!({
        use #rt::{HoldCopy as _, HoldLeaf as _, HoldShared as _};
        let #name = #held;
        #rt::shape(#marker, #name, #codec, #owner #config, #seen, #weigh, #transforms) #schema #revalidates
    })
}

/// Whether all backends are typed memory: then nothing needs serde.
pub(crate) fn in_memory(plan: &Plan) -> bool {
    plan.tiers.iter().all(|tier| matches!(tier, Tier::Url { url, .. } if check::is_memory(&url.value())))
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
            let closure = braced(closure);
            let method = proc_macro2::Ident::new(name, Span::mixed_site());
            let time =
                if name == "expires_at" { quote!(::std::time::SystemTime) } else { quote!(::core::time::Duration) };
            said.extend(quote!(.#method(#rt::ask::<_, #time>(#it, #closure))));
        }
    }
    if let Some(timing) = &policies.none_ttl {
        let place = match timing {
            Timing::Fixed(_, span) => Place::at(*span),
            Timing::Expr(expr) => Place::of(&expr.source),
            Timing::Closure(closure) => Place::of(closure),
        };
        let none = place.call(quote!(#rt::MaybeNone::is_none), place.show(&it));
        said.extend(quote!(.none(#none)));
    }
    if !policies.cache_if.is_empty() {
        let asked = policies.cache_if.iter().map(predicate).map(|one| quote!(#rt::ask::<_, bool>(#it, #one)));
        said.extend(quote!(.keep(#(#asked)&&*)));
    }
    if !policies.value_tags.is_empty() {
        let given = policies.value_tags.iter().map(|one| {
            let (place, asked) = (Place::of(one), predicate(one));
            place.call(quote!(#rt::tags), place.call(quote!(#rt::ask), quote!(#it, #asked)))
        });
        said.extend(quote!(.tags([#(#given),*].concat())));
    }
    if said.is_empty() {
        return quote!(|_| #rt::Terms::new());
    }
    quote!(|#it: &#value| #rt::Terms::new()#said)
}

/// A closure, or the path of a function.
pub(super) fn predicate(predicate: &Expr) -> TokenStream {
    match predicate {
        Expr::Closure(closure) => braced(closure),
        other => other.to_token_stream(),
    }
}

/// Braces around its body, so that no lint asks for the path of a method, which has another meaning here.
fn braced(closure: &ExprClosure) -> TokenStream {
    let body = &closure.body;
    let body = syn::parse_quote!({ #body });
    ExprClosure { body, ..closure.clone() }.into_token_stream()
}

fn weigh(plan: &Plan) -> TokenStream {
    let (rt, value) = (runtime(plan), value(plan));
    // What is stored has a size already.
    let at = plan.policies.max_bytes.as_ref().filter(|_| plan.policies.bounded != Bounded::Store);
    let Some(at) = at else { return quote!(|_| 1) };
    let at = Span::mixed_site().located_at(at.span());
    quote_spanned!(at=> |value: &#value| #rt::Weigh::weigh(value))
}
