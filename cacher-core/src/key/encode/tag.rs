/// Declares [`Tag`] and the way back from its number.
macro_rules! tags {
    ($($name:ident = $number:literal,)*) => {
        /// The first byte of an encoded value: which kind of the serde data model it is.
        ///
        /// The numbers are stored. None may change, or be given to another kind.
        #[derive(Clone, Copy, Debug)]
        #[repr(u8)]
        pub(super) enum Tag {
            $($name = $number,)*
        }

        impl Tag {
            pub(super) fn of(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

tags! {
    Unit = 0x00,
    UnitStruct = 0x01,
    None = 0x02,
    Some = 0x03,
    False = 0x04,
    True = 0x05,

    U8 = 0x10,
    U16 = 0x11,
    U32 = 0x12,
    U64 = 0x13,
    U128 = 0x14,
    I8 = 0x18,
    I16 = 0x19,
    I32 = 0x1a,
    I64 = 0x1b,
    I128 = 0x1c,

    F32 = 0x20,
    F64 = 0x21,
    Char = 0x22,
    Str = 0x28,
    Bytes = 0x29,

    Seq = 0x30,
    Set = 0x31,
    Tuple = 0x32,
    Map = 0x33,

    NewtypeStruct = 0x38,
    TupleStruct = 0x39,
    Struct = 0x3a,

    UnitVariant = 0x40,
    NewtypeVariant = 0x41,
    TupleVariant = 0x42,
    StructVariant = 0x43,
}
