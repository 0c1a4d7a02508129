//! An `impl` block, of which only the header and the marked methods are read.

use super::{Function, is_ours, take_ours};
use crate::{args::Args, errors::Errors};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, ItemImpl, Meta, Result, Token,
    parse::{ParseStream, Parser},
    token::Brace,
};

pub(crate) struct Block {
    /// Everything before the braces; it has no items.
    pub(crate) header: ItemImpl,
    pub(crate) pieces: Vec<Piece>,
}

/// A part of what stands between the braces.
pub(crate) enum Piece {
    /// Passed on as it is.
    Other(TokenStream),
    /// A method with `#[cache]`, and what the attribute says.
    Cached(Box<Args>, Box<Function>),
}

impl Block {
    pub(super) fn parse(mut attrs: Vec<Attribute>, input: ParseStream, errors: &Errors) -> Result<Self> {
        for again in take_ours(&mut attrs) {
            errors.at(again, "`#[cache]` is given twice: write all arguments into one");
        }
        let (header, body) = split_body(input)?;
        let mut header: ItemImpl = syn::parse2(header)?;
        let content = |input: ParseStream| {
            attrs.extend(input.call(Attribute::parse_inner)?);
            let mut pieces = Vec::new();
            while !input.is_empty() {
                pieces.push(Piece::parse(input, errors)?);
            }
            Ok(pieces)
        };
        let pieces = content.parse2(body.stream())?;
        header.attrs = attrs;
        Ok(Self { header, pieces })
    }

    /// The marked methods.
    pub(crate) fn cached(&self) -> impl Iterator<Item = (&Args, &Function)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Cached(args, function) => Some((&**args, &**function)),
            Piece::Other(_) => None,
        })
    }
}

/// The tokens before the last braces, with empty braces behind them, and the last braces.
fn split_body(input: ParseStream) -> Result<(TokenStream, Group)> {
    let mut tokens: Vec<_> = input.parse::<TokenStream>()?.into_iter().collect();
    match tokens.pop() {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => {
            let mut empty = Group::new(Delimiter::Brace, TokenStream::new());
            empty.set_span(body.span());
            Ok((tokens.into_iter().chain([empty.into()]).collect(), body))
        }
        _ => Err(input.error("expected the braces of an `impl` block")),
    }
}

impl Piece {
    fn parse(input: ParseStream, errors: &Errors) -> Result<Self> {
        let mut attrs = input.call(Attribute::parse_outer)?;
        let Some(at) = attrs.iter().position(is_ours) else { return other(&attrs, input) };
        let ours = attrs.remove(at);
        let tokens = match ours.meta {
            Meta::List(list) => list.tokens,
            _ => TokenStream::new(),
        };
        let args = Args::parse(tokens, errors);
        Ok(Self::Cached(Box::new(args), Box::new(Function::parse(attrs, input, errors)?)))
    }
}

/// Goes on behind the next `;` or pair of braces. That may be amid an item, but never before an attribute of another.
fn other(attrs: &[Attribute], input: ParseStream) -> Result<Piece> {
    let mut tokens: TokenStream = attrs.iter().map(ToTokens::to_token_stream).collect();
    while !input.is_empty() {
        let last = input.peek(Token![;]) || input.peek(Brace);
        tokens.extend([input.parse::<TokenTree>()?]);
        if last {
            break;
        }
    }
    Ok(Piece::Other(tokens))
}
