//! The connections' documents.
//!
//! An operator may edit them in the console; each is validated again whenever it is read.

use futures::TryStreamExt;
use serde_json::Value;

use super::attribute::to_attribute;
use super::item::Item;
use super::keys::{self, Table};
use super::search::Search;
use super::update::{Update, text};
use super::{Directory, DirectoryError};
use crate::model::Connection;

impl Directory {
    /// Stores a connection in the place of one with the same name. Failures of its jobs so far are forgotten.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the document has no place in an
    /// item.
    pub async fn put_connection(&self, connection: &Connection) -> Result<(), DirectoryError> {
        let document = to_attribute(&connection.document()).map_err(|unfit| DirectoryError::Refused {
            call: self.call("UpdateItem", Table::State),
            detail: format!("the document of connection {} {unfit}", connection.name),
        })?;
        let update = Update::new().set("name", text(&connection.name)).set("document", document);
        self.update(&keys::connection(&connection.name), update).await?;
        self.forget_failures(&connection.name).await
    }

    /// A connection by its name.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or what is stored is not a valid
    /// connection.
    pub async fn connection(&self, name: &str) -> Result<Option<Connection>, DirectoryError> {
        let item = self.get(&keys::connection(name)).await?;
        item.map(|item| parse(name, &item)).transpose()
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
        items.iter().map(connection).collect()
    }
}

fn parse(name: &str, item: &Item) -> Result<Connection, DirectoryError> {
    let document: Value = item.value("document")?;
    Connection::parse(&document.to_string())
        .map_err(|faults| DirectoryError::BadConnection { name: name.to_owned(), faults })
}
