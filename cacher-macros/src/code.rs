//! The tokens of a function as one text, which is the same as long as they are.
//!
//! Each token is its kind, the length of its text, and the text: `i2:fn`. Groups are their brackets around what is in
//! them. White space, comments, doc attributes and the attributes of the function and its arguments are not in it.
//!
//! | kind | token |
//! |---|---|
//! | `i` | a word: a name, a keyword, the name of a lifetime |
//! | `o` | an operator, as Rust reads it: `&&` is one |
//! | `l` | a literal as it is written, with its quotes and its suffix |
//! | `(` `)` `[` `]` `{` `}` | what they are |
//! | `<` `>` | an invisible group that `macro_rules` put around more than one token |

use crate::item::Function;
use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use std::{iter::Peekable, vec::IntoIter};
use syn::FnArg;

/// What `version = code` hashes of a function: its signature and its body.
pub(crate) fn of(function: &Function) -> String {
    let mut signature = function.signature.clone();
    for input in &mut signature.inputs {
        match input {
            FnArg::Receiver(receiver) => receiver.attrs.clear(),
            FnArg::Typed(argument) => argument.attrs.clear(),
        }
    }
    let mut text = String::new();
    write(signature.to_token_stream(), &mut text);
    write(function.body.to_token_stream(), &mut text);
    text
}

/// Any tokens.
pub(crate) fn text(tokens: TokenStream) -> String {
    let mut text = String::new();
    write(tokens, &mut text);
    text
}

type Tokens = Peekable<IntoIter<TokenTree>>;

fn write(tokens: TokenStream, text: &mut String) {
    let mut tokens = without_docs(tokens.into_iter().collect()).into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) => one('i', &word.to_string(), text),
            TokenTree::Literal(literal) => one('l', &literal.to_string(), text),
            TokenTree::Punct(first) => one('o', &operator(&first, &mut tokens), text),
            TokenTree::Group(inner) => group(&inner, text),
        }
    }
}

fn one(kind: char, token: &str, text: &mut String) {
    text.extend([&*format!("{kind}{}:", token.len()), token]);
}

fn group(group: &Group, text: &mut String) {
    let (open, close) = match group.delimiter() {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::Brace => ("{", "}"),
        // Compilers differ on whether there is a group around one token.
        Delimiter::None if group.stream().into_iter().count() == 1 => ("", ""),
        Delimiter::None => ("<", ">"),
    };
    text.push_str(open);
    write(group.stream(), text);
    text.push_str(close);
}

/// Operators of more than one sign. No compiler joins others, so `=-` is two with or without a space between.
const OPERATORS: &[&str] = &[
    "<<=", ">>=", "...", "..=", "&&", "||", "<<", ">>", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "==", "!=",
    ">=", "<=", "..", "::", "->", "=>",
];

/// The longest operator that begins with this sign.
fn operator(first: &Punct, rest: &mut Tokens) -> String {
    let mut operator = first.as_char().to_string();
    let mut joint = first.spacing() == Spacing::Joint;
    while joint && let Some(TokenTree::Punct(next)) = rest.peek() {
        let longer = format!("{operator}{}", next.as_char());
        if !OPERATORS.contains(&longer.as_str()) {
            break;
        }
        joint = next.spacing() == Spacing::Joint;
        operator = longer;
        rest.next();
    }
    operator
}

/// Without `#[doc ..]` and `#![doc ..]`, which is what comments of that kind are.
fn without_docs(tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    let mut kept = Vec::with_capacity(tokens.len());
    for token in tokens {
        if is_doc(&token) {
            let signs = [is_sign(kept.last(), '!'), is_sign(kept.iter().rev().nth(1), '#')];
            if is_sign(kept.last(), '#') {
                kept.pop();
                continue;
            }
            if signs == [true, true] {
                kept.truncate(kept.len() - 2);
                continue;
            }
        }
        kept.push(token);
    }
    kept
}

fn is_doc(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    group.delimiter() == Delimiter::Bracket
        && matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(first)) if first == "doc")
}

fn is_sign(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

#[cfg(test)]
mod tests;
