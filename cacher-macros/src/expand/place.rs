//! Where the compiler is to point if it does not like what was generated.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};

/// The user's tokens that are to blame, from the first to the last.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    first: Span,
    last: Span,
}

impl Place {
    pub(crate) fn of(tokens: impl ToTokens) -> Self {
        let mut spans = tokens.into_token_stream().into_iter().map(|token| token.span());
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self { first, last: spans.last().unwrap_or(first) }
    }

    pub(crate) fn at(span: Span) -> Self {
        Self { first: span, last: span }
    }

    /// `function(arguments)`, shown at this place; the arguments stay where they are.
    pub(crate) fn call(self, function: impl ToTokens, arguments: impl ToTokens) -> TokenStream {
        let function = self.show(function);
        let mut arguments = Group::new(Delimiter::Parenthesis, arguments.into_token_stream());
        arguments.set_span(Span::call_site().located_at(self.last));
        quote!(#function #arguments)
    }

    /// The same tokens, shown at the first of this place.
    pub(crate) fn show(self, tokens: impl ToTokens) -> TokenStream {
        relocate(tokens.into_token_stream(), &|span| span.located_at(self.first))
    }

    /// The same, and as if all of them were generated: what is said of one token and of another is then the same.
    pub(crate) fn generated(self, tokens: impl ToTokens) -> TokenStream {
        relocate(tokens.into_token_stream(), &|_| Span::call_site().located_at(self.first))
    }
}

fn relocate(tokens: TokenStream, to: &impl Fn(Span) -> Span) -> TokenStream {
    let relocated = tokens.into_iter().map(|mut token| match &mut token {
        TokenTree::Group(group) => {
            let mut inner = Group::new(group.delimiter(), relocate(group.stream(), to));
            inner.set_span(to(group.span()));
            inner.into()
        }
        // Its span says which crate that is.
        TokenTree::Ident(ident) if ident == "$crate" => token,
        _ => {
            token.set_span(to(token.span()));
            token
        }
    });
    relocated.collect()
}
