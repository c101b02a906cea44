//! The mark that an Okta id leaves where its record would stand, when another id has that record.

use super::keys;
use super::lease::Lease;
use super::transaction::{Transacted, Transaction};
use super::update::{Update, text, whole};
use super::write::{Place, Written, word};
use super::{Directory, DirectoryError};
use crate::model::{Former, Outcome, Reason, Sighting, State};

impl Directory {
    /// Notes that a deactivated Okta id without a record is an earlier one of the person whose record `holder` is.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, or DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn supersede(
        &self,
        lease: &Lease,
        place: &Place,
        sighting: &Sighting,
        holder: &Former,
    ) -> Result<Written, DirectoryError> {
        let Some(desired) = &sighting.desired else { return Ok(Written::Lost) };
        let key = |created, id: &str| keys::record(&place.connection, &place.mapping, created, id);
        let mark = Update::new()
            .if_absent("pk")
            .set("id", text(&desired.id))
            .set("superseded_by", text(&holder.id))
            .set("source_created", text(desired.source_created))
            .set("source_updated", text(desired.source_updated))
            .set("okta_status", text(&desired.okta_status))
            .set("state", text(word(State::Inactive)))
            .set("reason", text(word(Reason::Deactivated)))
            .set("revision", whole(1))
            .set("digest", text(""))
            .set("created_by", text(lease.run()))
            .set("written_by", text(lease.run()))
            .set("outcome", text(word(Outcome::Excluded)));
        let with_earlier = Update::new()
            .if_compares("revision", "=", whole(holder.revision))
            .append("previous_ids", text(&desired.id))
            .set("revision", whole(holder.revision + 1));
        let transaction = Transaction::new()
            .update(key(desired.source_created, &desired.id), mark)
            .update(key(holder.source_created, &holder.id), with_earlier);
        match self.transact_under(lease, &transaction).await? {
            Transacted::Done => Ok(Written::Done),
            Transacted::Refused(_) => Ok(Written::Lost),
        }
    }
}
