//! Backends by name, for what is decided when the program runs.

use std::{borrow::Cow, cell::Cell, collections::BTreeMap, time::SystemTime};

use crate::{
    backend::{Backend, Capabilities, Cost, Key, Put, Scanned},
    error::{Error, Kind, Result},
    sync::{Arc, Mutex, global, lock, thread_local},
    tier::{self, IntoBackend, Made, What},
    wrap::limited::Limited,
};

global! {
    static NAMES: Mutex<BTreeMap<String, Arc<dyn Backend>>> = Mutex::new(BTreeMap::new());
}

/// Gives a backend a name, by which functions find it: `#[cache(backend = registered("posts"))]`.
///
/// It takes what `backend = ..` takes: a URL, a [`Backend`], an `Arc` of one, or a `Result` of one of these. A name
/// that is given again points to the new backend from then on, for the functions that use it already too: their next
/// call reads and writes there, in the format that they began with. What is in the old one stays there.
///
/// # Errors
/// Those of opening the backend; then the name points to what it did before. [`Kind::Invalid`] for `memory://`
/// without a format, which is typed, and so is each function's own.
///
/// # Example
/// ```
/// # let dir = cacher_core::testkit::TempDir::new();
/// use cacher_core::registered::{register, registered};
///
/// # #[cfg(feature = "msgpack")] {
/// register("posts", "memory://?format=msgpack")?;
/// let posts = registered("posts")?;
/// # }
/// # Ok::<(), cacher_core::error::Error>(())
/// ```
pub fn register<M>(name: impl Into<String>, backend: impl IntoBackend<M>) -> Result<()> {
    let Made { what, ttl } = backend.into_backend()?;
    if ttl.is_some() {
        let message = "a registered store has no `ttl` of its own: say it of each function";
        return Err(Error::new(Kind::Invalid, message));
    }
    let backend = match what {
        What::Store(backend, limits) if limits.are_none() => backend,
        What::Store(backend, limits) => Arc::new(Limited::shared(backend, limits)?),
        What::Memory(_) => {
            let message = "`memory://` is each function's own: register `memory://?format=msgpack`, or write \
                           `backend = [\"memory://\", registered(\"..\")]` for memory in front";
            return Err(Error::new(Kind::Invalid, message));
        }
    };
    let earlier = lock(&NAMES).insert(name.into(), backend);
    // Closed where no lock is held.
    drop(earlier);
    Ok(())
}

/// The backend of this name, whichever it is at the time of each operation.
///
/// In `backend = ..` it is looked for when the function is first called. If nothing has the name by then, that is
/// reported, the function runs uncached, and it is looked for again as any backend that can't be opened.
///
/// # Errors
/// [`Kind::Invalid`] if no backend has the name, listing those that there are.
pub fn registered(name: impl Into<Cow<'static, str>>) -> Result<Registered> {
    let name = name.into();
    if !tier::is_outlined() {
        find(&name)?;
    }
    Ok(Registered { name })
}

/// A backend by its name; see [`registered`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    name: Cow<'static, str>,
}

fn find(name: &str) -> Result<Arc<dyn Backend>> {
    let names = lock(&NAMES);
    names.get(name).cloned().ok_or_else(|| {
        let known = names.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "none".to_owned() } else { known };
        let message = format!(
            "no backend is registered as `{name}`; there are: {known}. Call `cacher::register(\"{name}\", ..)` before"
        );
        Error::new(Kind::Invalid, message)
    })
}

thread_local! {
    /// How many names are being followed.
    static DEPTH: Cell<u8> = const { Cell::new(0) };
}

/// Names that point to names are followed so far, and not in a circle.
const DEEPEST: u8 = 8;

/// One name that is being followed.
struct Following;

impl Drop for Following {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

impl Registered {
    fn with<T>(&self, act: impl FnOnce(&dyn Backend) -> Result<T>) -> Result<T> {
        let backend = find(&self.name)?;
        if DEPTH.get() == DEEPEST {
            return Err(Error::new(Kind::Invalid, format!("the backend registered as `{}` is itself", self.name)));
        }
        DEPTH.set(DEPTH.get() + 1);
        let _following = Following;
        act(&*backend)
    }
}

macro_rules! forward {
    ($(fn $name:ident(&self $(, $argument:ident: $type:ty)*) -> $output:ty;)*) => {
        $(fn $name(&self $(, $argument: $type)*) -> Result<$output> {
            self.with(|backend| backend.$name($($argument),*))
        })*
    };
}

impl Backend for Registered {
    fn describe(&self) -> String {
        self.with(|backend| Ok(backend.describe())).unwrap_or_else(|_| format!("registered({:?})", self.name))
    }

    /// That of what has the name now; one that is dearer may take its place.
    fn cost(&self) -> Cost {
        self.with(|backend| Ok(backend.cost())).unwrap_or(Cost::Blocking)
    }

    fn capabilities(&self) -> Capabilities {
        self.with(|backend| Ok(backend.capabilities().of_plain_form())).unwrap_or_default()
    }

    fn format(&self) -> Cow<'static, str> {
        self.with(|backend| Ok(backend.format().into_owned())).map_or(Cow::Borrowed("msgpack"), Cow::Owned)
    }

    fn has_own_format(&self) -> bool {
        self.with(|backend| Ok(backend.has_own_format())).unwrap_or(false)
    }

    fn shown<'a>(&self, key: &'a Key) -> Cow<'a, Key> {
        self.with(|backend| Ok(backend.shown(key).into_owned())).map_or(Cow::Borrowed(key), Cow::Owned)
    }

    forward! {
        fn get(&self, key: &Key) -> Option<Vec<u8>>;
        fn put(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> ();
        fn remove(&self, key: &Key) -> bool;
        fn get_many(&self, keys: &[Key]) -> Vec<Option<Vec<u8>>>;
        fn put_many(&self, entries: &[Put]) -> ();
        fn remove_many(&self, keys: &[Key]) -> u64;
        fn put_if_absent(&self, key: &Key, entry: &[u8], expires: Option<SystemTime>) -> bool;
        fn touch(&self, key: &Key, expires: Option<SystemTime>) -> bool;
        fn written(&self, key: &Key) -> Option<SystemTime>;
        fn clear(&self, namespace: &str) -> u64;
        fn scan(&self, namespace: &str, visit: &mut dyn FnMut(Scanned) -> bool) -> ();
        fn len(&self, namespace: &str) -> u64;
        fn sweep(&self, namespace: &str, now: SystemTime) -> u64;
    }
}
