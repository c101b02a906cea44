//! The history of one record, for those who ask why it says what it says.

use super::connect;
use crate::context::Context;
use crate::error::{Error, Fate};
use crate::model::Step;
use crate::report::Problem;

/// What became of the record of an Okta id under a mapping, in order: its creation, and its last 64 changes. A rehired
/// person's record shows those of earlier ids too.
///
/// # Errors
/// Fatal when there is no such connection or record (status 404); as the directory fails otherwise.
pub async fn history(context: &Context, connection: &str, mapping: &str, id: &str) -> Result<Vec<Step>, Error> {
    connect::connection(context, connection).await?;
    let steps = context.directory.history(connection, mapping, id).await?;
    if steps.is_empty() {
        let detail = format!("Connection {connection} has no record of {id:?} under mapping {mapping:?}.");
        let hint = format!("`rollcall list {connection} {mapping}` lists the records with their ids.");
        let problem = Problem::new("unknown-record", "There is no such record", detail, hint).with_status(404);
        return Err(Error::Problem(problem, Fate::Fatal));
    }
    Ok(steps)
}
