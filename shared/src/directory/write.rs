//! The write of a record: the one place where the directory changes, under a lease and on the revision that the
//! change was diffed against.

use super::calls::Conditional;
use super::history::with_history;
use super::lease::Lease;
use super::moves::Moves;
use super::record_update::{record_writes, unstorable};
use super::transaction::{Transacted, Transaction};
use super::{Directory, DirectoryError};
use crate::model::{Change, Kind, RejectionReason, Time};

/// Where a record belongs, and what it describes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The connection's name.
    pub connection: String,
    /// The mapping's name.
    pub mapping: String,
    /// What the mapping's records describe.
    pub kind: Kind,
}

/// What became of a conditional write.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is stored.
    Done,
    /// Somebody else wrote since the revision that it was made from; nothing was stored.
    ///
    /// Or this very write did: when an answer is lost, the SDK sends the write again, which then finds its own
    /// revision. Whoever loses reads the record again, and there finds their own run as the last writer.
    Lost,
    /// Another record holds the claim that the change needs; nothing was stored.
    Claimed,
}

impl Directory {
    /// Carries out a change, all of it or nothing, with its step in the record's history, and notes it for the feed:
    /// [`Directory::publish_changes`].
    ///
    /// # Errors
    /// Of one record when DynamoDB cannot hold it; retryable when the lease has lapsed, or DynamoDB throttles or is out
    /// of reach; fatal when it refuses. A lost race is no error.
    pub async fn write(
        &self,
        lease: &Lease,
        place: &Place,
        change: &Change,
        now: Time,
    ) -> Result<Written, DirectoryError> {
        self.write_together(lease, place, std::slice::from_ref(change), now).await
    }

    /// Carries out changes of one mapping's records that hand claims to each other, all of them or nothing: at most 20.
    ///
    /// # Errors
    /// As [`Directory::write`].
    pub async fn write_together(
        &self,
        lease: &Lease,
        place: &Place,
        changes: &[Change],
        now: Time,
    ) -> Result<Written, DirectoryError> {
        let (mut records, mut entries) = (Vec::new(), Vec::new());
        for change in changes {
            let writes = record_writes(lease, place, change, now)?;
            let Some(entry) = self.entry(lease, place, change, now).await? else { return Ok(Written::Lost) };
            records.extend(writes);
            entries.push(entry);
        }
        let moves = Moves::of(changes);
        let is_plain = moves.is_empty() && entries.iter().all(|entry| !entry.is_of_history());
        let written = match records.as_slice() {
            [(key, update)] if is_plain => {
                self.update_under(lease, key, update.clone()).await.map(|written| match written {
                    Conditional::Done(_) => Written::Done,
                    Conditional::Refused(_) => Written::Lost,
                })
            }
            records => {
                let transaction = Transaction::new();
                let transaction =
                    records.iter().fold(transaction, |all, (key, update)| all.update(key.clone(), update.clone()));
                let transaction = with_history(moves.write(transaction, place, now), place, &entries);
                let transacted = self.transact_under(lease, &transaction).await;
                transacted.map(|transacted| match transacted {
                    Transacted::Done => Written::Done,
                    Transacted::Refused(refused) if refused.keys().any(|index| *index < records.len()) => Written::Lost,
                    Transacted::Refused(_) => Written::Claimed,
                })
            }
        };
        if matches!(written, Ok(Written::Done)) {
            entries.into_iter().for_each(|entry| self.outbox.add(entry));
        }
        written.map_err(|error| match (error, changes) {
            (DirectoryError::Refused { detail, .. }, [change, ..]) if detail.contains("maximum allowed size") => {
                unstorable(change, RejectionReason::TooLarge, "it is larger than 400 KB")
            }
            (error, _) => error,
        })
    }
}

/// A word of the contract, such as `login_user`.
pub(super) fn word(word: impl serde::Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
