//! Arguments that identify a call and are shown to nobody.

use super::Subject;
use crate::{args::Backend, errors::Errors, item::Argument, names, tokens};
use proc_macro2::Ident;

impl<'s> Subject<'s> {
    /// The names in `secret`.
    fn listed_secrets(self) -> impl Iterator<Item = &'s Ident> {
        self.args.secret.iter().flat_map(|given| &given.value)
    }

    /// Whether this argument is secret, and where that is said.
    fn hides(self, argument: &'s Argument) -> Option<&'s Ident> {
        let listed = self.listed_secrets().find(|name| argument.is_named() && **name == argument.ident);
        listed.or(argument.marked("secret"))
    }

    /// The names of all that is secret: what names one of them is secret as well.
    pub(crate) fn secrets(self) -> Vec<Ident> {
        let marked = self.function.arguments.iter().filter(|argument| argument.marked("secret").is_some());
        let marked = marked.map(|argument| &argument.ident);
        let this = self.secret_receiver().map(|mark| Ident::new("self", mark.span()));
        self.listed_secrets().chain(marked).cloned().chain(this).collect()
    }

    /// The `self` that is marked.
    fn secret_receiver(self) -> Option<&'s Ident> {
        self.function.receiver.as_ref().and_then(|this| this.marked("secret"))
    }

    /// Whether all backends are known to be memory.
    fn in_memory(self) -> bool {
        let memory = |one: &Backend| matches!(one, Backend::Url(url) if super::backend::is_memory(&url.value()));
        self.args.backend.iter().all(|given| given.value.iter().all(memory))
    }
}

// A secret name that is misspelt would leave the argument in stores and logs.
pub(super) fn names_exist(subject: Subject, errors: &Errors) {
    let named = subject.function.arguments.iter().filter(|argument| argument.is_named());
    let this = subject.function.receiver.iter().map(|_| "self".to_owned());
    let known: Vec<_> = this.chain(named.map(|argument| argument.ident.to_string())).collect();
    for name in subject.listed_secrets().filter(|name| !known.contains(&name.to_string())) {
        let hint = names::hint(&name.to_string(), known.iter().map(String::as_str));
        let in_pattern =
            |argument: &Argument| argument.pattern.iter().flat_map(tokens::bound).any(|part| part == *name);
        if subject.function.arguments.iter().any(in_pattern) {
            errors.at(
                name,
                format!("`{name}` is a part of an argument: write `#[cache(secret)]` before the whole of it"),
            );
        } else {
            errors.at(name, format!("there is no argument `{name}`{hint}"));
        }
    }
}

// It is one or the other: an ignored argument identifies nothing.
pub(super) fn said_once(subject: Subject, errors: &Errors) {
    let listed: Vec<_> = subject.listed_secrets().collect();
    for (at, name) in listed.iter().enumerate() {
        if listed[..at].contains(name) {
            errors.at(name, format!("`{name}` is secret twice: keep one of them"));
        }
    }
    for argument in &subject.function.arguments {
        let Some(secret) = subject.hides(argument) else { continue };
        let name = name(argument);
        if subject.ignores(argument).is_some() {
            errors.at(
                secret,
                format!("`{name}` is ignored and secret: what is ignored is never shown, keep one of them"),
            );
        } else if argument.mark.as_ref().is_some_and(|mark| mark != secret) {
            let twice = argument.marked("secret").map_or("secret and marked as a key", |_| "secret twice");
            errors.at(secret, format!("`{name}` is {twice}: keep one of them"));
        }
    }
}

// What `key` doesn't name identifies nothing, so there is nothing of it to hide.
pub(super) fn stands_in_the_key(subject: Subject, errors: &Errors) {
    let Some(named) = subject.key_names() else { return };
    for argument in &subject.function.arguments {
        if let Some(secret) = subject.hides(argument)
            && subject.ignores(argument).is_none()
            && !named.contains(&argument.ident)
        {
            let name = name(argument);
            errors
                .at(secret, format!("`{name}` is secret, and `key` does not name it: add it there, or leave this out"));
        }
    }
}

// The whole of an object is rarely a secret; what of it is must be said anyway.
pub(super) fn parts_of_self_only(subject: Subject, errors: &Errors) {
    let named = subject.key_names().is_some_and(|names| names.iter().any(|name| name == "self"));
    let listed = subject.listed_secrets().find(|name| *name == "self");
    if let Some(secret) = listed.or(subject.secret_receiver())
        && subject.function.receiver.is_some()
        && !named
    {
        errors.at(
            secret,
            "say what of `self` is secret, and identifies a call: write `key = (self.token, ..)` beside it",
        );
    }
}

// `key` on an argument says that it identifies a call as it is; an argument of the attribute says so for all.
pub(super) fn key_is_not_marked_twice(subject: Subject, errors: &Errors) {
    let said = subject.args.key.is_some();
    for argument in &subject.function.arguments {
        let Some(mark) = argument.marked("key") else { continue };
        if said {
            errors.at(mark, "`key = ..` already says all that identifies a call: leave this out");
        } else if subject.ignores(argument).is_some() {
            errors.at(mark, format!("`{}` is ignored and marked as a key: keep one of them", name(argument)));
        }
    }
    if let Some(mark) = subject.function.receiver.as_ref().and_then(|this| this.marked("key")) {
        errors.at(mark, "say what of `self` identifies a call: write `key = (self.field, ..)`, or `key = (self, ..)`");
    }
}

// Their names stay in memory as they are, and whoever invalidates one has to say it.
pub(super) fn tags_can_be_read(subject: Subject, errors: &Errors) {
    let secrets = subject.secrets();
    for template in subject.tag_templates() {
        if let Some(name) = template.parts.iter().flat_map(tokens::names).find(|name| secrets.contains(name)) {
            errors.at(
                &template.literal,
                format!("`{name}` is secret, and a tag is a name that can be read: leave `{name}` out of it"),
            );
        }
    }
}

// A store keeps what identifies an entry beside it, and nobody looks there for passwords.
pub(super) fn credentials_are_decided(subject: Subject, errors: &Errors) {
    if subject.in_memory() {
        return;
    }
    let undecided = super::identity::arguments_by_default(subject)
        .filter(|argument| argument.mark.is_none() && subject.hides(argument).is_none() && !is_bool(argument));
    for (argument, name) in undecided.filter_map(|argument| Some((argument, credential(argument)?))) {
        let listed = if argument.is_named() { format!("`{name}`") } else { "it".to_owned() };
        let ignore = if argument.is_named() { format!("`ignore = [{name}]`") } else { "`#[cache(ignore)]`".to_owned() };
        let secret = if argument.is_named() { format!("`secret = [{name}]`") } else { "`#[cache(secret)]`".to_owned() };
        errors.at(
            &name,
            format!(
                "`{name}` looks like a credential, and would stand in a store as it is: say what {listed} means\n\
                 - {ignore}: nothing, calls with another share the entries\n\
                 - {secret}: it identifies a call, and only a keyed hash of it is stored\n\
                 - `#[cache(key)]` before the argument: it is no credential, store it"
            ),
        );
    }
}

/// How credentials are called: the last words of a name. `password_length` is none.
const CREDENTIALS: &[&[&str]] = &[
    &["password"],
    &["passwd"],
    &["passphrase"],
    &["secret"],
    &["secrets"],
    &["credential"],
    &["credentials"],
    &["creds"],
    &["authorization"],
    &["bearer"],
    &["jwt"],
    &["apikey"],
    &["api", "key"],
    &["access", "key"],
    &["secret", "key"],
    &["private", "key"],
    &["signing", "key"],
    &["encryption", "key"],
    &["access", "token"],
    &["api", "token"],
    &["auth", "token"],
    &["bearer", "token"],
    &["oauth", "token"],
    &["refresh", "token"],
    &["session", "token"],
];

/// The name in this argument that looks like a credential.
fn credential(argument: &Argument) -> Option<Ident> {
    let names = match &argument.pattern {
        Some(pattern) if !argument.is_named() => tokens::bound(pattern),
        _ => vec![argument.ident.clone()],
    };
    names.into_iter().find(|name| names_credential(&name.to_string()))
}

fn names_credential(name: &str) -> bool {
    let words: Vec<_> = name.split('_').filter(|word| !word.is_empty()).collect();
    CREDENTIALS.iter().any(|credential| words.ends_with(credential))
}

fn is_bool(argument: &Argument) -> bool {
    matches!(&argument.ty, syn::Type::Path(ty) if ty.path.is_ident("bool"))
}

/// How an argument is spoken of.
fn name(argument: &Argument) -> String {
    if argument.is_named() { argument.ident.to_string() } else { "this argument".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::names_credential;

    #[test]
    fn credentials_are_whole_words_at_the_end() {
        for name in [
            "password",
            "authorization",
            "db_password",
            "_api_key",
            "github_access_token",
            "client_secret",
            "jwt",
            "apikey",
        ] {
            assert!(names_credential(name), "{name}");
        }
        for name in ["token", "page_token", "password_length", "secret_id", "key", "secretary", "api_keys", "pass"] {
            assert!(!names_credential(name), "{name}");
        }
    }
}
