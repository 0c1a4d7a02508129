//! Names for groups of entries, whatever functions they are of, which are invalidated together.
//!
//! A tag carries the number of its last invalidation, from one count for the whole process. An entry carries its tags
//! and what the count was when its load began: it is current as long as none of them was invalidated since. So to
//! invalidate a tag takes one step, however many entries have it.

use std::collections::{HashMap, VecDeque};

use crate::sync::{Arc, AtomicU64, Mutex, OnceLock, Ordering, Weak, global, lock};

/// A name of a group of entries.
#[derive(Debug)]
pub(crate) struct Tag {
    name: Arc<str>,
    /// What it is called in stores.
    id: OnceLock<[u8; 16]>,
    /// The number of the last invalidation.
    invalidated: AtomicU64,
}

/// The tags of an entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tags(Option<Arc<[Arc<Tag>]>>);

/// The tags of an entry, and when its load began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tagged {
    tags: Tags,
    since: u64,
}

global! {
    /// How many invalidations there were.
    static COUNT: AtomicU64 = AtomicU64::new(0);
}

global! {
    static REGISTRY: Mutex<Option<Registry>> = Mutex::new(None);
}

#[derive(Default)]
struct Registry {
    by_name: HashMap<Arc<str>, Weak<Tag>>,
    /// Those that an entry of a store was found to have which its call does not name, by what they are called there.
    by_id: HashMap<[u8; 16], Weak<Tag>>,
    /// How many there may be before those are forgotten that nothing has any more.
    most: usize,
    /// The tags that were invalidated last: loads that began before may get them yet.
    recent: VecDeque<Arc<Tag>>,
    /// The number of the last invalidation of a tag that may have been forgotten.
    forgotten: u64,
}

/// How many tags are known at least, whether anything has them or not.
const ROOM: usize = 4096;

impl Tag {
    fn id(&self) -> [u8; 16] {
        *self.id.get_or_init(|| {
            let mut id = [0; 16];
            blake3::Hasher::new().update(self.name.as_bytes()).finalize_xof().fill(&mut id);
            id
        })
    }
}

impl Registry {
    fn tag(&mut self, name: &str) -> Arc<Tag> {
        if let Some(tag) = self.by_name.get(name).and_then(Weak::upgrade) {
            return tag;
        }
        let name: Arc<str> = name.into();
        let invalidated = AtomicU64::new(self.forgotten);
        let new = Tag { name: Arc::clone(&name), id: OnceLock::new(), invalidated };
        let found = if self.by_id.is_empty() { None } else { self.by_id.get(&new.id()).and_then(Weak::upgrade) };
        let tag = found.unwrap_or_else(|| Arc::new(new));
        self.by_name.insert(name, Arc::downgrade(&tag));
        if self.by_name.len() > self.most.max(ROOM) {
            self.by_name.retain(|_, tag| tag.strong_count() > 0);
            // Room for as many again, so that looking through all is rare.
            self.most = self.by_name.len() * 2;
        }
        tag
    }

    /// The tag that is called so in stores, by whatever name.
    fn tag_of(&mut self, id: [u8; 16]) -> Arc<Tag> {
        if let Some(tag) = self.by_id.get(&id).and_then(Weak::upgrade) {
            return tag;
        }
        let named = self.by_name.values().filter_map(Weak::upgrade).find(|tag| tag.id() == id);
        let tag = named.unwrap_or_else(|| {
            let invalidated = AtomicU64::new(self.forgotten);
            Arc::new(Tag { name: "".into(), id: OnceLock::from(id), invalidated })
        });
        if self.by_id.len() >= ROOM {
            self.by_id.retain(|_, tag| tag.strong_count() > 0);
        }
        self.by_id.insert(id, Arc::downgrade(&tag));
        tag
    }

    /// The tags that anything has.
    fn known(&self) -> Vec<Arc<Tag>> {
        self.by_name.values().chain(self.by_id.values()).filter_map(Weak::upgrade).collect()
    }

    fn invalidate(&mut self, tag: Arc<Tag>) {
        tag.invalidated.fetch_max(COUNT.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        self.recent.push_back(tag);
        if self.recent.len() > ROOM
            && let Some(oldest) = self.recent.pop_front()
        {
            self.forgotten = self.forgotten.max(oldest.invalidated.load(Ordering::SeqCst));
        }
    }
}

/// What the count is now: before a load begins.
pub(crate) fn now() -> u64 {
    COUNT.load(Ordering::SeqCst)
}

/// Invalidates what has this tag in memory, and what is being loaded for it. Says whether anything had it.
pub(crate) fn invalidate(name: &str) -> bool {
    let mut registry = lock(&REGISTRY);
    let registry = registry.get_or_insert_default();
    let tag = registry.tag(name);
    let known = Arc::strong_count(&tag) > 1;
    registry.invalidate(tag);
    known
}

/// What all tags are called in stores that anything has.
pub(crate) fn ids() -> Vec<[u8; 16]> {
    let registry = lock(&REGISTRY);
    registry.iter().flat_map(Registry::known).map(|tag| tag.id()).collect()
}

/// The same for every tag that this is said of.
pub(crate) fn invalidate_all(is_meant: impl Fn([u8; 16]) -> bool) {
    let mut registry = lock(&REGISTRY);
    let registry = registry.get_or_insert_default();
    registry.known().into_iter().filter(|tag| is_meant(tag.id())).for_each(|tag| registry.invalidate(tag));
}

impl Tags {
    /// The tags of these names.
    pub(crate) fn named(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let names: Vec<_> = names.into_iter().collect();
        if names.is_empty() {
            return Self::default();
        }
        // Foreign code, so before the lock.
        let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
        let mut registry = lock(&REGISTRY);
        let registry = registry.get_or_insert_default();
        Self(Some(names.into_iter().map(|name| registry.tag(name)).collect()))
    }

    /// Those that are called so in stores.
    fn of_ids(ids: &[[u8; 16]]) -> Self {
        let mut registry = lock(&REGISTRY);
        let registry = registry.get_or_insert_default();
        Self(Some(ids.iter().map(|id| registry.tag_of(*id)).collect()))
    }

    /// These and others.
    pub(crate) fn and(self, more: Self) -> Self {
        match (self.0, more.0) {
            (Some(these), Some(more)) => {
                let new = more.iter().filter(|tag| !these.iter().any(|known| Arc::ptr_eq(known, tag)));
                Self(Some(these.iter().chain(new).cloned().collect()))
            }
            (these, more) => Self(these.or(more)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn all(&self) -> &[Arc<Tag>] {
        self.0.as_deref().unwrap_or_default()
    }

    /// What they are called in stores.
    pub(crate) fn ids(&self) -> impl Iterator<Item = [u8; 16]> {
        self.0.iter().flat_map(|tags| tags.iter()).map(|tag| tag.id())
    }

    /// As those of an entry whose load began when the count was this.
    pub(crate) fn since(self, since: u64) -> Tagged {
        Tagged { tags: self, since }
    }
}

/// A tag is known by one object as long as anything has it.
impl PartialEq for Tags {
    fn eq(&self, other: &Self) -> bool {
        let (these, others) = (self.all(), other.all());
        these.len() == others.len() && these.iter().zip(others).all(|(one, other)| Arc::ptr_eq(one, other))
    }
}

impl Tagged {
    pub(crate) fn is_none(&self) -> bool {
        self.tags.is_empty()
    }

    /// Whether these tags are among its own.
    pub(crate) fn has_all(&self, tags: &Tags) -> bool {
        tags.all().iter().all(|tag| self.tags.all().iter().any(|own| Arc::ptr_eq(own, tag)))
    }

    /// What the tags are called in stores.
    pub(crate) fn ids(&self) -> impl Iterator<Item = [u8; 16]> {
        self.tags.ids()
    }

    /// The same with those that are called so in stores.
    pub(crate) fn and_of_ids(self, ids: impl Iterator<Item = [u8; 16]>) -> Self {
        let own: Vec<_> = self.ids().collect();
        let more: Vec<_> = ids.filter(|id| !own.contains(id)).collect();
        if more.is_empty() { self } else { Self { tags: self.tags.and(Tags::of_ids(&more)), ..self } }
    }

    /// The tags.
    pub(crate) fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The same of a value that is as new as can be.
    pub(crate) fn renewed(self) -> Self {
        Self { since: now(), ..self }
    }

    /// Whether none of the tags was invalidated since the load began.
    pub(crate) fn is_current(&self) -> bool {
        let mut tags = self.tags.0.iter().flat_map(|tags| tags.iter());
        tags.all(|tag| tag.invalidated.load(Ordering::SeqCst) <= self.since)
    }
}

/// What says the tags of a value: text, or several.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say tags",
    label = "neither text nor several texts",
    note = "return a `String`, or an `Option`, an array or a `Vec` of them"
)]
pub trait IntoTags {
    #[doc(hidden)]
    fn into_tags(self) -> Vec<String>;
}

impl IntoTags for String {
    fn into_tags(self) -> Vec<String> {
        vec![self]
    }
}

impl IntoTags for &str {
    fn into_tags(self) -> Vec<String> {
        vec![self.to_owned()]
    }
}

impl<T: IntoTags> IntoTags for Option<T> {
    fn into_tags(self) -> Vec<String> {
        self.map_or_else(Vec::new, T::into_tags)
    }
}

impl<T: IntoTags> IntoTags for Vec<T> {
    fn into_tags(self) -> Vec<String> {
        self.into_iter().flat_map(T::into_tags).collect()
    }
}

impl<T: IntoTags, const N: usize> IntoTags for [T; N] {
    fn into_tags(self) -> Vec<String> {
        self.into_iter().flat_map(T::into_tags).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_loaded_before_is_outdated() {
        let tags = Tags::named(["tags::a", "tags::b"]);
        let before = tags.clone().since(now());
        assert!(before.is_current());
        invalidate("tags::c");
        assert!(before.is_current());
        invalidate("tags::b");
        assert!(!before.is_current() && tags.clone().since(now()).is_current());
    }

    #[test]
    fn a_tag_that_a_store_names_goes_by_its_name() {
        let id = |name: &str| Tags::named([name]).ids().next();
        let found = ["tags::known", "tags::unknown"].map(|name| id(name).into_iter());
        let _known = Tags::named(["tags::known"]);
        let [known, unknown] = found.map(|ids| Tags::default().since(now()).and_of_ids(ids));
        assert!(known.is_current() && unknown.is_current());
        assert!(invalidate("tags::unknown"));
        assert!(known.is_current() && !unknown.is_current());
        assert!(invalidate("tags::known"));
        assert!(!known.is_current());
    }

    #[test]
    fn a_tag_that_nothing_has_yet_is_invalidated_for_loads_under_way() {
        let began = now();
        invalidate("tags::later");
        assert!(!Tags::named(["tags::later"]).since(began).is_current());
        // Also when so many others were that it is forgotten.
        for number in 0..=ROOM {
            invalidate(&format!("tags::other{number}"));
        }
        assert!(!Tags::named(["tags::later"]).since(began).is_current());
        assert!(Tags::named(["tags::later"]).since(now()).is_current());
    }
}
