//! The bytes that stores already hold. A change here loses every stored entry.

use std::{
    collections::HashMap,
    fmt::Write,
    net::{Ipv4Addr, SocketAddr, SocketAddrV6},
    time::Duration,
};

use cacher_core::key::encode::AsSet;
use serde::{Serialize, Serializer};

use crate::bytes;

fn hex<T: Serialize + ?Sized>(value: &T) -> String {
    bytes(value).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes any text");
        text
    })
}

#[derive(Serialize)]
struct Unit;

#[derive(Serialize)]
struct Metres(u8);

#[derive(Serialize)]
struct Point(u8, u8);

#[derive(Serialize)]
struct User<'a> {
    id: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
}

#[derive(Serialize)]
enum Shape {
    Nothing,
    Circle(u8),
    Line(u8, u8),
    Square { side: u8 },
}

struct Blob(&'static [u8]);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

/// A sequence that does not say how long it is.
struct Odd(u8);

impl Serialize for Odd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0).filter(|number| number % 2 == 1))
    }
}

#[test]
fn integers() {
    assert_eq!(hex(&1_u8), "1001");
    assert_eq!(hex(&0x0102_u16), "110102");
    assert_eq!(hex(&0x0102_0304_u32), "1201020304");
    assert_eq!(hex(&1_u64), "130000000000000001");
    assert_eq!(hex(&1_usize), "130000000000000001");
    assert_eq!(hex(&1_u128), "1400000000000000000000000000000001");
    assert_eq!(hex(&-1_i8), "18ff");
    assert_eq!(hex(&-2_i16), "19fffe");
    assert_eq!(hex(&-2_i32), "1afffffffe");
    assert_eq!(hex(&-2_i64), "1bfffffffffffffffe");
    assert_eq!(hex(&-2_isize), "1bfffffffffffffffe");
    assert_eq!(hex(&-2_i128), "1cfffffffffffffffffffffffffffffffe");
}

#[test]
fn other_scalars() {
    assert_eq!(hex(&false), "04");
    assert_eq!(hex(&true), "05");
    assert_eq!(hex(&1.5_f32), "203fc00000");
    assert_eq!(hex(&0.0_f64), "210000000000000000");
    assert_eq!(hex(&-0.0_f64), "218000000000000000");
    assert_eq!(hex(&f64::from_bits(0x7ff8_0000_0000_0001)), "217ff8000000000001");
    assert_eq!(hex(&'a'), "2200000061");
    assert_eq!(hex(&'\u{10ffff}'), "220010ffff");
}

#[test]
fn text_and_bytes() {
    assert_eq!(hex(""), "2800");
    assert_eq!(hex("hé"), "280368c3a9");
    assert_eq!(hex(&"x".repeat(127)), format!("287f{}", "78".repeat(127)));
    assert_eq!(hex(&"x".repeat(300)), format!("28ac02{}", "78".repeat(300)));
    assert_eq!(hex(&Blob(&[0, 0xff])), "290200ff");
}

#[test]
fn wrappers() {
    assert_eq!(hex(&()), "00");
    assert_eq!(hex(&Unit), "01");
    assert_eq!(hex(&None::<u8>), "02");
    assert_eq!(hex(&Some(7_u8)), "031007");
    assert_eq!(hex(&Some(None::<u8>)), "0302");
    assert_eq!(hex(&Metres(7)), "381007");
    assert_eq!(hex(&Box::new(7_u8)), "1007");
}

#[test]
fn sequences() {
    assert_eq!(hex::<[u8]>(&[]), "3000");
    assert_eq!(hex(&vec![1_u8, 2]), "300210011002");
    assert_eq!(hex(&Odd(4)), "300210011003");
    assert_eq!(hex(&vec![true; 200]), format!("30c801{}", "05".repeat(200)));
    assert_eq!(hex(&(1_u8, "a")), "32021001280161");
    assert_eq!(hex(&[1_u8; 2]), "320210011001");
    assert_eq!(hex(&Point(1, 2)), "390210011002");
}

#[test]
fn sets_and_maps() {
    assert_eq!(hex(&AsSet(&[2_u8, 1, 2])), "310210011002");
    assert_eq!(hex(&AsSet(&["b", "aa"])), "310228016228026161");
    assert_eq!(hex(&HashMap::from([(2_u8, true), (1, false)])), "330210010410 0205".replace(' ', ""));
    assert_eq!(hex(&HashMap::<u8, u8>::new()), "3300");
}

#[test]
fn structs_are_their_fields() {
    assert_eq!(hex(&User { id: 1, name: Some("a") }), "3a02 026964 1001 046e616d65 03280161".replace(' ', ""));
    assert_eq!(hex(&User { id: 1, name: None }), "3a01 026964 1001".replace(' ', ""));
}

#[test]
fn variants_are_their_names() {
    assert_eq!(hex(&Shape::Nothing), "40 07 4e6f7468696e67".replace(' ', ""));
    assert_eq!(hex(&Shape::Circle(1)), "41 06 436972636c65 1001".replace(' ', ""));
    assert_eq!(hex(&Shape::Line(1, 2)), "42 04 4c696e65 02 1001 1002".replace(' ', ""));
    assert_eq!(hex(&Shape::Square { side: 1 }), "43 06 537175617265 01 0473696465 1001".replace(' ', ""));
    assert_eq!(hex(&Ok::<u8, ()>(1)), "41 02 4f6b 1001".replace(' ', ""));
}

#[test]
fn nested() {
    let arguments = ("/posts", 1_u64, Some(vec![Shape::Circle(1)]));
    let expected = "3203 28062f706f737473 130000000000000001 03 3001 4106436972636c651001";
    assert_eq!(hex(&arguments), expected.replace(' ', ""));
    assert_eq!(
        hex(&Duration::new(1, 2)),
        "3a02 0473656373 130000000000000001 056e616e6f73 1200000002".replace(' ', "")
    );
}

#[test]
fn addresses_are_readable_text_with_their_scope() {
    assert_eq!(hex(&Ipv4Addr::LOCALHOST), hex("127.0.0.1"));
    let scoped = |scope| SocketAddr::V6(SocketAddrV6::new([0xfe80, 0, 0, 0, 0, 0, 0, 1].into(), 80, 0, scope));
    assert_eq!(hex(&scoped(2)), hex("[fe80::1%2]:80"));
    assert_ne!(hex(&scoped(2)), hex(&scoped(3)));
}

/// The same shape in another crate version: types renamed, variants in another order.
#[test]
fn names_of_types_and_order_of_variants_are_not_identity() {
    #[derive(Serialize)]
    #[expect(dead_code, reason = "they only move the others")]
    enum Form {
        Square { side: u8 },
        Ellipse,
        Circle(u8),
    }
    #[derive(Serialize)]
    struct Person {
        id: u8,
    }

    assert_eq!(hex(&Form::Circle(1)), hex(&Shape::Circle(1)));
    assert_eq!(hex(&Person { id: 1 }), hex(&User { id: 1, name: None }));
}
