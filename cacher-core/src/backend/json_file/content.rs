//! What stands in the file.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::{
    backend::Key,
    error::{Error, Kind, Result},
    hex,
    interned::interned,
    sync::Arc,
};

/// Entries by namespace, then by name. A clone shares what is not changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    spaces: BTreeMap<String, Arc<Space>>,
}

/// Entries as they stand in the file: JSON text.
type Space = BTreeMap<String, Arc<str>>;

/// Before each line of an entry, but the first: as deep as it stands.
const DEEPER: &str = "\n    ";

impl Content {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Kind::Damaged`] if it is no JSON; [`Kind::Invalid`] if it is JSON of another shape, and so not ours.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let wrong = |kind, message| Err(Error::new(kind, message));
        if bytes.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        match serde_json::from_slice::<BTreeMap<String, BTreeMap<String, Box<RawValue>>>>(bytes) {
            Ok(spaces) if spaces.values().flat_map(BTreeMap::values).all(|entry| is_entry(entry.get())) => {
                let share = |space: BTreeMap<String, Box<RawValue>>| {
                    space.into_iter().map(|(name, entry)| (name, Box::<str>::from(entry).into())).collect()
                };
                let spaces = spaces.into_iter().map(|(namespace, space)| (namespace, Arc::new(share(space))));
                Ok(Self { spaces: spaces.collect() })
            }
            Err(error) if !error.is_data() => {
                let message = "the file is no JSON: it is taken for empty, and moved aside by the next write";
                wrong(Kind::Damaged, message)
            }
            _ => {
                wrong(Kind::Invalid, "the file holds other JSON than a cache, and is not touched: choose another name")
            }
        }
    }

    /// The whole file.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut text = String::from("{");
        for (at, (namespace, space)) in self.spaces.iter().enumerate() {
            open_member(&mut text, at, "\n  ", namespace);
            text.push('{');
            for (at, (name, entry)) in space.iter().enumerate() {
                open_member(&mut text, at, DEEPER, name);
                text.push_str(entry);
            }
            text.push_str("\n  }");
        }
        text.push_str("\n}\n");
        text.into_bytes()
    }

    pub(super) fn get(&self, key: &Key) -> Option<Vec<u8>> {
        self.spaces.get(&*key.namespace)?.get(&*name(key)).map(|text| entry_of(text))
    }

    pub(super) fn insert(&mut self, key: &Key, entry: &[u8]) {
        let space = self.spaces.entry(key.namespace.to_string()).or_default();
        Arc::make_mut(space).insert(name(key), text_of(entry));
    }

    /// Says whether there was one.
    pub(super) fn remove(&mut self, key: &Key) -> bool {
        let Some(space) = self.spaces.get_mut(&*key.namespace) else { return false };
        let removed = space.contains_key(&name(key)) && Arc::make_mut(space).remove(&name(key)).is_some();
        if space.is_empty() {
            self.spaces.remove(&*key.namespace);
        }
        removed
    }

    /// Removes the entries of a namespace that `keep` denies, and returns how many.
    pub(super) fn retain(&mut self, namespace: &str, keep: impl Fn(&[u8]) -> bool) -> u64 {
        let before = self.len(namespace);
        if let Some(space) = self.spaces.get_mut(namespace) {
            Arc::make_mut(space).retain(|_, text| keep(&entry_of(text)));
            if space.is_empty() {
                self.spaces.remove(namespace);
            }
        }
        before - self.len(namespace)
    }

    pub(super) fn entries(&self, namespace: &str) -> impl Iterator<Item = Vec<u8>> {
        self.spaces.get(namespace).into_iter().flat_map(|space| space.values()).map(|text| entry_of(text))
    }

    /// Entries with their keys.
    pub(super) fn keys(&self, namespace: &Arc<str>) -> impl Iterator<Item = (Key, Vec<u8>)> {
        let space = self.spaces.get(&**namespace);
        let entries = space.into_iter().flat_map(|space| space.iter());
        entries.map(|(name, text)| (key_of(namespace, name), entry_of(text)))
    }

    pub(super) fn len(&self, namespace: &str) -> u64 {
        self.spaces.get(namespace).map_or(0, |space| space.len() as u64)
    }
}

fn open_member(text: &mut String, at: usize, line: &str, name: &str) {
    if at > 0 {
        text.push(',');
    }
    text.push_str(line);
    text.push_str(&serde_json::Value::from(name).to_string());
    text.push_str(": ");
}

/// Between the name of an entry and its format.
const MARK: &str = "?format=";

/// The name of an entry within its namespace. A name that looks like one with a format is written with its own.
fn name(key: &Key) -> String {
    if key.format == "json" && !key.name.contains(MARK) {
        return key.name.to_string();
    }
    format!("{}{MARK}{}", key.name, key.format)
}

/// Undoes [`name`].
fn key_of(namespace: &Arc<str>, name: &str) -> Key {
    let (name, format) = name.rsplit_once(MARK).map_or((name, "json"), |(name, format)| (name, interned(format)));
    Key { namespace: Arc::clone(namespace), name: name.into(), format }
}

/// Whether it is text that [`text_of`] makes.
fn is_entry(text: &str) -> bool {
    text.starts_with(['{', '"'])
}

/// A sealed entry in its readable form is an object and a line end, and stands as it is, only deeper. Else it is a
/// string of digits.
fn text_of(entry: &[u8]) -> Arc<str> {
    readable(entry).map_or_else(|| format!("\"{}\"", hex::to_hex(entry)), |object| object.replace('\n', DEEPER)).into()
}

fn readable(entry: &[u8]) -> Option<&str> {
    let object = std::str::from_utf8(entry.strip_suffix(b"\n")?).ok()?;
    let value: &RawValue = serde_json::from_str(object).ok()?;
    // Space around it would be lost.
    (value.get() == object && object.starts_with('{')).then_some(object)
}

/// Undoes [`text_of`]. Of what others wrote there it makes something that is no intact entry.
fn entry_of(text: &str) -> Vec<u8> {
    match text.strip_prefix('"') {
        Some(digits) => hex::from_hex(digits.trim_end_matches('"')).unwrap_or_default(),
        None => (text.replace(DEEPER, "\n") + "\n").into_bytes(),
    }
}
