//! What identifies a call: secrets, templates, versions, and what lies outside of it.

mod depends_on;
mod hidden;
mod recorder;
mod secrets;
#[cfg(all(
    feature = "json_file",
    feature = "sqlite",
    feature = "lmdb",
    feature = "postcard",
    feature = "raw",
    feature = "npy",
    feature = "zlib",
    feature = "zstd",
    feature = "lz4",
    feature = "encrypt"
))]
mod stored;
mod templates;
mod versions;
