//! Many entries in one message.

use mongodb::bson::{Bson, Document, doc, serialize_to_bson};

use super::{MongoDb, document, fault::fault};
use crate::{
    backend::Put,
    error::{Error, Kind, Result},
};

/// How many entries a page has.
pub(super) const PAGE: usize = 500;

/// How many entries an answer may hold: with one more than are asked for, the server knows that it was all.
pub(super) fn in_one_answer(entries: usize) -> u32 {
    u32::try_from(entries).unwrap_or(u32::MAX).saturating_add(1)
}

impl MongoDb {
    /// Puts these, one after the other, by one message.
    pub(super) async fn put_together(&self, entries: &[Put]) -> Result<()> {
        let collection = self.link.indexed().await?;
        let mut command = doc! { "update": collection.name(), "ordered": true, "updates": updates(entries) };
        // A command that is written out takes nothing from the settings of its database.
        if let Some(concern) = self.link.write_concern() {
            command.insert("writeConcern", serialize_to_bson(concern).map_err(|error| fault(error.into()))?);
        }
        let answer = self.link.database().await?.run_command(command).await.map_err(fault)?;
        refusal(&answer).map_or(Ok(()), Err)
    }
}

fn updates(entries: &[Put]) -> Vec<Document> {
    let update =
        |put: &Put| doc! { "q": document::of(&put.key), "u": document::set(&put.entry, put.expires), "upsert": true };
    entries.iter().map(update).collect()
}

/// What an answer that came says was not done.
fn refusal(answer: &Document) -> Option<Error> {
    let (kind, found) = match (answer.get_array("writeErrors"), answer.get("writeConcernError")) {
        (Ok(errors), _) if !errors.is_empty() => (Kind::Rejected, errors.first()),
        (_, Some(concern)) => (Kind::Unavailable, Some(concern)),
        _ => return None,
    };
    let message = found.and_then(Bson::as_document).and_then(|found| found.get_str("errmsg").ok());
    Some(Error::new(kind, format!("the server did not take all entries: {}", message.unwrap_or("it does not say why"))))
}
