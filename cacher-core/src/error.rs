//! The one error type: a [`Kind`] says what to do, a message what happened.

use std::{borrow::Cow, error::Error as StdError, fmt, sync::Arc};

/// What the caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The store can't be reached or is full. Try again later; meanwhile calls run uncached.
    Unavailable,
    /// The store answers, but does not take this: it is full, or read-only.
    Rejected,
    /// The store failed lately, and is left alone for a moment. Counted, but not reported each time.
    Skipped,
    /// What is stored is damaged, or belongs to another key, format or version. The next store replaces it.
    Damaged,
    /// The value or an argument can't be put in the chosen format. Choose another format, or change the type.
    Unstorable,
    /// The value is larger than all that may be kept. It is returned, and not stored; raise the limit if it should be.
    TooLarge,
    /// The configuration is wrong: a URL, a name, a number. Mend it.
    Invalid,
    /// The store can't do this. Its capabilities say what it can.
    Unsupported,
    /// A rate limit or a strategy does not let the body run. Try again later.
    Limited,
    /// The body takes longer than `hard_timeout` lets it. Try again later.
    TimedOut,
    /// Nothing is cached for this call, and the caller asked not to load.
    NotCached,
}

/// What went wrong with a cache. Cheap to clone.
///
/// A function with a cache returns one only where its body may not run, under a rate limit, by a
/// [`Strategy`](crate::strategy::Strategy), or in [`only_if_cached`](crate::scope::only_if_cached), or takes longer than
/// it may. A fault of the cache is counted and
/// reported, the function's body runs, and its value is returned.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    message: Cow<'static, str>,
    context: Vec<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// [`std::result::Result`] with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind, saying what happened.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Inner { kind, message: message.into(), context: Vec::new(), source: None }))
    }

    /// The same error with the error that caused it.
    #[must_use]
    pub fn caused_by(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.change(|inner| inner.source = Some(Arc::new(source)))
    }

    /// The same error with where it happened: `"file:///var/cache"`. Called on the way up, outermost last.
    #[must_use]
    pub fn within(self, place: impl fmt::Display) -> Self {
        self.change(|inner| inner.context.push(place.to_string()))
    }

    /// What to do about it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in self.0.context.iter().rev() {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.0.message)?;
        match &self.0.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
