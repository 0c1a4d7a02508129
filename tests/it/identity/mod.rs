//! What identifies a call: secrets, templates, versions, and what lies outside of it.

mod depends_on;
mod hidden;
mod recorder;
mod secrets;
mod templates;
mod versions;
