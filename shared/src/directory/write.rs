//! The write of a record: the one place where the directory changes, under a lease and on the revision that the
//! change was diffed against.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attribute::to_map;
use super::lease::Lease;
use super::update::{Update, text, text_or_null, whole};
use super::{Directory, DirectoryError, keys};
use crate::model::{Change, Content, Kind, Observed, RejectionReason, State, Time};

/// How much of a record the content may be, in bytes as DynamoDB counts them: an item has 400 KB for everything.
const LARGEST_CONTENT: usize = 380_000;

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
        if !keys::fits_a_record(&change.id) {
            return Err(unstorable(change, RejectionReason::Malformed, "its id is empty or too long"));
        }
        let key = keys::record(&place.connection, &place.mapping, change.source_created, &change.id);
        let Some(entry) = self.entry(lease, (place, &key), change, now).await? else { return Ok(Written::Lost) };
        let mut update = match change.expected {
            None => creation(lease, place, change, now)?,
            Some(revision) => Update::new().if_compares("revision", "=", whole(revision)),
        };
        update = standing(update, change)
            .set("kind", text(word(place.kind)))
            .set("revision", whole(change.expected.unwrap_or(0) + 1))
            .set("last_changed", text(now))
            .set("written_by", text(lease.run()))
            .set("outcome", text(word(change.outcome)));
        if let Some(Observed { okta_status, source_updated }) = &change.observed {
            update = update.set("okta_status", text(okta_status)).set("source_updated", text(source_updated));
        }
        if let Some(content) = &change.content {
            update = with_content(update, change, content)?;
        }
        match self.write_with_history(lease, (key, update), &entry).await {
            Ok(true) => {
                self.outbox.add(entry);
                Ok(Written::Done)
            }
            Ok(false) => Ok(Written::Lost),
            Err(DirectoryError::Refused { detail, .. }) if detail.contains("maximum allowed size") => {
                Err(unstorable(change, RejectionReason::TooLarge, "it is larger than 400 KB"))
            }
            Err(error) => Err(error),
        }
    }
}

/// What only a new record gets, and never loses.
fn creation(lease: &Lease, place: &Place, change: &Change, now: Time) -> Result<Update, DirectoryError> {
    if change.observed.is_none() || change.content.is_none() {
        return Err(unstorable(change, RejectionReason::Malformed, "a new record needs an observation and a content"));
    }
    Ok(Update::new()
        .if_absent("pk")
        .set("connection", text(&place.connection))
        .set("mapping", text(&place.mapping))
        .set("id", text(&change.id))
        .set("source_created", text(change.source_created))
        .set("previous_ids", AttributeValue::L(Vec::new()))
        .set("first_synced", text(now))
        .set("created_by", text(lease.run())))
}

fn standing(update: Update, change: &Change) -> Update {
    let state = if change.standing.is_none() { State::Active } else { State::Inactive };
    update.set("state", text(word(state))).set("reason", text_or_null(change.standing.map(word)))
}

fn with_content(update: Update, change: &Change, content: &Content) -> Result<Update, DirectoryError> {
    let fields = to_map(&content.fields)
        .map_err(|(name, unfit)| unstorable(change, RejectionReason::TooLarge, &format!("field {name:?} {unfit}")))?;
    let size = size(&fields) + content.identifier.len() + content.role.as_ref().map_or(0, String::len);
    if size > LARGEST_CONTENT {
        let message = format!("its content has {size} bytes, and {LARGEST_CONTENT} are possible");
        return Err(unstorable(change, RejectionReason::TooLarge, &message));
    }
    Ok(update
        .set("identifier", text(&content.identifier))
        .set("role", text_or_null(content.role.as_ref()))
        .set("fields", fields)
        .set("digest", text(content.digest())))
}

/// How DynamoDB counts an attribute's bytes, rounded up.
fn size(attribute: &AttributeValue) -> usize {
    match attribute {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(text) => text.len(),
        AttributeValue::L(elements) => 3 + elements.iter().map(|element| 1 + size(element)).sum::<usize>(),
        AttributeValue::M(members) => {
            3 + members.iter().map(|(name, member)| 1 + name.len() + size(member)).sum::<usize>()
        }
        _ => 1,
    }
}

/// A word of the contract, such as `login_user`.
pub(super) fn word(word: impl serde::Serialize) -> String {
    match serde_json::to_value(word) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn unstorable(change: &Change, reason: RejectionReason, message: &str) -> DirectoryError {
    DirectoryError::Unstorable { id: change.id.clone(), reason, message: message.to_owned() }
}
