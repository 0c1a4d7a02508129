//! The attribute of the `cacher` crate, in stages: the arguments and the item are read, checked, planned and expanded.

mod args;
mod check;
mod code;
mod errors;
mod expand;
mod item;
mod names;
mod plan;
mod tokens;
mod types;
mod units;

/// Gives a function a cache. Its arguments are described in the documentation of the `cacher` crate.
///
/// On a function or a method it caches that function. On an `impl` block it reads the block's header for the methods
/// in it that are marked with `#[cache]`, and `companions = Name` puts the companions of a trait's methods into a unit
/// type of that name beside the block.
#[proc_macro_attribute]
pub fn cache(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::cache(args.into(), item.into()).into()
}
