//! Managers: the field `manager` of a record, filled in with the manager's own record as it is written.
//!
//! What Okta says of a manager is a text that the org chose: an Okta id, what the mapping identifies people by, or what
//! they are known by when hired again. Which record that is, only the directory can tell, so it is asked and Okta never is.

use std::borrow::Cow;

use futures::TryStreamExt;
use serde_json::{Value, json};

use crate::error::Error;
use crate::line::Line;
use crate::model::{Change, Claim, MANAGER, Mapping, Record};

/// A manager's record, as the field shows it.
pub(crate) fn shown(id: &str, identifier: &str) -> Value {
    json!({ "id": id, "identifier": identifier })
}

impl Line {
    /// The changes with their managers filled in. On a connection that never ran nobody's record is there yet to be
    /// found; they are filled in at the end, like those whose record comes later.
    pub(crate) async fn with_managers<'a>(
        &self,
        mapping: &Mapping,
        changes: &'a [Change],
    ) -> Result<Cow<'a, [Change]>, Error> {
        let mut changes = Cow::Borrowed(changes);
        if !mapping.resolves_manager || self.is_new {
            return Ok(changes);
        }
        for at in 0..changes.len() {
            let content = changes[at].content.as_ref();
            let waits = content.filter(|content| content.fields.get(MANAGER).is_some_and(Value::is_null));
            let Some(manager) = waits.and_then(|content| content.manager.clone()) else { continue };
            let Some(found) = Box::pin(self.manager(mapping, &manager)).await? else { continue };
            if let Some(content) = &mut changes.to_mut()[at].content {
                content.fields.insert(MANAGER.to_owned(), shown(&found.id, &found.identifier));
            }
        }
        Ok(changes)
    }

    /// The record of whoever is known by this: by Okta id, by identifier, or by what they would be hired again by.
    async fn manager(&self, mapping: &Mapping, known_by: &str) -> Result<Option<Record>, Error> {
        let (connection, name) = (&self.connection.name, &mapping.name);
        if let Some(record) = self.directory.record(connection, name, known_by).await? {
            return Ok(Some(record));
        }
        let claim = Claim::on(known_by);
        if let Some(holder) = self.directory.holder(connection, name, &claim).await? {
            return Ok(self.directory.record(connection, name, &holder.id).await?);
        }
        let known: Vec<_> = self.directory.rejoins(connection, name, &claim).try_collect().await?;
        match known.as_slice() {
            [only] => Ok(self.directory.record(connection, name, &only.id).await?),
            // Nobody, or more than one: then nobody can tell who is meant.
            _ => Ok(None),
        }
    }
}
