//! How long values live, what they are good for beyond that, and how long a body may take.

use super::{
    names::{hidden, runtime},
    parts::fixed,
    place::Place,
    recipe,
};
use crate::plan::{OnLimit, Plan, Timing};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

/// The fields of the configuration.
pub(super) fn fields(plan: &Plan) -> TokenStream {
    let rt = runtime(plan);
    let policies = &plan.policies;
    let once = |timing: &Option<Timing>| timing.as_ref().and_then(fixed);
    let number = |expr: &Option<syn::Expr>| expr.as_ref().map(ToTokens::to_token_stream);
    let mut life = TokenStream::new();
    for (name, value) in [
        ("tti", once(&policies.tti)),
        ("jitter", once(&policies.jitter)),
        ("revalidate", once(&policies.stale_while_revalidate)),
        ("if_error", once(&policies.stale_if_error)),
        ("revalidable", once(&policies.revalidate)),
        ("refresh_at", number(&policies.refresh_at)),
        ("xfetch", number(&policies.xfetch)),
    ] {
        life.extend(field(name, value));
    }
    life.extend(matches!(policies.on_limit, OnLimit::Stale).then(|| quote!(stale: true,)));
    let hard = policies.hard_timeout.as_ref().and_then(|(_, time)| fixed(time));
    let mut deadlines = TokenStream::new();
    for (name, value) in
        [("soft", once(&policies.soft_timeout)), ("hard", hard), ("abandon", once(&policies.abandon_after))]
    {
        deadlines.extend(field(name, value));
    }
    let error_ttl = policies.error_ttl.as_ref().and_then(|(_, time)| fixed(time));
    let error_ttl = field("error_ttl", error_ttl);
    let life = whole("life", &quote!(#rt::Life), &life);
    let deadlines = whole("deadlines", &quote!(#rt::Deadlines), &deadlines);
    let tagged = !policies.tags.is_empty() || !policies.value_tags.is_empty();
    let tagged = tagged.then(|| quote!(tagged: true,));
    let tagged_by_value = (!policies.value_tags.is_empty()).then(|| quote!(tagged_by_value: true,));
    quote!(#life #deadlines #error_ttl #tagged #tagged_by_value)
}

fn field(name: &str, value: Option<TokenStream>) -> Option<TokenStream> {
    let name = Ident::new(name, Span::mixed_site());
    value.map(|value| quote!(#name: ::core::option::Option::Some(#value),))
}

/// `life: Life { tti: Some(..), ..Default::default() },`
fn whole(name: &str, ty: &TokenStream, fields: &TokenStream) -> Option<TokenStream> {
    let name = Ident::new(name, Span::mixed_site());
    (!fields.is_empty()).then(|| quote!(#name: #ty { #fields ..::core::default::Default::default() },))
}

/// Shows that the return type can say what it must.
pub(super) fn can_tell(plan: &Plan) -> TokenStream {
    let (rt, ty) = (runtime(plan), &plan.returns);
    let shown = |word: &Ident, demand| Place::of(word).show(quote!(#rt::#demand::<#ty, _>));
    let late = plan.policies.hard_timeout.as_ref().map(|(word, _)| shown(word, quote!(can_tell_late)));
    let lasting = plan.policies.error_ttl.as_ref().map(|(word, _)| shown(word, quote!(errors_last)));
    let open = plan.policies.breaker.as_ref().map(|(word, _)| shown(word, quote!(can_tell_open)));
    let all = late.into_iter().chain(lasting).chain(open);
    quote!(#(#all();)*)
}

/// ```text
/// .lasting(|returned: &R| matches!(returned, Err(error) if ask(error, |error| ..)))
/// ```
pub(super) fn lasting(plan: &Plan) -> Option<TokenStream> {
    let (rt, ty) = (runtime(plan), &plan.returns);
    let predicate = recipe::predicate(plan.policies.error_if.as_ref()?);
    let [returned, error] = ["__returned", "__error"].map(|text| hidden(text, &plan.signature.ident));
    let asked = quote!(#rt::ask::<_, bool>(#error, #predicate));
    Some(quote!(.lasting(|#returned: &#ty| match #returned {
        ::core::result::Result::Err(#error) => #asked,
        ::core::result::Result::Ok(_) => false,
    })))
}
