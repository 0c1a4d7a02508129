//! Which functions can be cached at all.

use super::Subject;
use crate::{errors::Errors, tokens};
use syn::{FnArg, PatType, Receiver, ReceiverKind, Safety};

// A `const fn` may run in the compiler, where nothing can be kept.
pub(super) fn not_const(Subject { function, .. }: Subject, errors: &Errors) {
    if let Some(word) = function.signature.constness {
        errors.at(word, "a `const fn` can't keep anything between calls: remove `const`");
    }
}

// What the caller of an unsafe function promises is promised for a call; a hit answers another one.
pub(super) fn not_unsafe(Subject { function, .. }: Subject, errors: &Errors) {
    if let Safety::Unsafe(word) = function.signature.safety {
        errors.at(
            word,
            "an `unsafe fn` can't be cached, because a hit would skip what its callers answer for: \
             cache a safe function that calls it",
        );
    }
}

// Foreign callers can't unwind, and know nothing of Rust's values.
pub(super) fn not_extern(Subject { function, .. }: Subject, errors: &Errors) {
    if let Some(abi) = &function.signature.abi {
        errors.at(abi, "an `extern` function can't be cached: let it call a Rust function that is");
    }
}

pub(super) fn not_variadic(Subject { function, .. }: Subject, errors: &Errors) {
    if let Some(variadic) = &function.signature.variadic {
        errors.at(variadic, "variable arguments can't be compared: cache a function with named ones");
    }
}

// A hit skips the body, so the change would happen on some calls only.
pub(super) fn no_mutable_receiver(subject: Subject, errors: &Errors) {
    if let Some(this) = subject.mutable_receiver() {
        errors.at(
            this,
            "a hit would skip what the body does to `self`: \
             take `&self`, or cache a function that only computes and change `self` from its value",
        );
    }
}

impl<'s> Subject<'s> {
    /// `&mut self` and the like, but not `mut self`, which is the function's own.
    pub(super) fn mutable_receiver(self) -> Option<&'s Receiver> {
        let this = &self.function.receiver.as_ref()?.receiver;
        let mutable = match &this.kind {
            ReceiverKind::Reference(_, _, mutability) => mutability.is_some(),
            ReceiverKind::Typed(_, ty) => tokens::borrow_mutably(ty),
            _ => false,
        };
        mutable.then_some(this)
    }
}

// Whether the argument exists would have to be known to the key as well.
pub(super) fn no_cfg_on_arguments(Subject { function, .. }: Subject, errors: &Errors) {
    for input in &function.signature.inputs {
        let (FnArg::Receiver(Receiver { attrs, .. }) | FnArg::Typed(PatType { attrs, .. })) = input;
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr")) {
            errors.at(
                attr,
                "an argument can't come and go under `#[cache]`: write two functions, each under its `#[cfg]`",
            );
        }
    }
}
