//! The update of a record that a change asks for, and of the record that it takes over or leaves without its claim.

use aws_sdk_dynamodb::types::AttributeValue;

use super::DirectoryError;
use super::attribute::to_map;
use super::keys::{self, Key};
use super::lease::Lease;
use super::update::{Update, text, text_or_null, whole};
use super::write::{Place, word};
use crate::model::{Change, Content, Former, Observed, Predecessor, RejectionReason, State, Time, is_adopted};

/// How much of a record the content may be, in bytes as DynamoDB counts them: an item has 400 KB for everything.
const LARGEST_CONTENT: usize = 380_000;

/// What a record loses when another Okta id takes it over. What is left says that this id has no record, and whose it
/// was; it stands where the id's record would, so that no late write can bring that back.
const REMOVED_WHEN_TAKEN_OVER: [&str; 9] =
    ["connection", "mapping", "kind", "identifier", "fields", "role", "claim", "rejoin", "manager"];

/// The update of a record, and of the one that it takes over or leaves without its claim.
pub(super) fn record_writes(
    lease: &Lease,
    place: &Place,
    change: &Change,
    now: Time,
) -> Result<Vec<(Key, Update)>, DirectoryError> {
    if !keys::fits_a_record(&change.id) {
        return Err(unstorable(change, RejectionReason::Malformed, "its id is empty or too long"));
    }
    let key = |created, id| keys::record(&place.connection, &place.mapping, created, id);
    let mut writes = vec![(key(change.source_created, &change.id), record_update(lease, place, change, now)?)];
    let of_former = |former: &Former| Update::new().if_compares("revision", "=", whole(former.revision));
    match &change.predecessor {
        Some(Predecessor::TakenOver(former)) => {
            let left = REMOVED_WHEN_TAKEN_OVER.iter().fold(of_former(former), |update, name| update.remove(name));
            let left = left.set("superseded_by", text(&change.id)).set("revision", whole(former.revision + 1));
            writes.push((key(former.source_created, &former.id), left));
        }
        Some(Predecessor::LeftBehind(former)) => {
            let left = of_former(former).remove("claim").set("revision", whole(former.revision + 1));
            writes.push((key(former.source_created, &former.id), left));
        }
        Some(Predecessor::Forgotten(_)) | None => {}
    }
    Ok(writes)
}

fn record_update(lease: &Lease, place: &Place, change: &Change, now: Time) -> Result<Update, DirectoryError> {
    let revision = match (change.expected, &change.predecessor) {
        (Some(revision), _) => revision,
        // Its readers see the revision go on, whatever the Okta id is.
        (None, Some(Predecessor::TakenOver(former))) => former.revision,
        (None, _) => 0,
    };
    let mut update = match change.expected {
        None => creation(lease, place, change, now)?,
        Some(revision) => Update::new().if_compares("revision", "=", whole(revision)),
    };
    update = standing(update, change)
        .set("kind", text(word(place.kind)))
        .set("revision", whole(revision + 1))
        .set("last_changed", text(now))
        .set("written_by", text(lease.run()))
        .set("outcome", text(word(change.outcome)));
    if let Some(Observed { okta_status, source_updated }) = &change.observed {
        update = update.set("okta_status", text(okta_status)).set("source_updated", text(source_updated));
    }
    match &change.content {
        Some(content) => with_content(update, change, content),
        None => Ok(update),
    }
}

/// What only a new record gets, and never loses.
fn creation(lease: &Lease, place: &Place, change: &Change, now: Time) -> Result<Update, DirectoryError> {
    if change.observed.is_none() || change.content.is_none() {
        return Err(unstorable(change, RejectionReason::Malformed, "a new record needs an observation and a content"));
    }
    let (first_synced, created_by, previous_ids) = match &change.predecessor {
        Some(Predecessor::TakenOver(former)) => {
            let ids = former.previous_ids.iter().chain([&former.id]).filter(|id| !is_adopted(id));
            let ids = ids.map(text).collect();
            (former.first_synced, former.created_by.as_str(), ids)
        }
        _ => (now, lease.run(), Vec::new()),
    };
    Ok(Update::new()
        .if_absent("pk")
        .set("connection", text(&place.connection))
        .set("mapping", text(&place.mapping))
        .set("id", text(&change.id))
        .set("source_created", text(change.source_created))
        .set("previous_ids", AttributeValue::L(previous_ids))
        .set("first_synced", text(first_synced))
        .set("created_by", text(created_by)))
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
    let update = match &content.claim {
        Some(claim) => update.set("claim", text(claim)),
        None if change.held_claim.is_some() => update.remove("claim"),
        None => update,
    };
    let update = match &content.rejoin {
        Some(rejoin) => update.set("rejoin", text(rejoin)),
        None if change.held_rejoin.is_some() => update.remove("rejoin"),
        None => update,
    };
    let update = match &content.manager {
        Some(manager) => update.set("manager", text(manager)),
        None if change.expected.is_some() => update.remove("manager"),
        None => update,
    };
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

pub(super) fn unstorable(change: &Change, reason: RejectionReason, message: &str) -> DirectoryError {
    DirectoryError::Unstorable { id: change.id.clone(), reason, message: message.to_owned() }
}
