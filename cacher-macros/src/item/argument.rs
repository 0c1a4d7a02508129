//! The arguments of a function, and `#[cache(ignore)]` on them.

use super::take_ours;
use crate::errors::Errors;
use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::{Attribute, FnArg, Meta, Pat, PatType, Receiver, Signature, Type, ext::IdentExt, spanned::Spanned};

/// `&self` and the like.
pub(crate) struct SelfArgument {
    pub(crate) receiver: Receiver,
    /// The `ignore` of `#[cache(ignore)]` on it.
    pub(crate) mark: Option<Ident>,
}

/// Any other argument.
pub(crate) struct Argument {
    /// Its place, the receiver not counted.
    pub(crate) index: usize,
    /// Its name; for a pattern one of ours, `__a0`.
    pub(crate) ident: Ident,
    /// What the body expects, if that is more than a name: `(a, b)`, `mut n`.
    pub(crate) pattern: Option<Pat>,
    pub(crate) ty: Type,
    /// The `ignore` of `#[cache(ignore)]` on it.
    pub(crate) mark: Option<Ident>,
}

impl Argument {
    /// Whether its name is the user's.
    pub(crate) fn is_named(&self) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| name(pattern).is_some())
    }
}

/// Takes our attributes out of the signature, and lists the arguments.
pub(super) fn read(signature: &mut Signature, errors: &Errors) -> (Option<SelfArgument>, Vec<Argument>) {
    let mut receiver = None;
    let mut arguments = Vec::new();
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(this) => {
                let mark = mark(&mut this.attrs, errors);
                receiver = Some(SelfArgument { receiver: this.clone(), mark });
            }
            FnArg::Typed(argument) => {
                let mark = mark(&mut argument.attrs, errors);
                arguments.push(self::argument(arguments.len(), argument, mark));
            }
        }
    }
    (receiver, arguments)
}

fn argument(index: usize, PatType { pat, ty, .. }: &PatType, mark: Option<Ident>) -> Argument {
    let plain = matches!(&**pat, Pat::Ident(ident) if ident.mutability.is_none());
    let ident = name(pat).unwrap_or_else(|| {
        let span = Span::mixed_site().located_at(pat.span());
        format_ident!("__a{index}", span = span)
    });
    let pattern = (!plain || name(pat).is_none()).then(|| (**pat).clone());
    Argument { index, ident, pattern, ty: (**ty).clone(), mark }
}

/// The name, if the pattern is no more than that: `n` or `mut n`.
fn name(pattern: &Pat) -> Option<Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Some(name.ident.clone()),
        _ => None,
    }
}

/// The `ignore` of `#[cache(ignore)]`; anything else in such an attribute is noted as a mistake.
fn mark(attrs: &mut Vec<Attribute>, errors: &Errors) -> Option<Ident> {
    let mut mark = None;
    for attr in take_ours(attrs) {
        match word(&attr) {
            Some(word) if word == "ignore" && mark.is_some() => {
                errors.at(word, "`ignore` is given twice: keep one of them");
            }
            Some(word) if word == "ignore" => mark = Some(word),
            Some(word) if word == "secret" => errors.at(word, "`secret` is not available in this version"),
            _ => errors.at(attr, "on an argument stands `#[cache(ignore)]`; all else belongs on the function"),
        }
    }
    mark
}

/// The word between the parentheses, if it is only one.
fn word(attr: &Attribute) -> Option<Ident> {
    match &attr.meta {
        Meta::List(list) => list.parse_args_with(Ident::parse_any).ok(),
        _ => None,
    }
}
