//! What a function is called in listings and stores: its path, from the `type_name` of a marker type.
//!
//! The marker is a closure inside the function, or inside a hidden function beside it. The type of a closure carries
//! every type and const parameter around it, those of an `impl` block and a trait included, which the tokens of a
//! method do not show; and so does its name:
//!
//! ```text
//! <my_crate::Pg as my_crate::Repo<u8>>::user::{{closure}}          of a trait's method
//! my_crate::Client<u8>::__cacher_marker_rates<3>::{{closure}}      of a method with companions
//! my_crate::posts::__cacher_fn_fetch::__cacher_marker::{{closure}} of a function with companions
//! my_crate::posts::fetch::CacherMarker<u8>                         where some parameter is not identity
//! ```

/// The path of the function: `my_crate::Client<u8>::rates<3>`.
pub(crate) fn function(marker: &str) -> String {
    let mut path = marker;
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    let path = path.replace("::__cacher_marker_", "::").replace("::__cacher_marker", "");
    path.replace("::__cacher_fn_", "::").replace("::CacherMarker", "")
}

/// The type and const parameters in a path, without what they belong to: `<u8><3>`.
pub(crate) fn generics(path: &str) -> String {
    let mut found = String::new();
    let mut rest = path;
    while let Some(start) = rest.find('<') {
        let inner = &rest[start + 1..];
        let end = closing(inner);
        let group = &inner[..end];
        // `<Type as Trait>` names the owner of a method, whose parameters stand inside.
        let owner = start == 0 && found.is_empty() && std::ptr::eq(rest, path);
        if owner {
            found.push_str(&generics(group));
        } else if !group.split(", ").all(|parameter| parameter.starts_with('\'')) {
            found.push('<');
            found.push_str(group);
            found.push('>');
        }
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    found
}

/// Where the bracket closes that was opened before `text`.
fn closing(text: &str) -> usize {
    let mut depth = 1_usize;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        match letter {
            '<' => depth += 1,
            // Not that of `->`.
            '>' if before != '-' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
        before = letter;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{function, generics};

    #[test]
    fn paths_of_functions() {
        for (marker, path) in [
            ("a::posts::fetch::{{closure}}", "a::posts::fetch"),
            ("a::posts::fetch::{{closure}}::{{closure}}", "a::posts::fetch"),
            ("a::posts::__cacher_fn_fetch::__cacher_marker::{{closure}}", "a::posts::fetch"),
            ("a::__cacher_fn_marker_x::__cacher_marker::{{closure}}", "a::marker_x"),
            ("a::posts::__cacher_fn_fetch::__cacher_marker<u8>::{{closure}}", "a::posts::fetch<u8>"),
            ("a::Client<u8>::__cacher_marker_rates<3>::{{closure}}", "a::Client<u8>::rates<3>"),
            ("<a::Pg as a::Repo<u8>>::user::{{closure}}", "<a::Pg as a::Repo<u8>>::user"),
            ("a::posts::fetch::CacherMarker<u8>", "a::posts::fetch<u8>"),
            ("a::outer::{{closure}}::inner::{{closure}}", "a::outer::{{closure}}::inner"),
        ] {
            assert_eq!(function(marker), path);
        }
    }

    #[test]
    fn parameters_of_paths() {
        for (path, parameters) in [
            ("a::posts::fetch", ""),
            ("a::posts::fetch<u8>", "<u8>"),
            ("a::Client<u8>::rates<3>", "<u8><3>"),
            ("a::Client<'_>::rates", ""),
            ("<a::Pg as a::Repo>::user", ""),
            ("<a::Pg<'_> as a::Repo<a::B<u8>>>::user<u16>", "<a::B<u8>><u16>"),
            ("a::f<fn(u8) -> u16>", "<fn(u8) -> u16>"),
        ] {
            assert_eq!(generics(path), parameters, "{path}");
        }
    }
}
