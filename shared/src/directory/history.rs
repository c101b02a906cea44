//! The history of records: the last 64 changes of each, written together with the change itself.
//!
//! A creation is not among them: the record says itself when it came, and by which run.

use futures::TryStreamExt;

use super::calls::Conditional;
use super::item::Item;
use super::keys::{self, Key, Table};
use super::lease::Lease;
use super::search::Search;
use super::transaction::{Transacted, Transaction};
use super::update::{Update, text};
use super::write::Place;
use super::{Directory, DirectoryError};
use crate::model::{Change, FeedEntry, Outcome, Record, State, Step, Time, changed};

impl Directory {
    /// What a change does, told before it is written, with the values that it replaces; `None` when the record is not
    /// the one any more that the change was diffed against.
    pub(super) async fn entry(
        &self,
        lease: &Lease,
        (place, key): (&Place, &Key),
        change: &Change,
        now: Time,
    ) -> Result<Option<FeedEntry>, DirectoryError> {
        let before: Option<Record> = match change.expected {
            None => None,
            Some(revision) => match self.get(key).await?.map(|item| item.decode::<Record>()).transpose()? {
                Some(record) if record.revision == revision => Some(record),
                _ => return Ok(None),
            },
        };
        let identifier = change.content.as_ref().map(|content| content.identifier.clone());
        let kept = before.as_ref().map(|before| before.identifier.clone());
        Ok(Some(FeedEntry {
            cursor: String::new(),
            at: now,
            run: lease.run().to_owned(),
            job: lease.job(),
            mapping: place.mapping.clone(),
            kind: place.kind,
            id: change.id.clone(),
            identifier: identifier.or(kept).unwrap_or_default(),
            change: change.outcome,
            state: if change.standing.is_none() { State::Active } else { State::Inactive },
            reason: change.standing,
            revision: change.expected.unwrap_or(0) + 1,
            changed: before.map(|before| changed(&before, change)).unwrap_or_default(),
        }))
    }

    /// Writes a record, and with any but its first write the step of its history; whether its revision was as expected.
    pub(super) async fn write_with_history(
        &self,
        lease: &Lease,
        (key, update): (Key, Update),
        entry: &FeedEntry,
    ) -> Result<bool, DirectoryError> {
        if entry.revision == 1 {
            return Ok(matches!(self.update_under(lease, &key, update).await?, Conditional::Done(_)));
        }
        let step = Step {
            at: entry.at,
            run: entry.run.clone(),
            job: Some(entry.job),
            id: entry.id.clone(),
            change: entry.change,
            revision: entry.revision,
            changed: entry.changed.clone(),
        };
        // As text: DynamoDB would refuse some of what a cut value may hold, and nobody searches by it.
        let json = serde_json::to_string(&step).unwrap_or_default();
        let place = keys::step(lease.connection(), &entry.mapping, (&entry.id, entry.revision));
        let transaction = Transaction::new().update(key, update).put(place, [("step".to_owned(), text(json))].into());
        Ok(matches!(self.transact_under(lease, &transaction).await?, Transacted::Done))
    }

    /// Notes the last write of a record for the feed once more: an earlier invocation may have ended between the two.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the record is damaged.
    pub async fn retell(
        &self,
        lease: &Lease,
        mapping: &str,
        (created, id): (Time, &str),
    ) -> Result<(), DirectoryError> {
        let Some(item) = self.get(&keys::record(lease.connection(), mapping, created, id)).await? else {
            return Ok(());
        };
        let record: Record = item.decode()?;
        let step = self.get(&keys::step(lease.connection(), mapping, (id, record.revision))).await?;
        let step = step.map(|item| item.json::<Step>("step")).transpose()?;
        let step = step.filter(|step| step.revision == record.revision);
        self.outbox.add(FeedEntry {
            cursor: String::new(),
            at: record.last_changed,
            run: item.text("written_by")?.to_owned(),
            job: lease.job(),
            mapping: record.mapping,
            kind: record.kind,
            id: record.id,
            identifier: record.identifier,
            change: item.value("outcome")?,
            state: record.state,
            reason: record.reason,
            revision: record.revision,
            changed: step.map(|step| step.changed).unwrap_or_default(),
        });
        Ok(())
    }

    /// What became of a record, from its creation on, in order; of its changes the last 64 for each Okta id that it had.
    /// Empty when there is no such record.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or an item is damaged.
    pub async fn history(&self, connection: &str, mapping: &str, id: &str) -> Result<Vec<Step>, DirectoryError> {
        let item = self.item_by_id(connection, mapping, id).await?;
        let record = item.as_ref().map(Item::decode::<Record>).transpose()?;
        let earlier = record.iter().flat_map(|record| record.previous_ids.clone());
        let mut steps = Vec::new();
        for id in [id.to_owned()].into_iter().chain(earlier) {
            let range = Some(keys::steps(&id));
            let pk = keys::steps_shard(connection, mapping, &id);
            let found = self.rows(Search { range, ..Search::of(Table::State, pk) });
            let found: Vec<Step> = found.and_then(async |item| item.json("step")).try_collect().await?;
            steps.extend(found);
        }
        if let (Some(item), Some(record)) = (&item, &record) {
            steps.push(self.creation(item, record).await?);
        }
        steps.sort_by_key(|step| (step.at, step.revision));
        Ok(steps)
    }

    async fn creation(&self, item: &Item, record: &Record) -> Result<Step, DirectoryError> {
        let run = item.text("created_by")?;
        Ok(Step {
            at: record.first_synced,
            run: run.to_owned(),
            job: self.run(run).await?.map(|report| report.job),
            id: record.previous_ids.first().unwrap_or(&record.id).clone(),
            change: Outcome::Created,
            revision: 1,
            changed: Default::default(),
        })
    }
}
