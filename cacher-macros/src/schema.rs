//! `#[derive(Schema)]`: what a type is made of, as words.

use crate::code;
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Error, Fields, GenericParam, Generics, Ident, Item, Path, Result, TypeParamBound, parse_quote,
    spanned::Spanned,
};

/// From the tokens of the type to its implementation.
///
/// ```text
/// struct Post { title: String }    ->    impl Schema for Post {
///                                            fn describe(outline: &mut Outline) {
///                                                outline.word("struct"); ..
///                                                outline.word("title");
///                                                schema_part!(outline, String, "i6:String");
///                                            }
///                                        }
/// ```
pub(crate) fn derive(item: TokenStream) -> TokenStream {
    syn::parse2(item).and_then(|item| of(&item)).unwrap_or_else(Error::into_compile_error)
}

fn of(item: &Item) -> Result<TokenStream> {
    match item {
        Item::Struct(item) => {
            let rt = runtime(&item.attrs)?;
            let words = [word("struct"), attributes(&item.attrs), fields(&rt, &item.fields)];
            implementation(&rt, &item.ident, &item.generics, &quote!(#(#words)*))
        }
        Item::Enum(item) => {
            let rt = runtime(&item.attrs)?;
            let words = item.variants.iter().map(|variant| {
                let name = word(&plain(&variant.ident));
                let (attributes, fields) = (attributes(&variant.attrs), fields(&rt, &variant.fields));
                quote!(#name #attributes #fields)
            });
            let (start, attributes) = (word("enum"), attributes(&item.attrs));
            let words = quote!(#start #attributes #(#words)*);
            implementation(&rt, &item.ident, &item.generics, &words)
        }
        Item::Union(item) => Err(Error::new(
            item.union_token.span(),
            "a union does not say which of its fields it holds: write an enum, or implement `Schema` by hand",
        )),
        other => Err(Error::new_spanned(other, "`Schema` is derived for structs and enums")),
    }
}

fn implementation(rt: &Path, name: &Ident, generics: &Generics, words: &TokenStream) -> Result<TokenStream> {
    if let Some(lifetime) = generics.lifetimes().next() {
        let text = "a value in a store owns what it holds, so its type has no lifetime: hold a `String` in place of a \
                    `&str`, or leave `Schema` out";
        return Err(Error::new_spanned(lifetime, text));
    }
    let mut bounded = generics.clone();
    for parameter in &mut bounded.params {
        if let GenericParam::Type(parameter) = parameter {
            let bound: TypeParamBound = parse_quote!(#rt::Schema);
            parameter.bounds.push(bound);
        }
    }
    let (parameters, _, clause) = bounded.split_for_impl();
    let (_, arguments, _) = generics.split_for_impl();
    let outline = outline();
    Ok(quote! {
        impl #parameters #rt::Schema for #name #arguments #clause {
            fn describe(#outline: &mut #rt::Outline) { #words }
        }
    })
}

/// The names, types and attributes of fields, in their order.
fn fields(rt: &Path, fields: &Fields) -> TokenStream {
    let shape = match fields {
        Fields::Named(_) => "named",
        Fields::Unnamed(_) => "unnamed",
        Fields::Unit => "unit",
    };
    let (start, end, outline) = (word(shape), word("end"), outline());
    let parts = fields.iter().map(|field| {
        let name = field.ident.as_ref().map(|name| word(&plain(name)));
        let (attributes, ty) = (attributes(&field.attrs), &field.ty);
        let written = code::text(ty.to_token_stream());
        quote!(#name #attributes #rt::schema_part!(#outline, #ty, #written);)
    });
    quote!(#start #(#parts)* #end)
}

/// What changes how serde writes the type.
fn attributes(attributes: &[Attribute]) -> TokenStream {
    let ours = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    ours.map(|attribute| word(&code::text(attribute.meta.to_token_stream()))).collect()
}

fn word(text: &str) -> TokenStream {
    let outline = outline();
    quote!(#outline.word(#text);)
}

/// No name of the user's.
fn outline() -> Ident {
    Ident::new("outline", Span::mixed_site())
}

fn plain(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map_or_else(|| name.clone(), ToOwned::to_owned)
}

/// Where the library is: `#[schema(crate = ::memo)]` says so if it is renamed.
fn runtime(attributes: &[Attribute]) -> Result<Path> {
    let mut home: Path = parse_quote!(::cacher);
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("schema")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error("there is one argument: `#[schema(crate = ::cacher)]`"));
            }
            home = meta.value()?.call(Path::parse_mod_style)?;
            Ok(())
        })?;
    }
    home.segments.push(parse_quote!(__private));
    Ok(home)
}
