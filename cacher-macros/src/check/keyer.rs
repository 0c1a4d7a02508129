//! How keys are written in stores.

use super::{Subject, backend};
use crate::{
    args::{Args, Backend, Keyer},
    errors::Errors,
    tokens,
};
use proc_macro2::Ident;
use syn::{Expr, ExprClosure};

/// `keyer` or `file_name`, where one is given.
fn given(args: &Args) -> impl Iterator<Item = &Ident> {
    let keyer = args.keyer.as_ref().map(|given| &given.name);
    keyer.into_iter().chain(args.file_name.as_ref().map(|given| &given.name))
}

/// The closures among them, each with the name of the argument that it is given to.
fn closures(args: &Args) -> impl Iterator<Item = (&Ident, &ExprClosure)> {
    let keyer = args.keyer.iter().filter_map(|given| match &given.value {
        Keyer::Closure(closure) => Some((&given.name, closure)),
        _ => None,
    });
    let file_name = args.file_name.iter().filter_map(|given| match &given.value {
        Expr::Closure(closure) => Some((&given.name, closure)),
        _ => None,
    });
    keyer.chain(file_name)
}

// A file has one name.
pub(super) fn keyer_or_file_name(Subject { args, .. }: Subject, errors: &Errors) {
    if let (Some(_), Some(file_name)) = (&args.keyer, &args.file_name) {
        errors.at(&file_name.name, "`keyer` and `file_name` both say what a file is called: write one of them");
    }
}

// Memory compares the arguments themselves, so that what was meant does not happen.
pub(super) fn keys_are_stored(Subject { args, .. }: Subject, errors: &Errors) {
    let memory = |backend: &Backend| matches!(backend, Backend::Url(url) if backend::is_memory(&url.value()));
    if args.backend.iter().flat_map(|given| &given.value).any(|backend| !memory(backend)) {
        return;
    }
    for name in given(args) {
        errors.at(
            name,
            format!(
                "`{name}` says how a store writes keys, and memory compares the arguments themselves: \
                 add a store, as in `backend = \"file://./.cache\"`, or leave `{name}` out; \
                 to say what identifies a call, write `key = (..)`"
            ),
        );
    }
}

pub(super) fn file_names_are_for_files(Subject { args, .. }: Subject, errors: &Errors) {
    let Some(file_name) = &args.file_name else { return };
    let other = args.backend.iter().flat_map(|given| &given.value).find_map(|backend| match backend {
        Backend::Url(url) => Some(url.value()).filter(|url| backend::is_store(url) && !backend::is_files(url)),
        Backend::Expr(_) => None,
    });
    if let Some(url) = other {
        errors.at(
            &file_name.name,
            format!("`file_name` is for `file://`, and `{url}` has no files: write `keyer` in its place"),
        );
    }
}

pub(super) fn closures_take_the_call(Subject { args, .. }: Subject, errors: &Errors) {
    for (name, closure) in closures(args) {
        if closure.inputs.len() != 1 {
            errors
                .at(closure, format!("the closure of `{name}` takes one argument, the call to be named: `|call| ..`"));
        } else if let Some(word) = closure.asyncness {
            errors.at(word, format!("the closure of `{name}` can't wait: remove `async`"));
        }
    }
}

/// The names that `keyer` and `file_name` take from around them.
pub(super) fn captured(args: &Args) -> Vec<(&Ident, Ident)> {
    let expressions = args.keyer.iter().filter_map(|given| match &given.value {
        Keyer::Expr(expr) => Some((&given.name, tokens::names(expr))),
        _ => None,
    });
    // A name that the closure binds is its own, as in `let id = call.argument("id")`.
    let closures = closures(args).map(|(name, closure)| {
        let own = tokens::rebound(&closure.body);
        (name, tokens::captures(closure).into_iter().filter(|name| !own.contains(name)).collect())
    });
    expressions.chain(closures).flat_map(|(name, used)| used.into_iter().map(move |used| (name, used))).collect()
}
