//! What may not be, and what to write instead: a list of rules.

mod backend;
mod batch;
mod bound;
mod callable;
mod conflict;
mod format;
mod freshness;
mod identity;
mod keyer;
mod limit;
mod place;
mod returns;
mod secret;
mod template;
mod timing;
mod version;
mod wrap;

pub(crate) use backend::{Needs, is_memory, needs};
pub(crate) use bound::{Bounded, bounded, size_of_memory};
pub(crate) use format::features;

use crate::{
    args::Args,
    errors::Errors,
    item::{Block, Function},
};
use syn::{Generics, ItemImpl};

/// A function with `#[cache]`, and what is known of where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'s> {
    pub(crate) args: &'s Args,
    pub(crate) function: &'s Function,
    /// The block around it, if the attribute stands on that as well.
    pub(crate) block: Option<&'s ItemImpl>,
}

type Rule = fn(Subject, &Errors);

/// They concern the function alone.
const OF_THE_FUNCTION: &[Rule] = &[
    callable::not_const,
    callable::not_unsafe,
    callable::not_extern,
    callable::not_variadic,
    callable::no_mutable_receiver,
    callable::no_cfg_on_arguments,
    returns::returns_at_all,
];

/// They mean nothing if an argument of the attribute could not be read.
const OF_THE_ARGUMENTS: &[Rule] = &[
    identity::ignored_names_exist,
    identity::ignored_once,
    identity::not_both_key_and_ignore,
    identity::receiver_is_decided,
    secret::names_exist,
    secret::said_once,
    secret::stands_in_the_key,
    secret::parts_of_self_only,
    secret::key_is_not_marked_twice,
    secret::credentials_are_decided,
    secret::tags_can_be_read,
    template::names_are_arguments,
    template::each_argument_is_decided,
    identity::no_mutable_identity,
    identity::no_opaque_identity,
    returns::no_opaque_value,
    returns::no_borrowed_value,
    returns::says_what_a_parameter_means,
    conflict::result_or_value,
    conflict::ttl_or_expires_at,
    conflict::jitter_has_something_to_spread,
    conflict::thread_local_stands_alone,
    conflict::flight_or_patience,
    wrap::loads_take_turns_where_they_can,
    conflict::bounds_leave_room,
    bound::memory_has_one,
    bound::memory_has_its_own_order,
    bound::the_store_can_be_bound,
    bound::something_makes_room,
    bound::not_in_the_url_too,
    conflict::site_is_in_memory,
    conflict::name_is_not_empty,
    conflict::name_has_no_single_colon,
    keyer::keyer_or_file_name,
    keyer::keys_are_stored,
    keyer::file_names_are_for_files,
    keyer::closures_take_the_call,
    version::is_a_name,
    version::depends_needs_code,
    limit::details_have_a_rate,
    limit::rates_are_shared_where_they_can,
    limit::something_holds_the_body_back,
    limit::a_made_limit_has_its_details,
    limit::errors_can_be_said,
    limit::errors_do_not_wait,
    limit::stale_values_come_from_somewhere,
    timing::no_zero,
    timing::closures_where_a_value_is,
    timing::closures_take_the_value,
    timing::closures_capture_no_argument,
    timing::expressions_name_identity_only,
    timing::fixed_names_no_argument,
    timing::site_is_a_field,
    backend::urls_are_known,
    format::format_is_known,
    format::format_has_a_store,
    format::bare_values_are_files,
    wrap::writes_go_somewhere,
    wrap::what_was_is_stored,
    wrap::one_way_to_keep_what_was,
    wrap::archives_have_something_that_expires,
    wrap::a_slot_is_a_slot,
    freshness::something_expires,
    freshness::idle_values_are_not_renewed,
    freshness::single_values_are_revalidated,
    freshness::one_load_renews,
    freshness::soft_timeouts_have_something_to_return,
    freshness::soft_timeouts_come_first,
    freshness::lasting_errors_are_known,
    freshness::late_bodies_can_be_told,
    freshness::open_circuits_can_be_told,
    freshness::abandoned_loads_need_no_patience,
    freshness::loads_behind_own_what_they_use,
    batch::details_have_a_batch,
    batch::lists_are_arguments,
    batch::lists_hold_items,
    batch::lists_in_traits_are_named,
    batch::items_are_in_the_key,
    batch::arguments_last_for_several_bodies,
    batch::answers_are_several,
    batch::order_is_known,
    batch::partial_answers_can_be_said,
    batch::batches_stand_alone,
    batch::windows_can_be_waited_for,
    batch::products_are_whole,
    batch::parallel_bodies_are_several,
    batch::closures_come_in_pairs,
    batch::what_goes_on_can_be_owned,
    place::companions_can_stand_here,
];

/// Reports what is wrong with a function and its arguments.
pub(crate) fn function(subject: Subject, errors: &Errors) {
    for rule in OF_THE_FUNCTION {
        rule(subject, errors);
    }
    if !subject.args.broken {
        for rule in OF_THE_ARGUMENTS {
            rule(subject, errors);
        }
    }
}

/// Reports what is wrong with a block, its arguments, and the methods in it.
pub(crate) fn block(args: &Args, block: &Block, errors: &Errors) {
    place::block_has_cached_methods(block, errors);
    place::block_takes_companions_only(args, errors);
    place::only_trait_blocks_name_companions(args, block, errors);
    for (args, function) in block.cached() {
        self::function(Subject { args, function, block: Some(&block.header) }, errors);
    }
}

impl<'s> Subject<'s> {
    /// The generics of the function, and of the block if it is known.
    pub(crate) fn generics(self) -> impl Iterator<Item = &'s Generics> {
        [&self.function.signature.generics].into_iter().chain(self.block.map(|block| &block.generics))
    }
}

#[cfg(test)]
mod tests;
