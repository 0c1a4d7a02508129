//! Arrays that a function computed once, in files that NumPy reads.
//!
//! ```console
//! $ cargo run --example numpy_arrays --features npy
//! $ python3 -c 'import glob, numpy; print(numpy.load(glob.glob("target/numpy_arrays/*/*.npy")[0]).mean())'
//! ```

use cacher::cache;
use ndarray::{Array1, Array2};

/// One file for each size, which is an array and nothing else: `waves_size=3.bare.npy`.
#[cache(backend = "file://./target/numpy_arrays", format = "npy+bare", keyer = readable)]
fn waves(size: u16) -> Array2<f32> {
    let across = Array1::linspace(0.0, std::f32::consts::PI, size.into());
    let sines = across.mapv(f32::sin);
    Array2::from_shape_fn((size.into(), size.into()), |(row, column)| sines[row] * sines[column])
}

/// Any numbers in vectors are arrays, and each chain after them works as for other values.
#[cache(backend = "memory://?format=npy", ignore = [points])]
fn distances(name: &str, points: &[[f64; 2]]) -> Vec<Vec<f64>> {
    println!("computing {name}");
    let distance = |a: &[f64; 2], b: &[f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    points.iter().map(|a| points.iter().map(|b| distance(a, b)).collect()).collect()
}

fn main() {
    let first = waves(64);
    assert_eq!(waves(64), first);
    let stats = waves::cache().stats();
    println!("{:?}, {} read from a file, {} computed", first.shape(), stats.hits, stats.loads);

    let points = [[0.0, 0.0], [3.0, 4.0]];
    assert_eq!(distances("a square", &points), distances("a square", &points));
    println!("{:?}", distances("a square", &points));
}
