//! What is kept at most: of memory, if there is some, or of the first store.

use super::{Subject, backend};
use crate::{
    args::{Args, Backend},
    errors::Errors,
};
use proc_macro2::Ident;
use syn::{Expr, LitInt};

/// What the bounds concern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Bounded {
    Memory,
    Store,
    /// What an expression makes.
    Unknown,
}

pub(crate) fn bounded(args: &Args) -> Bounded {
    let backends = args.backend.as_ref().map(|given| given.value.as_slice()).unwrap_or_default();
    let is_memory = |one: &Backend| matches!(one, Backend::Url(url) if backend::is_memory(&url.value()));
    match backends.first() {
        None => Bounded::Memory,
        Some(_) if backends.iter().any(is_memory) => Bounded::Memory,
        Some(Backend::Url(_)) => Bounded::Store,
        Some(Backend::Expr(_)) => Bounded::Unknown,
    }
}

/// The size that memory is bound to by its URL, where no argument stands in its place.
pub(crate) fn size_of_memory(args: &Args) -> Option<Expr> {
    if counts(args).next().is_some() {
        return None;
    }
    let urls = args.backend.iter().flat_map(|given| &given.value).filter_map(|one| match one {
        Backend::Url(url) => Some(url),
        Backend::Expr(_) => None,
    });
    let mut sizes =
        urls.filter_map(|url| Some(LitInt::new(&backend::bound_of_memory(&url.value())?.to_string(), url.span())));
    sizes.next().map(|size| syn::parse_quote!(#size))
}

fn counts(args: &Args) -> impl Iterator<Item = &Ident> {
    [&args.capacity, &args.max_bytes].into_iter().flatten().map(|given| &given.name)
}

/// What typed memory does not know.
fn of_stores(args: &Args) -> impl Iterator<Item = &Ident> {
    let names = [
        args.eviction.as_ref().map(|given| &given.name),
        args.process_memory.as_ref().map(|given| &given.name),
        args.frequency.as_ref().map(|given| &given.name),
    ];
    names.into_iter().flatten()
}

// A table weighs its entries or counts them.
pub(super) fn memory_has_one(Subject { args, .. }: Subject, errors: &Errors) {
    if let (Some(_), Some(bytes)) = (&args.capacity, &args.max_bytes)
        && bounded(args) != Bounded::Store
    {
        errors.at(&bytes.name, "`capacity` counts entries, `max_bytes` weighs them: write one of them");
    }
}

// Nor does its order cost a hit anything.
pub(super) fn memory_has_its_own_order(Subject { args, .. }: Subject, errors: &Errors) {
    for name in of_stores(args).filter(|_| bounded(args) == Bounded::Memory) {
        errors.at(
            name,
            format!(
                "typed memory has an order of its own, and `{name}` is for stores: write \
                 `backend = \"memory://?format=msgpack\"` for memory that keeps bytes, or leave it out"
            ),
        );
    }
}

// A server has a limit of its own, for all its clients.
pub(super) fn the_store_can_be_bound(Subject { args, .. }: Subject, errors: &Errors) {
    let Some(url) = first(args).filter(|url| !backend::can_be_bound(url)) else { return };
    for name in counts(args).chain(of_stores(args)) {
        errors.at(
            name,
            format!(
                "`{name}` bounds memory, or a store on this machine, and this backend is neither: \
                 write `backend = [\"memory://\", \"{url}\"]` for memory in front, or leave it out"
            ),
        );
    }
}

pub(super) fn something_makes_room(Subject { args, .. }: Subject, errors: &Errors) {
    let Some(eviction) = &args.eviction else { return };
    let by_url = first(args).is_some_and(|url| ["capacity", "max_bytes"].iter().any(|name| backend::says(&url, name)));
    let bound = counts(args).next().is_some() || args.process_memory.is_some() || by_url;
    if !bound && args.single.is_none() && bounded(args) != Bounded::Memory {
        errors.at(&eviction.name, "nothing has to make room here: add `capacity = 10_000`, or leave `eviction` out");
    }
}

// In a list the argument stands in place of the parameter.
pub(super) fn not_in_the_url_too(Subject { args, .. }: Subject, errors: &Errors) {
    let Some([Backend::Url(url)]) = args.backend.as_ref().map(|given| &*given.value) else { return };
    let url = url.value();
    for name in counts(args).chain(args.eviction.as_ref().map(|given| &given.name)) {
        if backend::says(&url, &name.to_string()) {
            errors.at(name, format!("`{name}` is given twice, here and in the URL: keep one of them"));
        }
    }
}

/// The URL of what the bounds concern.
fn first(args: &Args) -> Option<String> {
    let urls = args.backend.iter().flat_map(|given| &given.value).map(|one| match one {
        Backend::Url(url) => Some(url.value()),
        Backend::Expr(_) => None,
    });
    let urls: Vec<_> = urls.collect();
    let memory = urls.iter().flatten().find(|url| backend::is_memory(url));
    memory.or_else(|| urls.first()?.as_ref()).cloned()
}
