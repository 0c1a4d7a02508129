//! What identifies a call, and what it says about its value: expressions over the arguments.

use super::{
    names::{hidden, runtime},
    place::Place,
    recipe,
};
use crate::{
    plan::{Argument, Home, List, Plan, Sourced, Timing},
    tokens,
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, spanned::Spanned};

/// The most parts that one tuple of the runtime takes.
const MOST: usize = 16;

/// References to what identifies a call, and the tuple of them.
pub(crate) struct Parts {
    /// `let k0 = &id;`
    pub(crate) bindings: TokenStream,
    /// `Borrowed((shared_part(key_part(part!(k0))), ..))`
    pub(crate) tuple: TokenStream,
}

impl Parts {
    pub(crate) fn of(plan: &Plan) -> Self {
        let rt = runtime(plan);
        let sources = sources(plan);
        let names: Vec<_> = (0..sources.len()).map(|at| hidden(&format!("__k{at}"), &plan.signature.ident)).collect();
        let bindings = names.iter().zip(&sources).map(|(name, Source { tokens, .. })| quote!(let #name = & #tokens;));
        let parts = names.iter().zip(&sources).map(|(name, source)| part(plan, name, source));
        Self { bindings: quote!(#(#bindings)*), tuple: tuple(&rt, &parts.collect::<Vec<_>>()) }
    }
}

/// What one reference makes, with what is demanded of it.
pub(super) fn part(plan: &Plan, name: &Ident, &Source { place, secret, .. }: &Source) -> TokenStream {
    let rt = runtime(plan);
    let mut part = place.call(quote!(#rt::part!), place.show(name));
    let shared = (!matches!(plan.home, Home::Thread)).then_some("shared_part");
    let stored = (!recipe::in_memory(plan)).then_some("stored_part");
    let secret = secret.then_some("secret_part");
    for demand in ["key_part"].into_iter().chain(shared).chain(stored).chain(secret) {
        let demand = Ident::new(demand, Span::mixed_site());
        part = place.call(quote!(#rt::#demand), part);
    }
    part
}

/// What a part of the key is made of.
pub(super) struct Source {
    pub(super) tokens: TokenStream,
    /// Where its errors point.
    place: Place,
    /// Whether it is shown to nobody.
    secret: bool,
    /// Whether it is another one for each item of a batch.
    pub(super) of_items: bool,
    /// Whether it can be borrowed for as long as what it is a part of.
    pub(super) is_place: bool,
}

impl Source {
    fn of(plan: &Plan, source: impl ToTokens, tokens: TokenStream, at: impl ToTokens) -> Self {
        let names = tokens::names(source);
        let of_items = lists(plan).any(|list| names.contains(&list.ident));
        let secret = names.iter().any(|name| plan.secrets.contains(name));
        Self { tokens, place: Place::of(at), secret, of_items, is_place: true }
    }

    fn of_key(plan: &Plan, part: &Expr) -> Self {
        let tokens = match part {
            Expr::Path(path) if lists(plan).any(|list| path.path.is_ident(&list.ident)) => quote!(*#path),
            _ => operand(part),
        };
        Self { is_place: matches!(part, Expr::Path(_) | Expr::Field(_)), ..Self::of(plan, part, tokens, part) }
    }

    /// An argument: of a list one item, of a map the two parts of an entry.
    fn of_argument(plan: &Plan, Argument { ident, ty, .. }: &Argument) -> Vec<Self> {
        let list = lists(plan).find(|list| list.ident == *ident);
        let tokens = match list {
            None => vec![ident.to_token_stream()],
            Some(list) if list.listed.is_map() => vec![quote!(*#ident.0), quote!(*#ident.1)],
            Some(_) => vec![quote!(*#ident)],
        };
        tokens.into_iter().map(|tokens| Self::of(plan, ident, tokens, ty)).collect()
    }
}

/// The lists of a batch.
fn lists(plan: &Plan) -> impl Iterator<Item = &List> {
    plan.batch.iter().flat_map(|batch| &batch.lists)
}

/// Each part of the key.
pub(super) fn sources(plan: &Plan) -> Vec<Source> {
    let of_key = plan.key.iter().flatten().map(|part| Source::of_key(plan, &part.source));
    let arguments = identity(plan).filter(|_| plan.key.is_none());
    let of_arguments = arguments.flat_map(|argument| Source::of_argument(plan, argument));
    let outside = plan.depends_on.iter().map(|part| {
        let source = Source::of(plan, &part.source, shadowed(plan, part), &part.source);
        Source { is_place: false, ..source }
    });
    of_key.chain(of_arguments).chain(outside).collect()
}

/// An expression that sees its arguments by reference.
fn shadowed(plan: &Plan, expr: &Sourced<Expr>) -> TokenStream {
    let (shadows, source) = (shadows(plan, &[expr]), &expr.source);
    if shadows.is_empty() { operand(source) } else { quote!({ #shadows #source }) }
}

/// The arguments that are identity.
pub(crate) fn identity(plan: &Plan) -> impl Iterator<Item = &Argument> {
    plan.arguments.iter().filter(|argument| argument.identity)
}

/// An expression that `&` can stand before.
fn operand(expr: &Expr) -> TokenStream {
    match expr {
        Expr::Path(_)
        | Expr::Field(_)
        | Expr::MethodCall(_)
        | Expr::Call(_)
        | Expr::Index(_)
        | Expr::Macro(_)
        | Expr::Lit(_)
        | Expr::Paren(_)
        | Expr::Tuple(_) => expr.to_token_stream(),
        _ => quote_spanned!(Span::mixed_site().located_at(expr.span())=> (#expr)),
    }
}

/// More than sixteen parts are nested: the last part of a tuple is a tuple of the rest.
pub(super) fn tuple(rt: &TokenStream, parts: &[TokenStream]) -> TokenStream {
    if parts.len() <= MOST {
        return quote!(#rt::Borrowed((#(#parts,)*)));
    }
    let (first, rest) = parts.split_at(MOST - 1);
    let rest = tuple(rt, rest);
    quote!(#rt::Borrowed((#(#first,)* #rest)))
}

/// `let id = &id;` for each argument that is named, so that an expression cannot use it up.
fn shadows(plan: &Plan, expressions: &[&Sourced<Expr>]) -> TokenStream {
    let named = |argument: &&Argument| expressions.iter().any(|expr| expr.arguments.contains(&argument.index));
    // An item of a list is a reference already.
    let listed = |argument: &&Argument| lists(plan).any(|list| list.ident == argument.ident);
    let shadows = plan
        .arguments
        .iter()
        .filter(|argument| named(argument) && !listed(argument))
        .map(|Argument { ident, .. }| quote!(let #ident = &#ident;));
    shadows.collect()
}

/// What the call says about the life of its value, before the body: an expression of type `Terms`.
pub(crate) fn terms(plan: &Plan) -> TokenStream {
    let rt = runtime(plan);
    let policies = &plan.policies;
    let said = [("ttl", &policies.ttl), ("expires_at", &policies.expires_at), ("none_ttl", &policies.none_ttl)];
    let mut expressions = Vec::new();
    let mut calls = TokenStream::new();
    for (name, timing) in said {
        let Some(timing) = timing else { continue };
        let method = Ident::new(name, Span::mixed_site());
        if let Some(value) = fixed(timing) {
            calls.extend(quote!(.#method(#value)));
        }
        if let Timing::Expr(expr) = timing {
            expressions.push(expr);
        }
    }
    if let Some(per) = &policies.per {
        let (place, source) = (Place::of(&per.source), operand(&per.source));
        let borrow = place.show(quote!(&));
        let partition = place.call(quote!(#rt::partition), quote!(#borrow #source));
        calls.extend(quote!(.per(#partition)));
        expressions.push(per);
    }
    if !policies.tags.is_empty() {
        let tags = policies.tags.iter().map(|(text, parts)| {
            let escaped = text.iter().map(|piece| piece.replace('{', "{{").replace('}', "}}"));
            let format = escaped.collect::<Vec<_>>().join("{}");
            let parts = parts.iter().map(|Sourced { source, .. }| {
                let place = Place::of(source);
                let (borrow, part) = (place.show(quote!(&)), operand(source));
                place.call(quote!(#rt::tag_part), quote!(#borrow #part))
            });
            quote!(::std::format!(#format, #(#parts),*))
        });
        calls.extend(quote!(.tags([#(#tags),*])));
        expressions.extend(policies.tags.iter().flat_map(|(_, parts)| parts));
    }
    let shadows = shadows(plan, &expressions);
    let terms = quote!(#rt::Terms::new()#calls);
    let terms = if shadows.is_empty() { terms } else { quote!({ #shadows #terms }) };
    // Conditions see arguments as the body does.
    let conditions = policies.keep_if.iter().map(|one| Place::of(one).call(quote!(#rt::condition), one));
    let keep = (!policies.keep_if.is_empty()).then(|| quote!(.keep(#(#conditions)&&*)));
    quote!(#terms #keep)
}

/// A duration or an expression of one; nothing for a closure.
pub(crate) fn fixed(timing: &Timing) -> Option<TokenStream> {
    match timing {
        Timing::Fixed(duration, span) => {
            let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
            Some(quote_spanned!(Span::mixed_site().located_at(*span)=> ::core::time::Duration::new(#seconds, #nanos)))
        }
        Timing::Expr(expr) => Some(expr.source.to_token_stream()),
        Timing::Closure(_) => None,
    }
}
