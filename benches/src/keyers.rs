//! What naming a call for a store costs: from its arguments to its key, and how long that is.

use std::{
    collections::BTreeMap,
    hint::black_box,
    time::{Duration, Instant},
};

use cacher::keyer::{CallKey, Hash, Keyer, Readable, encode};

/// The name under which these measurements are picked.
pub(crate) const NAME: &str = "keyer";

/// The names of the most arguments that are measured.
const NAMES: [&str; 13] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"];

/// One kind of call: encodes its arguments.
struct Kind {
    name: &'static str,
    arguments: &'static [&'static str],
    encode: Box<dyn Fn() -> Vec<u8>>,
}

/// Prints the table.
pub(crate) fn measure() {
    println!("\nKeys of stores: nanoseconds and bytes, from the arguments on.\n");
    println!("| arguments | encoded | `hash` | `readable` |\n|---|---:|---:|---:|");
    for kind in kinds() {
        let encoded = (kind.encode)().len();
        let (hash, readable) = (cell(&kind, &Hash), cell(&kind, &Readable::new()));
        println!("| {} | {:.0} ns, {encoded} B | {hash} | {readable} |", kind.name, nanos(&*kind.encode));
    }
}

fn kinds() -> Vec<Kind> {
    let nested: BTreeMap<String, Vec<Option<(u8, f64)>>> =
        (0..8).map(|n| (format!("name {n}"), vec![Some((n, f64::from(n) / 3.0)), None])).collect();
    let large = "x".repeat(1 << 20);
    let thirteen = (1_u64, "asc", true, 4_u32, Some("x"), None::<u8>, 7_i64, 8_u8, "nine", 10_u16, 'k', 12_u64, "m");
    let kind = |name, count: usize, encode| Kind { name, arguments: &NAMES[..count], encode };
    vec![
        kind("2, small: `(1_u64, \"asc\")`", 2, Box::new(|| bytes(&black_box((1_u64, "asc"))))),
        // A tuple of 13 is more than std compares, not more than serde takes.
        kind("13", 13, Box::new(move || bytes(&black_box(thirteen)))),
        kind("1, nested: a map of 8 lists of pairs", 1, Box::new(move || bytes(&(black_box(&nested),)))),
        kind("1, a text of 1 MiB", 1, Box::new(move || bytes(&(black_box(&large),)))),
    ]
}

fn bytes(arguments: &impl serde::Serialize) -> Vec<u8> {
    encode(arguments).unwrap_or_default()
}

fn cell(kind: &Kind, keyer: &dyn Keyer) -> String {
    let name = || keyer.name(&CallKey::new("posts", kind.arguments, &(kind.encode)()));
    format!("{:.0} ns, {} B", nanos(&name), name().len())
}

/// The median time of a call.
#[expect(clippy::cast_precision_loss, reason = "small")]
fn nanos<T>(call: &dyn Fn() -> T) -> f64 {
    let mut calls = 1_u32;
    let run = |calls| {
        let begin = Instant::now();
        (0..calls).for_each(|_| drop(black_box(call())));
        begin.elapsed()
    };
    while run(calls) < Duration::from_micros(400) {
        calls *= 2;
    }
    let mut rounds: Vec<f64> = (0..201).map(|_| run(calls).as_nanos() as f64 / f64::from(calls)).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}
