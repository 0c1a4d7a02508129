//! A place where entries are kept, as the attribute names it, and its opening.

mod opened;
mod store;

pub(crate) use opened::{Tier, Watchers, open};
pub use store::Store;
pub(crate) use store::{Lease, Wanted};

use std::{
    cell::Cell,
    fmt,
    time::{Duration, SystemTime},
};

use crate::{
    backend::{Backend, Cost, Key, native::Native},
    error::{Error, Kind, Result},
    memory::table::Bound,
    sync::{Arc, thread_local},
    wrap::limited::Limits,
};

/// What a `backend = ..` makes.
#[derive(Clone, Debug)]
pub struct Made {
    pub(crate) what: What,
    /// How long values live there at most, if that is shorter than they live at all.
    pub(crate) ttl: Option<Duration>,
}

/// The bound of typed memory, and how long values live there at most.
pub(crate) type Memory = (Bound, Option<Duration>);

/// A place for entries.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Typed memory.
    Memory(Bound),
    /// A store, and what it keeps at most.
    Store(Arc<dyn Backend>, Limits),
}

impl Made {
    pub(crate) fn memory(bound: Bound) -> Self {
        Self { what: What::Memory(bound), ttl: None }
    }

    fn from_store(store: Arc<dyn Backend>) -> Self {
        Self { what: What::Store(store, Limits::new()), ttl: None }
    }
}
/// Makes a backend. May be called again after an error.
pub type Opener = fn() -> Result<Made>;

/// The same, with what it needs.
pub type Opening = Arc<dyn Fn() -> Result<Made> + Send + Sync>;

thread_local! {
    static OUTLINED: Cell<bool> = const { Cell::new(false) };
}

/// What an opening makes, but for the stores of URLs: what a URL says of one is made of memory, and reaches nothing.
///
/// # Errors
/// Those of the opening.
pub(crate) fn outline(opening: &Opening) -> Result<Made> {
    struct Before(bool);
    impl Drop for Before {
        fn drop(&mut self) {
            OUTLINED.set(self.0);
        }
    }
    let _before = Before(OUTLINED.replace(true));
    opening()
}

/// Whether that is asked for now.
pub(crate) fn is_outlined() -> bool {
    OUTLINED.try_with(Cell::get).unwrap_or(false)
}

/// What `backend = ..` takes: a URL, a [`Backend`], an `Arc` or a `&'static` reference of one, or a `Result` of any
/// of these. `M` only tells them apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backend",
    label = "expected a URL, a `Backend`, or a `Result` of one",
    note = "several backends, the fastest first, are written as a list: `backend = [a, b]`"
)]
pub trait IntoBackend<M> {
    #[doc(hidden)]
    fn into_backend(self) -> Result<Made>;

    /// What opens it, again after an error if need be.
    ///
    /// # Errors
    /// Those of opening it, if that can't be tried again.
    #[doc(hidden)]
    fn into_opening(self) -> Result<Opening>
    where
        Self: Sized,
    {
        let made = self.into_backend()?;
        Ok(Arc::new(move || Ok(made.clone())))
    }
}

#[doc(hidden)]
#[derive(Debug)]
pub struct FromUrl;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromBackend;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromAsync;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromStatic;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromShared;
#[doc(hidden)]
#[derive(Debug)]
pub struct FromResult<M>(M);

impl<B: Backend> IntoBackend<FromBackend> for B {
    fn into_backend(self) -> Result<Made> {
        Ok(Made::from_store(Arc::new(self)))
    }
}

#[cfg(feature = "async_backend")]
impl<B: crate::backend::driven::AsyncBackend> IntoBackend<FromAsync> for B {
    fn into_backend(self) -> Result<Made> {
        Ok(Made::from_store(Arc::new(crate::backend::driven::Driven::new(self))))
    }
}

impl<B: Backend> IntoBackend<FromShared> for Arc<B> {
    fn into_backend(self) -> Result<Made> {
        Ok(Made::from_store(self))
    }
}

impl IntoBackend<FromShared> for Arc<dyn Backend> {
    fn into_backend(self) -> Result<Made> {
        Ok(Made::from_store(self))
    }
}

impl<B: Backend> IntoBackend<FromStatic> for &'static B {
    fn into_backend(self) -> Result<Made> {
        Ok(Made::from_store(Arc::new(Static(self))))
    }
}

impl<M, B: IntoBackend<M>, E: fmt::Display> IntoBackend<FromResult<M>> for std::result::Result<B, E> {
    fn into_backend(self) -> Result<Made> {
        match self {
            Ok(backend) => backend.into_backend(),
            Err(error) => Err(Error::new(Kind::Unavailable, error.to_string())),
        }
    }

    fn into_opening(self) -> Result<Opening> {
        match self {
            Ok(backend) => backend.into_opening(),
            Err(error) => Err(Error::new(Kind::Unavailable, error.to_string())),
        }
    }
}

/// A backend that lives for ever, and belongs to somebody else.
struct Static<B: 'static>(&'static B);

macro_rules! forward {
    ($(fn $name:ident(&self $(, $argument:ident: $type:ty)*) -> $output:ty;)*) => {
        impl<B: Backend> Backend for Static<B> {
            $(fn $name(&self $(, $argument: $type)*) -> $output {
                self.0.$name($($argument),*)
            })*

            fn shown<'a>(&self, key: &'a crate::backend::Key) -> std::borrow::Cow<'a, crate::backend::Key> {
                self.0.shown(key)
            }
        }
    };
}

forward! {
    fn describe(&self) -> String;
    fn cost(&self) -> Cost;
    fn capabilities(&self) -> crate::backend::Capabilities;
    fn get(&self, key: &Key) -> Result<Option<Vec<u8>>>;
    fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> Result<()>;
    fn remove(&self, key: &Key) -> Result<bool>;
    fn get_many(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>>;
    fn put_many(&self, entries: &[crate::backend::Put]) -> Result<()>;
    fn remove_many(&self, keys: &[Key]) -> Result<u64>;
    fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>)
        -> Result<bool>;
    fn touch(&self, key: &Key, expires: Option<SystemTime>) -> Result<bool>;
    fn written(&self, key: &Key) -> Result<Option<SystemTime>>;
    fn clear(&self, namespace: &str) -> Result<u64>;
    fn scan(&self, namespace: &str, visit: &mut dyn FnMut(crate::backend::Scanned) -> bool) -> Result<()>;
    fn len(&self, namespace: &str) -> Result<u64>;
    fn sweep(&self, namespace: &str, now: SystemTime) -> Result<u64>;
    fn format(&self) -> std::borrow::Cow<'static, str>;
    fn has_own_format(&self) -> bool;
    fn native(&self) -> Option<Arc<dyn Native>>;
}
