//! Nothing is in scope but what is named.
#![no_implicit_prelude]

use ::cacher::cache;

#[cache]
fn square(n: u64) -> u64 {
    n * n
}

#[cache(ttl = "5m", jitter = "1s", none_ttl = "1s", cache_if = |value| value.is_some(), patience = "1s")]
fn root(n: u64, #[cache(ignore)] _by: &str) -> ::std::option::Option<u64> {
    ::std::option::Option::Some(n)
}

#[cache(backend = ["memory://", "file://./target/ui-prelude"], tti = "1h")]
async fn parse(text: &str) -> ::std::result::Result<u64, ::std::num::ParseIntError> {
    text.parse()
}

#[cache(backend = "file://./target/ui-prelude", keyer = readable)]
fn named(n: u64) -> u64 {
    n
}

#[cache(backend = "file://./target/ui-prelude", file_name = |call| ::std::format!("{}/x", call.function()))]
fn placed(call: u64) -> u64 {
    call
}

#[cache(thread_local, max_bytes = "1MiB")]
fn text<T: ::std::fmt::Debug + ::std::hash::Hash + ::std::cmp::Eq + ::std::clone::Clone + 'static>(
    value: &T,
) -> ::std::string::String {
    ::std::format!("{value:?}")
}

#[cache(backend = "file://./target/ui-prelude", secret = [api_key], key = "{endpoint}/{api_key}", version = code, depends = [square, Client::alone])]
fn posts(endpoint: &str, api_key: ::std::string::String) -> usize {
    endpoint.len() + api_key.len()
}

#[cache(depends_on = [::cacher::modified(path)], version = "v1")]
fn size(path: &str) -> usize {
    path.len()
}

struct Client;

#[cache]
impl Client {
    #[cache(ignore = [self])]
    fn get(&self, (a, b): (u8, u8)) -> u8 {
        a + b
    }

    #[cache]
    fn alone(n: u8) -> u8 {
        n
    }
}

fn main() {
    ::std::assert_eq!(square(2), 4);
    ::std::assert_eq!(root(2, ""), ::std::option::Option::Some(2));
    ::std::assert_eq!(named(1) + placed(1), 2);
    ::std::mem::drop(parse("1"));
    ::std::assert_eq!((posts("a", ::std::convert::From::from("b")), size("a")), (2, 1));
    ::std::assert_eq!(text(&1_u8), "1");
    ::std::assert_eq!(Client.get((1, 2)) + Client::alone(1), 4);
}
