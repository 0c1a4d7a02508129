//! What URLs say, and what is wrong with them.

use cacher_core::{
    backend::{
        Backend,
        driven::{AsyncBackend, Driven},
        mongodb::MongoDb,
    },
    direct::Cache,
    error::Kind,
};

use crate::key;

fn refused(url: &str) -> String {
    let error = MongoDb::from_url(url).expect_err(url);
    assert_eq!(error.kind(), Kind::Invalid, "{url}");
    error.to_string()
}

#[test]
fn wrong_urls_say_what_to_write() {
    for (url, says) in [
        ("redis://localhost", "this store is mongodb://, not redis://"),
        ("mongodb://localhost", "the database is missing: write `mongodb://user@host/database`"),
        ("mongodb://localhost/", "the database is missing"),
        ("mongodb:///app", "this is no address of a server"),
        ("mongodb://localhost:port/app", "this is no address of a server"),
        ("mongodb://localhost/a$b", "this is no address of a server"),
        ("mongodb://localhost/app?collection=a;b", "invalid collection name `a;b`"),
        ("mongodb://localhost/app?collection=", "invalid collection name"),
        ("mongodb://localhost/app?collection=system.users", "invalid collection name"),
        ("mongodb://localhost/app?collection=1st", "no digit first"),
        ("mongodb://localhost/app?timeout=soon", "write `timeout=500ms`"),
        ("mongodb://localhost/app?timeout=0s", "write `timeout=500ms`"),
        ("mongodb://localhost/app?format=", "the format is missing"),
        ("mongodb://localhost/app?colection=a", "has no parameter `colection`; there are: collection, format, timeout"),
        ("mongodb://localhost/app?readPreference=secondary", "has no parameter `readPreference`"),
        ("mongodb://localhost/app?w=0", "write `w=1`"),
        ("mongodb://localhost/app?w=1&w=2", "given twice"),
        ("mongodb://localhost/app?maxPoolSize=many", "this is no address of a server"),
        ("mongodb://localhost/app?maxPoolSize=0", "this is no address of a server"),
        ("mongodb://a,b/app?directConnection=true", "this is no address of a server"),
    ] {
        let text = refused(url);
        assert!(text.contains(says), "{url}: {text}");
    }
}

#[test]
fn what_the_driver_knows_is_its_own() {
    let known = "appName=a&authMechanism=SCRAM-SHA-256&authSource=admin&directConnection=false&heartbeatFrequencyMS=900&\
                 journal=true&localThresholdMS=20&maxConnecting=2&maxIdleTimeMS=9000&maxPoolSize=4&minPoolSize=1&\
                 readConcernLevel=majority&replicaSet=rs0&retryReads=true&retryWrites=false&tls=true&\
                 tlsAllowInvalidCertificates=false&tlsCAFile=/a%20b&tlsCertificateKeyFile=/c&w=majority&wtimeoutMS=100";
    let url = format!("mongodb://u:p@a:1,b,[::1]:3/app?{known}&collection=pages&timeout=500ms&format=json%2Bzlib");
    let store = MongoDb::from_url(&url).expect("a URL");
    assert_eq!(store.describe(), "mongodb://u:***@a:1,b,[::1]:3/app?collection=pages");
    assert_eq!((store.timeout().as_millis(), &*store.format(), store.has_own_format()), (500, "json+zlib", true));
    let plain = MongoDb::from_url("mongodb://localhost/app").expect("a URL");
    assert_eq!(plain.describe(), "mongodb://localhost/app?collection=cacher");
    assert_eq!((plain.timeout().as_millis(), &*plain.format(), plain.has_own_format()), (1000, "msgpack", false));
    let balanced = MongoDb::from_url("mongodb://localhost/app?loadBalanced=true").expect("a URL");
    assert_eq!(balanced.describe(), plain.describe());
}

#[test]
fn credentials_are_never_shown() {
    for url in [
        "mongodb://user:hunter2@localhost:1/app",
        "mongodb://user:hunter2%40%2F@localhost:1/app?collection=a;b",
        "mongodb://user:hunter2@x@localhost:1/app",
        "mongodb://user:%zzhunter2@localhost:1/app",
        "mongodb://user:hunter2@localhost:1/app?timeout=hunter",
        "mongodb://user:hunter2@localhost:1",
        "mongodb://user:hunter2@:1/app",
        "mongodb://user:hunter2:hunter2@localhost:1/app",
        "mongodb://:hunter2@localhost:1/app",
        "mongodb://user:hunter2/@localhost:1/app",
        "mongodb://user:hunter2@localhost:1/app?timeout=200ms&authSource=%24external",
    ] {
        let shown = match MongoDb::from_url(url) {
            Err(error) => format!("{error} {error:?}"),
            Ok(store) => {
                let (debug, store) = (format!("{store:?}"), Driven::new(store));
                let error = store.get(&key("credentials", "a")).expect_err("nobody is there");
                format!(
                    "{debug} {store:?} {} {error} {error:?} {:?}",
                    store.describe(),
                    std::error::Error::source(&error)
                )
            }
        };
        assert!(!shown.contains("hunter2"), "{url}: {shown}");
    }
}

#[test]
fn a_cache_is_made_from_a_url() {
    let Some(url) = cacher_servers::mongodb() else { return };
    let name = key("from_url", "").namespace;
    let cache: Cache<u64, String> = Cache::builder().name(&*name).backend(url).build().expect("a cache");
    assert!(cache.set(&1, "one".into()));
    assert_eq!(cache.get(&1).as_deref(), Some("one"));
    assert!(cache.delete(&1));
    assert_eq!(cache.get(&1), None);
}
