//! What of a call are its items, and how their answers are returned.

use crate::{
    args::{self, Args},
    check::Subject,
    item::Argument,
    types::{self, List as Listed},
};
use proc_macro2::{Ident, TokenStream};
use syn::{Expr, ExprClosure, Type};

/// A function over many items, each of which is cached.
pub(crate) struct Batch {
    /// The arguments that hold the items: one, or two.
    pub(crate) lists: Vec<List>,
    pub(crate) side: Side,
    pub(crate) form: Form,
    /// Whether it is kept that an item has no answer.
    pub(crate) remembered: bool,
    /// How many items one body gets.
    pub(crate) most: Option<Expr>,
    /// How many bodies run at a time.
    pub(crate) parallel: Option<Expr>,
    pub(crate) window: Option<super::Timing>,
    pub(crate) partial: bool,
    /// Takes the items out of their argument, and makes such an argument of some of them.
    pub(crate) apart: Option<(ExprClosure, ExprClosure)>,
    /// Whether there is a companion that gives answers one after the other.
    pub(crate) stream: bool,
}

/// An argument that holds items.
pub(crate) struct List {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) listed: Listed,
    /// The type of an item; nothing where only a closure knows it.
    pub(crate) item: Option<TokenStream>,
}

/// How two lists make items.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    One,
    Parallel,
    Product,
}

/// How answers are returned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    InOrder,
    OptionalInOrder,
    Mapped,
}

/// The batch that the arguments speak of.
pub(super) fn batch(subject: Subject, timing: impl Fn(&args::Given<args::Timing>) -> super::Timing) -> Option<Batch> {
    let args = subject.args;
    let given = &args.batch.as_ref()?.value;
    let side = match given {
        args::Batch::One(_) => Side::One,
        args::Batch::Parallel(..) => Side::Parallel,
        args::Batch::Product(..) => Side::Product,
    };
    let expr = |given: &Option<args::Given<Expr>>| given.as_ref().map(|given| given.value.clone());
    let apart = args.extract.as_ref().zip(args.combine.as_ref());
    let apart = apart.map(|(extract, combine)| (extract.value.clone(), combine.value.clone()));
    let form = form(subject);
    Some(Batch {
        lists: subject.lists().map(|argument| list(argument, apart.is_some())).collect(),
        side,
        form,
        remembered: args.none_ttl.is_some() && form != Form::InOrder,
        most: expr(&args.max_batch),
        parallel: expr(&args.parallel),
        window: args.batch_window.as_ref().map(timing),
        partial: is_partial(args),
        apart,
        stream: args.stream.is_some(),
    })
}

fn is_partial(args: &Args) -> bool {
    args.on_error.as_ref().is_some_and(|given| given.value == "partial")
}

fn list(argument: &Argument, apart: bool) -> List {
    let (ident, ty) = (argument.ident.clone(), argument.ty.clone());
    let listed = if apart { Listed::whole(&ty) } else { Listed::of(&ty) };
    List { item: if apart { None } else { Some(types::item(&ty)) }, ident, ty, listed }
}

/// By the name of the type: `Vec<T>`, `Vec<Option<T>>`, and all else is a map.
pub(crate) fn form(subject: Subject) -> Form {
    let Some(collection) = subject.kept() else { return Form::Mapped };
    if types::last_segment(collection).is_none_or(|last| last.ident != "Vec") {
        return Form::Mapped;
    }
    let optional = types::parameters(collection)
        .first()
        .is_some_and(|value| types::last_segment(value).is_some_and(|last| last.ident == "Option"));
    if optional { Form::OptionalInOrder } else { Form::InOrder }
}
