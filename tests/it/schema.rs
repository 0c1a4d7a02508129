//! Entries say what the type of their values is made of.

use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock};

use cacher::{
    Cache, Kind, Schema,
    backend::{bytes::Bytes, file::Files},
    cache,
    schema::Fingerprint,
    testing::TempDir,
};
use serde::{Deserialize, Serialize};

use crate::common::{faults, only_file};

/// The types of two versions of a program.
mod before {
    use super::{Deserialize, Schema, Serialize};

    #[derive(Schema, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
    pub(crate) struct Price {
        pub(crate) cents: u32,
    }
}

mod after {
    use super::{Deserialize, Schema, Serialize};

    #[derive(Schema, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
    pub(crate) struct Price {
        pub(crate) cents: i32,
    }
}

/// Of the same make as before, under another name.
#[derive(Schema, Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Amount {
    cents: u32,
}

fn prices<V>(store: &Bytes) -> Cache<String, V>
where
    V: Schema + Clone + Send + Sync + Serialize + for<'a> Deserialize<'a>,
{
    Cache::builder().name("schema-prices").backend(store.clone()).schema().build().unwrap()
}

/// By position the bytes of 10 without a sign are those of 5 with one.
#[cfg(feature = "postcard")]
#[test]
fn a_value_of_another_make_is_a_miss_and_no_wrong_value() {
    for format in ["postcard", "msgpack", "json"] {
        let faults = faults("schema-prices");
        let store = Bytes::new().format(format);
        prices(&store).set("tea", before::Price { cents: 10 });
        assert_eq!(prices(&store).get("tea"), Some(Amount { cents: 10 }), "{format}");
        let cache = prices::<after::Price>(&store);
        let heard = faults().len();
        assert_eq!((cache.get("tea"), cache.stats().store_errors, cache.stats().misses), (None, 1, 1), "{format}");
        let fault = faults().swap_remove(heard);
        assert!(fault.error.kind() == Kind::Damaged && fault.error.to_string().contains("made of"), "{fault:?}");
        cache.set("tea", after::Price { cents: -3 });
        assert_eq!(cache.get("tea"), Some(after::Price { cents: -3 }), "{format}");
    }
}

#[test]
fn what_says_nothing_of_its_make_is_not_compared() {
    let store = Bytes::new();
    let silent =
        || -> Cache<String, Amount> { Cache::builder().name("schema-prices").backend(store.clone()).build().unwrap() };
    silent().set("tea", Amount { cents: 1 });
    assert_eq!(prices(&store).get("tea"), Some(Amount { cents: 1 }));
    prices(&store).set("tea", Amount { cents: 2 });
    assert_eq!(silent().get("tea"), Some(Amount { cents: 2 }));
}

/// Where the second version finds the files of the first.
fn directory(version: usize) -> &'static Path {
    static DIRECTORIES: [OnceLock<TempDir>; 2] = [OnceLock::new(), OnceLock::new()];
    DIRECTORIES[version].get_or_init(TempDir::new).path()
}

#[cfg(feature = "postcard")]
#[test]
fn functions_know_the_make_of_their_values() {
    fn first(id: u64) -> before::Price {
        #[cache(backend = Files::new(directory(0)), format = "postcard", name = "schema-price")]
        fn price(id: u64) -> before::Price {
            before::Price { cents: u32::try_from(id).unwrap() }
        }
        price(id)
    }
    #[cache(backend = Files::new(directory(1)), format = "postcard", name = "schema-price")]
    fn price(id: u64) -> Result<after::Price, ()> {
        Ok(after::Price { cents: i32::try_from(id).unwrap() })
    }
    assert_eq!(first(10).cents, 10);
    let file = only_file(directory(0));
    let copy = directory(1).join(file.strip_prefix(directory(0)).unwrap());
    fs::create_dir_all(copy.parent().unwrap()).unwrap();
    fs::copy(file, copy).unwrap();
    assert_eq!((price(10).unwrap().cents, price::cache().stats().store_errors), (10, 1));
    assert_eq!((price(10).unwrap().cents, price::cache().stats().hits), (10, 1));
}

#[derive(Schema, Serialize)]
#[allow(dead_code, reason = "only what it is made of counts")]
struct Tree<T> {
    value: T,
    children: Vec<Tree<T>>,
}

/// Known to nobody but by its name.
#[derive(Serialize)]
#[allow(dead_code, reason = "as above")]
struct Foreign(u8);

macro_rules! print {
    ($($item:tt)*) => {{
        #[derive(Schema, Serialize)]
        #[allow(dead_code, reason = "only what it is made of counts")]
        $($item)*
        Fingerprint::of::<This>()
    }};
}

#[test]
fn a_make_is_its_fields_in_their_order_and_what_they_are_made_of() {
    let one = print!(
        struct This {
            a: u8,
            b: Option<String>,
        }
    );
    assert_eq!(
        one,
        print!(
            pub(crate) struct This {
                a: u8,
                b: Option<Box<str>>,
            }
        )
    );
    let others = [
        print!(
            struct This {
                b: Option<String>,
                a: u8,
            }
        ),
        print!(
            struct This {
                a: u16,
                b: Option<String>,
            }
        ),
        print!(
            struct This {
                a: u8,
                c: Option<String>,
            }
        ),
        print!(
            struct This {
                a: u8,
            }
        ),
        print!(
            struct This(u8, Option<String>);
        ),
        print!(
            struct This {
                a: u8,
                #[serde(rename = "c")]
                b: Option<String>,
            }
        ),
        print!(
            struct This {
                a: u8,
                b: Foreign,
            }
        ),
        print!(
            enum This {
                A(u8),
                B,
            }
        ),
        print!(
            enum This {
                B,
                A(u8),
            }
        ),
        print!(
            enum This {
                A { x: u8 },
                B,
            }
        ),
        print!(
            struct This(Tree<u8>);
        ),
        print!(
            struct This(Tree<u16>);
        ),
        print!(
            struct This(BTreeMap<u8, (u8, [u8; 2])>);
        ),
        print!(
            struct This(BTreeMap<u8, (u8, [u8; 3])>);
        ),
        Fingerprint::of::<Tree<u8>>(),
        Fingerprint::of::<before::Price>(),
        Fingerprint::of::<after::Price>(),
    ];
    let all: std::collections::HashSet<_> = others.into_iter().chain([one]).collect();
    assert_eq!(all.len(), 18);
    assert_eq!(Fingerprint::of::<Amount>(), Fingerprint::of::<before::Price>());
}
