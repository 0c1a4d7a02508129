//! Where companions can stand.

use super::Subject;
use crate::{
    args::{Args, Companions},
    errors::Errors,
    item::Block,
};

// A trait impl may have the trait's methods only.
pub(super) fn companions_can_stand_here(Subject { args, block, .. }: Subject, errors: &Errors) {
    let Some(companions) = &args.companions else { return };
    let wanted = !matches!(companions.value, Companions::Unwanted);
    if wanted && block.is_some_and(|block| block.trait_.is_some()) {
        errors.at(
            &companions.name,
            "nothing may be added to the `impl` of a trait: \
             name a type for the companions on the block, as in `#[cache(companions = UserRepo)]`",
        );
    }
}

pub(super) fn block_has_cached_methods(block: &Block, errors: &Errors) {
    if block.cached().next().is_none() {
        errors.at(block.header.impl_token, "no method here has `#[cache]`: write it on those that are to be cached");
    }
}

pub(super) fn block_takes_companions_only(args: &Args, errors: &Errors) {
    for name in args.names.iter().filter(|name| **name != "companions" && **name != "crate") {
        errors.at(name, format!("`{name}` belongs on a method; on the block stand `companions` and `crate`"));
    }
}

// Beside the methods of an inherent impl their companions can stand themselves.
pub(super) fn only_trait_blocks_name_companions(args: &Args, block: &Block, errors: &Errors) {
    let Some(companions) = &args.companions else { return };
    match (&companions.value, &block.header.trait_) {
        (Companions::Named(name), None) => errors.at(
            name,
            "only for the `impl` of a trait the companions need a type of their own: \
             leave it out, they stand beside the methods",
        ),
        (Companions::Wanted, Some(_)) => errors.at(
            &companions.name,
            "nothing may be added to the `impl` of a trait: \
             name a type for the companions, as in `companions = UserRepo`",
        ),
        _ => {}
    }
}
