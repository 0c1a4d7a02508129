//! What is kept apart: keys of any bytes, namespaces, collections.

use std::time::{Duration, SystemTime};

use cacher_core::{
    backend::{Backend, Key, Put},
    error::Kind,
};
use mongodb::{
    Database,
    bson::{Binary, DateTime, Document, doc, spec::BinarySubtype},
};

use crate::{elsewhere, key, open, scanned, shared};

/// Names that mean something to a database, or to what speaks to it.
fn odd() -> Vec<String> {
    let bytes = (0..=u8::MAX).map(char::from);
    let mut names: Vec<String> = bytes.clone().map(String::from).chain([bytes.collect()]).collect();
    names.extend(
        [
            "",
            "$gt",
            "{\"$gt\":\"\"}",
            "{ $ne: null }",
            "$where",
            "'; db.dropDatabase(); //",
            "a\r\nb",
            "a\0b",
            "_id",
            "v",
            "exp",
            "a.b",
            "$$NOW",
            ".*",
            "^",
            "|",
            "}",
            "ns|msgpack|x",
        ]
        .map(Into::into),
    );
    names.push("x".repeat(1 << 20));
    names.sort();
    names.dedup();
    names
}

#[test]
fn keys_and_values_of_any_bytes_never_meet() {
    let Some(store) = shared("apart") else { return };
    let names = odd();
    let keys: Vec<Key> = names.iter().map(|name| key("odd", name)).collect();
    let mebibyte: Vec<u8> = (0..=u8::MAX).cycle().take(1 << 20).collect();
    for (at, key) in keys.iter().enumerate() {
        let entry = [names[at].as_bytes(), &at.to_le_bytes()].concat();
        assert!(store.put_if_absent(key, &entry, None).expect("put"), "{key:?} was there");
    }
    store.put(&keys[7], &mebibyte, None).expect("put");
    let found = store.get_many(&keys).expect("got");
    for (at, found) in found.into_iter().enumerate() {
        let entry = [names[at].as_bytes(), &at.to_le_bytes()].concat();
        assert_eq!(found.expect("there"), if at == 7 { mebibyte.clone() } else { entry }, "{:?}", keys[at].name);
    }
    assert_eq!(store.len(&keys[0].namespace).expect("a length"), keys.len() as u64);
    for key in &keys {
        assert!(store.remove(key).expect("removed"), "{key:?}");
    }
    assert_eq!(store.len(&keys[0].namespace).expect("a length"), 0);
}

#[test]
fn clear_touches_no_neighbour() {
    let Some(store) = shared("apart") else { return };
    let own = key("neighbour", "a");
    let others = odd().into_iter().filter(|odd| !odd.is_empty()).flat_map(|odd| {
        let around = [format!("{}{odd}", own.namespace), format!("{odd}{}", own.namespace)];
        around.map(|namespace| Key { namespace: namespace.into(), ..own.clone() })
    });
    let others: Vec<Key> = others.collect();
    let puts: Vec<Put> =
        others.iter().map(|key| Put { key: key.clone(), entry: b"other".to_vec(), expires: None }).collect();
    store.put_many(&puts).expect("put");
    store.put(&own, b"own", None).expect("put");
    assert_eq!(store.len(&own.namespace).expect("a length"), 1);
    assert_eq!(scanned(&store, &own.namespace), [b"own"]);
    assert_eq!(store.clear(&own.namespace).expect("cleared"), 1);
    assert!(store.get_many(&others).expect("got").iter().all(|found| found.as_deref() == Some(b"other")));
    for other in &others {
        assert_eq!(store.clear(&other.namespace).expect("cleared"), 1, "{other:?}");
    }
}

#[test]
fn collections_of_a_database_are_apart() {
    let (Some(one), Some(other)) = (shared("apart_one"), shared("apart_other")) else { return };
    assert_ne!(one.describe(), other.describe());
    let key = key("collections", "a");
    one.put(&key, b"one", None).expect("put");
    other.put(&key, b"other", None).expect("put");
    assert_eq!(one.get(&key).expect("got").as_deref(), Some(&b"one"[..]));
    assert_eq!(one.clear(&key.namespace).expect("cleared"), 1);
    assert_eq!(other.get(&key).expect("got").as_deref(), Some(&b"other"[..]));
    assert_eq!(other.clear(&key.namespace).expect("cleared"), 1);
}

#[test]
fn documents_are_as_they_are_said_to_be_and_others_stay() {
    let Some(server) = cacher_servers::MongoDb::private() else { return };
    let (url, store) = (server.url(), open(&(server.url() + "?collection=pages&timeout=10s")));
    let own = Key { namespace: "app::page".into(), name: "id=1 x".into(), format: "json" };
    let later = SystemTime::now() + Duration::from_secs(60);
    let foreign = [
        doc! { "_id": 7, "v": 1 },
        doc! { "_id": "app::page", "v": 1 },
        doc! { "_id": "app::page}", "v": 1 },
        doc! { "_id": "app::pag|json|id", "exp": null },
        doc! { "_id": "APP::PAGE|json|id", "exp": null },
    ];
    let all = foreign.clone();
    elsewhere(&url, async |database| database.collection("pages").insert_many(all).await);
    store.put(&own, b"entry", None).expect("put");
    let find = async |database: Database| database.collection("pages").find_one(doc! { "_id": own_id() }).await;
    let written = || elsewhere::<_, Option<Document>>(&url, find).expect("a document");
    let bytes = Binary { subtype: BinarySubtype::Generic, bytes: b"entry".to_vec() };
    assert_eq!(written(), doc! { "_id": own_id(), "v": bytes.clone(), "exp": null });
    assert!(store.touch(&own, Some(later)).expect("touched"));
    assert_eq!(written(), doc! { "_id": own_id(), "v": bytes, "exp": DateTime::from_system_time(later) });
    assert_eq!(store.clear(&own.namespace).expect("cleared"), 1);
    let left =
        elsewhere(&url, async |database| database.collection::<Document>("pages").count_documents(doc! {}).await);
    assert_eq!(left, foreign.len() as u64);
}

fn own_id() -> &'static str {
    "app::page|json|id=1%20x"
}

#[test]
fn what_another_has_put_in_place_of_an_entry_is_damaged() {
    let Some(server) = cacher_servers::MongoDb::private() else { return };
    let (url, store) = (server.url(), open(&(server.url() + "?timeout=10s")));
    let own = Key { namespace: "app::page".into(), name: "id=1 x".into(), format: "json" };
    for document in [doc! { "_id": own_id() }, doc! { "_id": own_id(), "v": "text", "exp": 5 }] {
        let replace = async |database: Database| {
            let documents = database.collection("cacher");
            documents.replace_one(doc! { "_id": own_id() }, document).upsert(true).await
        };
        elsewhere(&url, replace);
        let found = store.get(&own);
        assert!(found.as_ref().is_ok_and(Option::is_none) || found.is_err_and(|error| error.kind() == Kind::Damaged));
    }
    store.put(&own, b"entry", None).expect("put");
    assert_eq!(store.get(&own).expect("got").as_deref(), Some(&b"entry"[..]));
}
