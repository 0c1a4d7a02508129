//! What the attribute says about a cache.

use std::time::Duration;

use crate::{
    code::Version,
    error::Result,
    flight::Deadlines,
    format::Format,
    keyer::Keyer,
    memory::table::Bound,
    strategy::{RateLimit, life::Life, list::List},
    sync::Arc,
    tier::Opener,
    wrap::Wraps,
};

/// What the attribute says about a cache, once.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct Config {
    /// The name given by the user.
    pub name: Option<&'static str>,
    /// The names of the identity arguments.
    pub arguments: &'static [&'static str],
    /// The text around the parts of the key, if a template says what identifies a call: one piece more than parts.
    pub template: Option<&'static [&'static str]>,
    /// The version of the function, if it has one: a part of the name of its entries.
    pub version: Option<Version>,
    /// The backends, fastest first; memory if there is none.
    pub backends: Vec<Opener>,
    /// How values become bytes in the stores that don't say it themselves; as each prefers if it is `None`.
    pub format: Option<Result<Format>>,
    /// How stores write keys; by their hash if it is `None`.
    pub keyer: Option<Arc<dyn Keyer>>,
    /// The bound of typed memory; of the first store, if there is no memory in front of it.
    pub bound: Option<Bound>,
    /// How long values live.
    pub life: Life,
    /// Whether callers wait for a load of the same key.
    pub single_flight: bool,
    /// Whether they wait for those of other processes too.
    pub distributed: bool,
    /// How long they wait before they load on their own; as the settings say, or 30 s, if `None`.
    pub patience: Option<Duration>,
    /// Whether values have tags.
    pub tagged: bool,
    /// Whether some of them are known only when the value is.
    pub tagged_by_value: bool,
    /// The rate at which the body may run.
    pub limit: Option<Arc<RateLimit>>,
    /// Built-in strategies that hits need not ask.
    pub beside_hits: List,
    /// How many bodies may run at once.
    pub max_concurrent: Option<usize>,
    /// Whether that is the rate of all processes that share the last store.
    pub shared_rate: bool,
    /// What becomes of a call whose body may not run now.
    pub on_limit: OnLimit,
    /// How long a call waits until its body may run. Without it five minutes if it can say that this was too long.
    pub max_wait: Option<Duration>,
    /// How long the body may take.
    pub deadlines: Deadlines,
    /// How long errors that last answer calls.
    pub error_ttl: Option<Duration>,
    /// The user's own, in order.
    pub strategies: List,
    /// What is put around the stores.
    pub wraps: Wraps,
    /// Whether stores have one slot for all calls, which knows whose value it has.
    pub single: bool,
}

/// What becomes of a call whose body may not run now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLimit {
    /// It waits.
    #[default]
    Wait,
    /// It returns an error.
    Error,
    /// It returns a value past its TTL, or waits if there is none.
    Stale,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: None,
            arguments: &[],
            template: None,
            version: None,
            backends: Vec::new(),
            format: None,
            keyer: None,
            bound: None,
            life: Life::default(),
            single_flight: true,
            distributed: false,
            patience: None,
            tagged: false,
            tagged_by_value: false,
            limit: None,
            beside_hits: List::default(),
            max_concurrent: None,
            shared_rate: false,
            on_limit: OnLimit::default(),
            max_wait: None,
            deadlines: Deadlines::default(),
            error_ttl: None,
            strategies: List::default(),
            wraps: Wraps::default(),
            single: false,
        }
    }
}

impl Config {
    /// What identifies a call: its encoded arguments, and behind them their names, so that those that have changed
    /// places don't find each other's entries, and the text of the template if there is one. An encoding is never the
    /// beginning of another.
    pub(crate) fn identity(&self, mut arguments: Vec<u8>) -> Vec<u8> {
        for text in self.arguments.iter().chain(self.template.into_iter().flatten()) {
            arguments.extend_from_slice(&(text.len() as u64).to_be_bytes());
            arguments.extend_from_slice(text.as_bytes());
        }
        arguments
    }
}
