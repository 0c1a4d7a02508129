//! What identifies a call: `ignore`, `key`, and the arguments that can't.

use super::Subject;
use crate::{
    errors::Errors,
    item::{Argument, Function},
    names, tokens, types,
};
use proc_macro2::Ident;
use syn::GenericParam;

impl<'s> Subject<'s> {
    /// All names that were ignored, in the list or on an argument.
    pub(crate) fn ignored(self) -> impl Iterator<Item = &'s Ident> {
        self.args.ignore.iter().flat_map(|given| &given.value)
    }

    /// Whether this argument was ignored, and where.
    pub(super) fn ignores(self, argument: &'s Argument) -> Option<&'s Ident> {
        let listed = self.ignored().find(|name| argument.is_named() && **name == argument.ident);
        listed.or(argument.marked("ignore"))
    }

    /// Whether the receiver was ignored, and where.
    pub(super) fn ignores_self(self) -> Option<&'s Ident> {
        let marked = self.function.receiver.as_ref().and_then(|this| this.marked("ignore"));
        self.ignored().find(|name| *name == "self").or(marked)
    }

    /// The names that the expressions of `key` use.
    pub(crate) fn key_names(self) -> Option<Vec<Ident>> {
        self.args.key.as_ref().map(|key| key.value.parts().iter().flat_map(tokens::names).collect())
    }

    /// Whether this argument is part of what identifies a call.
    pub(crate) fn identifies(self, argument: &Argument) -> bool {
        match self.key_names() {
            Some(names) => argument.is_named() && names.contains(&argument.ident),
            None => self.ignores(argument).is_none(),
        }
    }

    /// What may stand in `ignore`.
    fn ignorable(self) -> Vec<String> {
        let this = self.function.receiver.iter().map(|_| "self".to_owned());
        let arguments = self.function.arguments.iter().filter(|argument| argument.is_named());
        let arguments = arguments.map(|argument| argument.ident.to_string());
        let parameters = self.parameters().map(Ident::to_string);
        let itself = self.is_associated().then(|| "Self".to_owned());
        this.chain(arguments).chain(parameters).chain(itself).collect()
    }

    /// Whether a name in `ignore` is misspelt, so that it can't be known what is ignored.
    pub(super) fn ignores_unknown(self) -> bool {
        let known = self.ignorable();
        self.ignored().any(|name| !known.contains(&name.to_string()))
    }

    /// The names of type and const parameters.
    pub(crate) fn parameters(self) -> impl Iterator<Item = &'s Ident> {
        self.generics().flat_map(|generics| &generics.params).filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Const(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) => None,
        })
    }
}

// An ignored name that is misspelt would leave the argument in the key.
pub(super) fn ignored_names_exist(subject: Subject, errors: &Errors) {
    let known = subject.ignorable();
    for name in subject.ignored() {
        let text = name.to_string();
        if known.contains(&text) {
            continue;
        }
        let hint = names::hint(&text, known.iter().map(String::as_str));
        let in_pattern =
            |argument: &&Argument| argument.pattern.iter().flat_map(tokens::bound).any(|part| part == *name);
        match subject.function.arguments.iter().find(in_pattern) {
            Some(_) => errors.at(
                name,
                format!("`{name}` is a part of an argument: write `#[cache(ignore)]` before the whole of it"),
            ),
            None => errors.at(name, format!("there is no argument `{name}`{hint}")),
        }
    }
}

pub(super) fn ignored_once(subject: Subject, errors: &Errors) {
    let names: Vec<_> = subject.ignored().collect();
    let Function { receiver, arguments, .. } = subject.function;
    for (at, name) in names.iter().enumerate() {
        let marked = arguments.iter().any(|argument| argument.marked("ignore").is_some() && argument.ident == **name)
            || receiver.as_ref().is_some_and(|this| this.marked("ignore").is_some() && **name == "self");
        if marked || names[..at].contains(name) {
            errors.at(name, format!("`{name}` is ignored twice: keep one of them"));
        }
    }
}

// `key` replaces all arguments; what a tuple doesn't name is left out already. Type parameters it can't speak of.
pub(super) fn not_both_key_and_ignore(subject: Subject, errors: &Errors) {
    let Some(named) = subject.key_names() else { return };
    let template = subject.template().is_some();
    let arguments = subject.function.arguments.iter().filter_map(|argument| subject.ignores(argument));
    for ignored in arguments.chain(subject.ignores_self()) {
        if named.contains(ignored) {
            errors.at(ignored, format!("`{ignored}` is ignored and named in `key`: keep one of them"));
        } else if !template {
            errors.at(ignored, "`key` already says all that identifies a call: leave this out");
        }
    }
}

// Two objects with different state would share entries, or equal ones would not; only the author knows.
pub(super) fn receiver_is_decided(subject: Subject, errors: &Errors) {
    let Subject { args, function, .. } = subject;
    let Some(this) = &function.receiver else { return };
    if subject.ignores_self().is_some()
        || args.key.is_some()
        || args.site.is_some()
        || this.mark.is_some()
        || subject.secrets().iter().any(|name| name == "self")
        || subject.ignores_unknown()
        || subject.mutable_receiver().is_some()
    {
        return;
    }
    errors.at(
        &this.receiver,
        "say what `self` means to the cache:\n\
         - `ignore = [self]`: nothing, all instances share the entries\n\
         - `key = (self.field, ..)`: these parts of it identify a call, beside the arguments that are named there\n\
         - `key = (self, ..)`: all of it does\n\
         - `site = self.field`: each instance has a cache of its own, in a field of type `cacher::Site`",
    );
}

// A hit skips the body, so what the body would have written through the reference is not there.
pub(super) fn no_mutable_identity(subject: Subject, errors: &Errors) {
    for argument in arguments_by_default(subject).filter(|argument| tokens::borrow_mutably(&argument.ty)) {
        let name = ignore_form(argument);
        errors.at(
            &argument.ty,
            format!(
                "a hit would skip what the body does through `&mut`: return it, or write {name} if it does not matter"
            ),
        );
    }
}

// What type it is can't be named, so nothing can be said of it.
pub(super) fn no_opaque_identity(subject: Subject, errors: &Errors) {
    let opaque = arguments_by_default(subject).filter(|argument| types::is_opaque(&argument.ty));
    for argument in opaque.filter(|argument| !subject.is_list(argument)) {
        let name = ignore_form(argument);
        errors.at(
            &argument.ty,
            format!(
                "an `impl Trait` argument can't identify a call: write {name}, or say in `key = (..)` what of it does"
            ),
        );
    }
}

/// The arguments that identify a call because nothing says otherwise.
pub(super) fn arguments_by_default(subject: Subject<'_>) -> impl Iterator<Item = &Argument> {
    let all = subject.args.key.is_none() && !subject.ignores_unknown();
    subject.function.arguments.iter().filter(move |argument| all && subject.ignores(argument).is_none())
}

fn ignore_form(argument: &Argument) -> String {
    if argument.is_named() {
        format!("`ignore = [{}]`", argument.ident)
    } else {
        "`#[cache(ignore)]` before it".to_owned()
    }
}
