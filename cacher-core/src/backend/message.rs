//! How many entries go to a server, or come from it, in one message.

use super::{Key, Put};

/// How many keys at most.
pub(super) const KEYS: usize = 10_000;
/// How many bytes of entries and keys at most, unless one entry alone has more. It is half of what MongoDB takes.
pub(super) const BYTES: usize = 8 << 20;

/// How many of the first items go into one message, by their bytes: one at least.
pub(super) fn first<T>(items: &[T], bytes: impl Fn(&T) -> usize) -> usize {
    let mut sum = 0;
    let fits = |item: &&T| {
        sum += bytes(item);
        sum <= BYTES
    };
    items.iter().take(KEYS).take_while(fits).count().max(1).min(items.len())
}

/// Items in parts that each go into one message.
pub(super) fn parts<T>(mut items: &[T], bytes: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let (part, rest) = items.split_at(first(items, &bytes));
        items = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// About how many bytes an entry takes with what stands beside it.
pub(super) fn size(put: &Put) -> usize {
    const BESIDE: usize = 128;
    let Key { namespace, name, .. } = &put.key;
    put.entry.len() + namespace.len() + name.len() + BESIDE
}

/// For how many operations so many keys and bytes count.
pub(super) fn operations(keys: usize, bytes: usize) -> u32 {
    u32::try_from(1 + (keys / KEYS).max(bytes / BYTES)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_items_are_in_some_part() {
        let (parts_of, none): (fn(&[usize]) -> Vec<usize>, [usize; 0]) =
            (|items| parts(items, |bytes| *bytes).map(<[_]>::len).collect(), []);
        assert!(parts_of(&none).is_empty());
        assert_eq!(parts_of(&vec![1; 25_000]), [10_000, 10_000, 5_000]);
        assert_eq!(parts_of(&[BYTES / 2, BYTES / 2, 1, BYTES + 1, 1]), [2, 1, 1, 1]);
        assert_eq!((operations(0, 0), operations(25_000, 9), operations(9, 5 * BYTES)), (1, 3, 6));
    }
}
