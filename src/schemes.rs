//! What the attribute asks of each scheme in a URL: whether its store is built in. An error names the feature.

#[doc(hidden)]
#[macro_export]
macro_rules! scheme_memory {
    () => {};
}

#[doc(hidden)]
#[macro_export]
macro_rules! scheme_null {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "file")]
macro_rules! scheme_file {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "file"))]
macro_rules! scheme_file {
    () => {
        ::core::compile_error!("`file://` needs the feature `file` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "json_file")]
macro_rules! scheme_json {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "json_file"))]
macro_rules! scheme_json {
    () => {
        ::core::compile_error!("`json://` needs the feature `json_file` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "sqlite")]
macro_rules! scheme_sqlite {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "sqlite"))]
macro_rules! scheme_sqlite {
    () => {
        ::core::compile_error!("`sqlite://` needs the feature `sqlite` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "lmdb")]
macro_rules! scheme_lmdb {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "lmdb"))]
macro_rules! scheme_lmdb {
    () => {
        ::core::compile_error!("`lmdb://` needs the feature `lmdb` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "redis")]
macro_rules! scheme_redis {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "redis"))]
macro_rules! scheme_redis {
    () => {
        ::core::compile_error!("`redis://` needs the feature `redis` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "redis_tls")]
macro_rules! scheme_rediss {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "redis_tls"))]
macro_rules! scheme_rediss {
    () => {
        ::core::compile_error!(
            "`rediss://` needs the feature `redis_tls` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "memcached")]
macro_rules! scheme_memcached {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "memcached"))]
macro_rules! scheme_memcached {
    () => {
        ::core::compile_error!(
            "`memcached://` needs the feature `memcached` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "postgres")]
macro_rules! scheme_postgres {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "postgres"))]
macro_rules! scheme_postgres {
    () => {
        ::core::compile_error!(
            "`postgres://` needs the feature `postgres` of cacher: add it to `features` in Cargo.toml"
        );
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "mysql")]
macro_rules! scheme_mysql {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "mysql"))]
macro_rules! scheme_mysql {
    () => {
        ::core::compile_error!("`mysql://` needs the feature `mysql` of cacher: add it to `features` in Cargo.toml");
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(feature = "mongodb")]
macro_rules! scheme_mongodb {
    () => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(feature = "mongodb"))]
macro_rules! scheme_mongodb {
    () => {
        ::core::compile_error!(
            "`mongodb://` needs the feature `mongodb` of cacher: add it to `features` in Cargo.toml"
        );
    };
}
