//! Which formats there are: the attribute asks here, and never by `cfg` in the crate of the user.

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "postcard")]
macro_rules! format_postcard {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "postcard"))]
macro_rules! format_postcard {
    () => {
        ::core::compile_error!(
            "the format `postcard` needs the feature `postcard` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "raw")]
macro_rules! format_raw {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "raw"))]
macro_rules! format_raw {
    () => {
        ::core::compile_error!(
            "the format `raw` needs the feature `raw` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "npy")]
macro_rules! format_npy {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "npy"))]
macro_rules! format_npy {
    () => {
        ::core::compile_error!(
            "the format `npy` needs the feature `npy` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "zlib")]
macro_rules! format_zlib {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "zlib"))]
macro_rules! format_zlib {
    () => {
        ::core::compile_error!(
            "the format `zlib` needs the feature `zlib` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "zstd")]
macro_rules! format_zstd {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "zstd"))]
macro_rules! format_zstd {
    () => {
        ::core::compile_error!(
            "the format `zstd` needs the feature `zstd` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "lz4")]
macro_rules! format_lz4 {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "lz4"))]
macro_rules! format_lz4 {
    () => {
        ::core::compile_error!(
            "the format `lz4` needs the feature `lz4` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "encrypt")]
macro_rules! format_encrypt {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "encrypt"))]
macro_rules! format_encrypt {
    () => {
        ::core::compile_error!(
            "the format `encrypt` needs the feature `encrypt` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "json")]
macro_rules! format_json {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "json"))]
macro_rules! format_json {
    () => {
        ::core::compile_error!("`format=json` needs the feature `json` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "msgpack")]
macro_rules! format_msgpack {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "msgpack"))]
macro_rules! format_msgpack {
    () => {
        ::core::compile_error!(
            "`format=msgpack` needs the feature `msgpack` of cacher: add it to `features` in Cargo.toml"
        );
    };
}
