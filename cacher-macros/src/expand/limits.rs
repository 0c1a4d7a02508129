//! What holds the body back, and what the user's strategies are.

use super::{
    names::{runtime, value},
    parts::fixed,
    place::Place,
};
use crate::{
    check::Bounded,
    plan::{Limit, OnLimit, Plan},
};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::Expr;

/// The fields of the configuration.
pub(crate) fn fields(plan: &Plan) -> TokenStream {
    let rt = runtime(plan);
    let policies = &plan.policies;
    let mut fields = TokenStream::new();
    if let Some(limit) = &policies.limit {
        let limit = self::limit(&rt, limit, policies.per_item);
        fields.extend(quote!(limit: ::core::option::Option::Some(#limit),));
    }
    match policies.on_limit {
        OnLimit::Wait => {}
        OnLimit::Error(_) => fields.extend(quote!(on_limit: #rt::OnLimit::Error,)),
        OnLimit::Stale => fields.extend(quote!(on_limit: #rt::OnLimit::Stale,)),
    }
    if let Some(wait) = policies.max_wait.as_ref().and_then(fixed) {
        fields.extend(quote!(max_wait: ::core::option::Option::Some(#wait),));
    }
    if !policies.strategies.is_empty() {
        let made = policies.strategies.iter().map(|one| Place::of(one).call(quote!(#rt::strategy!), quote!(|| #one)));
        fields.extend(quote!(strategies: #rt::strategies([#(#made),*]),));
    }
    fields
}

/// ```text
/// RateLimit::new(10, Duration::new(1, 0)).burst(5).into()
/// ```
fn limit(rt: &TokenStream, limit: &Limit, per_item: bool) -> TokenStream {
    match limit {
        Limit::Expr(expr) => Place::of(expr).call(quote!(#rt::limit), expr),
        Limit::Rate { calls, time, burst, variance } => {
            let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
            let burst = detail("burst", burst.as_ref());
            let variance = detail("variance", variance.as_ref());
            let time = quote!(::core::time::Duration::new(#seconds, #nanos));
            let per_item = per_item.then(|| quote!(.per_item()));
            quote!(#rt::limit(#rt::RateLimit::new(#calls, #time) #burst #variance #per_item))
        }
    }
}

/// ```text
/// Limits::new().entries(10_000).eviction(Eviction::Lfu)
/// ```
/// Of what an expression makes, the bound is said elsewhere: it may be memory.
pub(crate) fn of_store(plan: &Plan) -> Option<TokenStream> {
    let (rt, policies) = (runtime(plan), &plan.policies);
    let is_store = policies.bounded == Bounded::Store;
    let entries = policies.capacity.as_ref().filter(|_| is_store);
    let bytes = policies.max_bytes.as_ref().filter(|_| is_store);
    let mut limits = TokenStream::new();
    limits.extend(detail("entries", entries));
    limits.extend(detail("bytes", bytes));
    limits.extend(detail("process_memory", policies.process_memory.as_ref()));
    if let Some((times, time)) = policies.frequency {
        let (seconds, nanos) = (time.as_secs(), time.subsec_nanos());
        limits.extend(quote!(.frequency(#times, ::core::time::Duration::new(#seconds, #nanos))));
    }
    if let Some(word) = &policies.eviction {
        let order = format_ident!("{}", capitalized(&word.to_string()), span = Span::mixed_site());
        limits.extend(quote!(.eviction(#rt::Eviction::#order)));
    }
    (!limits.is_empty()).then(|| quote!(#rt::Limits::new() #limits))
}

fn capitalized(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

fn detail(name: &str, expr: Option<&Expr>) -> Option<TokenStream> {
    let name = proc_macro2::Ident::new(name, Span::mixed_site());
    expr.map(|expr| quote!(.#name(#expr)))
}

/// A function that makes the transforms of the cached value.
pub(crate) fn transforms(plan: &Plan) -> TokenStream {
    let (rt, value) = (runtime(plan), value(plan));
    let listed = plan.policies.strategies.iter().map(|one| {
        let place = Place::of(one);
        let answer = place.call(quote!(#rt::transform!), quote!(#value, || #one));
        place.call(quote!(#rt::listed::<#value, _, _>), answer)
    });
    let listed: Vec<_> = listed.collect();
    if listed.is_empty() { quote!(|| ::std::vec::Vec::new()) } else { quote!(|| #rt::transforms([#(#listed),*])) }
}

/// Shows that the return type can say that the limit is reached, where only that is left.
pub(crate) fn can_tell(plan: &Plan) -> TokenStream {
    let (rt, ty) = (runtime(plan), &plan.returns);
    let place = match (&plan.policies.on_limit, &plan.policies.max_wait) {
        (OnLimit::Error(word), _) => Place::of(word.to_token_stream()),
        (_, Some(wait)) => Place::of(fixed(wait)),
        _ => return TokenStream::new(),
    };
    let shown = place.show(quote!(#rt::can_tell::<#ty, _>));
    quote!(#shown();)
}
