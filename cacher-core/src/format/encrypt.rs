//! `encrypt`: XChaCha20-Poly1305, a random nonce for each entry.
//!
//! ```text
//! 1 byte: version    8 bytes: which secret key    24 bytes: nonce    ciphertext    16 bytes: tag
//! ```
//! The tag also covers the format, the function, the call and the times of the entry: it opens as what it was sealed
//! as, and as nothing else.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, Payload},
};
use zeroize::Zeroizing;

use super::{Context, Filter, damaged, piece::Piece};
use crate::{
    error::{Error, Kind, Result},
    secret::{self, ID, Keys},
    sync::Arc,
};

const VERSION: u8 = 1;
const NONCE: usize = 24;
/// What is said of any entry that does not open: who tries to forge one learns nothing.
const CLOSED: &str = "the value does not open: it is damaged, of another call, or under another secret key";

pub(super) struct Encrypt {
    /// Whether the key is made of the clear identity as well, so that the secret alone opens nothing.
    per_key: bool,
}

impl Encrypt {
    pub(super) fn of(piece: &Piece<'_>) -> Result<Self> {
        piece.only(if piece.name == "encrypt" { &["per_key"] } else { &[] })?;
        Ok(Self { per_key: piece.flag("per_key")? || piece.name == "encrypt_per_key" })
    }

    fn cipher(&self, keys: &Keys, context: &Context<'_>) -> XChaCha20Poly1305 {
        if !self.per_key {
            return XChaCha20Poly1305::new((&*keys.values).into());
        }
        let identity = Zeroizing::new(identity(context));
        let own = Zeroizing::new(*blake3::keyed_hash(&keys.values, &identity).as_bytes());
        XChaCha20Poly1305::new((&*own).into())
    }
}

/// Each part with its length in front, so that no two contexts are alike.
fn identity(context: &Context<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in [context.namespace.as_bytes(), context.key] {
        bytes.extend((part.len() as u64).to_le_bytes());
        bytes.extend(part);
    }
    bytes
}

/// What the tag covers beside the value.
fn covered(context: &Context<'_>) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(identity(context));
    bytes.extend((context.format.len() as u64).to_le_bytes());
    bytes.extend(context.format.as_bytes());
    if let Some(times) = context.times {
        let micros = u64::try_from(times.load_time.as_micros()).unwrap_or(u64::MAX);
        for time in [times.load_began.0, times.created.0, times.fresh_until.0, times.keep_until.0, micros] {
            bytes.extend(time.to_le_bytes());
        }
    }
    bytes
}

fn keys_of(id: [u8; ID]) -> Result<Arc<Keys>> {
    let keys = secret::all()?.into_iter().find(|keys| keys.id == id);
    keys.ok_or_else(|| damaged(CLOSED))
}

impl Filter for Encrypt {
    fn name(&self) -> &'static str {
        if self.per_key { "encrypt_per_key" } else { "encrypt" }
    }

    fn apply(&self, bytes: Vec<u8>, context: &Context<'_>) -> Result<Vec<u8>> {
        let bytes = Zeroizing::new(bytes);
        let keys = secret::keys()?;
        let failed = |what: &'static str| Error::new(Kind::Unstorable, what);
        let nonce = XNonce::try_generate().map_err(|_| failed("the system has no random numbers to encrypt with"))?;
        let payload = Payload { msg: &bytes, aad: &covered(context) };
        let sealed = self.cipher(&keys, context).encrypt(&nonce, payload);
        let sealed = sealed.map_err(|_| failed("the value is too large to be encrypted"))?;
        Ok([&[VERSION], &keys.id[..], &nonce[..], &sealed].concat())
    }

    fn undo(&self, bytes: &[u8], context: &Context<'_>) -> Result<Vec<u8>> {
        let parts = || {
            let rest = bytes.strip_prefix(&[VERSION])?;
            let (id, rest) = rest.split_first_chunk::<ID>()?;
            let (nonce, sealed) = rest.split_first_chunk::<NONCE>()?;
            Some((id, nonce, sealed))
        };
        let (id, nonce, sealed) = parts().ok_or_else(|| damaged(CLOSED))?;
        let payload = Payload { msg: sealed, aad: &covered(context) };
        let opened = self.cipher(&*keys_of(*id)?, context).decrypt(nonce.into(), payload);
        opened.map_err(|_| damaged(CLOSED))
    }

    fn conceals(&self) -> bool {
        true
    }
}
