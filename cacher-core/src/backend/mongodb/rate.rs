//! Rates: for each a document beside the entries, `{rate}namespace|..`, whose `due` says in microseconds when its next
//! call is due, by the clock of the server, which counts in milliseconds.

use std::time::Duration;

use mongodb::bson::{Document, doc};

use super::{LONGEST_KEY, MongoDb};
use crate::{
    backend::{Key, Pace, flat},
    error::{Error, Kind, Result},
};

/// What stands before the key.
const BEFORE: &str = "{rate}";

/// What takes a call if it may come, and leaves behind how long it must wait.
fn taken([interval, tolerance, furthest]: [i64; 3]) -> Vec<Document> {
    let unknown = doc! { "$eq": [{ "$type": "$due" }, "missing"] };
    let far = doc! { "$gt": ["$due", { "$add": ["$now", furthest] }] };
    let next = doc! { "$add": [{ "$max": ["$due", "$now"] }, interval] };
    // No sooner than it is as good as new.
    let over = doc! { "$toLong": { "$ceil": { "$divide": ["$due", 1000] } } };
    vec![
        doc! { "$set": { "now": { "$multiply": [{ "$toLong": "$$NOW" }, 1000_i64] } } },
        doc! { "$set": { "due": { "$cond": [{ "$or": [unknown, far] }, "$now", "$due"] } } },
        doc! { "$set": { "wait": { "$max": [0_i64, { "$subtract": ["$due", { "$add": ["$now", tolerance] }] }] } } },
        doc! { "$set": { "due": { "$cond": [{ "$eq": ["$wait", 0] }, next, "$due"] } } },
        doc! { "$set": { "exp": { "$toDate": over } } },
        doc! { "$unset": "now" },
    ]
}

impl MongoDb {
    /// Takes a call if it may come; else says how long it must wait.
    pub(super) async fn take_call(&self, key: &Key, pace: Pace) -> Result<Duration> {
        let id = BEFORE.to_owned() + &flat::key(key, LONGEST_KEY - BEFORE.len());
        let taken = taken(pace.numbers().map(|micros| i64::try_from(micros).unwrap_or(i64::MAX)));
        let found = self.link.change(doc! { "_id": id }, taken, doc! { "wait": 1 }).await?;
        let wait = found.get_i64("wait").ok().and_then(|wait| u64::try_from(wait).ok()).map(Duration::from_micros);
        wait.ok_or_else(|| Error::new(Kind::Damaged, "the server does not say how long"))
    }
}
