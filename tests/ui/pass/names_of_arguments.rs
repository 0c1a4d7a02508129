//! Arguments, functions and types are called what the expansion might call its own.
#![deny(warnings)]

use cacher::cache;

#[cache]
#[expect(clippy::too_many_arguments)]
fn everything(
    key: u8,
    cache: u8,
    result: u8,
    value: u8,
    self_: u8,
    leader: u8,
    rt: u8,
    storing: u8,
    returned: u8,
    terms: u8,
    site: u8,
    returns: u8,
) -> u8 {
    key + cache + result + value + self_ + leader + rt + storing + returned + terms + site + returns
}

#[cache]
fn with_hidden_names(__k0: u8, __leader: u8, __returned: u8, __a0: u8, __value: u8, __held: u8) -> u8 {
    __k0 + __leader + __returned + __a0 + __value + __held
}

#[cache]
fn page(page: u64, size: u64) -> u64 {
    page * size
}

#[cache]
fn r#type(r#match: u8) -> u8 {
    r#match
}

mod primitives {
    use cacher::cache;

    // Its companions take the place of the type in this module, so another name for them gives it back.
    #[cache(companions = u8_cache)]
    pub fn u8(n: u8) -> u8 {
        n
    }

    #[cache(companions = false)]
    pub fn str(text: &str) -> String {
        text.to_owned()
    }

    #[cache]
    pub fn bool(n: u64) -> u64 {
        n
    }
}

#[cache]
fn cache(n: u32) -> u32 {
    n
}

#[cache]
fn entry(refresh: u32) -> u32 {
    refresh
}

#[cache]
async fn future(result: u32) -> u32 {
    result
}

#[cache(key = "{key}{r#type}{secret}", ignore = [ignore], secret = [secret], version = code, depends = [cache, Key::r#loop, r#type])]
fn identity(key: u8, r#type: u8, secret: u8, ignore: u8) -> u8 {
    key + r#type + secret + ignore
}

#[cache(depends_on = [code, version.len()])]
fn outside(code: u8, version: &str) -> usize {
    usize::from(code) + version.len()
}

struct Key;

impl Key {
    #[cache(ignore = [self])]
    pub fn entry(&self, entry: u8) -> u8 {
        entry
    }

    #[cache(ignore = [self])]
    pub fn r#loop(&self, n: u8) -> u8 {
        n
    }
}

fn main() {
    assert_eq!(everything(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 12);
    assert_eq!(with_hidden_names(1, 1, 1, 1, 1, 1), 6);
    assert_eq!(with_hidden_names::entry(1, 1, 1, 1, 1, 1).peek(), Some(6));
    assert_eq!((page(2, 3), page::uncached(2, 3), page::refresh(2, 3)), (6, 6, 6));
    assert_eq!(r#type(1), 1);
    assert_eq!(r#type::entry(1).peek(), Some(1));
    assert!(r#type::cache().name().ends_with("::type"));
    assert_eq!(primitives::u8(1), 1);
    assert_eq!(primitives::u8_cache::entry(1).peek(), Some(1));
    assert_eq!(primitives::str("x"), "x");
    assert_eq!(primitives::bool(1), 1);
    assert_eq!((cache(1), entry(1)), (1, 1));
    assert_eq!(entry::entry(1).peek(), Some(1));
    drop(future(1));
    assert_eq!((identity(1, 1, 1, 1), outside(1, "a")), (4, 2));
    assert!(identity::entry(1, 1, 1).contains());
    assert_eq!(Key.entry(1) + Key.r#loop(1), 2);
    assert_eq!((Key.entry_entry(1).peek(), Key.loop_entry(1).peek()), (Some(1), Some(1)));
}
