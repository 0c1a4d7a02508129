//! Functions that change what cached functions read: `#[cacher::invalidates(..)]` and `#[cacher::updates(..)]`.

mod check;
mod target;

use self::target::Target;
use crate::{
    errors::Errors,
    expand::hidden,
    item::{Function, Item},
    types,
};
use proc_macro2::{Group, Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Expr, Path, Result, ReturnType, Token, Type,
    parse::{ParseStream, Parser},
    parse_quote,
    punctuated::Punctuated,
};

/// What becomes of the entries.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Deed {
    Invalidates,
    Updates,
}

/// `user(id), tag("posts"), crate = ::memo`
struct Written {
    krate: Path,
    targets: Vec<Target>,
}

/// From the tokens of the attribute and its function to the function with what follows its body.
pub(crate) fn writer(deed: Deed, args: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::new();
    check::caches_nothing(deed, &item, &errors);
    let written = errors.keep((|input: ParseStream| Written::parse(deed, input, &errors)).parse2(args));
    let parsed = errors.keep(Item::parse(item.clone(), &errors));
    match &parsed {
        Some(Item::Function(function)) => check::function(deed, function, &errors),
        Some(Item::Block(block)) => errors.at(&block.header.self_ty, "it stands on a function or a method"),
        None => {}
    }
    match (errors.finish(), written, parsed) {
        (Ok(()), Some(written), Some(Item::Function(function))) => expand(deed, &written, &function),
        (result, _, parsed) => {
            let item = parsed.map_or(item, |parsed| parsed.to_token_stream());
            let errors = result.err().map(syn::Error::into_compile_error);
            quote!(#item #errors)
        }
    }
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Invalidates => "invalidates",
            Self::Updates => "updates",
        }
    }
}

impl Written {
    fn parse(deed: Deed, input: ParseStream, errors: &Errors) -> Result<Self> {
        let mut written = Self { krate: parse_quote!(::cacher), targets: Vec::new() };
        while !input.is_empty() {
            if input.peek(Token![crate]) && input.peek2(Token![=]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                written.krate = input.parse()?;
            } else if let Some(target) = errors.keep(Target::of(deed, input.parse::<Expr>()?)) {
                written.targets.push(target);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if written.targets.is_empty() && errors.count() == 0 {
            return Err(input.error(format!("say what it {}: write `user(id)`", deed.name())));
        }
        Ok(written)
    }
}

/// ```text
/// fn rename(id: u64, name: String) -> Result<(), E> {
///     let e0 = user::entry(Clone::clone(&id));
///     let returned = run(move || -> R { body });
///     if let Ok(_) = &returned { invalidate(&e0); }
///     returned
/// }
/// ```
fn expand(deed: Deed, Written { krate, targets }: &Written, function: &Function) -> TokenStream {
    let Function { attrs, vis, defaultness, signature, body, .. } = function;
    let rt = quote!(#krate::__private);
    let at = &signature.ident;
    let [returned, value] = ["__returned", "__value"].map(|text| hidden(text, at));
    let names: Vec<_> = (0..targets.len()).map(|number| hidden(&format!("__target{number}"), at)).collect();
    let prepared = targets.iter().map(|target| target.prepared(&rt));
    let asynchronous = signature.asyncness.is_some();
    let run = run(&rt, function, body);
    let done = targets.iter().zip(&names).map(|(target, name)| target.done(deed, &rt, name, &value, asynchronous));
    let done = quote!(#(#done)*);
    let after = if check::returns_result(&signature.output) {
        quote!(if let ::core::result::Result::Ok(#value) = &#returned { let _ = #value; #done })
    } else {
        quote!({ let #value = &#returned; let _ = #value; #done })
    };
    quote! {
        #(#attrs)* #vis #defaultness #signature {
            #(let #names = #prepared;)*
            let #returned = #run;
            #after
            #returned
        }
    }
}

/// What the body returns.
fn run(rt: &TokenStream, function: &Function, body: &Group) -> TokenStream {
    let ty: Type = match &function.signature.output {
        ReturnType::Default => types::unit(body.span()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    let at: &Ident = &function.signature.ident;
    match (function.signature.asyncness, types::is_opaque(&ty)) {
        (None, true) => quote!(#rt::written::run(move || #body)),
        (None, false) => quote!(#rt::written::run(move || -> #ty #body)),
        (Some(_), true) => quote!((async move #body).await),
        (Some(_), false) => {
            // There is no other way to say the type of an async block.
            let out = hidden("__out", at);
            quote! {
                (async move {
                    if let ::core::option::Option::Some(#out) = ::core::option::Option::None::<#ty> {
                        return #out;
                    }
                    #body
                })
                .await
            }
        }
    }
}

/// Names and what is between commas, for those who parse lists.
type List = Punctuated<Expr, Token![,]>;
