//! What the attribute stands on. Bodies stay raw tokens, so that half-typed ones get the compiler's own errors.

mod argument;
mod block;
mod function;

pub(crate) use argument::Argument;
pub(crate) use block::{Block, Piece};
pub(crate) use function::Function;

use crate::errors::Errors;
use proc_macro2::TokenStream;
use syn::{
    Attribute, Result, Token,
    parse::{ParseStream, Parser},
};

pub(crate) enum Item {
    Function(Box<Function>),
    Block(Box<Block>),
}

impl Item {
    /// Reads the item. Mistakes in what is ours are noted; the error is an item that can't be read.
    pub(crate) fn parse(tokens: TokenStream, errors: &Errors) -> Result<Self> {
        let item = |input: ParseStream| {
            let attrs = input.call(Attribute::parse_outer)?;
            if is_block(input) {
                return Block::parse(attrs, input, errors).map(|block| Self::Block(Box::new(block)));
            }
            Function::parse(attrs, input, errors).map(|function| Self::Function(Box::new(function)))
        };
        item.parse2(tokens)
    }
}

fn is_block(input: ParseStream) -> bool {
    let prefixed = input.peek(Token![unsafe]) || input.peek(Token![default]);
    input.peek(Token![impl]) || (prefixed && input.peek2(Token![impl]))
}

/// Whether this attribute is `#[cache]`, under whatever path.
fn is_ours(attr: &Attribute) -> bool {
    attr.path().segments.last().is_some_and(|last| last.ident == "cache")
}

/// Takes our attributes out of the others.
fn take_ours(attrs: &mut Vec<Attribute>) -> Vec<Attribute> {
    attrs.extract_if(.., |attr| is_ours(attr)).collect()
}

#[cfg(test)]
mod tests;
