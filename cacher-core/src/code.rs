//! Versions of a function: the same name, and entries apart.

use std::collections::BTreeSet;

use crate::hex;

/// Which version of a function its entries belong to.
#[derive(Clone, Copy, Debug)]
pub enum Version {
    /// As it is called.
    Text(&'static str),
    /// By a hash of the function's tokens, and of those it depends on.
    Code(fn() -> Code),
}

/// The tokens of a function, and the functions it depends on.
#[derive(Clone, Debug)]
pub struct Code {
    tokens: &'static str,
    depends: Vec<fn() -> Code>,
}

impl Code {
    /// The code of a function that depends on no other.
    #[must_use]
    pub fn new(tokens: &'static str) -> Self {
        Self { tokens, depends: Vec::new() }
    }

    /// The same, and it depends on another.
    #[must_use]
    pub fn and(mut self, other: fn() -> Self) -> Self {
        self.depends.push(other);
        self
    }

    /// The hash of its own tokens and of the set of all that it depends on, itself included if it does.
    fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_derive_key("cacher 2026 version by code v1");
        hasher.update(blake3::hash(self.tokens.as_bytes()).as_bytes());
        for other in self.all_depended_on() {
            hasher.update(&other);
        }
        hasher.finalize()
    }

    /// The hashes of all functions that can be reached. Two may depend on each other.
    fn all_depended_on(&self) -> BTreeSet<[u8; 32]> {
        let mut seen: Vec<fn() -> Self> = Vec::new();
        let mut hashes = BTreeSet::new();
        let mut rest = self.depends.clone();
        while let Some(next) = rest.pop() {
            if seen.iter().any(|other| std::ptr::fn_addr_eq(*other, next)) {
                continue;
            }
            seen.push(next);
            let code = next();
            hashes.insert(*blake3::hash(code.tokens.as_bytes()).as_bytes());
            rest.extend(code.depends);
        }
        hashes
    }
}

impl Version {
    /// How it stands in a namespace: `v1`, or `code-` and 20 hexadecimal digits, which tell versions apart and leave
    /// room for a name before them.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Code(code) => format!("code-{}", hex::to_hex(&code().hash().as_bytes()[..10])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> Code {
        Code::new("one")
    }

    fn two() -> Code {
        Code::new("two").and(three)
    }

    fn three() -> Code {
        Code::new("three").and(two)
    }

    fn name(code: fn() -> Code) -> String {
        Version::Code(code).name()
    }

    #[test]
    fn the_hash_is_pinned() {
        assert_eq!(Version::Text("v1").name(), "v1");
        assert_eq!(name(one), "code-f5740459fa3d9a969a3f");
        assert_eq!(name(two), "code-71dc5a6c8efa868b0ca8");
    }

    #[test]
    fn what_is_depended_on_counts_however_it_is_reached() {
        let all: [fn() -> Code; 5] = [
            || Code::new("a"),
            || Code::new("a").and(one),
            || Code::new("a").and(two),
            || Code::new("a").and(one).and(two),
            || Code::new("b").and(one),
        ];
        let names: BTreeSet<_> = all.into_iter().map(name).collect();
        assert_eq!(names.len(), all.len());
        assert_eq!(name(|| Code::new("a").and(two).and(one)), name(all[3]));
        assert_eq!(name(|| Code::new("a").and(three)), name(all[2]));
    }
}
