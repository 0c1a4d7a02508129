//! What a key template may name, and what it must.

use super::Subject;
use crate::{args::Template, errors::Errors, item::Argument, names, tokens};
use proc_macro2::Ident;

impl<'s> Subject<'s> {
    /// The template, if `key` is one.
    pub(crate) fn template(self) -> Option<&'s Template> {
        self.args.key.as_ref().and_then(|key| key.value.template())
    }
}

// In a tuple stands any expression; braces in a text are for arguments, and one that is misspelt is a mistake here.
pub(super) fn names_are_arguments(subject: Subject, errors: &Errors) {
    let Some(template) = subject.template() else { return };
    let arguments: Vec<_> = subject.function.arguments.iter().collect();
    let bound =
        |name: &Ident| arguments.iter().any(|it| it.pattern.iter().flat_map(tokens::bound).any(|part| part == *name));
    let named = arguments.iter().filter(|argument| argument.is_named()).map(|argument| argument.ident.to_string());
    let this = subject.function.receiver.iter().map(|_| "self".to_owned());
    let known: Vec<_> = this.chain(named).collect();
    for name in template.parts.iter().flat_map(tokens::names) {
        let text = name.to_string();
        if !known.contains(&text) && !bound(&name) && !text.starts_with(char::is_uppercase) {
            let hint = names::hint(&text, known.iter().map(String::as_str));
            errors.at(&template.literal, format!("there is no argument `{text}`{hint}"));
        }
    }
}

// A template looks complete: an argument that was added later and forgotten in it would share entries.
pub(super) fn each_argument_is_decided(subject: Subject, errors: &Errors) {
    let (Some(_), Some(named)) = (subject.template(), subject.key_names()) else { return };
    if subject.ignores_unknown() {
        return;
    }
    let forgotten = |argument: &&Argument| {
        !named.contains(&argument.ident) && argument.mark.is_none() && subject.ignores(argument).is_none()
    };
    for argument in subject.function.arguments.iter().filter(forgotten) {
        let name = &argument.ident;
        if argument.is_named() {
            let text = format!(
                "`{name}` is neither in the template nor ignored: write `{{{name}}}` in it, or `ignore = [{name}]`"
            );
            errors.at(name, text);
        } else {
            errors.at(
                &argument.ty,
                "a template can't name this argument: write `#[cache(ignore)]` before it, or give it a name",
            );
        }
    }
    if let Some(this) = &subject.function.receiver
        && subject.ignores_self().is_none()
        && this.mark.is_none()
        && !named.iter().any(|name| name == "self")
    {
        let text = "`self` is neither in the template nor ignored: write `{self.field}` in it, or `ignore = [self]`";
        errors.at(&this.receiver, text);
    }
}
