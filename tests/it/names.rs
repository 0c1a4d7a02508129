//! What caches are called. The names are kept in stores, so these must not change.

use cacher::cache;

#[cache]
fn free(n: u8) -> u8 {
    n
}

#[cache(companions = renamed)]
fn with_renamed_companions(n: u8) -> u8 {
    n
}

#[cache(companions = false)]
fn without_companions(n: u8) -> u8 {
    n
}

#[cache(name = "squares")]
fn named(n: u8) -> u8 {
    n
}

#[cache]
fn generic<T: ToString + Send + Sync + 'static, const N: usize>() -> usize {
    N
}

#[cache]
fn r#type(n: u8) -> u8 {
    n
}

#[cache]
async fn waits(n: u8) -> u8 {
    n
}

#[cache(thread_local)]
fn on_a_thread(n: u8) -> u8 {
    n
}

mod inner {
    use cacher::cache;

    #[cache]
    pub(super) fn free(n: u8) -> u8 {
        n
    }
}

#[derive(Clone)]
struct Client;

impl Client {
    #[cache(ignore = [self])]
    pub(crate) fn get(&self, n: u8) -> u8 {
        n
    }

    #[cache(ignore = [self], companions = false)]
    fn without_companions(&self, n: u8) -> u8 {
        n
    }

    #[cache]
    pub(crate) fn made(n: u8) -> Option<Self> {
        (n > 0).then_some(Self)
    }
}

#[cache]
impl Client {
    #[cache(ignore = [self])]
    fn in_a_block(&self, n: u8) -> u8 {
        n
    }

    #[cache]
    fn alone(n: u8) -> u8 {
        n
    }
}

struct Wrapper<T>(T);

#[cache]
impl<T: Clone + Send + Sync + 'static> Wrapper<T> {
    #[cache(ignore = [self])]
    fn get(&self, n: u8) -> u8 {
        let _ = &self.0;
        n
    }
}

trait Users {
    fn user(&self, n: u8) -> u8;

    #[cache(ignore = [self])]
    fn default_method(&self, n: u8) -> u8
    where
        Self: 'static,
    {
        n
    }
}

#[cache(companions = ClientUsers)]
impl Users for Client {
    #[cache(ignore = [self])]
    fn user(&self, n: u8) -> u8 {
        n
    }
}

impl Users for Wrapper<u8> {
    #[cache(ignore = [self])]
    fn user(&self, n: u8) -> u8 {
        n
    }
}

/// The one cache whose name has this in it.
fn with(part: &str) -> String {
    let names: Vec<_> = cacher::caches().iter().map(|cache| cache.name().to_owned()).collect();
    let mut found = names.iter().filter(|name| name.contains("names::") && name.contains(part));
    let name = found.next().unwrap_or_else(|| panic!("no `{part}` in {names:?}"));
    assert_eq!(found.next(), None, "{names:?}");
    name.clone()
}

#[test]
fn of_free_functions() {
    assert_eq!(free::cache().name(), "it::names::free");
    assert_eq!(inner::free::cache().name(), "it::names::inner::free");
    assert_eq!(named::cache().name(), "squares");
    assert_eq!(r#type::cache().name(), "it::names::type");
    assert_eq!(waits::cache().name(), "it::names::waits");
    assert_eq!(on_a_thread::cache().name(), "it::names::on_a_thread");
}

#[test]
fn of_generic_functions() {
    generic::<u8, 1>();
    generic::<String, 2>();
    assert_eq!(generic::cache().name(), "it::names::generic");
    assert_eq!(with("generic<u8"), "it::names::generic<u8, 1>");
    assert_eq!(with("generic<alloc"), "it::names::generic<alloc::string::String, 2>");
}

#[test]
fn of_functions_in_functions() {
    #[cache]
    fn nested(n: u8) -> u8 {
        n
    }
    assert_eq!(nested::cache().name(), "it::names::of_functions_in_functions::nested");
}

#[test]
fn whatever_becomes_of_the_companions() {
    assert_eq!(renamed::cache().name(), "it::names::with_renamed_companions");
    without_companions(1);
    Client.without_companions(1);
    assert_eq!(with("names::without_companions"), "it::names::without_companions");
    assert_eq!(with("Client::without_companions"), "it::names::Client::without_companions");
}

#[test]
fn of_methods() {
    assert_eq!(Client::get_cache().name(), "it::names::Client::get");
    assert_eq!(Client::made_cache().name(), "it::names::Client::made");
    assert_eq!(Client::in_a_block_cache().name(), "it::names::Client::in_a_block");
    assert_eq!(Client::alone_cache().name(), "it::names::Client::alone");
    Wrapper("a").get(1);
    assert_eq!(with("Wrapper<&str>"), "it::names::Wrapper<&str>::get");
}

#[test]
fn of_methods_of_traits() {
    // Its companions are what can be named, so the cache is called like them.
    assert_eq!(ClientUsers::user_cache().name(), "it::names::ClientUsers::user");
    Client.default_method(1);
    assert_eq!(with("default_method"), "<it::names::Client as it::names::Users>::default_method");
    Wrapper(1_u8).user(1);
    assert_eq!(with("Wrapper<u8> as"), "<it::names::Wrapper<u8> as it::names::Users>::user");
}

#[test]
fn arguments_that_change_places_do_not_share_entries() {
    mod before {
        #[cacher::cache(name = "rectangle", backend = "memory://?format=json")]
        pub(super) fn rectangle(width: u64, height: u64) -> String {
            format!("{width} wide, {height} high")
        }
    }
    mod after {
        #[cacher::cache(name = "rectangle", backend = "memory://?format=json")]
        pub(super) fn rectangle(height: u64, width: u64) -> String {
            format!("{width} wide, {height} high")
        }
    }
    assert_ne!(before::rectangle(1, 2), after::rectangle(1, 2));
    let stored = |explanation: cacher::Explanation| explanation.stored_key.unwrap();
    let before = stored(before::rectangle::entry(1, 2).explain());
    assert_ne!(before, stored(after::rectangle::entry(1, 2).explain()));
}
