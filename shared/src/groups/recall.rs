//! What is stored of the mapped groups: enough where nothing in them has changed, and without a question to Okta.

use std::collections::{BTreeSet, HashMap};

use super::{Groups, MappedGroup};
use crate::directory::{Directory, DirectoryError, ResolvedGroup};
use crate::error::Error;
use crate::model::{Connection, Mapping};
use crate::okta::Okta;

impl Groups {
    /// The groups that the connection's mappings name, as they were found before; `None` unless each was.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn recalled(
        okta: &Okta,
        directory: &Directory,
        connection: &Connection,
    ) -> Result<Option<Groups>, Error> {
        let mut groups = Groups::none_yet(okta);
        for known in found_before(directory, connection).await? {
            let Some(ResolvedGroup { name: configured, id, is_everyone }) = known else { return Ok(None) };
            groups.groups.push(MappedGroup { configured, id, is_everyone });
        }
        Ok(Some(groups))
    }

    /// The ids of those groups of the connection's mappings that were found before; Everyone is not among them.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn known_ids(directory: &Directory, connection: &Connection) -> Result<Vec<String>, Error> {
        let found = found_before(directory, connection).await?.into_iter().flatten();
        Ok(found.filter(|group| !group.is_everyone).map(|group| group.id).collect())
    }

    /// Notes in the roster who of these users is in which group, as the last listings had it. True of groups in which
    /// nothing has changed since theirs.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn recall(&self, directory: &Directory, connection: &str, users: &[String]) -> Result<(), Error> {
        let places: HashMap<&str, Vec<u16>> = self.listed().fold(HashMap::new(), |mut places, (place, group)| {
            places.entry(group.id.as_str()).or_default().push(place);
            places
        });
        if places.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = places.keys().copied().collect();
        let mut found: HashMap<&str, Vec<u16>> = users.iter().map(|user| (user.as_str(), Vec::new())).collect();
        let stored = directory.stored_groups(connection, users, &ids).await?;
        for (user, group) in &stored {
            if let (Some(found), Some(places)) = (found.get_mut(user.as_str()), places.get(group.as_str())) {
                found.extend(places);
            }
        }
        let mut roster = self.roster();
        for (user, groups) in found {
            roster.set(user, groups);
        }
        Ok(())
    }
}

/// The groups that the connection's mappings name, in the order of the names; `None` for one that was never found.
async fn found_before(
    directory: &Directory,
    connection: &Connection,
) -> Result<Vec<Option<ResolvedGroup>>, DirectoryError> {
    let names: BTreeSet<&str> = connection.mappings.iter().flat_map(Mapping::groups).collect();
    let mut found = Vec::with_capacity(names.len());
    for name in names {
        found.push(directory.resolved_group(&connection.name, name).await?);
    }
    Ok(found)
}
