//! Functions over many items where nothing is in scope but what is named, and other things are called as std's.
#![no_implicit_prelude]

use ::cacher::cache;

#[allow(dead_code)]
struct Vec;
#[allow(dead_code)]
struct Option;
#[allow(dead_code)]
struct Result;

#[cache(batch = ids)]
fn plain(ids: &[u64]) -> ::std::vec::Vec<u64> {
    ids.to_vec()
}

#[cache(batch = ids, none_ttl = "1m", max_batch = 10, parallel = 2, prefetch, stream)]
async fn later(
    ids: ::std::vec::Vec<u64>,
    lang: &str,
) -> ::std::result::Result<::std::collections::HashMap<u64, ::std::string::String>, ::std::string::String> {
    let named = |id| (id, ::std::format!("{id}{lang}"));
    ::std::result::Result::Ok(::std::iter::FromIterator::from_iter(::std::iter::Iterator::map(
        ::std::iter::IntoIterator::into_iter(ids),
        named,
    )))
}

#[cache(batch = product(xs, ys))]
fn product(xs: &[u64], ys: &[u64]) -> ::std::vec::Vec<u64> {
    let mut sums = ::std::vec::Vec::new();
    for x in xs {
        for y in ys {
            sums.push(x + y);
        }
    }
    sums
}

#[cache(batch = (xs, ys), on_error = partial)]
fn parallel(
    xs: &[u64],
    ys: ::std::vec::Vec<u64>,
) -> ::std::result::Result<::std::vec::Vec<::std::option::Option<u64>>, ::cacher::Error> {
    ::std::assert_eq!(xs.len(), ys.len());
    ::std::result::Result::Ok(::std::vec![::std::option::Option::None; xs.len()])
}

fn main() {
    ::std::assert_eq!(plain(&[1, 2]), [1, 2]);
    ::std::assert_eq!(plain::one(2), 2);
    ::std::assert_eq!(plain::entries(&[1, 3]).contains(), [true, false]);
    ::std::assert_eq!(product(&[1], &[2, 3]), [3, 4]);
    ::std::assert!(parallel(&[1], ::std::vec![2]).is_ok());
    ::std::mem::drop(later(::std::vec![1], "de"));
    ::std::mem::drop(later::stream(::std::vec![1], "de"));
}
