//! What calls cost while a store is left alone because its server is gone.

use std::{hint::black_box, net::TcpListener, time::Instant};

use super::cache;

const CALLS: u64 = 20_000;

/// Prints the table.
pub(super) fn measure() {
    // A port where nobody listens.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port();
    let url = format!("redis://127.0.0.1:{port}");
    println!("\nA store that is left alone because its server is gone: nanoseconds a call.\n");
    println!("|  | the store is gone | in its place `null://` |\n|---|---:|---:|");
    let (gone, null) = (cache("gone", &[&url]), cache("null", &["null://"]));
    for key in 0..20 {
        gone.get(&key);
    }
    row("`get`", &|key| gone.get(&key), &|key| null.get(&key));
    row("`get_or_load`", &|key| Some(gone.get_or_load(&key, || key)), &|key| Some(null.get_or_load(&key, || key)));
}

type Call<'a> = &'a dyn Fn(u64) -> Option<u64>;

fn row(name: &str, gone: Call<'_>, null: Call<'_>) {
    println!("| {name} | {:.0} | {:.0} |", nanos(gone), nanos(null));
}

/// The least of several rounds: in some of them the server is tried again.
#[expect(clippy::cast_precision_loss, reason = "small")]
fn nanos(call: Call<'_>) -> f64 {
    let round = |round: u64| {
        let start = Instant::now();
        for key in round * CALLS..(round + 1) * CALLS {
            black_box(call(key));
        }
        start.elapsed().as_nanos() as f64 / CALLS as f64
    };
    (1..10).map(round).fold(f64::INFINITY, f64::min)
}
