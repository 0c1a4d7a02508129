//! How the plan follows from the arguments and the item.

use super::{
    Admission, Argument, BlockPlan, Callable, Colour, Companions, Form, Format, Generic, Home, Keyer, Limit, OnLimit,
    Piece, Plan, Policies, Sourced, Tier, Timing, Value, Version, Write,
};
use crate::{
    args::{self, Args, Backend, Flight, Given},
    check::{self, Subject},
    item::{self, Block, Function},
    tokens, types,
};
use proc_macro2::{Ident, Span};
use quote::{ToTokens, format_ident};
use syn::{
    Attribute, Expr, ExprCall, FnArg, GenericParam, ItemImpl, LitStr, Meta, Pat, Path, Signature, Visibility,
    parse_quote,
};

/// Plans a function; `around` is the block it stands in and what `#[cache]` says there, if it does.
pub(crate) fn function(args: &Args, function: Function, around: Option<(&ItemImpl, &Args)>) -> Plan {
    let subject = Subject { args, function: &function, block: around.map(|(block, _)| block) };
    let callable = if subject.is_associated() { Callable::Associated } else { Callable::Free };
    let arguments = arguments(subject);
    let sources = Sources(&arguments);
    let ignores_itself = subject.ignored().any(|name| name == "Self");
    Plan {
        krate: krate(args, around),
        signature: signature(&function),
        colour: if function.signature.asyncness.is_some() { Colour::Async } else { Colour::Sync },
        receiver: function.receiver.as_ref().map(|this| this.receiver.clone()),
        key: args.key.as_ref().map(|key| key.value.parts().iter().map(|part| sources.of(part)).collect()),
        template: subject.template().map(|template| template.text.clone()),
        depends_on: args.depends_on.iter().flat_map(|given| &given.value).map(|expr| sources.of(expr)).collect(),
        secrets: subject.secrets(),
        version: args.version.as_ref().map(|given| version(&given.value)),
        depends: args.depends.iter().flat_map(|given| given.value.clone()).collect(),
        generics: generics(subject),
        ignores_itself,
        value: value(subject),
        returns: subject.returned().map_or_else(|| types::unit(function.signature.ident.span()), types::static_copy),
        home: home(args, &sources),
        tiers: args.backend.iter().flat_map(|given| &given.value).map(tier).collect(),
        format: format(args),
        keyer: keyer(args),
        policies: policies(args, &sources),
        batch: super::batch::batch(subject, |given| sources.timing_of(given)),
        name: args.name.as_ref().map(|name| name.value.clone()),
        companions: companions(subject, callable, around.map(|(_, args)| args)),
        cfgs: cfgs(&function.attrs),
        arguments,
        function,
    }
}

/// Plans the methods of a block.
pub(crate) fn block(args: &Args, block: Block) -> BlockPlan {
    let Block { header, pieces } = block;
    let pieces = pieces.into_iter().map(|piece| match piece {
        item::Piece::Other(tokens) => Piece::Other(tokens),
        item::Piece::Cached(own, method) => Piece::Cached(Box::new(function(&own, *method, Some((&header, args))))),
    });
    BlockPlan { pieces: pieces.collect(), unit: unit(args).cloned(), cfgs: cfgs(&header.attrs), header }
}

impl Subject<'_> {
    /// Whether it is known to stand in an `impl` block or a trait.
    pub(crate) fn is_associated(self) -> bool {
        let function = self.function;
        self.block.is_some()
            || function.receiver.is_some()
            || tokens::contain(&function.signature, "Self")
            || tokens::mention_self(function.body.stream())
    }
}

fn krate(args: &Args, around: Option<(&ItemImpl, &Args)>) -> Path {
    let given = args.krate.as_ref().or_else(|| around.and_then(|(_, args)| args.krate.as_ref()));
    given.map_or_else(|| parse_quote!(::cacher), |given| given.value.clone())
}

/// Input: `fn f(n: u8, mut m: u8, (a, b): (u8, u8))`; output: `fn f(n: u8, m: u8, __a2: (u8, u8))`
fn signature(function: &Function) -> Signature {
    let mut signature = function.signature.clone();
    let inputs = signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (input, argument) in inputs.zip(&function.arguments) {
        let ident = &argument.ident;
        *input.pat = parse_quote!(#ident);
    }
    signature
}

fn arguments(subject: Subject) -> Vec<Argument> {
    let arguments = subject.function.arguments.iter().map(|argument| Argument {
        index: argument.index,
        ident: argument.ident.clone(),
        ty: argument.ty.clone(),
        identity: subject.identifies(argument),
        rebind: argument.pattern.clone().filter(|pattern| !matches!(pattern, Pat::Wild(_))),
    });
    arguments.collect()
}

/// The arguments that expressions are looked through for.
struct Sources<'a>(&'a [Argument]);

impl Sources<'_> {
    fn of<T: ToTokens + Clone>(&self, source: &T) -> Sourced<T> {
        let names = tokens::names(source);
        let used = self.0.iter().filter(|argument| names.contains(&argument.ident));
        let arguments = used.map(|argument| argument.index).collect();
        Sourced { source: source.clone(), arguments }
    }

    /// Whether a condition is no closure of the value and no function of it.
    fn is_of_arguments(&self, condition: &Expr) -> bool {
        match condition {
            Expr::Closure(_) => false,
            Expr::Path(path) => self.0.iter().any(|argument| path.path.is_ident(&argument.ident)),
            _ => true,
        }
    }

    fn timing(&self, given: Option<&Given<args::Timing>>) -> Option<Timing> {
        given.map(|given| self.timing_of(given))
    }

    fn timing_of(&self, given: &Given<args::Timing>) -> Timing {
        match &given.value {
            args::Timing::Fixed(text, duration) => Timing::Fixed(*duration, text.span()),
            args::Timing::Expr(expr) => Timing::Expr(self.of(expr)),
            args::Timing::Closure(closure) => Timing::Closure(closure.clone()),
        }
    }
}

/// Those of the function, and those of what is around it: by name if they can be seen, as `Self` if not.
fn generics(subject: Subject) -> Vec<Generic> {
    let ignored = |name: &Ident| subject.ignored().any(|ignored| ignored == name);
    let own = Some(&subject.function.signature.generics);
    let around = subject.is_associated() && !subject.ignored().any(|name| name == "Self");
    let block = subject.block.filter(|_| around);
    let hidden = (around && block.is_none()).then_some(Generic::Itself);
    let parameters = own.into_iter().chain(block.map(|block| &block.generics)).flat_map(|generics| &generics.params);
    let named = parameters.filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) if !ignored(&parameter.ident) => Some(Generic::Type(parameter.ident.clone())),
        GenericParam::Const(parameter) if !ignored(&parameter.ident) => Some(Generic::Const(parameter.ident.clone())),
        _ => None,
    });
    hidden.into_iter().chain(named).collect()
}

fn value(subject: Subject) -> Value {
    let args = subject.args;
    if args.result.is_none() && !subject.returns_result() {
        return Value::Plain { probe: args.value.is_none() };
    }
    let borrows = subject.returned().is_some_and(|ty| !types::make_static(&mut ty.clone()).is_empty());
    Value::Fallible { owned_error: !borrows }
}

fn home(args: &Args, sources: &Sources) -> Home {
    match &args.site {
        Some(site) => Home::Field(sources.of(&site.value)),
        None if args.thread_local.is_some() => Home::Thread,
        None => Home::Static,
    }
}

fn version(given: &args::Version) -> Version {
    match given {
        args::Version::Text(text) => Version::Text(text.clone()),
        args::Version::Code => Version::Code,
    }
}

fn tier(backend: &Backend) -> Tier {
    match backend {
        Backend::Url(url) => Tier::Url { url: url.clone(), needs: needs(url) },
        Backend::Expr(Expr::Call(call)) if is_registered(call) => Tier::Registered(call.clone()),
        Backend::Expr(expr) => Tier::Expr(expr.clone()),
    }
}

fn is_registered(call: &ExprCall) -> bool {
    matches!(&*call.func, Expr::Path(function) if function.path.is_ident("registered"))
}

fn needs(url: &LitStr) -> Vec<Ident> {
    let check::Needs { scheme, format } = check::needs(&url.value());
    let span = Span::mixed_site().located_at(url.span());
    let scheme = format_ident!("scheme_{scheme}", span = span);
    [scheme].into_iter().chain(format.iter().flat_map(|format| format_needs(format, span))).collect()
}

fn format_needs(format: &str, span: Span) -> impl Iterator<Item = Ident> {
    check::features(format).map(move |feature| format_ident!("format_{feature}", span = span))
}

fn format(args: &Args) -> Option<Format> {
    Some(match &args.format.as_ref()?.value {
        args::Format::Text(text) => {
            let span = Span::mixed_site().located_at(text.span());
            Format::Text { text: text.clone(), needs: format_needs(&text.value(), span).collect() }
        }
        args::Format::Expr(expr) => Format::Expr(expr.clone()),
    })
}

fn keyer(args: &Args) -> Option<Keyer> {
    let keyer = args.keyer.as_ref().map(|given| match &given.value {
        args::Keyer::Hash => Keyer::Hash,
        args::Keyer::Readable => Keyer::Readable,
        args::Keyer::Closure(closure) => Keyer::Closure(closure.clone()),
        args::Keyer::Expr(expr) => Keyer::Expr(expr.clone()),
    });
    keyer.or_else(|| args.file_name.as_ref().map(|given| Keyer::FileName(given.value.clone())))
}

fn policies(args: &Args, sources: &Sources) -> Policies {
    let expr = |given: &Option<Given<Expr>>| given.as_ref().map(|given| given.value.clone());
    let tags = || args.tags.iter().flat_map(|given| &given.value);
    let conditions = || args.cache_if.iter().flat_map(|given| &given.value);
    Policies {
        ttl: sources.timing(args.ttl.as_ref()),
        tti: sources.timing(args.tti.as_ref()),
        expires_at: sources.timing(args.expires_at.as_ref()),
        jitter: sources.timing(args.jitter.as_ref()),
        none_ttl: sources.timing(args.none_ttl.as_ref()),
        patience: sources.timing(args.patience.as_ref()),
        capacity: expr(&args.capacity),
        max_bytes: expr(&args.max_bytes).or_else(|| check::size_of_memory(args)),
        bounded: check::bounded(args),
        eviction: args.eviction.as_ref().map(|given| given.value.clone()),
        process_memory: expr(&args.process_memory),
        frequency: args.frequency.as_ref().and_then(|given| match given.value {
            args::Rate::Fixed(times, time) => Some((times, time)),
            args::Rate::Expr(_) => None,
        }),
        cache_if: conditions().filter(|expr| !sources.is_of_arguments(expr)).cloned().collect(),
        tags: tags()
            .filter_map(|tag| match tag {
                args::Tag::Template(template) => {
                    Some((template.text.clone(), template.parts.iter().map(|part| sources.of(part)).collect()))
                }
                args::Tag::OfValue(_) => None,
            })
            .collect(),
        value_tags: tags()
            .filter_map(|tag| match tag {
                args::Tag::Template(_) => None,
                args::Tag::OfValue(expr) => Some(expr.clone()),
            })
            .collect(),
        keep_if: conditions().filter(|expr| sources.is_of_arguments(expr)).cloned().collect(),
        single_flight: args.single_flight.as_ref().map_or(Flight::Local, |given| given.value),
        limit: limit(args),
        breaker: args.breaker.as_ref().map(|given| (given.name.clone(), given.value.clone())),
        max_concurrent: expr(&args.max_concurrent),
        admit: args.admit.as_ref().map(|given| match &given.value {
            Expr::Path(path) if path.path.is_ident("second_sighting") => Admission::SecondSighting,
            expr => Admission::Expr(expr.clone()),
        }),
        shared_rate: args.shared_rate.is_some(),
        per: args.per.as_ref().map(|given| sources.of(&given.value)),
        on_limit: on_limit(args),
        max_wait: sources.timing(args.max_wait.as_ref()),
        strategies: args.strategies.iter().flat_map(|given| given.value.iter().cloned()).collect(),
        write: write(args),
        revisions: expr(&args.revisions),
        archive: args.archive.is_some(),
        single: args.single.is_some(),
        stale_while_revalidate: sources.timing(args.stale_while_revalidate.as_ref()),
        stale_if_error: sources.timing(args.stale_if_error.as_ref()),
        revalidate: sources.timing(args.revalidate.as_ref()),
        error_ttl: args.error_ttl.as_ref().map(|given| (given.name.clone(), sources.timing_of(given))),
        error_if: expr(&args.error_if),
        refresh_at: expr(&args.refresh_at),
        xfetch: expr(&args.xfetch),
        soft_timeout: sources.timing(args.soft_timeout.as_ref()),
        hard_timeout: args.hard_timeout.as_ref().map(|given| (given.name.clone(), sources.timing_of(given))),
        abandon_after: sources.timing(args.abandon_after.as_ref()),
        behind: args.refresh.as_ref().is_some_and(|given| given.value == "background"),
        per_item: args.per_item.is_some(),
        prefetch: args.prefetch.is_some(),
    }
}

fn write(args: &Args) -> Write {
    match args.write.as_ref().map(|given| &given.value) {
        None | Some(args::Write::Through) => Write::Through,
        Some(args::Write::Background) => Write::Background,
        Some(args::Write::Expr(expr)) => Write::Expr(expr.clone()),
    }
}

fn limit(args: &Args) -> Option<Limit> {
    let expr = |given: &Option<Given<Expr>>| given.as_ref().map(|given| given.value.clone());
    Some(match &args.rate_limit.as_ref()?.value {
        args::Rate::Fixed(calls, time) => {
            Limit::Rate { calls: *calls, time: *time, burst: expr(&args.burst), variance: expr(&args.variance) }
        }
        args::Rate::Expr(made) => Limit::Expr(made.clone()),
    })
}

fn on_limit(args: &Args) -> OnLimit {
    match args.on_limit.as_ref().map(|given| &given.value) {
        None | Some(args::OnLimit::Wait) => OnLimit::Wait,
        Some(args::OnLimit::Error(word)) => OnLimit::Error(word.clone()),
        Some(args::OnLimit::Stale(_)) => OnLimit::Stale,
    }
}

/// None are made where nothing may be added, or where that can't be known and they were not asked for.
fn companions(subject: Subject, callable: Callable, around: Option<&Args>) -> Option<Companions> {
    let function = subject.function;
    let of_block = around.and_then(|args| args.companions.as_ref()).map(|given| &given.value);
    let wanted = subject.args.companions.as_ref().map(|given| &given.value).or(of_block);
    let in_trait_impl = subject.block.is_some_and(|block| block.trait_.is_some());
    let form = match callable {
        Callable::Free => Form::Type,
        Callable::Associated if in_trait_impl => Form::Unit,
        Callable::Associated => Form::Methods,
    };
    let may_stand = match form {
        Form::Type => true,
        Form::Unit => around.and_then(unit).is_some(),
        Form::Methods => subject.block.is_some() || !matches!(function.vis, Visibility::Inherited),
    };
    let name = match wanted {
        Some(args::Companions::Unwanted) => return None,
        Some(args::Companions::Named(name)) if form != Form::Unit => name,
        None if !may_stand => return None,
        _ => &function.signature.ident,
    };
    Some(Companions { form, name: name.clone(), vis: function.vis.clone() })
}

/// The type that the block names for the companions of a trait's methods.
fn unit(args: &Args) -> Option<&Ident> {
    match args.companions.as_ref().map(|given| &given.value) {
        Some(args::Companions::Named(name)) => Some(name),
        _ => None,
    }
}

/// What companions take over: conditions, and lints that are allowed. An expected lint is allowed, for it is the
/// function that must meet the expectation.
fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    let taken = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::List(list) if list.path.is_ident("expect") => {
            let lints = &list.tokens;
            Some(parse_quote!(#[allow(#lints)]))
        }
        meta if meta.path().is_ident("cfg") || meta.path().is_ident("allow") => Some(attr.clone()),
        _ => None,
    });
    taken.collect()
}

#[cfg(test)]
mod tests;
