//! The connections themselves: found, listed and stored, for the command and the HTTP endpoint.

use std::sync::Arc;

use super::connect;
use crate::context::Context;
use crate::directory::DirectoryError;
use crate::error::Error;
use crate::model::{ConfigFault, Connection};

/// A connection by its name.
///
/// # Errors
/// Fatal when there is none (status 404), or what is stored is not a valid connection; as the directory fails otherwise.
pub async fn find(context: &Context, name: &str) -> Result<Arc<Connection>, Error> {
    connect::connection(context, name).await
}

/// Why a document was not stored.
#[derive(Debug, thiserror::Error)]
pub enum NotStored {
    /// It is no valid connection: everything that is wrong with it.
    #[error("the document is not a valid connection")]
    Invalid(Vec<ConfigFault>),
    /// The directory could not be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

/// Stores a connection under a name, in the place of the one that has it; the connection, and whether there was none. No
/// value of a secret goes this way: a document only names secrets.
///
/// # Errors
/// When the document is no valid connection of this name, or the directory cannot be used.
pub async fn store(context: &Context, name: &str, document: &str) -> Result<(Connection, bool), NotStored> {
    let connection = Connection::parse(document).map_err(NotStored::Invalid)?;
    if connection.name != name {
        let message = format!("is {:?}, but the document was sent for {name:?}", connection.name);
        return Err(NotStored::Invalid(vec![ConfigFault { path: "name".to_owned(), message }]));
    }
    let is_new = context.directory.put_connection(&connection).await?;
    Ok((connection, is_new))
}
