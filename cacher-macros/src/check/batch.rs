//! Functions over many items.

use super::Subject;
use crate::{
    args::{Args, Batch, Flight},
    errors::Errors,
    item::Argument,
    plan::{AnswerForm, answer_form},
    tokens, types,
};
use proc_macro2::Ident;
use syn::{ReceiverKind, Type};

impl<'s> Subject<'s> {
    /// The arguments that hold items, in the order of `batch`.
    pub(crate) fn lists(self) -> impl Iterator<Item = &'s Argument> {
        let names = self.args.batch.iter().flat_map(|given| given.value.names());
        names.filter_map(move |name| self.function.arguments.iter().find(|argument| argument.ident == *name))
    }

    /// Whether this argument holds items.
    pub(crate) fn is_list(self, argument: &Argument) -> bool {
        self.lists().any(|list| list.index == argument.index)
    }
}

/// What says more about a batch.
fn details(args: &Args) -> impl Iterator<Item = &Ident> {
    [
        args.max_batch.as_ref().map(|given| &given.name),
        args.batch_window.as_ref().map(|given| &given.name),
        args.parallel.as_ref().map(|given| &given.name),
        args.on_error.as_ref().map(|given| &given.name),
        args.per_item.as_ref().map(|given| &given.name),
        args.extract.as_ref().map(|given| &given.name),
        args.combine.as_ref().map(|given| &given.name),
        args.stream.as_ref().map(|given| &given.name),
    ]
    .into_iter()
    .flatten()
}

pub(super) fn details_have_a_batch(Subject { args, .. }: Subject, errors: &Errors) {
    for name in details(args).filter(|_| args.batch.is_none()) {
        errors.at(name, format!("`{name}` says more about a batch, and there is none: add `batch = ids`"));
    }
}

pub(super) fn lists_are_arguments(subject: Subject, errors: &Errors) {
    let arguments = || subject.function.arguments.iter().filter(|argument| argument.is_named());
    for name in subject.args.batch.iter().flat_map(|given| given.value.names()) {
        match arguments().find(|argument| argument.ident == *name) {
            None => {
                let known: Vec<_> = arguments().map(|argument| argument.ident.to_string()).collect();
                let hint = crate::names::hint(&name.to_string(), known.iter().map(String::as_str));
                errors.at(name, format!("there is no argument `{name}`{hint}"));
            }
            Some(argument) => {
                if let Some(ignored) = subject.ignores(argument) {
                    errors.at(ignored, format!("the items of `{name}` tell the entries apart: leave it out here"));
                }
            }
        }
    }
}

// Each body gets a list of its own, as long as what is missing.
pub(super) fn lists_hold_items(subject: Subject, errors: &Errors) {
    if subject.args.extract.is_some() {
        return;
    }
    for Argument { ident, ty, .. } in subject.lists() {
        let bare = types::bare(ty);
        let inner = types::inside_reference(ty);
        if matches!(inner, Type::Array(_)) {
            errors.at(ty, format!("a body gets as many items as are missing: write `{ident}: &[T]`"));
        } else if tokens::borrow_mutably(ty) {
            errors.at(ty, format!("the items are read, and others are missing at each call: write `{ident}: &[T]`"));
        } else if !matches!(inner, Type::Path(_) | Type::Slice(_) | Type::ImplTrait(_))
            || (matches!(inner, Type::ImplTrait(_)) && !is_iterable(bare))
        {
            errors.at(
                ty,
                format!(
                    "`{ident}` holds no items that are known: write `&[T]`, `Vec<T>`, a set, a map or \
                     `impl IntoIterator<Item = T>`, or take them out by `extract = |{ident}| ..`"
                ),
            );
        }
    }
}

fn is_iterable(ty: &Type) -> bool {
    matches!(ty, Type::ImplTrait(_)) && (tokens::contain(ty, "IntoIterator") || tokens::contain(ty, "Iterator"))
}

// A trait impl that is generic in an argument of its own can't be told from the trait's other ones.
pub(super) fn lists_in_traits_are_named(subject: Subject, errors: &Errors) {
    let in_trait = subject.block.is_some_and(|block| block.trait_.is_some());
    for argument in subject.lists().filter(|argument| in_trait && types::is_opaque(&argument.ty)) {
        errors.at(
            &argument.ty,
            "in the `impl` of a trait the items stand in a type with a name: write `&[T]` or `Vec<T>`",
        );
    }
}

pub(super) fn items_are_in_the_key(subject: Subject, errors: &Errors) {
    let (Some(key), Some(names)) = (&subject.args.key, subject.key_names()) else { return };
    for list in subject.lists().filter(|list| !names.contains(&list.ident)) {
        let ident = &list.ident;
        errors.at(
            &key.name,
            format!("all items would share one entry: name one of `{ident}` in `key`, where `{ident}` is one item"),
        );
    }
}

// The body may run several times.
pub(super) fn arguments_last_for_several_bodies(subject: Subject, errors: &Errors) {
    if subject.args.batch.is_none() {
        return;
    }
    for argument in subject.function.arguments.iter().filter(|argument| tokens::borrow_mutably(&argument.ty)) {
        if !subject.is_list(argument) {
            errors
                .at(&argument.ty, "the body of a batch may run more than once at a time: take `&` in place of `&mut`");
        }
    }
    let Some(this) = &subject.function.receiver else { return };
    if !matches!(&this.receiver.kind, ReceiverKind::Reference(..)) {
        errors.at(&this.receiver, "the body of a batch may run more than once: take `&self`");
    }
}

pub(super) fn answers_are_several(subject: Subject, errors: &Errors) {
    let Some(batch) = &subject.args.batch else { return };
    let Some(kept) = subject.kept() else {
        return errors.at(
            &batch.name,
            "a batch returns the values of its items: `Vec<T>` in their order, `Vec<Option<T>>`, or a map of them",
        );
    };
    if !matches!(types::bare(kept), Type::Path(_)) {
        errors.at(kept, "a batch returns `Vec<T>` in the order of the items, `Vec<Option<T>>`, or a map of them");
    }
}

// The body gets the missing ones in a collection of its own: the order of a set is another one there, and that of a type
// which is not known may be.
pub(super) fn order_is_known(subject: Subject, errors: &Errors) {
    let by_hand = subject.args.extract.is_some() || subject.args.combine.is_some();
    if by_hand || answer_form(subject) == AnswerForm::Mapped {
        return;
    }
    let named = |list: &&Argument| matches!(types::inside_reference(&list.ty), Type::Path(_));
    let unordered = subject.lists().filter(named).find(|list| !types::keeps_order(&list.ty));
    if let (Some(list), Some(kept)) = (unordered, subject.kept()) {
        let ident = &list.ident;
        errors.at(
            kept,
            format!(
                "which value is whose can't be told by the order of `{ident}`, which the body gets in another one: \
                 return a map of its items, or take `{ident}: &[T]`"
            ),
        );
    }
}

pub(super) fn partial_answers_can_be_said(subject: Subject, errors: &Errors) {
    let Some(given) = subject.args.on_error.as_ref().filter(|given| given.value == "partial") else { return };
    if !subject.returns_result() && subject.args.result.is_none() {
        errors.at(&given.value, "without a `Result` no body fails: leave `on_error` out");
    } else if answer_form(subject) == AnswerForm::InOrder {
        errors.at(&given.value, "a `Vec<T>` has a value for each item: return a `Vec<Option<T>>` or a map");
    }
}

// What is waited for elsewhere, or kept in another way than one entry for each item.
pub(super) fn batches_stand_alone(subject: Subject, errors: &Errors) {
    let args = subject.args;
    if args.batch.is_none() {
        return;
    }
    let distributed = args.single_flight.as_ref().filter(|flight| flight.value == Flight::Distributed);
    if let Some(flight) = distributed {
        errors.at(&flight.name, "the loads of a batch take turns in one process only: leave `distributed` out");
    }
    if let Some(single) = &args.single {
        errors.at(&single.name, "a batch has an entry for each item: leave `single` out");
    }
    if let Some(per) = &args.per {
        let names = tokens::names(&per.value);
        if subject.lists().any(|list| names.contains(&list.ident)) {
            errors.at(&per.value, "one body is run for many items, so a rate can't be that of one of them");
        }
    }
}

pub(super) fn windows_can_be_waited_for(subject: Subject, errors: &Errors) {
    let args = subject.args;
    let Some(window) = &args.batch_window else { return };
    let off = args.single_flight.as_ref().is_some_and(|flight| flight.value == Flight::Off);
    if off {
        errors.at(&window.name, "with `single_flight = off` no call waits for another: leave `batch_window` out");
    }
    if args.thread_local.is_some() {
        errors.at(&window.name, "the calls of one thread come one after the other: leave `batch_window` out");
    }
}

// What is missing of a product is loaded as the smallest product that has it.
pub(super) fn products_are_whole(Subject { args, .. }: Subject, errors: &Errors) {
    let product = args.batch.as_ref().is_some_and(|given| matches!(given.value, Batch::Product(..)));
    let parts = [args.max_batch.as_ref().map(|given| &given.name), args.batch_window.as_ref().map(|given| &given.name)];
    for name in parts.into_iter().flatten().filter(|_| product) {
        errors.at(name, format!("one body loads what is missing of a product: leave `{name}` out"));
    }
}

// Only as many bodies run as there are.
pub(super) fn parallel_bodies_are_several(Subject { args, .. }: Subject, errors: &Errors) {
    if let Some(parallel) = args.parallel.as_ref().filter(|_| args.max_batch.is_none() && args.batch.is_some()) {
        errors.at(&parallel.name, "one body gets all items, so none runs beside it: add `max_batch = 100`");
    }
}

pub(super) fn closures_come_in_pairs(subject: Subject, errors: &Errors) {
    let args = subject.args;
    match (&args.extract, &args.combine) {
        (Some(extract), None) => {
            errors.at(&extract.name, "a body is given some of the items: say how, by `combine = |whole, items| ..`");
        }
        (None, Some(combine)) => {
            errors.at(&combine.name, "the items are to be known first: say which, by `extract = |whole| ..`");
        }
        (Some(extract), Some(combine)) => {
            for (closure, count) in [(extract, 1), (combine, 2)] {
                if closure.value.inputs.len() != count {
                    let takes =
                        if count == 1 { "the argument, by reference" } else { "the argument, by reference, and items" };
                    errors.at(&closure.value, format!("the closure of `{}` takes {takes}", closure.name));
                }
            }
            if let Some(other) = args.batch.iter().flat_map(|given| given.value.names()).nth(1) {
                errors.at(other, "`extract` takes the items out of one argument: name only that one in `batch`");
            }
        }
        (None, None) => {}
    }
}

// What goes on behind the call needs values of its own.
pub(super) fn what_goes_on_can_be_owned(subject: Subject, errors: &Errors) {
    let args = subject.args;
    for name in [args.prefetch.as_ref().map(|given| &given.name), args.stream.as_ref().map(|given| &given.name)] {
        let Some(name) = name else { continue };
        for argument in &subject.function.arguments {
            let opaque = types::is_opaque(&argument.ty) && !subject.is_list(argument);
            if tokens::borrow_mutably(&argument.ty) || opaque {
                errors.at(&argument.ty, format!("`{name}` goes on when its caller has gone: take `&T` or `T` here"));
            }
        }
        if args.extract.is_some() && name == "stream" {
            errors.at(name, "only lists, sets and maps can be taken apart for a stream: leave `extract` out");
        }
        if name == "stream" && args.max_batch.is_none() && args.batch.is_some() {
            errors
                .at(name, "one body would give all answers at once: say how many items one gets by `max_batch = 100`");
        }
        if name == "stream" && subject.lists().count() > 1 {
            errors.at(name, "a stream has the answers of one list: leave `stream` out");
        }
        if args.thread_local.is_some() && name == "prefetch" {
            errors.at(name, "another thread would load it for itself: leave `thread_local` out");
        }
    }
}
