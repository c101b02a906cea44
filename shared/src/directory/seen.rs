//! The ids that a run has seen in a list, in chunks: a sweep needs all of them, the checkpoint has no room.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::TryStreamExt;
use serde::Deserialize;

use super::keys::{self, Table};
use super::search::Search;
use super::update::whole;
use super::{Directory, DirectoryError, expiry};

/// How many bytes of ids go into one item, which may have 400 KB.
const LARGEST_PART: usize = 300_000;

#[derive(Deserialize)]
struct Part {
    chunk: u32,
    ids: Vec<String>,
}

impl Directory {
    /// Stores a chunk; once more is no harm. What a replay saw less than the first time stays seen.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn add_seen(&self, run: &str, slice: u32, chunk: u32, ids: &[String]) -> Result<(), DirectoryError> {
        let parts = parts(ids).into_iter().enumerate().map(|(number, ids)| {
            let ids = ids.iter().cloned().map(AttributeValue::S).collect();
            let attributes = [
                ("chunk".to_owned(), whole(chunk)),
                ("ids".to_owned(), AttributeValue::L(ids)),
                (expiry::EXPIRES.to_owned(), expiry::of_working_item()),
            ];
            (keys::seen(run, slice, chunk, number), attributes.into())
        });
        self.batch_put(Table::State, parts.collect()).await
    }

    /// All ids of a slice's first chunks. A chunk that is not there is an error: ids that are missing from here would
    /// make suspects of people who were seen.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a chunk is damaged or not there.
    pub async fn seen(&self, run: &str, slice: u32, chunks: u32) -> Result<Vec<String>, DirectoryError> {
        let pk = keys::seen_in(run, slice);
        let search = Search { range: Some(keys::first_chunks(chunks)), ..Search::of(Table::State, pk.clone()) };
        let (mut found, mut next) = (Vec::new(), 0);
        let mut rows = self.rows(search);
        while let Some(item) = rows.try_next().await? {
            let part: Part = item.decode()?;
            if part.chunk > next {
                break;
            }
            next = part.chunk + 1;
            found.extend(part.ids);
        }
        if next < chunks {
            let (table, key) = (self.table(Table::State).to_owned(), format!("{pk} / {next:010}"));
            return Err(DirectoryError::Damaged { table, key, message: "it is not there".to_owned() });
        }
        Ok(found)
    }
}

/// The ids in as many parts as they need; one part for none.
fn parts(ids: &[String]) -> Vec<&[String]> {
    let (mut parts, mut rest) = (Vec::new(), ids);
    loop {
        let mut bytes = 0;
        let fit = rest.iter().take_while(|id| {
            bytes += id.len() + 1;
            bytes <= LARGEST_PART
        });
        let (part, left) = rest.split_at(fit.count().max(1).min(rest.len()));
        parts.push(part);
        if left.is_empty() {
            return parts;
        }
        rest = left;
    }
}
