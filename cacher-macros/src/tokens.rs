//! What can be said of tokens without parsing them.

use proc_macro2::{Delimiter, Ident, Literal, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{ExprClosure, Pat};

/// The names that an expression may take from around it, each where it stands: not its fields, methods, paths and
/// macros, but what `format!("{user}")` captures. A name bound inside the expression counts as well.
pub(crate) fn names(expression: impl ToTokens) -> Vec<Ident> {
    let mut found = Vec::new();
    collect(expression.into_token_stream(), false, &mut found);
    found
}

fn collect(tokens: TokenStream, in_macro: bool, found: &mut Vec<Ident>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) if is_variable(&tokens, at) => found.push(ident.clone()),
            TokenTree::Literal(literal) if in_macro => found.extend(captured(literal)),
            TokenTree::Group(group) => {
                let in_macro = in_macro || (at > 0 && is_punct(tokens.get(at - 1), '!'));
                collect(group.stream(), in_macro, found);
            }
            _ => {}
        }
    }
}

/// Whether the name at this place may stand for a variable, judged by its neighbours.
fn is_variable(tokens: &[TokenTree], at: usize) -> bool {
    let before = |steps, punct| at >= steps && is_punct(tokens.get(at - steps), punct);
    let after = |steps, punct| is_punct(tokens.get(at + steps), punct);
    let field = before(1, '.') && !before(2, '.');
    let path = (before(1, ':') && before(2, ':')) || after(1, ':');
    let is_macro = after(1, '!') && matches!(tokens.get(at + 2), Some(TokenTree::Group(_)));
    !(field || path || is_macro || before(1, '\''))
}

fn is_punct(token: Option<&TokenTree>, punct: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == punct)
}

/// The names in the braces of a format string.
fn captured(literal: &Literal) -> Vec<Ident> {
    let text = literal.to_string().replace("{{", "");
    let pieces = text.split('{').skip(1).filter_map(|piece| piece.split(['}', ':']).next());
    pieces.filter_map(|name| syn::parse_str(name).ok()).map(|name: Ident| at(literal, &name)).collect()
}

fn at(literal: &Literal, name: &Ident) -> Ident {
    Ident::new(&name.to_string(), literal.span())
}

/// The names that a closure takes from around it.
pub(crate) fn captures(closure: &ExprClosure) -> Vec<Ident> {
    let own: Vec<_> = closure.inputs.iter().flat_map(bound).collect();
    names(&closure.body).into_iter().filter(|name| !own.contains(name)).collect()
}

/// The names that an expression binds inside itself: by `let`, `for`, and the closures in it.
pub(crate) fn rebound(expression: impl ToTokens) -> Vec<Ident> {
    let mut found = Vec::new();
    // What ends the pattern that is being read.
    let mut until = None;
    for token in expression.into_token_stream() {
        match &token {
            TokenTree::Ident(word) if until.is_none() && word == "let" => until = Some("="),
            TokenTree::Ident(word) if until.is_none() && word == "for" => until = Some("in"),
            TokenTree::Punct(bar) if until.is_none() && bar.as_char() == '|' => until = Some("|"),
            other if until.is_some_and(|until| other.to_string() == until) => until = None,
            other if until.is_some() => found.extend(names(other)),
            TokenTree::Group(group) => found.extend(rebound(group.stream())),
            _ => {}
        }
    }
    found
}

/// The names that a pattern binds. What begins with a capital is taken for a type, a variant or a constant.
pub(crate) fn bound(pattern: &Pat) -> Vec<Ident> {
    let all = match pattern {
        Pat::Type(typed) => names(&typed.pat),
        other => names(other),
    };
    all.into_iter().filter(|name| !name.to_string().starts_with(char::is_uppercase)).collect()
}

/// Whether this identifier stands anywhere in the tokens.
pub(crate) fn contain(tokens: impl ToTokens, name: &str) -> bool {
    tokens.into_token_stream().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => contain(group.stream(), name),
        _ => false,
    })
}

/// The same tokens with others in place of each identifier of this name.
pub(crate) fn replace(tokens: TokenStream, name: &str, with: &TokenStream) -> TokenStream {
    let replaced = tokens.into_iter().map(|token| match token {
        TokenTree::Ident(ident) if ident == name => with.clone(),
        TokenTree::Group(group) => {
            let mut inner = proc_macro2::Group::new(group.delimiter(), replace(group.stream(), name, with));
            inner.set_span(group.span());
            TokenTree::Group(inner).into()
        }
        other => other.into(),
    });
    replaced.collect()
}

/// Whether a body speaks of the `Self` around it: what stands in an `impl` or a `trait` inside it has its own.
pub(crate) fn mention_self(body: TokenStream) -> bool {
    let mut own = false;
    body.into_iter().any(|token| match token {
        TokenTree::Ident(ident) if ident == "Self" => !own,
        TokenTree::Ident(ident) => {
            own |= ident == "impl" || ident == "trait";
            false
        }
        TokenTree::Group(group) if own && group.delimiter() == Delimiter::Brace => {
            own = false;
            false
        }
        TokenTree::Group(group) => !own && mention_self(group.stream()),
        _ => false,
    })
}

/// Whether a type has `&mut` in it.
pub(crate) fn borrow_mutably(ty: impl ToTokens) -> bool {
    let mut borrow = false;
    let mut lifetime = false;
    ty.into_token_stream().into_iter().any(|token| match token {
        TokenTree::Punct(punct) => {
            lifetime = borrow && punct.as_char() == '\'';
            borrow = lifetime || punct.as_char() == '&';
            false
        }
        TokenTree::Ident(ident) => {
            let mutable = borrow && !lifetime && ident == "mut";
            borrow = borrow && lifetime;
            lifetime = false;
            mutable
        }
        TokenTree::Group(group) => borrow_mutably(group.stream()),
        TokenTree::Literal(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn texts(names: Vec<Ident>) -> Vec<String> {
        names.into_iter().map(|name| name.to_string()).collect()
    }

    #[test]
    fn names_are_variables_only() {
        for (tokens, expected) in [
            (quote!(self.base_url), vec!["self"]),
            (quote!((path, self.page())), vec!["path", "self"]),
            (quote!(a::b(c)), vec!["c"]),
            (quote!(..end), vec!["end"]),
            (quote!(Page { number: n, size }), vec!["Page", "n", "size"]),
            (quote!(format!("{user}:{page:>3}:{{no}}:{}", at)), vec!["user", "page", "at"]),
            (quote!(call("{user}")), vec!["call"]),
            (quote!(a != (b)), vec!["a", "b"]),
        ] {
            assert_eq!(texts(names(&tokens)), expected, "{tokens}");
        }
    }

    #[test]
    fn a_closure_captures_all_but_its_own() {
        let closure = syn::parse_quote!(|(a, b): (u8, u8)| a + b + c.d);
        assert_eq!(texts(captures(&closure)), ["c"]);
    }

    #[test]
    fn self_of_an_inner_impl_is_its_own() {
        for (body, expected) in [
            (quote!(Self::new()), true),
            (quote!({ vec![Self::A] }), true),
            (
                quote!(
                    struct A;
                    impl A {
                        fn new() -> Self {}
                    }
                ),
                false,
            ),
            (
                quote!(
                    impl A {
                        fn new() -> Self {}
                    }
                    Self::new()
                ),
                true,
            ),
            (
                quote!(
                    fn f(x: impl From<Self>) {}
                ),
                false,
            ),
        ] {
            assert_eq!(mention_self(body.clone()), expected, "{body}");
        }
    }

    #[test]
    fn mutable_borrows() {
        for (ty, expected) in [
            (quote!(&mut T), true),
            (quote!(&'a mut T), true),
            (quote!(Option<(u8, &mut T)>), true),
            (quote!(&'a T), false),
            (quote!(*mut T), false),
            (quote!(&*mut T), false),
        ] {
            assert_eq!(borrow_mutably(&ty), expected, "{ty}");
        }
    }
}
