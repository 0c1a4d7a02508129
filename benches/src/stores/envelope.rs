//! What is done to an entry besides reading and writing it: naming the call, checking and decoding, or encoding and
//! sealing. Measured alone, so that the cost of a store is not mistaken for that of a format.

use std::{hint::black_box, io, sync::Arc};

use cacher::{
    format::{Context, Filter, Format, filter},
    keyer::{CallKey, Hash, Keyer, encode},
};
use cacher_core::envelope::{self, Content, Header, Identity};

use super::sample::Value;

const NAMESPACE: &str = "measured";
const ARGUMENT: &str = "n";

/// A format, with its filter in reach.
pub(super) struct Sealing {
    whole: Format,
    codec: Format,
    filter: Option<Arc<dyn Filter>>,
}

impl Sealing {
    pub(super) fn of(format: &'static str) -> io::Result<Self> {
        let (codec, after) = format.split_once('+').map_or((format, None), |(codec, after)| (codec, Some(after)));
        let named = |text| Format::named(text).map_err(io::Error::other);
        let filter = after.map(filter).transpose().map_err(io::Error::other)?;
        Ok(Self { whole: named(format)?, codec: named(codec)?, filter })
    }

    /// Names the call, compares and checks the entry, and decodes the value.
    pub(super) fn open(&self, n: u64, entry: &[u8]) -> Option<Value> {
        let identity = named(n)?;
        let opened = envelope::open(entry, self.whole.name(), &self.shown(&identity)).ok()?;
        let context = self.context(&identity, &opened.times);
        let undone = self.filter.as_ref().map(|filter| filter.undo(&opened.value, &context)).transpose().ok()?;
        self.codec.decode(undone.as_deref().unwrap_or(&opened.value)).ok()
    }

    /// Names the call, encodes the value, and seals it.
    pub(super) fn seal(&self, n: u64, value: &Value, like: &Header) -> Option<Vec<u8>> {
        let identity = named(n)?;
        let mut bytes = self.codec.encode(value).ok()?;
        if let Some(filter) = &self.filter {
            bytes = filter.apply(bytes, &self.context(&identity, &like.times)).ok()?;
        }
        let arguments = (self.whole.name() == "json").then(|| format!("{{\"n\":{n}}}"));
        let content = Content { value: &bytes, arguments: arguments.as_ref().map(String::as_bytes), tags: &[] };
        Some(envelope::seal(self.whole.name(), &self.shown(&identity), &like.times, &content))
    }

    fn shown<'a>(&self, identity: &'a [u8]) -> Identity<'a> {
        Identity { namespace: NAMESPACE, key: if self.whole.conceals() { &[] } else { identity } }
    }

    fn context<'a>(&'a self, identity: &'a [u8], times: &'a cacher_core::entry::Times) -> Context<'a> {
        let mut context = Context::default();
        (context.format, context.namespace) = (self.whole.name(), NAMESPACE);
        (context.key, context.times) = (identity, Some(times));
        context
    }
}

/// The identity of a call: its arguments and their names. From it the name in the store is made as well.
fn named(n: u64) -> Option<Vec<u8>> {
    let mut identity = encode(&(n,)).ok()?;
    identity.extend_from_slice(&(ARGUMENT.len() as u64).to_be_bytes());
    identity.extend_from_slice(ARGUMENT.as_bytes());
    black_box(Hash.name(&CallKey::new(NAMESPACE, &[ARGUMENT], &identity)));
    Some(identity)
}
