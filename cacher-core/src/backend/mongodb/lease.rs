//! Leases: in the document of the entry, `lease` says who loads it, and `until` until when, by the clock of the server. So
//! one command puts an entry only under the lease that holds, and whoever puts or removes one ends it.
//!
//! Where there is no entry the document is `void`, and expires with its lease.

use std::time::{Duration, SystemTime};

use mongodb::bson::{Bson, Document, doc};

use super::{MongoDb, check_length, document, fault::fault};
use crate::{backend::Key, error::Result};

/// Longer than any load.
const LONGEST: u128 = 86_400_000;

/// The document of this key, if its lease is this one.
fn under(key: &Key, token: &str) -> Document {
    let mut filter = document::of(key);
    filter.insert("lease", token);
    filter
}

/// What gives the lease to an owner whom it is free for. A token grows with the time of the server.
fn given(owner: &str, life: i64) -> Vec<Document> {
    let owner = doc! { "$literal": owner };
    let over = doc! { "$lte": [{ "$ifNull": ["$until", Bson::Null] }, "$$NOW"] };
    let own = doc! { "$eq": [{ "$indexOfBytes": [{ "$ifNull": ["$lease", ""] }, owner.clone()] }, 0] };
    let token = doc! { "$concat": [owner, { "$toString": { "$toLong": "$$NOW" } }] };
    let entry = doc! { "$ne": [{ "$type": "$v" }, "missing"] };
    let never = doc! { "$eq": [{ "$ifNull": ["$exp", Bson::Null] }, Bson::Null] };
    let living = doc! { "$and": [entry, { "$or": [never, { "$gt": ["$exp", "$$NOW"] }] }] };
    let living = |is: &str, is_not: Bson| doc! { "$cond": [living.clone(), is, is_not] };
    vec![
        doc! { "$set": { "free": { "$or": [over, own] } } },
        doc! { "$set": {
            "lease": { "$cond": ["$free", token, "$lease"] },
            "until": { "$cond": ["$free", { "$add": ["$$NOW", life] }, "$until"] },
        } },
        doc! { "$set": {
            "void": living("$$REMOVE", true.into()),
            "exp": living("$exp", "$until".into()),
            "v": living("$v", "$$REMOVE".into()),
        } },
        doc! { "$unset": "free" },
    ]
}

impl MongoDb {
    /// The token of the lease, unless another owner has it.
    pub(super) async fn take_lease(&self, key: &Key, owner: &str, life: Duration) -> Result<Option<String>> {
        let owner = format!("{owner} ");
        let life = i64::try_from(life.as_millis().clamp(1, LONGEST)).unwrap_or(i64::MAX);
        let found = self.link.change(document::of(key), given(&owner, life), doc! { "lease": 1 }).await?;
        Ok(found.get_str("lease").ok().filter(|token| token.starts_with(&owner)).map(str::to_owned))
    }

    /// Ends the lease and puts the entry, or does neither.
    pub(super) async fn put_under_lease(
        &self,
        key: &Key,
        entry: &[u8],
        expires: Option<SystemTime>,
        token: &str,
    ) -> Result<bool> {
        check_length(entry)?;
        let mut holding = under(key, token);
        holding.insert("$expr", doc! { "$gt": ["$until", "$$NOW"] });
        let put = self.link.entries().await?.update_one(holding, document::set(entry, expires)).await;
        Ok(put.map_err(fault)?.matched_count == 1)
    }

    /// Ends the lease of a token, or whichever there is.
    pub(super) async fn give_lease_back(&self, key: &Key, token: Option<&str>) -> Result<()> {
        let filter = token.map_or_else(|| document::of(key), |token| under(key, token));
        let collection = self.link.entries().await?;
        let removed = collection.delete_one(document::void(filter.clone())).await.map_err(fault)?;
        if removed.deleted_count == 0 {
            collection.update_one(filter, document::without_lease()).await.map_err(fault)?;
        }
        Ok(())
    }
}
