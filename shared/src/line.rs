//! What a run's records go through: one connection's mappings, between its org and the directory, under a lease.
//!
//! [`crate::sync`] takes a page along the line; here is what it holds, and the small steps that the phases of a job take
//! beside it: reading one person again, writing one change, keeping and clearing what is unsynced.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use crate::clock;
use crate::directory::{Directory, Lease, Noted, Place, UnsyncedIds, UnsyncedNote, Written};
use crate::error::{Error, Fate};
use crate::groups::Groups;
use crate::halt::Halt;
use crate::model::device::Policies;
use crate::model::{
    Change, Connection, Current, Decoded, Mapping, Memberships, ObjectKind, Outcome, Plans, RawObject, Reason,
    Rejection, RejectionReason, Sighting, Time,
};
use crate::okta::Okta;
use crate::reconcile::{Source, outcome_of_nothing_to_write};

/// More warnings than this tell nobody anything.
const MOST_WARNINGS: usize = 50;

/// What a job's records go through: one connection's mappings, between its org and the directory.
pub struct Line {
    /// The org.
    pub okta: Okta,
    /// The directory.
    pub directory: Directory,
    /// The mapped groups.
    pub groups: Groups,
    /// The connection.
    pub connection: Arc<Connection>,
    /// The right to write.
    pub lease: Lease,
    /// Whether this is the connection's own first import, whose own records the guard exempts.
    pub first_import: bool,
    /// Whether the connection had never run when this run began: then there is no record to diff against, and asking
    /// for each would cost as much as writing it. Should there be one all the same, the conditional write finds out.
    pub is_new: bool,
    /// What may be written: everything, or what a plan lists.
    pub plans: Plans,
    /// Objects that are unsynced, so that those that sync can be cleared.
    pub unsynced: Mutex<UnsyncedIds>,
    /// Since when Okta's log reports that somebody may have left, by id.
    pub reported: Mutex<HashMap<String, Time>>,
    /// Whether nobody could tell something of somebody: what follows has to look at them again.
    pub untold: AtomicBool,
    /// What an operator should know though it stopped nothing.
    pub warnings: Mutex<BTreeSet<String>>,
    /// The org's device assurance policies, once they were asked for; `None` in it where they cannot be read.
    pub policies: OnceCell<Option<Policies>>,
    /// Whether the process is about to end, and the run should stop where it can be taken up.
    pub halt: Halt,
}

/// What Okta answers for one id.
#[derive(Debug)]
pub enum ById {
    /// The object.
    Here(RawObject),
    /// 404: deleted, or not visible to the credential.
    NotVisible,
    /// 403: there, but not for this credential.
    Withheld(Rejection),
}

impl Line {
    /// Reads one object by id.
    ///
    /// # Errors
    /// Retryable or fatal; that Okta refuses this one object is no error of the run.
    pub async fn read_again(&self, kind: ObjectKind, id: &str) -> Result<ById, Error> {
        let answer = match kind {
            ObjectKind::User => self.okta.user(id).await,
            ObjectKind::Device => self.okta.device(id).await,
            ObjectKind::App => self.okta.app(id).await,
        };
        match answer {
            Ok(Some(object)) => Ok(ById::Here(object)),
            Ok(None) => Ok(ById::NotVisible),
            Err(error) if error.fate() == Fate::OfOneRecord => Ok(ById::Withheld(Rejection {
                reason: RejectionReason::Withheld,
                message: error.to_string(),
                identifier: None,
            })),
            Err(error) => Err(error.into()),
        }
    }

    /// The same, where it counts that somebody is not there. A role that was lost gets the same answer: so that is believed
    /// of a credential that sees the org, and then asked once more. `None` when it sees nothing.
    ///
    /// # Errors
    /// As for [`Line::read_again`].
    pub async fn read_in_sight(&self, kind: ObjectKind, id: &str) -> Result<Option<ById>, Error> {
        match self.read_again(kind, id).await? {
            ById::NotVisible if kind == ObjectKind::User => match self.okta.sees_the_org().await? {
                true => Ok(Some(self.read_again(kind, id).await?)),
                false => Ok(None),
            },
            found => Ok(Some(found)),
        }
    }

    /// Notes that nobody could tell something of somebody which Okta knows.
    pub(crate) fn note_untold(&self) {
        self.untold.store(true, Ordering::Relaxed);
    }

    /// Whether there was anybody of whom nobody could tell something.
    pub(crate) fn any_untold(&self) -> bool {
        self.untold.load(Ordering::Relaxed)
    }

    /// The mapped groups that somebody is in now, for a mapping that asks; `None` when nobody can tell.
    ///
    /// # Errors
    /// Retryable or fatal, of Okta.
    pub async fn memberships_now(&self, mapping: &Mapping, id: &str) -> Result<Option<Memberships>, Error> {
        if self.groups.broken().contains_key(&mapping.name) {
            return Ok(None);
        }
        if mapping.uses_groups() { self.groups.now(&self.okta, id).await } else { Ok(Some(Memberships::default())) }
    }

    /// The mapped groups that people are in: as they were noted, or, of those who were read by id or came after the
    /// listing, as Okta says now. Those of whom nobody can tell are left out.
    pub(crate) async fn memberships(
        &self,
        decoded: &[Decoded],
        source: Source,
    ) -> Result<HashMap<String, Memberships>, Error> {
        let mut found = HashMap::new();
        if !self.connection.mappings.iter().any(Mapping::uses_groups) {
            return Ok(found);
        }
        for user in decoded.iter().flatten() {
            let listed = match source {
                Source::ReadById => None,
                Source::Listed | Source::ObjectById | Source::GroupsById => {
                    self.groups.as_listed(&user.id, user.created)
                }
            };
            let memberships = match listed {
                Some(listed) => Some(listed),
                None => self.groups.now(&self.okta, &user.id).await?,
            };
            found.extend(memberships.map(|memberships| (user.id.clone(), memberships)));
        }
        Ok(found)
    }

    /// Writes one change of one record, if nobody else wrote it since it was diffed. Whoever leaves leaves, though the
    /// identifier that they changed to is somebody else's: then they keep the old one, until the run looks at whoever
    /// waits for an identifier, and so at them.
    ///
    /// # Errors
    /// When the lease has lapsed or the directory cannot be written.
    pub async fn write(&self, mapping: &Mapping, change: &Change) -> Result<Written, Error> {
        let written = self.write_together(mapping, std::slice::from_ref(change)).await?;
        if written != Written::Claimed || change.outcome != Outcome::Deactivated {
            return Ok(written);
        }
        if let Some(held) = change.held_claim.as_ref().filter(|_| change.content.is_some()) {
            // They wait for what they hold themselves: leaving wakes whoever waits for that.
            let itself = (change.id.as_str(), change.id.as_str());
            self.directory.wait_for(&self.lease, &mapping.name, held, itself).await?;
        }
        let leaving = Change { content: None, ..change.clone() };
        self.write_together(mapping, &[leaving]).await
    }

    /// The same for a change that DynamoDB may be unable to hold: then its object is unsynced, and `None` is given.
    ///
    /// # Errors
    /// When the lease has lapsed or the directory cannot be written.
    pub(crate) async fn write_or_reject(&self, mapping: &Mapping, change: &Change) -> Result<Option<Written>, Error> {
        match self.write(mapping, change).await {
            Err(Error::Directory(error)) => match error.rejection() {
                Some(rejection) => {
                    self.reject(mapping, &change.id, rejection).await?;
                    Ok(None)
                }
                None => Err(Error::Directory(error)),
            },
            written => written.map(Some),
        }
    }

    /// Writes changes that hand claims to each other, all or none.
    ///
    /// # Errors
    /// When the lease has lapsed or the directory cannot be written.
    pub(crate) async fn write_together(&self, mapping: &Mapping, changes: &[Change]) -> Result<Written, Error> {
        let changes = self.with_managers(mapping, changes).await?;
        Ok(self.directory.write_together(&self.lease, &self.place(mapping), &changes, clock::now()).await?)
    }

    /// Where the records of a mapping belong.
    pub(crate) fn place(&self, mapping: &Mapping) -> Place {
        Place { connection: self.connection.name.clone(), mapping: mapping.name.clone(), kind: mapping.kind() }
    }

    /// Tells the feed what was written since the last time: before a checkpoint covers it, and before what would have it
    /// written again is removed.
    ///
    /// # Errors
    /// When the lease has lapsed or the state table cannot be written; what was not told stays noted.
    pub async fn publish(&self) -> Result<(), Error> {
        Ok(self.directory.publish_changes(&self.lease).await?)
    }

    /// Tells the feed a record's last write again if an invocation wrote it that broke off, perhaps before it could.
    pub(crate) async fn retell_if_untold(
        &self,
        mapping: &Mapping,
        (created, id): (Time, &str),
        current: Option<&Current>,
    ) -> Result<(), Error> {
        if current.is_some_and(|current| self.lease.broke_off(&current.last_write.run)) {
            self.directory.retell(&self.lease, &mapping.name, (created, id)).await?;
        }
        Ok(())
    }

    /// The same for a record that a write of this run found changed: where this very run is the last writer, its first
    /// try succeeded unheard.
    pub(crate) async fn retell_if_mine(
        &self,
        mapping: &Mapping,
        (created, id): (Time, &str),
        current: Option<&Current>,
    ) -> Result<(), Error> {
        if current.is_some_and(|current| current.last_write.run == self.lease.run()) {
            self.directory.retell(&self.lease, &mapping.name, (created, id)).await?;
        }
        Ok(())
    }

    /// The current record of what was seen.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn current(&self, mapping: &Mapping, sighting: &Sighting) -> Result<Option<Current>, Error> {
        let Some(key) = sighting.key() else { return Ok(None) };
        let mut current = self.directory.current(&self.connection.name, &mapping.name, &[key]).await?;
        Ok(current.remove(&sighting.id))
    }

    /// Keeps an object as unsynced, with the reason.
    ///
    /// # Errors
    /// When the state table cannot be written.
    pub async fn reject(&self, mapping: &Mapping, id: &str, rejection: Rejection) -> Result<(), Error> {
        let note = UnsyncedNote { mapping: mapping.name.clone(), id: id.to_owned(), rejection };
        self.directory.add_unsynced(&self.lease, &note, clock::now()).await?;
        self.unsynced().insert(&mapping.name, id);
        Ok(())
    }

    /// Whether an object is unsynced under a mapping.
    pub(crate) fn is_unsynced(&self, mapping: &str, id: &str) -> bool {
        self.unsynced().contains(mapping, id)
    }

    /// Drops an object's unsynced row, if it has one: the object synced, or is known to be gone.
    ///
    /// # Errors
    /// When the state table cannot be written.
    pub async fn clear(&self, mapping: &Mapping, id: &str) -> Result<(), Error> {
        let was_unsynced = self.unsynced().remove(&mapping.name, id);
        if was_unsynced {
            self.directory.clear_unsynced(&self.lease, &mapping.name, id).await?;
        }
        Ok(())
    }

    /// Keeps a deactivation back for the guard.
    ///
    /// # Errors
    /// When the state table cannot be written.
    pub(crate) async fn collect(
        &self,
        mapping: &Mapping,
        change: &Change,
        counted: Option<Outcome>,
    ) -> Result<(), Error> {
        let reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner).get(&change.id).copied();
        let noted = Noted { counted, reported };
        Ok(self.directory.add_deactivation(&self.lease, &mapping.name, change, noted).await?)
    }

    /// Only what the connection's own first import created may go without the guard.
    pub(crate) fn is_exempt(&self, current: Option<&Current>) -> bool {
        self.first_import && current.is_some_and(|current| current.created_by == self.lease.run())
    }

    /// The bucket that this run put an object into, judged by what the run left behind; where several nothing-to-write
    /// buckets leave the same traces, the likeliest.
    pub fn before(&self, mapping: &Mapping, id: &str, current: Option<&Current>) -> Outcome {
        let nothing = match current {
            _ if self.unsynced().contains(&mapping.name, id) => Outcome::Unsynced,
            None => Outcome::Excluded,
            Some(current) if current.superseded_by.is_some() => Outcome::Excluded,
            Some(current) if current.standing == Some(Reason::OutOfScope) => Outcome::Excluded,
            Some(_) => Outcome::Unchanged,
        };
        outcome_of_nothing_to_write(nothing, current, self.lease.run())
    }

    pub(crate) fn note_unknown_statuses(&self, decoded: &[Decoded]) {
        for object in decoded.iter().flatten().filter(|object| !object.kind.is_known_status(&object.status)) {
            let (status, plural) = (object.status.chars().take(64).collect::<String>(), object.kind.plural());
            self.warn(format!("Okta has {plural} of a status never heard of, {status:?}; they count as active."));
        }
    }

    /// Tells the operator something that stops nothing; the same words are kept once.
    pub fn warn(&self, warning: impl Into<String>) {
        let warning = warning.into();
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if warnings.len() < MOST_WARNINGS && warnings.insert(warning.clone()) {
            tracing::warn!(run = self.lease.run(), "{warning}");
        }
    }

    /// What [`Line::warn`] was told.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Whether anything of the connection is unsynced.
    pub fn any_unsynced(&self) -> bool {
        !self.unsynced().is_empty()
    }

    fn unsynced(&self) -> MutexGuard<'_, UnsyncedIds> {
        self.unsynced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
