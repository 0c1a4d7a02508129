//! A function whose body is not read.

use super::{
    argument::{self, Argument, SelfArgument},
    take_ours,
};
use crate::errors::Errors;
use proc_macro2::{Group, TokenStream, TokenTree};
use syn::{
    AttrStyle, Attribute, LitStr, Result, Signature, Token, Visibility,
    parse::{ParseStream, Parser},
    token::Brace,
};

/// A function: free, associated, or a method.
pub(crate) struct Function {
    /// All but ours, with those from inside the body.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) defaultness: Option<Token![default]>,
    /// As it was written, but for our attributes on arguments.
    pub(crate) signature: Signature,
    pub(crate) receiver: Option<SelfArgument>,
    /// All but the receiver.
    pub(crate) arguments: Vec<Argument>,
    /// The braces and what is in them.
    pub(crate) body: Group,
}

impl Function {
    pub(super) fn parse(mut attrs: Vec<Attribute>, input: ParseStream, errors: &Errors) -> Result<Self> {
        for again in take_ours(&mut attrs) {
            errors.at(again, "`#[cache]` is given twice: write all arguments into one");
        }
        let vis = input.parse()?;
        let defaultness = input.parse()?;
        if !is_function(input)? {
            return Err(input.error(misplaced(input)));
        }
        let mut signature = input.parse()?;
        let body = body(input)?;
        let (inner, body) = split_inner(body)?;
        attrs.extend(inner);
        let (receiver, arguments) = argument::read(&mut signature, errors);
        Ok(Self { attrs, vis, defaultness, signature, receiver, arguments, body })
    }
}

/// Whether a `fn` comes behind the words that may stand before it.
fn is_function(input: ParseStream) -> Result<bool> {
    let ahead = input.fork();
    while ahead.peek(Token![const])
        || ahead.peek(Token![async])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![extern])
        || ahead.peek(LitStr)
    {
        ahead.parse::<TokenTree>()?;
    }
    Ok(ahead.peek(Token![fn]))
}

fn misplaced(input: ParseStream) -> &'static str {
    if input.peek(Token![trait]) || input.peek2(Token![trait]) {
        "`#[cache]` doesn't stand on a trait: write it on those of its methods that have a body"
    } else {
        "`#[cache]` stands on a function, a method or an `impl` block"
    }
}

fn body(input: ParseStream) -> Result<Group> {
    if input.peek(Brace) {
        return input.parse();
    }
    Err(input.error("`#[cache]` needs a function with a body: write it on the implementation, not on the declaration"))
}

/// Inner attributes can't stay inside a body that is moved into a closure, so they go before the function.
///
/// ```text
/// fn f() { #![allow(unused)] .. }    ->    #[allow(unused)] fn f() { .. }
/// ```
fn split_inner(body: Group) -> Result<(Vec<Attribute>, Group)> {
    let split = |input: ParseStream| Ok((input.call(Attribute::parse_inner)?, input.parse::<TokenStream>()?));
    let (mut inner, rest) = split.parse2(body.stream())?;
    if inner.is_empty() {
        return Ok((inner, body));
    }
    for attr in &mut inner {
        attr.style = AttrStyle::Outer;
    }
    let mut shorter = Group::new(body.delimiter(), rest);
    shorter.set_span(body.span());
    Ok((inner, shorter))
}
