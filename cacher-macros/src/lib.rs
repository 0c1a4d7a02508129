//! The attribute of the `cacher` crate, in stages: the arguments and the item are read, checked, planned and expanded.
//! And the derive `Schema`.

mod args;
mod check;
mod code;
mod errors;
mod expand;
mod item;
mod names;
mod plan;
mod schema;
mod tokens;
mod types;
mod units;
mod writer;

/// Gives a function a cache. Its arguments are described in the documentation of the `cacher` crate.
///
/// On a function or a method it caches that function. On an `impl` block it reads the block's header for the methods
/// in it that are marked with `#[cache]`, and `companions = Name` puts the companions of a trait's methods into a unit
/// type of that name beside the block.
#[proc_macro_attribute]
pub fn cache(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    expand::cache(args.into(), item.into()).into()
}

/// Invalidates what a function changes: `#[cacher::invalidates(user(id), posts(..), tag("feed:{id}"))]`. Described in the
/// documentation of the `cacher` crate.
#[proc_macro_attribute]
pub fn invalidates(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    writer::writer(writer::Deed::Invalidates, args.into(), item.into()).into()
}

/// Puts what a function returns into the entry of another: `#[cacher::updates(user(id))]`. Described in the
/// documentation of the `cacher` crate.
#[proc_macro_attribute]
pub fn updates(args: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    writer::writer(writer::Deed::Updates, args.into(), item.into()).into()
}

/// Lets entries say what the type of their values is made of: one that was written when it was made of other things is
/// a miss, and is not read as something else. It goes with `serde::Serialize`; see `cacher::schema`.
///
/// The types of fields should derive it too. One that does not counts by its name, as it is written. Type parameters
/// have to. `#[schema(crate = ::memo)]` names the library if it is renamed.
#[proc_macro_derive(Schema, attributes(schema))]
pub fn schema(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    schema::derive(item.into()).into()
}
