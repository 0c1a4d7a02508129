//! Versions of a function, and what they depend on.

use super::Subject;
use crate::{args::Version, errors::Errors};

// It is a part of the name under which entries are stored.
pub(super) fn is_a_name(Subject { args, .. }: Subject, errors: &Errors) {
    let Some(Version::Text(text)) = args.version.as_ref().map(|given| &given.value) else { return };
    let version = text.value();
    if version.trim().is_empty() {
        errors.at(text, "a version needs a name: write `version = \"v1\"`, or leave it out");
    } else if version.contains(|letter: char| letter == '@' || letter.is_control()) {
        errors.at(text, "a version has no `@` and no control characters: write `version = \"v1\"`");
    } else if version == "code" {
        errors.at(text, "this would be a version that is called `code`: write `version = code`, unquoted, for a hash of the function's tokens");
    } else if version.starts_with("code-") {
        errors.at(text, "versions that begin with `code-` are those of `version = code`: write another");
    }
}

// A version that is written by hand changes by hand.
pub(super) fn depends_needs_code(Subject { args, .. }: Subject, errors: &Errors) {
    if let Some(depends) = &args.depends
        && !matches!(args.version.as_ref().map(|given| &given.value), Some(Version::Code))
    {
        errors.at(
            &depends.name,
            "`depends` adds the code of other functions to the version: write `version = code` beside it",
        );
    }
}
