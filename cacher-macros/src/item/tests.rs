use super::*;
use quote::{ToTokens, quote};

fn parse(tokens: TokenStream) -> (Option<Item>, Vec<String>) {
    let errors = Errors::new();
    let item = errors.keep(Item::parse(tokens, &errors));
    let texts = errors.finish().err().into_iter().flatten().map(|error| error.to_string()).collect();
    (item, texts)
}

fn function(tokens: TokenStream) -> Function {
    match parse(tokens) {
        (Some(Item::Function(function)), errors) if errors.is_empty() => *function,
        (_, errors) => panic!("{errors:?}"),
    }
}

#[test]
fn items_come_back_as_they_were() {
    for item in [
        quote!(
            #[doc = "a"]
            #[inline]
            pub(crate) async fn f<'a, T: A, const N: usize>(mut a: &'a T, (b, c): (u8, u8)) -> [u8; N]
            where
                T: B,
            {
                a?;
                return b;
            }
        ),
        // Half-typed.
        quote!(fn f(&self) { let x = ; self. }),
        quote!(impl<T, const N: usize> A<T, { N + 1 }> where T: B {
            const X: A = A { x: 1 }; type Y = u8; m!(); fn f() -> X<{ 3 }> { let x = ; }
        }),
        quote!(
            unsafe impl<T> A for B<T> {}
        ),
    ] {
        let (parsed, errors) = parse(item.clone());
        assert_eq!(errors, [""; 0]);
        assert_eq!(parsed.unwrap().to_token_stream().to_string(), item.to_string());
    }
}

#[test]
fn marks_are_taken_from_arguments() {
    let function = function(quote!(
        fn f(
            #[cache(ignore)] &self,
            a: u8,
            #[allow(x)]
            #[cacher::cache(ignore)]
            b: u8,
        ) {
        }
    ));
    let signature = function.signature.to_token_stream().to_string();
    assert!(!signature.contains("cache") && signature.contains("# [allow (x)] b"), "{signature}");
    assert!(function.receiver.unwrap().mark.is_some());
    assert_eq!(function.arguments.iter().map(|argument| argument.mark.is_some()).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn patterns_get_names() {
    let function = function(quote!(
        fn f(a: u8, mut b: u8, (c, d): (u8, u8), _: u8, ref e: u8) {}
    ));
    let names: Vec<_> = function.arguments.iter().map(|argument| argument.ident.to_string()).collect();
    assert_eq!(names, ["a", "b", "__a2", "__a3", "__a4"]);
    let patterns: Vec<_> = function.arguments.iter().map(|argument| argument.pattern.is_some()).collect();
    assert_eq!(patterns, [false, true, true, true, true]);
    let ours: Vec<_> = function.arguments.iter().map(Argument::is_named).collect();
    assert_eq!(ours, [true, true, false, false, false]);
}

#[test]
fn inner_attributes_go_before_the_function() {
    let function = function(quote!(
        fn f() {
            #![allow(unused)]
            1;
        }
    ));
    assert_eq!(
        function.to_token_stream().to_string(),
        quote!(
            #[allow(unused)]
            fn f() {
                1;
            }
        )
        .to_string()
    );
}

#[test]
fn marked_methods_of_a_block_are_read() {
    let (item, errors) = parse(quote! {
        impl<T> Repo for Box<T> {
            type Id = u64;
            #[inline]
            #[cacher::cache(ttl = "5m", ignore = [self])]
            async fn user(&self, id: u64) -> User { self. }
            fn other() {}
            #[cache]
            fn none() {}
        }
    });
    assert_eq!(errors, [""; 0]);
    let Some(Item::Block(block)) = item else { panic!() };
    let names: Vec<_> = block.cached().map(|(args, f)| (f.signature.ident.to_string(), args.names.len())).collect();
    assert_eq!(names, [("user".to_owned(), 2), ("none".to_owned(), 0)]);
    let text = block.to_token_stream().to_string();
    assert!(!text.contains("cache") && text.contains("# [inline]") && text.contains("type Id = u64 ;"), "{text}");
}

const ON_AN_ARGUMENT: &str = "on an argument stands `#[cache(ignore)]`, `#[cache(secret)]` or `#[cache(key)]`; \
                              all else belongs on the function";

#[test]
fn wrong_items() {
    for (item, expected) in [
        (
            quote!(
                struct A;
            ),
            "`#[cache]` stands on a function, a method or an `impl` block",
        ),
        (
            quote!(
                pub trait A {}
            ),
            "`#[cache]` doesn't stand on a trait: write it on those of its methods that have a body",
        ),
        (
            quote!(
                const A: u8 = 1;
            ),
            "`#[cache]` stands on a function, a method or an `impl` block",
        ),
        (
            quote!(
                fn f(&self) -> u8;
            ),
            "`#[cache]` needs a function with a body: write it on the implementation, not on the declaration",
        ),
        (
            quote!(
                #[cache]
                fn f() {}
            ),
            "`#[cache]` is given twice: write all arguments into one",
        ),
        (
            quote!(
                fn f(
                    #[cache(secret)]
                    #[cache(ignore)]
                    a: u8,
                ) {
                }
            ),
            "an argument is `secret` or `ignore`: keep one of them",
        ),
        (
            quote!(
                fn f(#[cache(ttl = "1s")] a: u8) {}
            ),
            ON_AN_ARGUMENT,
        ),
        (
            quote!(
                fn f(#[cache] a: u8) {}
            ),
            ON_AN_ARGUMENT,
        ),
    ] {
        assert_eq!(parse(item).1, [expected]);
    }
}
