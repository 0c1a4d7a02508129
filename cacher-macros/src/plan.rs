//! What is to be generated, decided. Nothing here can fail: what was wrong, `check` has reported.

mod batch;
mod decide;

pub(crate) use batch::{Batch, Form as AnswerForm, List, Side, form as answer_form};
pub(crate) use decide::{block, function};

pub(crate) use crate::args::Flight;
use crate::{args, check::Bounded, item::Function};
use proc_macro2::{Ident, Span, TokenStream};
use std::time::Duration;
use syn::{
    Attribute, Expr, ExprCall, ExprClosure, ExprPath, ItemImpl, LitStr, Pat, Path, Receiver, Signature, Type,
    Visibility,
};

/// A function with a cache.
pub(crate) struct Plan {
    /// The path of the facade: `::cacher`, or what `crate` says.
    pub(crate) krate: Path,
    /// What the user wrote.
    pub(crate) function: Function,
    /// Its signature with a name in place of each pattern; the body wants [`Argument::rebind`].
    pub(crate) signature: Signature,
    pub(crate) colour: Colour,
    pub(crate) receiver: Option<Receiver>,
    /// All but the receiver, in order.
    pub(crate) arguments: Vec<Argument>,
    /// What identifies a call in place of the identity arguments.
    pub(crate) key: Option<Vec<Sourced<Expr>>>,
    /// The text between the parts of `key`, if that is a template.
    pub(crate) template: Option<Vec<String>>,
    /// What beside the arguments identifies a call.
    pub(crate) depends_on: Vec<Sourced<Expr>>,
    /// Names of secret arguments: a part of the key that names one is secret.
    pub(crate) secrets: Vec<Ident>,
    pub(crate) version: Option<Version>,
    /// The functions whose code is a part of this one's.
    pub(crate) depends: Vec<ExprPath>,
    /// What of the types is identity.
    pub(crate) generics: Vec<Generic>,
    /// `ignore = [Self]`: the type of a method is not identity.
    pub(crate) ignores_itself: bool,
    pub(crate) value: Value,
    /// What is returned, each lifetime `'static`: for `<R as ResultOk>::Ok` and the like.
    pub(crate) returns: Type,
    pub(crate) home: Home,
    /// The stores, nearest first; none is memory alone.
    pub(crate) tiers: Vec<Tier>,
    pub(crate) format: Option<Format>,
    pub(crate) keyer: Option<Keyer>,
    pub(crate) policies: Policies,
    pub(crate) batch: Option<Batch>,
    pub(crate) name: Option<LitStr>,
    pub(crate) companions: Option<Companions>,
    /// The `#[cfg]`s of the function, which each companion needs as well, and the lints that it allows or expects.
    pub(crate) cfgs: Vec<Attribute>,
}

/// An `impl` block with cached methods.
pub(crate) struct BlockPlan {
    /// Everything before the braces.
    pub(crate) header: ItemImpl,
    pub(crate) pieces: Vec<Piece>,
    /// The unit type for the companions of a trait's methods.
    pub(crate) unit: Option<Ident>,
    /// The `#[cfg]`s of the block, which the unit type needs as well.
    pub(crate) cfgs: Vec<Attribute>,
}

pub(crate) enum Piece {
    /// Passed on as it is.
    Other(TokenStream),
    Cached(Box<Plan>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Callable {
    /// Items may stand beside it.
    Free,
    /// It stands in an `impl` block or a trait, and `Self` has a meaning.
    Associated,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Colour {
    Sync,
    Async,
}

pub(crate) struct Argument {
    /// Its place, the receiver not counted.
    pub(crate) index: usize,
    /// Its name in [`Plan::signature`].
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    /// Whether it is part of what identifies a call: by itself, or because `key` names it. `entry` takes these.
    pub(crate) identity: bool,
    /// `let <this> = <ident>;` goes before the body.
    pub(crate) rebind: Option<Pat>,
}

/// An expression, and which arguments it names.
pub(crate) struct Sourced<T> {
    pub(crate) source: T,
    /// [`Argument::index`] of each, all of them identity.
    pub(crate) arguments: Vec<usize>,
}

pub(crate) enum Generic {
    /// `Self`, where the generics of the `impl` block or the trait can't be seen.
    Itself,
    /// A type parameter; must be `'static`, which is to be asserted at its span.
    Type(Ident),
    Const(Ident),
}

pub(crate) enum Version {
    Text(LitStr),
    /// A hash of the function's tokens.
    Code,
}

pub(crate) enum Value {
    /// All that is returned; with `probe` it must be shown not to be a `Result`.
    Plain { probe: bool },
    /// What is in `Ok`; the error may be shared with followers if it is `Clone` and borrows nothing.
    Fallible { owned_error: bool },
}

pub(crate) enum Home {
    /// A `static` inside the function.
    Static,
    /// A `thread_local!` inside the function.
    Thread,
    /// A field of the instance.
    Field(Sourced<Expr>),
}

pub(crate) enum Tier {
    /// With the macros of the facade that say whether its features are on, at the literal: `scheme_file`.
    Url {
        url: LitStr,
        needs: Vec<Ident>,
    },
    Expr(Expr),
    /// `registered("name")`, without an import.
    Registered(ExprCall),
}

/// How values become bytes.
pub(crate) enum Format {
    /// With the macros of the facade that say whether its features are on, at the literal: `format_zstd`.
    Text {
        text: LitStr,
        needs: Vec<Ident>,
    },
    Expr(Expr),
}

/// How stores write keys.
pub(crate) enum Keyer {
    Hash,
    Readable,
    /// A closure of the call.
    Closure(ExprClosure),
    /// An expression that makes a keyer.
    Expr(Expr),
    /// A closure, or the path of a function.
    FileName(Expr),
}

#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub(crate) struct Policies {
    pub(crate) ttl: Option<Timing>,
    pub(crate) tti: Option<Timing>,
    pub(crate) expires_at: Option<Timing>,
    pub(crate) jitter: Option<Timing>,
    pub(crate) none_ttl: Option<Timing>,
    pub(crate) patience: Option<Timing>,
    pub(crate) capacity: Option<Expr>,
    pub(crate) max_bytes: Option<Expr>,
    /// What these concern, and the following, which typed memory does not know.
    pub(crate) bounded: Bounded,
    pub(crate) eviction: Option<Ident>,
    pub(crate) process_memory: Option<Expr>,
    /// So often in that time.
    pub(crate) frequency: Option<(u32, Duration)>,
    /// A closure, or the path of a function.
    pub(crate) cache_if: Vec<Expr>,
    /// The tags that the arguments say: text, and what stands between its pieces.
    pub(crate) tags: Vec<(Vec<String>, Vec<Sourced<Expr>>)>,
    /// Closures of the value, or paths of functions, that give tags.
    pub(crate) value_tags: Vec<Expr>,
    /// What arguments the value of a call is kept for.
    pub(crate) keep_if: Vec<Expr>,
    pub(crate) single_flight: Flight,
    pub(crate) limit: Option<Limit>,
    pub(crate) breaker: Option<(Ident, args::Breaker)>,
    pub(crate) max_concurrent: Option<Expr>,
    pub(crate) admit: Option<Admission>,
    /// Whether that is the rate of all processes.
    pub(crate) shared_rate: bool,
    /// What of the arguments has a rate of its own.
    pub(crate) per: Option<Sourced<Expr>>,
    pub(crate) on_limit: OnLimit,
    pub(crate) max_wait: Option<Timing>,
    /// Expressions that make strategies and transforms.
    pub(crate) strategies: Vec<Expr>,
    pub(crate) write: Write,
    /// How many values of an entry are kept.
    pub(crate) revisions: Option<Expr>,
    pub(crate) archive: bool,
    pub(crate) single: bool,
    pub(crate) stale_while_revalidate: Option<Timing>,
    pub(crate) stale_if_error: Option<Timing>,
    /// How much longer values are kept for the body.
    pub(crate) revalidate: Option<Timing>,
    /// How long errors answer calls, and the word, which is what an error points to; which ones do.
    pub(crate) error_ttl: Option<(Ident, Timing)>,
    pub(crate) error_if: Option<Expr>,
    pub(crate) refresh_at: Option<Expr>,
    pub(crate) xfetch: Option<Expr>,
    pub(crate) soft_timeout: Option<Timing>,
    /// With the word, which is what an error points to.
    pub(crate) hard_timeout: Option<(Ident, Timing)>,
    pub(crate) abandon_after: Option<Timing>,
    /// Whether loads go on behind their callers.
    pub(crate) behind: bool,
    /// Whether the rate limit counts each item of a batch.
    pub(crate) per_item: bool,
    /// Whether there is a companion that loads in the background.
    pub(crate) prefetch: bool,
}

/// When stores are written.
pub(crate) enum Write {
    Through,
    Background,
    /// Makes a `Background`, once.
    Expr(Expr),
}

/// What is kept at all.
pub(crate) enum Admission {
    /// What is loaded a second time.
    SecondSighting,
    /// What a strategy lets in.
    Expr(Expr),
}

/// How often the body may run.
pub(crate) enum Limit {
    Rate {
        calls: u32,
        time: Duration,
        burst: Option<Expr>,
        variance: Option<Expr>,
    },
    /// Makes one.
    Expr(Expr),
}

/// What becomes of a call whose body may not run now.
pub(crate) enum OnLimit {
    Wait,
    /// The word is what an error points to.
    Error(Ident),
    Stale,
}

pub(crate) enum Timing {
    Fixed(Duration, Span),
    /// Evaluated before the body.
    Expr(Sourced<Expr>),
    /// Called after the body, with a reference to the value.
    Closure(ExprClosure),
}

/// `entry`, `refresh`, `uncached` and `cache`.
pub(crate) struct Companions {
    pub(crate) form: Form,
    /// The function's name or another: of the type, or before the underscore of a method.
    pub(crate) name: Ident,
    pub(crate) vis: Visibility,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// `name::entry`: a type beside the function.
    Type,
    /// `name_entry`: methods beside the method.
    Methods,
    /// `Unit::name_entry`: functions of [`BlockPlan::unit`], which take the receiver first.
    Unit,
}
