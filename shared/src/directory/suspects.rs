//! Suspects: known records that a complete scan did not see, until Okta was asked for each.

use futures::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::keys::{self, Table};
use super::search::Search;
use super::update::text;
use super::{Directory, DirectoryError, Rows, expiry};
use crate::model::Time;

/// A record that a complete scan did not see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspect {
    /// The Okta id.
    pub id: String,
    /// `created` in Okta: part of the record's key.
    pub source_created: Time,
    /// The record's mapping.
    pub mapping: String,
}

impl Directory {
    /// Notes suspects of a run; once more is no harm.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn add_suspects(&self, run: &str, suspects: &[Suspect]) -> Result<(), DirectoryError> {
        let puts = suspects.iter().map(|suspect| {
            let attributes = [
                ("id".to_owned(), text(&suspect.id)),
                ("source_created".to_owned(), text(suspect.source_created)),
                ("mapping".to_owned(), text(&suspect.mapping)),
                (expiry::EXPIRES.to_owned(), expiry::of_working_item()),
            ];
            (keys::suspect(run, &suspect.mapping, &suspect.id), attributes.into())
        });
        self.batch_put(Table::State, puts.collect()).await
    }

    /// The suspects of a run that are left in one shard.
    pub fn suspects(&self, run: &str, shard: u64) -> Rows<Suspect> {
        self.rows(Search::of(Table::State, keys::suspects_shard(run, shard)))
            .and_then(async |item| item.decode())
            .boxed()
    }
}
