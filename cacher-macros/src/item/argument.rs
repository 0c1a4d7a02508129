//! The arguments of a function, and what is marked on them: `#[cache(ignore)]`, `#[cache(secret)]`, `#[cache(key)]`.

use super::take_ours;
use crate::errors::Errors;
use proc_macro2::{Ident, Span};
use quote::format_ident;
use syn::{Attribute, FnArg, Meta, Pat, PatType, Receiver, Signature, Type, ext::IdentExt, spanned::Spanned};

/// `&self` and the like.
pub(crate) struct SelfArgument {
    pub(crate) receiver: Receiver,
    /// The word of the mark on it.
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
    /// The word of the mark on it.
    pub(crate) mark: Option<Ident>,
}

impl Argument {
    /// The word, if it is this one.
    pub(crate) fn marked(&self, word: &str) -> Option<&Ident> {
        self.mark.as_ref().filter(|mark| *mark == word)
    }

    /// Whether its name is the user's.
    pub(crate) fn is_named(&self) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| name(pattern).is_some())
    }
}

impl SelfArgument {
    /// The word, if it is this one.
    pub(crate) fn marked(&self, word: &str) -> Option<&Ident> {
        self.mark.as_ref().filter(|mark| *mark == word)
    }
}

/// What may be marked.
const MARKS: [&str; 3] = ["ignore", "secret", "key"];

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

/// The word of `#[cache(ignore)]` and the like; anything else in such an attribute is noted as a mistake.
fn mark(attrs: &mut Vec<Attribute>, errors: &Errors) -> Option<Ident> {
    let mut mark: Option<Ident> = None;
    for attr in take_ours(attrs) {
        match word(&attr).filter(|word| MARKS.iter().any(|known| word == known)) {
            None => errors.at(
                attr,
                "on an argument stands `#[cache(ignore)]`, `#[cache(secret)]` or `#[cache(key)]`; \
                 all else belongs on the function",
            ),
            Some(word) => match &mark {
                Some(first) if *first == word => errors.at(&word, format!("`{word}` is given twice: keep one of them")),
                Some(first) => errors.at(&word, format!("an argument is `{first}` or `{word}`: keep one of them")),
                None => mark = Some(word),
            },
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
