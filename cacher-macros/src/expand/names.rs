//! What generated items are called, and how they are reached from the function.

use super::{batch, place::Place};
use crate::{
    plan::{BlockPlan, Companions, Form, Plan},
    types,
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{GenericParam, Generics, Path, Type, parse_quote};

/// A name that no lint of the user's crate looks at, shown where the user's function is.
pub(crate) fn hidden(text: &str, at: &Ident) -> Ident {
    let span = Span::mixed_site().located_at(at.span());
    text.strip_prefix("r#").map_or_else(|| Ident::new(text, span), |text| Ident::new_raw(text, span))
}

/// The items behind a cached function: where its caches live, what tells it from others, how it is set up.
pub(crate) struct Names {
    pub(crate) site: Ident,
    pub(crate) marker: Ident,
    pub(crate) config: Ident,
    pub(crate) code: Ident,
    /// What stands before them: `__cacher_fetch::`, `Self::`, `UserRepo::`, or nothing if they stand inside the function.
    pub(crate) owner: TokenStream,
}

impl Names {
    pub(crate) fn of(plan: &Plan, unit: Option<&BlockPlan>) -> Self {
        let name = &plan.signature.ident;
        let (suffix, owner) = match &plan.companions {
            None => (String::new(), TokenStream::new()),
            Some(Companions { form: Form::Type, .. }) => {
                let holder = holder(plan);
                (String::new(), quote!(#holder::))
            }
            Some(Companions { form: Form::Methods, .. }) => (format!("_{name}"), quote!(Self::)),
            Some(Companions { form: Form::Unit, .. }) => {
                let unit = unit.and_then(|plan| plan.unit.as_ref());
                (format!("_{name}"), quote!(#unit::))
            }
        };
        let suffix = suffix.replace("r#", "");
        Self {
            site: hidden(&format!("__cacher_site{suffix}"), name),
            marker: hidden(&format!("__cacher_marker{suffix}"), name),
            config: hidden(&format!("__cacher_config{suffix}"), name),
            code: hidden(&format!("__cacher_code{suffix}"), name),
            owner,
        }
    }
}

/// The type that the companions of a free function are functions of.
pub(crate) fn holder(plan: &Plan) -> Ident {
    let name = &plan.signature.ident;
    hidden(&format!("__cacher_fn_{name}").replace("r#", ""), name)
}

/// The hidden module of the facade.
pub(crate) fn runtime(plan: &Plan) -> TokenStream {
    let krate = &plan.krate;
    quote!(#krate::__private)
}

/// The value that is kept.
pub(crate) fn value(plan: &Plan) -> TokenStream {
    let (rt, returns) = (runtime(plan), &plan.returns);
    if let Some(of_items) = &plan.batch {
        let (form, absence) = (batch::form(plan, of_items), batch::absence(plan, of_items));
        let collection = batch::collection(plan);
        let value = quote!(<#form as #rt::batch::Answers<#collection>>::Value);
        return Place::of(kept(plan)).generated(quote!(<#absence as #rt::batch::Absence<#value>>::Kept));
    }
    match plan.value {
        crate::plan::Value::Plain { .. } => returns.to_token_stream(),
        crate::plan::Value::Fallible { .. } => Place::of(kept(plan)).generated(quote!(<#returns as #rt::ResultOk>::Ok)),
    }
}

/// How the return type is read.
pub(crate) fn mode(plan: &Plan) -> TokenStream {
    let (rt, returns) = (runtime(plan), &plan.returns);
    match plan.value {
        crate::plan::Value::Plain { .. } => quote!(#rt::Plain),
        crate::plan::Value::Fallible { .. } => {
            let mode = Place::of(kept(plan)).generated(quote!(<#returns as #rt::ResultOk>::Mode));
            quote!(<#mode as ::core::default::Default>::default())
        }
    }
}

/// What is returned, as written.
pub(crate) fn returned(plan: &Plan) -> Type {
    match &plan.signature.output {
        syn::ReturnType::Default => parse_quote!(()),
        syn::ReturnType::Type(_, ty) => (**ty).clone(),
    }
}

/// The type of what is kept, as far as tokens show it: of a `Result` its first type.
pub(crate) fn kept(plan: &Plan) -> TokenStream {
    let returned = returned(plan);
    let inside = match plan.value {
        crate::plan::Value::Fallible { .. } => types::parameters(&returned).first().copied(),
        crate::plan::Value::Plain { .. } => None,
    };
    match (inside, &plan.signature.output) {
        (Some(inside), _) => inside.to_token_stream(),
        (None, syn::ReturnType::Default) => plan.signature.ident.to_token_stream(),
        (None, syn::ReturnType::Type(..)) => returned.to_token_stream(),
    }
}

/// `::<T, N>` for the type and const parameters that pass `keep`, or nothing.
pub(crate) fn turbofish<'a>(
    generics: impl IntoIterator<Item = &'a Generics>,
    keep: impl Fn(&Ident) -> bool,
) -> TokenStream {
    let parameters = generics.into_iter().flat_map(|generics| &generics.params);
    let names: Vec<_> = parameters
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Const(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) => None,
        })
        .filter(|name| keep(name))
        .collect();
    if names.is_empty() { TokenStream::new() } else { quote!(::<#(#names),*>) }
}

/// The name of a companion: `entry` in a type of the function's name, `rates_entry` beside a method.
pub(crate) fn companion(companions: &Companions, what: &str) -> Ident {
    let at = &companions.name;
    match companions.form {
        Form::Type => hidden(what, at),
        Form::Methods | Form::Unit => {
            let name = at.to_string();
            let name = name.strip_prefix("r#").unwrap_or(&name);
            let ident = format_ident!("{name}_{what}");
            hidden(&ident.to_string(), at)
        }
    }
}

/// The same tokens with a type in place of `Self`.
pub(crate) fn without_self(tokens: impl ToTokens, this: &Type) -> TokenStream {
    crate::tokens::replace(tokens.to_token_stream(), "Self", &this.to_token_stream())
}

/// The path of a trait, without its generics' bounds: for a call by its full name.
pub(crate) fn trait_path(plan: &BlockPlan) -> Option<Path> {
    plan.header.trait_.as_ref().map(|(path, _)| path.clone())
}
