//! The way to the collection: connected with the first operation, indexed before the first write.

use std::{fmt, time::Duration};

use mongodb::{
    Client, Collection, Database, IndexModel,
    bson::{Document, RawDocumentBuf, doc},
    options::{ClientOptions, IndexOptions, ReturnDocument, WriteConcern},
};
use tokio::sync::OnceCell;

use super::fault::{fault, is_present};
use crate::error::{Error, Kind, Result};

pub(super) type Entries = Collection<RawDocumentBuf>;

/// How often it is tried, where others make the same document.
const TRIES: u32 = 5;

pub(super) struct Link {
    options: ClientOptions,
    database: String,
    collection: String,
    client: OnceCell<Client>,
    indexed: OnceCell<()>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(options: ClientOptions, database: String, collection: String) -> Self {
        Self { options, database, collection, client: OnceCell::new(), indexed: OnceCell::new() }
    }

    /// What is written, where the URL says so; else the server decides.
    pub(super) fn write_concern(&self) -> Option<&WriteConcern> {
        self.options.write_concern.as_ref()
    }

    /// The database. Its client connects, and connects again, by itself.
    pub(super) async fn database(&self) -> Result<Database> {
        let client = self.client.get_or_try_init(async || Client::with_options(self.options.clone())).await;
        client.map(|client| client.database(&self.database)).map_err(fault)
    }

    /// The collection, to read and remove from.
    pub(super) async fn entries(&self) -> Result<Entries> {
        Ok(self.database().await?.collection(&self.collection))
    }

    /// Some fields of the document that this is, after these steps have changed it. It is made if it is missing.
    pub(super) async fn change(&self, what: Document, steps: Vec<Document>, shown: Document) -> Result<RawDocumentBuf> {
        let collection = self.indexed().await?;
        let mut tries = TRIES;
        loop {
            tries -= 1;
            let change = collection.find_one_and_update(what.clone(), steps.clone()).upsert(true);
            match change.return_document(ReturnDocument::After).projection(shown.clone()).await {
                Ok(changed) => return changed.ok_or_else(|| Error::new(Kind::Damaged, "the server shows no document")),
                // Another has made it in the same moment.
                Err(error) if is_present(&error) && tries > 0 => {}
                Err(error) => return Err(fault(error)),
            }
        }
    }

    /// The collection, to write to: made with its index, by which the server removes what has expired.
    pub(super) async fn indexed(&self) -> Result<Entries> {
        let entries = self.entries().await?;
        let options = IndexOptions::builder().expire_after(Duration::ZERO).build();
        let index = IndexModel::builder().keys(doc! { "exp": 1 }).options(options).build();
        let made = self.indexed.get_or_try_init(async || entries.create_index(index).await.map(drop)).await;
        made.map_err(fault)?;
        Ok(entries)
    }
}
