use super::*;
use crate::{errors::Errors, item::Item};
use proc_macro2::Group;
use quote::quote;

fn code(item: &str) -> String {
    let errors = Errors::new();
    let item = Item::parse(item.parse().unwrap(), &errors).unwrap();
    errors.finish().unwrap();
    let Item::Function(function) = item else { panic!("not a function") };
    of(&function)
}

fn written(tokens: TokenStream) -> String {
    let mut text = String::new();
    write(tokens, &mut text);
    text
}

#[test]
fn each_token_is_its_kind_and_its_text() {
    assert_eq!(
        code("fn f<'a>(n: &'a [u8]) -> u8 { n[0] + 1_u8 }"),
        "i2:fni1:fo1:<o1:'i1:ao1:>(i1:no1::o1:&o1:'i1:a[i2:u8])o2:->i2:u8{i1:n[l1:0]o1:+l4:1_u8}"
    );
}

#[test]
fn what_compilers_pass_over_changes_nothing() {
    let plain = code("fn f(n: u8) -> Vec<u8> { let x = -1; vec![x, n] }");
    for same in [
        "fn  f ( n : u8 )  ->  Vec < u8 >\n{ let x=-1; vec ! [ x , n ] }",
        "fn f(n: u8) -> Vec<u8> { /* why */ let x = -1; // because\n vec![x, n] }",
        "/// What it does.\n#[inline]\npub(crate) fn f(n: u8) -> Vec<u8> { let x = -1; vec![x, n] }",
        "fn f(#[cache(ignore)] #[allow(unused)] n: u8) -> Vec<u8> { let x = -1; vec![x, n] }",
        "fn f(n: u8) -> Vec<u8> { #![allow(unused)] let x = -1; vec![x, n] }",
        "fn f(n: u8) -> Vec<u8> { /// Minus one.\nlet x = -1; vec![x, n] }",
        "fn f(n: u8) -> Vec<u8> { /** Minus one. */ let x = -1; #[doc(hidden)] vec![x, n] }",
    ] {
        assert_eq!(code(same), plain, "{same}");
    }
}

#[test]
fn what_means_something_else_is_something_else() {
    let all = [
        "fn f() { 1 }",
        "fn g() { 1 }",
        "fn f() { 2 }",
        "fn f() { 1_u8 }",
        "fn f() { 1u8 }",
        "fn f() { 1; }",
        "fn f() { (1) }",
        "fn f() { [1] }",
        "fn f() { {1} }",
        "fn f() { \"1\" }",
        "fn f() { b\"1\" }",
        "fn f() { r\"1\" }",
        "fn f() { r#\"1\"# }",
        "fn f() { '1' }",
        "fn f() { a && b }",
        "fn f() { a & &b }",
        "fn f() { a || b }",
        "fn f() { a | |b| c }",
        "fn f() { \"// 1\" }",
        "fn f() { \"//  1\" }",
        "fn f() { #[cfg(a)] 1 }",
        "fn f() { r#i }",
        "fn f() { i }",
        "fn f() { &'a i }",
        "fn f() { 'a' }",
        "async fn f() { 1 }",
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| code(other) != code(one)), "{one}");
    }
}

#[test]
fn a_macro_in_the_body_is_its_tokens() {
    let rules = |inside: &str| code(&format!("fn f() {{ macro_rules! m {{ ($a:expr) => {{ {inside} }} }} m!(1) }}"));
    assert_eq!(rules("$a + 1"), rules("$a  +  1 /* one */"));
    assert_ne!(rules("$a + 1"), rules("$a + 2"));
}

#[test]
fn invisible_groups_matter_where_they_bind() {
    let in_group = |tokens| TokenStream::from(TokenTree::from(Group::new(Delimiter::None, tokens)));
    let (one, sum) = (in_group(quote!(1)), in_group(quote!(1 + 2)));
    assert_eq!(written(quote!(#one * 3)), written(quote!(1 * 3)));
    assert_ne!(written(quote!(#sum * 3)), written(quote!(1 + 2 * 3)));
}
