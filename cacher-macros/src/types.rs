//! Types as they are written: what they borrow, and where they say `impl`.

use crate::tokens;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    GenericArgument, Lifetime, Path, PathArguments, PathSegment, Type, TypeParamBound, TypePath, parse_quote_spanned,
};

/// Makes every lifetime `'static`, and gives back what was another one: `'a`, `'_`, or a `&` without one.
///
/// What `fn(&str)` and `Fn(&str)` take and give is theirs, and stays.
pub(crate) fn make_static(ty: &mut Type) -> Vec<TokenStream> {
    let mut found = Vec::new();
    in_type(ty, &mut found);
    found
}

fn in_type(ty: &mut Type, found: &mut Vec<TokenStream>) {
    match ty {
        Type::Array(array) => in_type(&mut array.elem, found),
        Type::Group(group) => in_type(&mut group.elem, found),
        Type::Paren(paren) => in_type(&mut paren.elem, found),
        Type::Ptr(pointer) => in_type(&mut pointer.elem, found),
        Type::Slice(slice) => in_type(&mut slice.elem, found),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(|part| in_type(part, found)),
        Type::ImplTrait(bounds) => in_bounds(&mut bounds.bounds, found),
        Type::TraitObject(object) => in_bounds(&mut object.bounds, found),
        Type::Path(path) => in_path(path, found),
        Type::Reference(reference) => {
            if let Some(lifetime) = &mut reference.lifetime {
                in_lifetime(lifetime, found);
            } else {
                found.push(reference.to_token_stream());
                reference.lifetime = Some(Lifetime::new("'static", reference.and_token.spans[0]));
            }
            in_type(&mut reference.elem, found);
        }
        _ => {}
    }
}

fn in_lifetime(lifetime: &mut Lifetime, found: &mut Vec<TokenStream>) {
    if lifetime.ident != "static" {
        found.push(lifetime.to_token_stream());
        *lifetime = Lifetime::new("'static", lifetime.span());
    }
}

fn in_path(path: &mut TypePath, found: &mut Vec<TokenStream>) {
    if let Some(qself) = &mut path.qself {
        in_type(&mut qself.ty, found);
    }
    in_segments(&mut path.path, found);
}

fn in_segments(path: &mut Path, found: &mut Vec<TokenStream>) {
    for segment in &mut path.segments {
        let PathArguments::AngleBracketed(arguments) = &mut segment.arguments else { continue };
        for argument in &mut arguments.args {
            match argument {
                GenericArgument::Lifetime(lifetime) => in_lifetime(lifetime, found),
                GenericArgument::Type(ty) => in_type(ty, found),
                GenericArgument::AssocType(associated) => in_type(&mut associated.ty, found),
                _ => {}
            }
        }
    }
}

fn in_bounds<'b>(bounds: impl IntoIterator<Item = &'b mut TypeParamBound>, found: &mut Vec<TokenStream>) {
    for bound in bounds {
        match bound {
            TypeParamBound::Lifetime(lifetime) => in_lifetime(lifetime, found),
            TypeParamBound::Trait(bound) if bound.lifetimes.is_none() => in_segments(&mut bound.path, found),
            _ => {}
        }
    }
}

/// A copy in which every lifetime is `'static`.
pub(crate) fn static_copy(ty: &Type) -> Type {
    let mut ty = ty.clone();
    make_static(&mut ty);
    ty
}

/// How an argument holds several items.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum List {
    /// `&[T]`
    Slice,
    /// `&Vec<T>`, `&HashSet<T>`
    Borrowed,
    /// `Vec<T>`, `HashSet<T>`
    Owned,
    /// `&HashMap<K, V>`
    BorrowedMap,
    /// `HashMap<K, V>`
    OwnedMap,
    /// `impl IntoIterator<Item = T>`
    IntoIterator,
    /// `impl Iterator<Item = T>`
    Iterator,
}

impl List {
    pub(crate) fn of(ty: &Type) -> Self {
        match bare(ty) {
            Type::Reference(reference) => match bare(&reference.elem) {
                Type::Slice(_) => Self::Slice,
                inner if is_map(inner) => Self::BorrowedMap,
                _ => Self::Borrowed,
            },
            Type::ImplTrait(_) if tokens::contain(ty, "IntoIterator") => Self::IntoIterator,
            Type::ImplTrait(_) => Self::Iterator,
            other if is_map(other) => Self::OwnedMap,
            _ => Self::Owned,
        }
    }

    /// The items are taken out of it, and are the call's own.
    pub(crate) fn whole(ty: &Type) -> Self {
        if matches!(bare(ty), Type::Reference(_)) { Self::Borrowed } else { Self::Owned }
    }

    /// Whether it is a map, whose keys name the answers.
    pub(crate) fn is_map(self) -> bool {
        matches!(self, Self::BorrowedMap | Self::OwnedMap)
    }

    /// Whether its items are borrowed.
    pub(crate) fn is_borrowed(self) -> bool {
        matches!(self, Self::Slice | Self::Borrowed | Self::BorrowedMap)
    }
}

/// Whether it is a map by its name.
fn is_map(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|last| last.ident.to_string().ends_with("Map"))
}

/// Whether it is a set of std by its name, in which items have no order that the caller knows.
pub(crate) fn is_unordered(ty: &Type) -> bool {
    let inner = inside_reference(ty);
    let last = last_segment(inner).map(|last| last.ident.to_string());
    last.is_some_and(|last| ["HashSet", "BTreeSet", "HashMap", "BTreeMap"].contains(&last.as_str()))
}

/// The type without the `&` before it.
pub(crate) fn inside_reference(ty: &Type) -> &Type {
    match bare(ty) {
        Type::Reference(reference) => bare(&reference.elem),
        other => other,
    }
}

/// The type of an item of a list.
pub(crate) fn item(ty: &Type) -> TokenStream {
    let inner = inside_reference(ty);
    match inner {
        Type::Slice(slice) => return slice.elem.to_token_stream(),
        Type::ImplTrait(bounds) => {
            if let Some(item) = bounds.bounds.iter().find_map(bound_item) {
                return item.to_token_stream();
            }
        }
        _ => {}
    }
    match parameters(inner).as_slice() {
        [key, value, ..] if is_map(inner) => quote::quote!((#key, #value)),
        [item, ..] => item.to_token_stream(),
        [] => quote::quote!(<#inner as ::core::iter::IntoIterator>::Item),
    }
}

/// `T` of `IntoIterator<Item = T>`.
fn bound_item(bound: &TypeParamBound) -> Option<&Type> {
    let TypeParamBound::Trait(bound) = bound else { return None };
    let PathArguments::AngleBracketed(arguments) = &bound.path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(associated) if associated.ident == "Item" => Some(&associated.ty),
        _ => None,
    })
}

/// Whether `impl Trait` stands anywhere in it.
pub(crate) fn is_opaque(ty: &Type) -> bool {
    tokens::contain(ty, "impl")
}

/// The type without the parentheses and invisible groups around it.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        other => other,
    }
}

/// The last segment of a type that is a path.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match bare(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The types between the angle brackets of a path's last segment.
pub(crate) fn parameters(ty: &Type) -> Vec<&Type> {
    let Some(PathArguments::AngleBracketed(arguments)) = last_segment(ty).map(|last| &last.arguments) else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// `()`, at this place.
pub(crate) fn unit(at: Span) -> Type {
    parse_quote_spanned!(at=> ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn borrows_are_found_and_made_static() {
        for (ty, expected, borrows) in [
            (parse_quote!(Vec<u8>), parse_quote!(Vec<u8>), 0),
            (parse_quote!(&'static str), parse_quote!(&'static str), 0),
            (parse_quote!(&str), parse_quote!(&'static str), 1),
            (parse_quote!(Option<Cow<'a, str>>), parse_quote!(Option<Cow<'static, str>>), 1),
            (parse_quote!((Ref<'_>, &'a [&str])), parse_quote!((Ref<'static>, &'static [&'static str])), 3),
            (parse_quote!(Box<dyn Error + 'a>), parse_quote!(Box<dyn Error + 'static>), 1),
            (parse_quote!(Box<dyn Fn(&str) -> &str>), parse_quote!(Box<dyn Fn(&str) -> &str>), 0),
            (parse_quote!(fn(&str) -> &str), parse_quote!(fn(&str) -> &str), 0),
            (parse_quote!(Box<dyn for<'x> Get<'x>>), parse_quote!(Box<dyn for<'x> Get<'x>>), 0),
        ] {
            let (mut ty, expected): (Type, Type) = (ty, expected);
            assert_eq!(make_static(&mut ty).len(), borrows, "{}", ty.to_token_stream());
            assert_eq!(ty.to_token_stream().to_string(), expected.to_token_stream().to_string());
        }
    }

    #[test]
    fn parameters_of_the_last_segment() {
        let ty = parse_quote!(io::Result<Vec<u8>, E>);
        let names: Vec<_> = parameters(&ty).into_iter().map(|ty| ty.to_token_stream().to_string()).collect();
        assert_eq!(names, ["Vec < u8 >", "E"]);
        assert!(parameters(&parse_quote!(u8)).is_empty());
    }
}
