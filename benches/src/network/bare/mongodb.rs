//! The client that the store is made of.

use mongodb::{
    Client, Collection,
    bson::{Binary, Document, RawDocumentBuf, doc, spec::BinarySubtype},
};
use tokio::runtime::Runtime;

use super::{Answer, Bare, Operation, entry, filled, name, names};

struct Entries(Collection<RawDocumentBuf>);

pub(in super::super) fn client(runtime: &Runtime, url: &str) -> Box<dyn Bare> {
    let client = runtime.block_on(Client::with_uri_str(url)).expect("a URL");
    filled(runtime, Entries(client.database("cacher").collection("benches_bare")))
}

impl Bare for Entries {
    fn call(&self, operation: Operation, key: u64) -> Answer {
        let entries = self.0.clone();
        Box::pin(async move {
            let asked = match operation {
                Operation::Get => entries.find_one(doc! { "_id": name(key) }).await.map(drop),
                Operation::Set => {
                    let entry = Binary { subtype: BinarySubtype::Generic, bytes: entry() };
                    let set = doc! { "$set": { "v": entry, "exp": null } };
                    entries.update_one(doc! { "_id": name(key) }, set).upsert(true).await.map(drop)
                }
                Operation::GetMany => all(&entries, doc! { "_id": { "$in": names(key) } }).await,
            };
            asked.expect("an answer");
        })
    }
}

async fn all(entries: &Collection<RawDocumentBuf>, filter: Document) -> mongodb::error::Result<()> {
    let mut cursor = entries.find(filter).batch_size(1000).await?;
    while cursor.advance().await? {}
    Ok(())
}
