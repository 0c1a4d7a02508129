//! Arrays of numbers, as NumPy keeps them.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use ndarray::{Array0, Array1, Array2, Array3, ArrayD, IxDyn, array};
use serde::{Serialize, de::DeserializeOwned};

use super::{damaged, format, refused};

#[track_caller]
fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> Vec<u8> {
    let npy = format("npy");
    let bytes = npy.encode(value).expect("encoded");
    assert_eq!(&npy.decode::<T>(&bytes).expect("decoded"), value);
    bytes
}

/// What stands in front of the numbers, without what fills it up.
fn header(bytes: &[u8]) -> &str {
    let end = bytes.iter().position(|byte| *byte == b'\n').expect("a line end");
    assert_eq!((&bytes[..8], (end + 1) % 64), (&b"\x93NUMPY\x01\0"[..], 0));
    std::str::from_utf8(&bytes[10..end]).expect("text").trim_end()
}

/// As NumPy 2.4 writes it: `numpy.save` of `arange(6, dtype='<f4').reshape(2, 3)`.
fn golden() -> Vec<u8> {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    let mut bytes = b"\x93NUMPY\x01\0v\0".to_vec();
    bytes.extend(format!("{header:<117}\n").bytes());
    bytes.extend([0.0_f32, 1.0, 2.0, 3.0, 4.0, 5.0].iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

#[test]
fn an_array_is_written_as_numpy_does() {
    assert_eq!(format("npy").encode(&vec![[0.0_f32, 1.0, 2.0], [3.0, 4.0, 5.0]]).expect("encoded"), golden());
    assert_eq!(header(&comes_back(&vec![1_u8, 2])), "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }");
    assert_eq!(header(&comes_back(&-7_i64)), "{'descr': '<i8', 'fortran_order': False, 'shape': (), }");
    assert_eq!(header(&comes_back(&[[true, false]])), "{'descr': '|b1', 'fortran_order': False, 'shape': (1, 2), }");
    let deep = vec![vec![vec![[1_u16; 2]; 3]; 4]; 5];
    assert_eq!(header(&comes_back(&deep)), "{'descr': '<u2', 'fortran_order': False, 'shape': (5, 4, 3, 2), }");
}

#[test]
fn numbers_of_every_type_come_back() {
    comes_back(&vec![i8::MIN, i8::MAX]);
    comes_back(&vec![i16::MIN, i16::MAX]);
    comes_back(&vec![i32::MIN, i32::MAX]);
    comes_back(&vec![i64::MIN, i64::MAX]);
    comes_back(&vec![u32::MAX]);
    comes_back(&vec![u64::MAX]);
    comes_back(&vec![usize::MAX]);
    comes_back(&vec![f32::INFINITY, f32::MIN_POSITIVE]);
    comes_back(&vec![f64::NEG_INFINITY, -0.0]);
    comes_back(&(1.5, 2.5));
}

#[test]
fn empty_arrays_come_back() {
    comes_back(&Vec::<f32>::new());
    comes_back(&vec![Vec::<i8>::new(); 3]);
    comes_back(&Vec::<Vec<Vec<u8>>>::new());
    comes_back(&Array2::<f32>::zeros((3, 0)));
    comes_back(&Array2::<f32>::zeros((0, 3)));
}

#[test]
fn arrays_of_ndarray_come_back_in_c_order() {
    let matrix: Array2<f32> = array![[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]];
    assert_eq!(comes_back(&matrix), golden());
    let turned = array![[0.0_f32, 3.0], [1.0, 4.0], [2.0, 5.0]].reversed_axes();
    assert_eq!(format("npy").encode(&turned).expect("encoded"), golden());
    comes_back(&Array0::from_elem((), 7_u32));
    comes_back(&Array1::from_vec(vec![1_i64, 2]));
    comes_back(&Array3::<u8>::ones((2, 3, 4)));
    comes_back(&ArrayD::<f64>::zeros(IxDyn(&[2, 1, 2, 1])));
    assert_eq!(format("npy").decode::<Vec<Vec<f32>>>(&golden()).expect("nested"), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]);
}

#[test]
fn what_is_no_array_is_refused_with_advice() {
    for error in [
        refused("npy", "text"),
        refused("npy", &()),
        refused("npy", &Some(1)),
        refused("npy", &vec!['a']),
        refused("npy", &(1_u8, 1_u16)),
        refused("npy", &(1_u8, [1_u8])),
        refused("npy", &([1_u8], 1_u8)),
        refused("npy", &vec![1_i128]),
        refused("npy", &std::collections::BTreeMap::from([(1, 1)])),
        refused("npy", &serde_json::json!({"a": 1})),
    ] {
        assert!(error.to_string().contains("`msgpack` takes the rest"), "{error}");
    }
    assert!(refused("npy", &vec![vec![1], vec![1, 2]]).to_string().contains("differ in size"));
    assert!(refused("npy", &vec![vec![], vec![1]]).to_string().contains("differ in size"));
    refused("npy", &vec![Vec::<u8>::new(); (1 << 20) + 1]);
}

/// In spirit: `cch_85`, a wrong number type is refused.
#[test]
fn cch_85_another_type_or_shape_is_damage() {
    let bytes = golden();
    damaged::<Vec<[f64; 3]>>("npy", &bytes);
    damaged::<Vec<[i32; 3]>>("npy", &bytes);
    damaged::<Vec<[f32; 2]>>("npy", &bytes);
    damaged::<[[f32; 3]; 3]>("npy", &bytes);
    damaged::<Vec<f32>>("npy", &bytes);
    damaged::<Vec<Vec<Vec<f32>>>>("npy", &bytes);
    damaged::<f32>("npy", &bytes);
    damaged::<String>("npy", &bytes);
    damaged::<Array1<f32>>("npy", &bytes);
    damaged::<Array2<f64>>("npy", &bytes);
}

#[test]
fn other_files_are_damage() {
    let changed = |from: &str, to: &str| {
        let bytes = golden();
        let header = String::from_utf8_lossy(&bytes[10..128]).replace(from, to);
        let length = u16::try_from(header.len()).expect("short").to_le_bytes();
        [&bytes[..8], &length, header.as_bytes(), &bytes[128..]].concat()
    };
    let read = |bytes: &[u8]| format("npy").decode::<Vec<[f32; 3]>>(bytes).is_ok();
    assert!(read(&changed(", }", "}")) && read(&changed("(2, 3)", "(2,3,)")) && read(&changed("{", "{  ")));
    for (from, to) in [
        ("<f4", ">f4"),
        ("<f4", "|O"),
        ("False", "True"),
        ("(2, 3)", "(3, 2)"),
        ("(2, 3)", "(6,)"),
        ("(2, 3)", "(2, 4)"),
        ("(2, 3)", "(2, -3)"),
        ("(2, 3)", "(18446744073709551615, 3)"),
        ("(2, 3)", "(1152921504606846976, 0)"),
        ("'shape'", "'other'"),
        ("'fortran_order': False, ", ""),
        ("}", "} x"),
        ("\n", " "),
    ] {
        assert!(!read(&changed(from, to)), "{from} -> {to}");
    }
    assert!(!read(&golden()[..golden().len() - 1]) && !read(&[golden(), vec![0]].concat()) && !read(b""));
    damaged::<Vec<Vec<u8>>>("npy", &changed("(2, 3)", "(1152921504606846976, 0)")[..128]);
}

#[test]
fn version_2_is_read() {
    let bytes = golden();
    let version_2 = [b"\x93NUMPY\x02\0", &118_u32.to_le_bytes()[..], &bytes[10..]].concat();
    assert_eq!(format("npy").decode::<Vec<[f32; 3]>>(&version_2).expect("read"), [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]);
}

/// Runs a program of Python on bytes; `None` where there is no NumPy.
fn python(program: &str, input: &[u8]) -> Option<Vec<u8>> {
    let program = format!("import io, sys\nimport numpy as np\ngiven = sys.stdin.buffer.read()\n{program}");
    let mut command = Command::new("python3");
    let mut child = command
        .args(["-c", &program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take().expect("piped").write_all(input).ok()?;
    let output = child.wait_with_output().expect("it ends");
    output.status.success().then_some(output.stdout)
}

#[test]
fn numpy_reads_what_is_written_and_writes_what_is_read() {
    if python("", b"").is_none() {
        assert!(std::env::var_os("CI").is_none(), "install NumPy");
        return;
    }
    let read = "a = np.load(io.BytesIO(given))\nprint(a.dtype, a.shape, a.sum(), a.flags.c_contiguous)";
    let written = format("npy").encode(&vec![[1_i16, 2, 3], [4, 5, 6]]).expect("encoded");
    assert_eq!(python(read, &written).expect("it reads"), b"int16 (2, 3) 21 True\n");
    let written = format("npy").encode(&vec![0.5_f64; 3]).expect("encoded");
    assert_eq!(python(read, &written).expect("it reads"), b"float64 (3,) 1.5 True\n");
    let save = "np.save(sys.stdout.buffer, np.arange(6, dtype='<f4').reshape(2, 3))";
    assert_eq!(python(save, b"").expect("it writes"), golden());
    let save = "np.save(sys.stdout.buffer, np.array(7, dtype='u1'))";
    assert_eq!(format("npy").decode::<u8>(&python(save, b"").expect("it writes")).expect("read"), 7);
}
