//! A generic function has one cache, in which each choice of types has entries of its own.
//!
//! `cargo run --example generic_fn`

use std::{
    any::type_name,
    fmt::{Debug, Display},
    str::FromStr,
};

use cacher::cache;

/// `T` is part of what identifies a call. Nothing is asked of the error.
#[cache]
fn parse<T>(text: &str) -> Result<T, T::Err>
where
    T: FromStr + Clone + Send + Sync + 'static,
{
    println!("  parsing {text:?} as {}", type_name::<T>());
    text.parse()
}

/// What is shown changes nothing in the answer, so its type may be any: `ignore` says so.
#[cache(ignore = [label])]
fn cube(n: u64, label: impl Display) -> u64 {
    println!("  the cube of {n}, for {label}");
    n.pow(3)
}

/// A constant parameter is part of what identifies a call too.
#[cache]
fn zeroes<const N: usize>() -> [u8; N] {
    println!("  {N} zeroes");
    [0; N]
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("One text, two types:");
    show(&parse::<u8>("7")?);
    show(&parse::<f64>("7")?);
    show(&parse::<u8>("7")?);
    assert_eq!(parse::entry::<u8>("7").peek(), Some(7));
    let stats = parse::cache().stats();
    assert_eq!((stats.loads, stats.hits), (2, 1));

    println!("An ignored argument of any type:");
    assert_eq!(cube(3, "you"), cube(3, 42));
    assert_eq!(cube::cache().stats().loads, 1);

    println!("A constant parameter:");
    assert_eq!((zeroes::<2>(), zeroes::<3>(), zeroes::<2>()), ([0; 2], [0; 3], [0; 2]));
    assert_eq!(zeroes::cache().stats().loads, 2);
    Ok(())
}

fn show(value: &impl Debug) {
    println!("  = {value:?}");
}
