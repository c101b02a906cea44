//! Reads for a preview: records whole beside what a diff needs of them, and who holds which claims.

use std::collections::HashMap;

use super::claims::Holder;
use super::item::Item;
use super::keys::{self, Key, Table};
use super::records::{is_record, known};
use super::{Directory, DirectoryError};
use crate::model::{Claim, Current, Record, Time};

/// What the directory holds of one object, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// What a diff needs of it.
    pub current: Current,
    /// The record; `None` where there is only the mark that another Okta id took it over.
    pub record: Option<Record>,
}

impl Directory {
    /// What the directory holds of these objects (`created` and id), by id; strongly consistent. An object without a
    /// record is absent. Costs as much as [`Directory::current`] and takes the memory of whole records.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a record is damaged.
    pub async fn compared(
        &self,
        connection: &str,
        mapping: &str,
        keys: &[(Time, String)],
    ) -> Result<HashMap<String, Compared>, DirectoryError> {
        let items = self.items_of((connection, mapping), keys, &[]).await?;
        items.iter().map(compared).collect()
    }

    /// Who holds these claims; strongly consistent. A claim that nobody holds is absent.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or an item is damaged.
    pub async fn holders(
        &self,
        connection: &str,
        mapping: &str,
        claims: &[Claim],
    ) -> Result<HashMap<Claim, Holder>, DirectoryError> {
        let by_key: HashMap<Key, &Claim> =
            claims.iter().map(|claim| (keys::claim(connection, mapping, claim), claim)).collect();
        let items = self.batch_get(Table::State, by_key.keys().cloned().collect(), &[]).await?;
        let mut holders = HashMap::new();
        for item in items {
            let (pk, sk) = (item.text("pk")?.to_owned(), item.text("sk")?.to_owned());
            let claim = by_key.get(&Key { table: Table::State, pk, sk });
            // Without an id somebody waits for it and nobody holds it.
            if let Some(claim) = claim.filter(|_| item.optional_text("id").is_some()) {
                holders.insert((*claim).clone(), item.decode()?);
            }
        }
        Ok(holders)
    }
}

fn compared(item: &Item) -> Result<(String, Compared), DirectoryError> {
    let known = known(item)?;
    let record = if is_record(item) { Some(item.decode()?) } else { None };
    Ok((known.id, Compared { current: known.current, record }))
}
