//! What a key template may name, and what it must.

use super::Subject;
use crate::{
    args::{Tag, Template},
    errors::Errors,
    item::Argument,
    names, tokens,
};

impl<'s> Subject<'s> {
    /// The template, if `key` is one.
    pub(crate) fn template(self) -> Option<&'s Template> {
        self.args.key.as_ref().and_then(|key| key.value.template())
    }

    /// The templates of `tags`.
    pub(crate) fn tag_templates(self) -> impl Iterator<Item = &'s Template> {
        let tags = self.args.tags.iter().flat_map(|given| &given.value);
        tags.filter_map(|tag| match tag {
            Tag::Template(template) => Some(template),
            Tag::OfValue(_) => None,
        })
    }
}

// In a tuple stands any expression; braces in a text are for arguments, and one that is misspelt is a mistake here.
pub(super) fn names_are_arguments(subject: Subject, errors: &Errors) {
    let known = known(subject);
    for template in subject.template().into_iter().chain(subject.tag_templates()) {
        for text in unknown(subject, template) {
            let hint = names::hint(&text, known.iter().map(String::as_str));
            errors.at(&template.literal, format!("there is no argument `{text}`{hint}"));
        }
    }
}

/// What braces may name.
fn known(subject: Subject) -> Vec<String> {
    let named = subject.function.arguments.iter().filter(|argument| argument.is_named());
    let this = subject.function.receiver.iter().map(|_| "self".to_owned());
    this.chain(named.map(|argument| argument.ident.to_string())).collect()
}

/// The names in braces that stand for no argument, and for no part of one. Constants begin with a capital.
fn unknown(subject: Subject, template: &Template) -> Vec<String> {
    let parts = subject.function.arguments.iter().flat_map(|argument| &argument.pattern).flat_map(tokens::bound);
    let known: Vec<_> = known(subject).into_iter().chain(parts.map(|part| part.to_string())).collect();
    let names = template.parts.iter().flat_map(tokens::names).map(|name| name.to_string());
    names.filter(|name| !known.contains(name) && !name.starts_with(char::is_uppercase)).collect()
}

// A template looks complete: an argument that was added later and forgotten in it would share entries.
pub(super) fn each_argument_is_decided(subject: Subject, errors: &Errors) {
    let (Some(template), Some(named)) = (subject.template(), subject.key_names()) else { return };
    if subject.ignores_unknown() || !unknown(subject, template).is_empty() {
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
