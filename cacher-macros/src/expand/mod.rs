//! The code that takes the item's place. It names the caches and calls the runtime; it decides nothing.

mod batch;
mod batch_companions;
mod behind;
mod body;
mod code;
mod companions;
mod freshness;
mod limits;
mod names;
mod parts;
mod place;
mod recipe;

pub(crate) use names::hidden;

use crate::{
    args::Args,
    check::{self, Subject},
    errors::Errors,
    item::{Block, Function, Item, Piece},
    plan::{self, BlockPlan, Plan},
};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ItemImpl;

/// From the tokens of the attribute and its item to those that replace both.
pub(crate) fn cache(args: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::new();
    let args = Args::parse(args, &errors);
    let parsed = errors.keep(Item::parse(item.clone(), &errors));
    match &parsed {
        Some(Item::Function(function)) => check::function(Subject { args: &args, function, block: None }, &errors),
        Some(Item::Block(block)) => check::block(&args, block, &errors),
        None => {}
    }
    match (errors.finish(), parsed) {
        (Ok(()), Some(Item::Function(item))) => function(&plan::function(&args, *item, None)),
        (Ok(()), Some(Item::Block(item))) => block(&plan::block(&args, *item)),
        (Ok(()), None) => item,
        // The item as it was, so that a mistake in the attribute is the only one reported.
        (Err(error), parsed) => {
            let item = parsed.map_or(item, |parsed| parsed.to_token_stream());
            let errors = error.into_compile_error();
            quote!(#item #errors)
        }
    }
}

/// ```text
/// fn user(id: u64) -> User { .. }    ->    fn user(id: u64) -> User { <lookup, else body, store> }
///                                          enum user {}  impl user { <companions> }
/// ```
fn function(plan: &Plan) -> TokenStream {
    let cached = cached(plan, None);
    let companions = companions::beside(plan);
    quote!(#cached #companions)
}

/// The function itself.
fn cached(plan: &Plan, unit: Option<&BlockPlan>) -> TokenStream {
    let Function { attrs, vis, defaultness, .. } = &plan.function;
    let signature = &plan.signature;
    let body = body::cached(plan, unit);
    quote!(#(#attrs)* #vis #defaultness #signature { #body })
}

fn block(plan: &BlockPlan) -> TokenStream {
    let unit = plan.unit.is_some().then_some(plan);
    let pieces = plan.pieces.iter().map(|piece| match piece {
        plan::Piece::Other(tokens) => tokens.clone(),
        plan::Piece::Cached(method) => {
            let cached = cached(method, unit);
            let companions = if unit.is_none() { companions::beside(method) } else { TokenStream::new() };
            quote!(#cached #companions)
        }
    });
    let block = braced(&plan.header, pieces);
    let unit = unit.map(companions::unit);
    quote!(#block #unit)
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Function(function) => function.to_tokens(tokens),
            Self::Block(block) => block.to_tokens(tokens),
        }
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attrs, vis, defaultness, signature, body, .. } = self;
        tokens.extend(quote!(#(#attrs)* #vis #defaultness #signature #body));
    }
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Other(tokens) => tokens.clone(),
            Piece::Cached(_, function) => function.to_token_stream(),
        });
        tokens.extend(braced(&self.header, pieces));
    }
}

/// The header of a block with these pieces between its braces.
fn braced(header: &ItemImpl, pieces: impl Iterator<Item = TokenStream>) -> TokenStream {
    let mut header = header.clone();
    header.items = pieces.map(syn::ImplItem::Verbatim).collect();
    header.into_token_stream()
}
