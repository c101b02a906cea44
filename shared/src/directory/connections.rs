//! The connections' documents.
//!
//! An operator may edit them in the console; each is validated again whenever it is read. One that is being removed is
//! marked first, and from then on not there for anybody but who removes it: so a removal that breaks off can be gone on with.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use futures::TryStreamExt;
use serde_json::Value;

use super::attribute::to_attribute;
use super::calls::Conditional;
use super::item::Item;
use super::keys::{self, Table};
use super::search::Search;
use super::update::{Update, text};
use super::{Directory, DirectoryError};
use crate::model::Connection;

/// The attribute of a connection that is being removed.
const REMOVING: &str = "removing";

impl Directory {
    /// Stores a connection in the place of one with the same name; whether there was none. Failures of its jobs so far are
    /// forgotten.
    ///
    /// # Errors
    /// Retryable when one with the name is being removed, or DynamoDB throttles or is out of reach; fatal when it refuses,
    /// or the document has no place in an item.
    pub async fn put_connection(&self, connection: &Connection) -> Result<bool, DirectoryError> {
        let document = to_attribute(&connection.document()).map_err(|unfit| DirectoryError::Refused {
            call: self.call("UpdateItem", Table::State),
            detail: format!("the document of connection {} {unfit}", connection.name),
        })?;
        let update = Update::new()
            .if_absent(REMOVING)
            .set("name", text(&connection.name))
            .set("document", document)
            .returning(ReturnValue::AllOld);
        let before = match self.update(&keys::connection(&connection.name), update).await? {
            Conditional::Done(before) => before,
            Conditional::Refused(_) => {
                return Err(DirectoryError::BeingRemoved { name: connection.name.clone() });
            }
        };
        self.forget_failures(&connection.name).await?;
        // An emulator may give back the keys of an item that was not there.
        Ok(before.value::<Value>("document")?.is_null())
    }

    /// Marks a connection as being removed, whether its document is valid or not; the names of its mappings, as far as they
    /// can be read, or `None` where there is no such connection.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn begin_removal(&self, name: &str) -> Result<Option<Vec<String>>, DirectoryError> {
        let update = Update::new().if_present("pk").set(REMOVING, AttributeValue::Bool(true));
        let update = update.returning(ReturnValue::AllNew);
        match self.update(&keys::connection(name), update).await? {
            Conditional::Done(item) => Ok(Some(mapping_names(name, &item))),
            Conditional::Refused(_) => Ok(None),
        }
    }

    /// Takes a connection away whose removal was begun, and nothing else of it; none is no error.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn end_removal(&self, name: &str) -> Result<(), DirectoryError> {
        self.batch_delete(Table::State, vec![keys::connection(name)]).await
    }

    /// A connection by its name.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or what is stored is not a valid
    /// connection.
    pub async fn connection(&self, name: &str) -> Result<Option<Connection>, DirectoryError> {
        let item = self.get(&keys::connection(name)).await?;
        item.filter(|item| !item.is_true(REMOVING)).map(|item| parse(name, &item)).transpose()
    }

    /// All connections by name; one that is not valid does not keep the others away.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses. A stored connection that is not
    /// valid is a fatal error of its own, beside its name.
    pub async fn connections(&self) -> Result<Vec<(String, Result<Connection, DirectoryError>)>, DirectoryError> {
        let items: Vec<Item> = self.rows(Search::of(Table::State, keys::CONNECTIONS.to_owned())).try_collect().await?;
        let connection = |item: &Item| {
            // Somebody may have edited the name away; the key has it too, as names have nothing to escape.
            let name = item.optional_text("name").map_or_else(|| item.text("sk"), Ok)?.to_owned();
            let connection = parse(&name, item);
            Ok((name, connection))
        };
        items.iter().filter(|item| !item.is_true(REMOVING)).map(connection).collect()
    }
}

/// The mappings of a stored document, one that is not valid included.
fn mapping_names(name: &str, item: &Item) -> Vec<String> {
    if let Ok(connection) = parse(name, item) {
        return connection.mappings.into_iter().map(|mapping| mapping.name).collect();
    }
    let document: Value = item.value("document").unwrap_or_default();
    let mappings = document["mappings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let named = mappings.iter().filter_map(|mapping| mapping["name"].as_str().or(mapping["preset"].as_str()));
    named.map(str::to_owned).collect()
}

fn parse(name: &str, item: &Item) -> Result<Connection, DirectoryError> {
    let document: Value = item.value("document")?;
    Connection::parse(&document.to_string())
        .map_err(|faults| DirectoryError::BadConnection { name: name.to_owned(), faults })
}
