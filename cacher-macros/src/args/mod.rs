//! What stands between the parentheses of `#[cache(..)]`.

mod batch;
mod freshness;
mod identity;
mod limits;
mod names;
mod stores;
mod tags;
mod template;
mod values;

pub(crate) use batch::Batch;
pub(crate) use freshness::Breaker;
pub(crate) use identity::{Key, Version};
pub(crate) use limits::{OnLimit, Rate};
pub(crate) use stores::{Backend, EVICTIONS, Flight, Format, Keyer, Write};
pub(crate) use tags::Tag;
pub(crate) use template::Template;
pub(crate) use values::{Companions, Timing};

use crate::errors::Errors;
use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    Error, Expr, ExprClosure, ExprLit, ExprPath, Lit, LitStr, Path, Result, Token,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

/// An argument that was given: its name as written, which is where its errors point, and its value.
pub(crate) struct Given<T> {
    pub(crate) name: Ident,
    pub(crate) value: T,
}

/// The arguments of the attribute; each is given at most once.
#[derive(Default)]
pub(crate) struct Args {
    /// Some argument could not be read, so that missing ones mean nothing.
    pub(crate) broken: bool,
    /// The names that were given, in order.
    pub(crate) names: Vec<Ident>,
    pub(crate) backend: Option<Given<Vec<Backend>>>,
    pub(crate) ttl: Option<Given<Timing>>,
    pub(crate) tti: Option<Given<Timing>>,
    pub(crate) expires_at: Option<Given<Timing>>,
    pub(crate) jitter: Option<Given<Timing>>,
    pub(crate) none_ttl: Option<Given<Timing>>,
    pub(crate) patience: Option<Given<Timing>>,
    pub(crate) capacity: Option<Given<Expr>>,
    pub(crate) max_bytes: Option<Given<Expr>>,
    pub(crate) eviction: Option<Given<Ident>>,
    pub(crate) process_memory: Option<Given<Expr>>,
    pub(crate) frequency: Option<Given<Rate>>,
    pub(crate) ignore: Option<Given<Vec<Ident>>>,
    pub(crate) format: Option<Given<Format>>,
    pub(crate) keyer: Option<Given<Keyer>>,
    pub(crate) file_name: Option<Given<Expr>>,
    pub(crate) secret: Option<Given<Vec<Ident>>>,
    pub(crate) key: Option<Given<Key>>,
    pub(crate) depends_on: Option<Given<Vec<Expr>>>,
    pub(crate) version: Option<Given<Version>>,
    pub(crate) depends: Option<Given<Vec<ExprPath>>>,
    pub(crate) cache_if: Option<Given<Vec<Expr>>>,
    pub(crate) site: Option<Given<Expr>>,
    pub(crate) single_flight: Option<Given<Flight>>,
    pub(crate) name: Option<Given<LitStr>>,
    pub(crate) krate: Option<Given<Path>>,
    pub(crate) companions: Option<Given<Companions>>,
    pub(crate) result: Option<Given<()>>,
    pub(crate) value: Option<Given<()>>,
    pub(crate) thread_local: Option<Given<()>>,
    pub(crate) rate_limit: Option<Given<Rate>>,
    pub(crate) burst: Option<Given<Expr>>,
    pub(crate) shared_rate: Option<Given<()>>,
    pub(crate) per: Option<Given<Expr>>,
    pub(crate) variance: Option<Given<Expr>>,
    pub(crate) on_limit: Option<Given<OnLimit>>,
    pub(crate) max_wait: Option<Given<Timing>>,
    pub(crate) strategies: Option<Given<Vec<Expr>>>,
    pub(crate) write: Option<Given<Write>>,
    pub(crate) revisions: Option<Given<Expr>>,
    pub(crate) archive: Option<Given<()>>,
    pub(crate) single: Option<Given<()>>,
    pub(crate) stale_while_revalidate: Option<Given<Timing>>,
    pub(crate) stale_if_error: Option<Given<Timing>>,
    pub(crate) revalidate: Option<Given<Timing>>,
    pub(crate) error_ttl: Option<Given<Timing>>,
    pub(crate) error_if: Option<Given<Expr>>,
    pub(crate) breaker: Option<Given<Breaker>>,
    pub(crate) max_concurrent: Option<Given<Expr>>,
    pub(crate) admit: Option<Given<Expr>>,
    pub(crate) tags: Option<Given<Vec<Tag>>>,
    pub(crate) refresh_at: Option<Given<Expr>>,
    pub(crate) xfetch: Option<Given<Expr>>,
    pub(crate) refresh: Option<Given<Ident>>,
    pub(crate) soft_timeout: Option<Given<Timing>>,
    pub(crate) hard_timeout: Option<Given<Timing>>,
    pub(crate) abandon_after: Option<Given<Timing>>,
    pub(crate) batch: Option<Given<Batch>>,
    pub(crate) max_batch: Option<Given<Expr>>,
    pub(crate) batch_window: Option<Given<Timing>>,
    pub(crate) parallel: Option<Given<Expr>>,
    pub(crate) on_error: Option<Given<Ident>>,
    pub(crate) per_item: Option<Given<()>>,
    pub(crate) extract: Option<Given<ExprClosure>>,
    pub(crate) combine: Option<Given<ExprClosure>>,
    pub(crate) stream: Option<Given<()>>,
    pub(crate) prefetch: Option<Given<()>>,
}

impl Args {
    /// Reads what it can; each mistake is noted, and the reading goes on behind the next comma.
    pub(crate) fn parse(tokens: TokenStream, errors: &Errors) -> Self {
        let mut args = Self::default();
        let before = errors.count();
        let all = |input: ParseStream| {
            while !input.is_empty() {
                if let Err(error) = args.argument(input) {
                    errors.push(error);
                    skip_argument(input)?;
                }
                input.parse::<Option<Token![,]>>()?;
            }
            Ok(())
        };
        let outcome = all.parse2(tokens);
        args.broken = errors.count() > before;
        // What a mistake left unread inside a bracket is the same mistake.
        if !args.broken {
            errors.keep(outcome);
        }
        args
    }

    fn argument(&mut self, input: ParseStream) -> Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected the name of an argument, as in `ttl = \"5m\"`"));
        }
        let name = Ident::parse_any(input)?;
        names::available(&name)?;
        self.names.push(name.clone());
        match name.to_string().as_str() {
            "backend" => set(&mut self.backend, name, input, stores::backends),
            "ttl" => set(&mut self.ttl, name, input, values::timing),
            "tti" => set(&mut self.tti, name, input, values::timing),
            "expires_at" => set(&mut self.expires_at, name, input, values::moment),
            "jitter" => set(&mut self.jitter, name, input, values::timing),
            "none_ttl" => set(&mut self.none_ttl, name, input, values::timing),
            "patience" => set(&mut self.patience, name, input, values::timing),
            "capacity" => set(&mut self.capacity, name, input, stores::entries),
            "max_bytes" => set(&mut self.max_bytes, name, input, stores::bytes),
            "eviction" => set(&mut self.eviction, name, input, stores::eviction),
            "process_memory" => set(&mut self.process_memory, name, input, stores::bytes),
            "frequency" => set(&mut self.frequency, name, input, stores::frequency),
            "ignore" => set(&mut self.ignore, name, input, values::idents),
            "format" => set(&mut self.format, name, input, stores::format),
            "keyer" => set(&mut self.keyer, name, input, stores::keyer),
            "file_name" => set(&mut self.file_name, name, input, stores::file_name),
            "secret" => set(&mut self.secret, name, input, values::idents),
            "key" => set(&mut self.key, name, input, identity::key),
            "depends_on" => set(&mut self.depends_on, name, input, values::expressions),
            "version" => set(&mut self.version, name, input, identity::version),
            "depends" => set(&mut self.depends, name, input, identity::functions),
            "cache_if" => set(&mut self.cache_if, name, input, values::conditions),
            "site" => set(&mut self.site, name, input, values::expression),
            "single_flight" => set(&mut self.single_flight, name, input, stores::flight),
            "name" => set(&mut self.name, name, input, values::text),
            "crate" => set(&mut self.krate, name, input, values::path),
            "companions" => set(&mut self.companions, name, input, values::companions),
            "result" => set(&mut self.result, name, input, values::word),
            "value" => set(&mut self.value, name, input, values::word),
            "thread_local" => set(&mut self.thread_local, name, input, values::word),
            "rate_limit" => set(&mut self.rate_limit, name, input, limits::rate),
            "burst" => set(&mut self.burst, name, input, limits::calls),
            "shared_rate" => set(&mut self.shared_rate, name, input, values::word),
            "per" => set(&mut self.per, name, input, limits::per),
            "variance" => set(&mut self.variance, name, input, limits::share),
            "on_limit" => set(&mut self.on_limit, name, input, limits::on_limit),
            "max_wait" => set(&mut self.max_wait, name, input, values::timing),
            "strategies" => set(&mut self.strategies, name, input, values::strategies),
            "write" => set(&mut self.write, name, input, stores::write),
            "revisions" => set(&mut self.revisions, name, input, stores::revisions),
            "archive" => set(&mut self.archive, name, input, values::word),
            "single" => set(&mut self.single, name, input, values::word),
            "stale_while_revalidate" => set(&mut self.stale_while_revalidate, name, input, values::timing),
            "stale_if_error" => set(&mut self.stale_if_error, name, input, values::timing),
            "revalidate" => set(&mut self.revalidate, name, input, values::timing),
            "error_ttl" => set(&mut self.error_ttl, name, input, values::timing),
            "error_if" => set(&mut self.error_if, name, input, values::predicate),
            "breaker" => set(&mut self.breaker, name, input, freshness::breaker),
            "max_concurrent" => set(&mut self.max_concurrent, name, input, limits::bodies),
            "admit" => set(&mut self.admit, name, input, limits::admission),
            "tags" => set(&mut self.tags, name, input, tags::tags),
            "refresh_at" => set(&mut self.refresh_at, name, input, freshness::part),
            "xfetch" => set(&mut self.xfetch, name, input, freshness::eagerness),
            "refresh" => set(&mut self.refresh, name, input, freshness::refresh),
            "soft_timeout" => set(&mut self.soft_timeout, name, input, values::timing),
            "hard_timeout" => set(&mut self.hard_timeout, name, input, values::timing),
            "abandon_after" => set(&mut self.abandon_after, name, input, values::timing),
            "batch" => set(&mut self.batch, name, input, batch::lists),
            "max_batch" => set(&mut self.max_batch, name, input, batch::count),
            "batch_window" => set(&mut self.batch_window, name, input, values::timing),
            "parallel" => set(&mut self.parallel, name, input, batch::count),
            "on_error" => set(&mut self.on_error, name, input, batch::on_error),
            "per_item" => set(&mut self.per_item, name, input, values::word),
            "extract" => set(&mut self.extract, name, input, batch::closure),
            "combine" => set(&mut self.combine, name, input, batch::closure),
            "stream" => set(&mut self.stream, name, input, values::word),
            "prefetch" => set(&mut self.prefetch, name, input, values::word),
            other => unreachable!("`{other}` is in the table of names"),
        }
    }
}

/// Reads the value into its slot, unless something is in there already.
fn set<T>(
    slot: &mut Option<Given<T>>,
    name: Ident,
    input: ParseStream,
    parse: fn(&Ident, ParseStream) -> Result<T>,
) -> Result<()> {
    let twice = slot.is_some().then(|| Error::new(name.span(), format!("`{name}` is given twice: keep one of them")));
    let value = parse(&name, input)?;
    if !input.is_empty() && !input.peek(Token![,]) {
        return Err(input.error(format!("expected a comma after the value of `{name}`")));
    }
    if let Some(twice) = twice {
        return Err(twice);
    }
    *slot = Some(Given { name, value });
    Ok(())
}

/// Goes on to the next comma that no bracket encloses.
fn skip_argument(input: ParseStream) -> Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}

/// The literal, if the expression is one; also inside the invisible group that `macro_rules` puts around it.
pub(crate) fn literal(expr: &Expr) -> Option<&Lit> {
    match expr {
        Expr::Lit(ExprLit { lit, .. }) => Some(lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
