//! What an application or its operator says about all caches of the process, or about some by name.
//!
//! Settings come from code, with [`configure`], and from the environment, which is read once, when the first cache is
//! used. The environment has the last word: an operator overrules a program.
//!
//! | variable | example | same in code |
//! |---|---|---|
//! | `CACHER_PREFIX` | `staging` | [`Settings::prefix`] |
//! | `CACHER_OFF` | `posts,users`, or `*` | [`Settings::off`] |
//! | `CACHER_TTL` | `10m,users=5m`: a default, and the TTL of one cache | [`default_ttl`](Settings::default_ttl), [`ttl`](Settings::ttl) |
//! | `CACHER_CAPACITY` | `10000,users=500` | [`default_capacity`](Settings::default_capacity), [`capacity`](Settings::capacity) |
//! | `CACHER_MAX_BYTES` | `pages=64MiB` | [`max_bytes`](Settings::max_bytes) |
//! | `CACHER_PATIENCE` | `5s` | [`default_patience`](Settings::default_patience) |
//!
//! # Names
//! A cache is meant by the name that its attribute gives it, by the path of its function without type parameters
//! (`my_crate::posts::fetch`, `my_crate::Client::rates`), by the end of that path (`fetch`, `posts::fetch`), or by `*`
//! with all others. Of several settings that mean one cache the last counts.

mod environment;
mod prefix;
mod report;
mod ruling;
mod select;

pub use report::{Applied, Report};
pub(crate) use ruling::Ruling;

use std::{fmt, time::Duration};

use crate::{
    error::{Error, Kind, Result},
    fault::Fault,
    observe,
    sync::{Arc, AtomicBool, Mutex, Ordering, global, lock},
};

/// What is said about caches, to be put in force with [`configure`].
///
/// ```
/// # use std::time::Duration;
/// use cacher_core::settings::{Settings, configure};
///
/// let minutes = |count: u64| Duration::from_secs(60 * count);
/// configure(Settings::new().prefix("staging").off("posts").ttl("users", minutes(5)).default_ttl(minutes(60)))?;
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "it is put in force with `configure`"]
pub struct Settings {
    prefix: Option<Said<String>>,
    defaults: Defaults,
    rules: Vec<Rule>,
    invalid: Vec<Error>,
}

/// What holds where the attribute says nothing.
#[derive(Clone, Debug, Default)]
struct Defaults {
    ttl: Option<Said<Duration>>,
    capacity: Option<Said<u64>>,
    patience: Option<Said<Duration>>,
}

/// What is said about the caches that a selector means.
#[derive(Clone, Debug)]
struct Rule {
    selector: String,
    said: Said<Change>,
    /// Whether a cache was meant so far.
    used: Arc<AtomicBool>,
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Off,
    Ttl(Duration),
    Capacity(u64),
    MaxBytes(u64),
}

/// Something that was said, and where.
#[derive(Clone, Debug)]
struct Said<T> {
    what: T,
    origin: Origin,
}

/// Where something was said.
#[derive(Clone, Copy, Debug)]
enum Origin {
    Code,
    Variable(&'static str),
}

impl Settings {
    /// Nothing said.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts this before the name of each cache in every store, so that processes with another prefix, or none, do not
    /// see its entries. `clear` and `len` concern the prefix only. Any text will do; an empty one is none.
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: Some(Said::in_code(prefix.into())), ..self }
    }

    /// Switches a cache off: its function runs its body on each call, and its stores are not even opened. So nothing is
    /// removed from them either: what they held before is found again when the cache is switched on, within its TTL.
    pub fn off(self, name: impl Into<String>) -> Self {
        self.rule(name, Change::Off)
    }

    /// Replaces the TTL of a cache, whatever its attribute says, for what is stored already too where it is shorter.
    /// `none_ttl` and `expires_at` may end a life sooner. Zero keeps nothing.
    pub fn ttl(self, name: impl Into<String>, ttl: Duration) -> Self {
        self.rule(name, Change::Ttl(ttl))
    }

    /// Replaces the bound of a cache in memory by this many entries, at least one.
    pub fn capacity(self, name: impl Into<String>, entries: u64) -> Self {
        self.rule(name, Change::Capacity(entries))
    }

    /// Replaces the number of bytes of a cache in memory whose attribute has `max_bytes`; others cannot weigh values.
    pub fn max_bytes(self, name: impl Into<String>, bytes: u64) -> Self {
        self.rule(name, Change::MaxBytes(bytes))
    }

    /// The TTL of values about which neither `ttl` nor `expires_at` says anything; without a default they do not
    /// expire. Holds for what is stored from now on.
    pub fn default_ttl(mut self, ttl: Duration) -> Self {
        self.defaults.ttl = Some(Said::in_code(ttl));
        self
    }

    /// The bound, at least one entry, of caches in memory that have none.
    pub fn default_capacity(mut self, entries: u64) -> Self {
        self.defaults.capacity = Some(Said::in_code(entries));
        self.bound(entries)
    }

    /// How long callers wait for another's load where `patience` is not given; 30 seconds without a default.
    pub fn default_patience(mut self, patience: Duration) -> Self {
        self.defaults.patience = Some(Said::in_code(patience));
        self
    }

    fn rule(mut self, selector: impl Into<String>, change: Change) -> Self {
        self.rules.push(Rule::new(selector.into(), Said::in_code(change)));
        match change {
            Change::Capacity(most) | Change::MaxBytes(most) => self.bound(most),
            Change::Off | Change::Ttl(_) => self,
        }
    }

    fn bound(mut self, most: u64) -> Self {
        if most == 0 {
            self.invalid.push(Error::new(Kind::Invalid, "a cache cannot be bound to 0: switch it `off`"));
        }
        self
    }

    /// These settings, and then others, which count where both say something.
    fn and(mut self, others: Self) -> Self {
        self.rules.extend(others.rules);
        self.invalid.extend(others.invalid);
        let Defaults { ttl, capacity, patience } = self.defaults;
        Self {
            prefix: others.prefix.or(self.prefix),
            defaults: Defaults {
                ttl: others.defaults.ttl.or(ttl),
                capacity: others.defaults.capacity.or(capacity),
                patience: others.defaults.patience.or(patience),
            },
            ..self
        }
    }
}

global! {
    /// Settings in code, until the first cache is used; from then on all that is in force.
    static SETTINGS: Mutex<State> = Mutex::new(State::Open(None));
}

enum State {
    Open(Option<Settings>),
    InForce(Arc<Settings>),
}

/// Puts settings in force for all caches of the process. A second call adds to the first, and counts where both say
/// something; the environment counts more than either.
///
/// Call it in `main`, before any cached function: a cache takes its settings when it is first used.
///
/// # Errors
/// [`Kind::Invalid`] if a cache has been used already, or a bound is zero; then nothing is changed.
pub fn configure(settings: Settings) -> Result<()> {
    if let Some(error) = settings.invalid.first() {
        return Err(error.clone());
    }
    match &mut *lock(&SETTINGS) {
        State::InForce(_) => Err(Error::new(
            Kind::Invalid,
            "a cache has been used already, with the settings of then: call `configure` before any cached function",
        )),
        State::Open(said) => {
            *said = Some(said.take().unwrap_or_default().and(settings));
            Ok(())
        }
    }
}

/// The settings in force, from now on.
pub(crate) fn in_force() -> Arc<Settings> {
    let mut state = lock(&SETTINGS);
    let settings = match &mut *state {
        State::InForce(settings) => return Arc::clone(settings),
        State::Open(said) => Arc::new(environment::added_to(said.take().unwrap_or_default())),
    };
    *state = State::InForce(Arc::clone(&settings));
    drop(state);
    // The hook may call cached functions.
    for error in &settings.invalid {
        observe::report(Fault { cache: "*".into(), error: error.clone() });
    }
    settings
}

/// The settings in force, or those that would be if a cache were used now.
pub(crate) fn preview() -> Arc<Settings> {
    match &*lock(&SETTINGS) {
        State::InForce(settings) => Arc::clone(settings),
        State::Open(said) => Arc::new(environment::added_to(said.clone().unwrap_or_default())),
    }
}

impl Rule {
    fn new(selector: String, said: Said<Change>) -> Self {
        Self { selector, said, used: Arc::default() }
    }

    fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

impl<T> Said<T> {
    fn in_code(what: T) -> Self {
        Self { what, origin: Origin::Code }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Ttl(ttl) => write!(f, "ttl {ttl:?}"),
            Self::Capacity(most) => write!(f, "capacity {most}"),
            Self::MaxBytes(most) => write!(f, "max_bytes {most}"),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Said<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.what, self.origin)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code => "in code",
            Self::Variable(name) => name,
        })
    }
}
