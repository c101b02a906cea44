//! The line that every record goes: every stage is called here and nowhere else.
//!
//! ```text
//! page → decode → filter → map → diff against current → apply, or collect for the guard → record / unsynced
//! ```
//!
//! Whatever woke a job, an object changes its record through [`Line::page`]: the same reconcile and the same conditional
//! write. The line never decides on deactivations (it collects them), never moves a checkpoint (its caller does, after
//! the effects that it returns), and never treats an object's absence as evidence of anything.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures::stream::{self, StreamExt, TryStreamExt};

use crate::directory::{Directory, Lease, Place, UnsyncedIds, UnsyncedNote, Written};
use crate::error::{Error, Fate};
use crate::model::{
    Connection, Current, Decoded, Mapping, Outcome, RawObject, Reason, Rejection, RejectionReason, Sighting, Time,
    decode, is_known_status,
};
use crate::okta::Okta;
use crate::reconcile::{Change, Observation, Source, Verdict, outcome_of_nothing_to_write, reconcile};
use crate::report::Problem;

/// Writes of one page that are under way beside each other.
const WRITES_AT_ONCE: usize = 24;
/// How often an object that others write too is read again before the run leaves it to the next trigger.
const TRIES: usize = 6;

/// What a job's records go through: one connection's mappings, between its org and the directory.
pub struct Line {
    /// The org.
    pub okta: Okta,
    /// The directory.
    pub directory: Directory,
    /// The connection.
    pub connection: Arc<Connection>,
    /// The right to write.
    pub lease: Lease,
    /// Whether this is the connection's own first import, whose own records the guard exempts.
    pub first_import: bool,
    /// Objects that are unsynced, so that those that sync can be cleared.
    pub unsynced: Mutex<UnsyncedIds>,
    /// What an operator should know though it stopped nothing.
    pub warnings: Mutex<BTreeSet<String>>,
}

/// Whether a run meets objects for the first time, and so counts them for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// For the first time.
    First,
    /// It has counted them before.
    Again,
}

/// Where an object ended under one mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Landing {
    /// The mapping's place in the connection.
    pub mapping: usize,
    /// The object's Okta id.
    pub id: String,
    /// Its bucket; `None` when it waits for the guard's decision as a collected deactivation.
    pub outcome: Option<Outcome>,
    /// The bucket it is in already if this run met it before.
    pub before: Outcome,
}

impl Line {
    /// Takes the objects of a page through the line, under every mapping, and says where each ended.
    ///
    /// # Errors
    /// Retryable or fatal, of Okta or the directory. What was written stays: a replay of the page is a no-op.
    pub async fn page(&self, objects: &[RawObject], source: Source, met: Met) -> Result<Vec<Landing>, Error> {
        let decoded = decode(objects);
        self.note_unknown_statuses(&decoded);
        let mut landings = Vec::with_capacity(decoded.len() * self.connection.mappings.len());
        for (index, mapping) in self.connection.mappings.iter().enumerate() {
            let sightings: Vec<Sighting> = decoded.iter().map(|object| Sighting::of(mapping, object)).collect();
            let keys: Vec<_> = sightings.iter().filter_map(Sighting::key).collect();
            let mut current = self.directory.current(&self.connection.name, &mapping.name, &keys).await?;
            let landing = sightings.into_iter().map(|sighting| {
                let current = current.remove(&sighting.id);
                self.land(index, sighting, current, (source, met))
            });
            let landing: Vec<_> = landing.collect();
            let landed: Vec<Landing> = stream::iter(landing).buffer_unordered(WRITES_AT_ONCE).try_collect().await?;
            landings.extend(landed);
        }
        Ok(landings)
    }

    async fn land(
        &self,
        index: usize,
        mut sighting: Sighting,
        mut current: Option<Current>,
        (mut source, met): (Source, Met),
    ) -> Result<Landing, Error> {
        let mapping = &self.connection.mappings[index];
        let id = sighting.id.clone();
        let before = self.before(mapping, &id, current.as_ref());
        let counted = (met == Met::Again).then_some(before);
        for _ in 0..TRIES {
            let verdict = judge(&sighting, current.as_ref(), source, self.okta.now());
            match self.carry_out(mapping, &sighting, verdict, (current.as_ref(), counted)).await? {
                Carried::Done(outcome) => return Ok(Landing { mapping: index, id, outcome, before }),
                Carried::NotYet => {}
            }
            // The observation cannot be ordered, or somebody else wrote first: what Okta says now decides.
            let object = match self.read_again(&id).await? {
                Person::Here(object) => object,
                // Absence is not evidence: a sweep will ask for them.
                Person::NotVisible => {
                    return Ok(Landing { mapping: index, id, outcome: Some(Outcome::Stale), before });
                }
                Person::Withheld(rejection) => {
                    self.reject(mapping, &id, rejection).await?;
                    return Ok(Landing { mapping: index, id, outcome: Some(Outcome::Unsynced), before });
                }
            };
            let Some(decoded) = decode(&[object]).pop() else { break };
            sighting = Sighting::of(mapping, &decoded);
            source = Source::ReadById;
            current = self.current(mapping, &sighting).await?;
        }
        Err(contended(mapping, &id))
    }

    /// Reads one person by id.
    ///
    /// # Errors
    /// Retryable or fatal; that Okta refuses this one person is no error of the run.
    pub async fn read_again(&self, id: &str) -> Result<Person, Error> {
        match self.okta.user(id).await {
            Ok(Some(object)) => Ok(Person::Here(object)),
            Ok(None) => Ok(Person::NotVisible),
            Err(error) if error.fate() == Fate::OfOneRecord => Ok(Person::Withheld(Rejection {
                reason: RejectionReason::Withheld,
                message: error.to_string(),
                identifier: None,
            })),
            Err(error) => Err(error.into()),
        }
    }

    async fn carry_out(
        &self,
        mapping: &Mapping,
        sighting: &Sighting,
        verdict: Verdict,
        (current, counted): (Option<&Current>, Option<Outcome>),
    ) -> Result<Carried, Error> {
        let nothing = |outcome| Some(outcome_of_nothing_to_write(outcome, current, self.lease.run()));
        let outcome = match verdict {
            Verdict::Unchanged => nothing(Outcome::Unchanged),
            Verdict::Excluded => nothing(Outcome::Excluded),
            Verdict::Stale => return Ok(Carried::Done(nothing(Outcome::Stale))),
            Verdict::ReadAgain => return Ok(Carried::NotYet),
            Verdict::Rejected => {
                let Some(rejection) = sighting.rejection.clone() else { return Ok(Carried::NotYet) };
                self.reject(mapping, &sighting.id, rejection).await?;
                return Ok(Carried::Done(Some(Outcome::Unsynced)));
            }
            Verdict::Write(change) => return self.apply(mapping, &change).await,
            Verdict::Deactivate(change) if self.is_exempt(current) => return self.apply(mapping, &change).await,
            Verdict::Deactivate(change) => {
                self.directory.add_deactivation(&self.lease, &mapping.name, &change, counted).await?;
                None
            }
        };
        self.clear(mapping, &sighting.id).await?;
        Ok(Carried::Done(outcome))
    }

    async fn apply(&self, mapping: &Mapping, change: &Change) -> Result<Carried, Error> {
        let outcome = match self.write(mapping, change).await {
            Ok(Written::Done) => change.outcome,
            Ok(Written::Lost) => return Ok(Carried::NotYet),
            // Of one record: what DynamoDB cannot hold is unsynced, and the page goes on.
            Err(Error::Directory(error)) => match error.rejection() {
                Some(rejection) => {
                    self.reject(mapping, &change.id, rejection).await?;
                    return Ok(Carried::Done(Some(Outcome::Unsynced)));
                }
                None => return Err(Error::Directory(error)),
            },
            Err(error) => return Err(error),
        };
        self.clear(mapping, &change.id).await?;
        Ok(Carried::Done(Some(outcome)))
    }

    /// Writes one change of one record, if nobody else wrote it since it was diffed.
    ///
    /// # Errors
    /// When the lease has lapsed or the directory cannot be written.
    pub async fn write(&self, mapping: &Mapping, change: &Change) -> Result<Written, Error> {
        let (connection, mapping_name) = (self.connection.name.clone(), mapping.name.clone());
        let place = Place { connection, mapping: mapping_name, kind: mapping.kind() };
        Ok(self.directory.write(&self.lease, &place, change, Time::now()).await?)
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
        self.directory.add_unsynced(&self.lease, &note, Time::now()).await?;
        self.unsynced().insert(&mapping.name, id);
        Ok(())
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

    /// Only what the connection's own first import created may go without the guard.
    fn is_exempt(&self, current: Option<&Current>) -> bool {
        self.first_import && current.is_some_and(|current| current.created_by == self.lease.run())
    }

    /// The bucket that this run put an object into, judged by what the run left behind; where several nothing-to-write
    /// buckets leave the same traces, the likeliest.
    pub fn before(&self, mapping: &Mapping, id: &str, current: Option<&Current>) -> Outcome {
        let nothing = match current {
            _ if self.unsynced().contains(&mapping.name, id) => Outcome::Unsynced,
            None => Outcome::Excluded,
            Some(current) if current.standing == Some(Reason::OutOfScope) => Outcome::Excluded,
            Some(_) => Outcome::Unchanged,
        };
        outcome_of_nothing_to_write(nothing, current, self.lease.run())
    }

    fn note_unknown_statuses(&self, decoded: &[Decoded]) {
        for user in decoded.iter().flatten().filter(|user| !is_known_status(&user.status)) {
            let status: String = user.status.chars().take(64).collect();
            self.warn(format!("Okta has people of a status never heard of, {status:?}; they count as active."));
        }
    }

    /// Tells the operator something that stops nothing; the same words are kept once.
    pub fn warn(&self, warning: impl Into<String>) {
        let warning = warning.into();
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        if warnings.insert(warning.clone()) {
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

    fn unsynced(&self) -> std::sync::MutexGuard<'_, UnsyncedIds> {
        self.unsynced.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What Okta answers for one id.
#[derive(Debug)]
pub enum Person {
    /// The object.
    Here(RawObject),
    /// 404: deleted, or not visible to the credential.
    NotVisible,
    /// 403: there, but not for this credential.
    Withheld(Rejection),
}

enum Carried {
    Done(Option<Outcome>),
    NotYet,
}

/// The verdict on a sighting: an object that could not be decoded is rejected whatever the directory holds.
pub fn judge(sighting: &Sighting, current: Option<&Current>, source: Source, now: Time) -> Verdict {
    match &sighting.desired {
        Some(desired) => {
            reconcile(Observation { desired, rejection: sighting.rejection.as_ref(), source }, current, now)
        }
        None => Verdict::Rejected,
    }
}

/// What would become of one object under one mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Previewed {
    /// The Okta id.
    pub id: String,
    /// The identifier, as far as it could be computed.
    pub identifier: Option<String>,
    /// What would become of it.
    pub outcome: Outcome,
    /// Why the record would be inactive, or what keeps it from syncing.
    pub reason: Option<String>,
}

/// The line without its last stages: what [`Line::page`] would do with a page, with nothing written.
///
/// # Errors
/// When the directory cannot be read.
pub async fn preview_page(
    directory: &Directory,
    (connection, mapping): (&Connection, &Mapping),
    objects: &[RawObject],
    now: Time,
) -> Result<Vec<Previewed>, Error> {
    let sightings: Vec<Sighting> = decode(objects).iter().map(|object| Sighting::of(mapping, object)).collect();
    let keys: Vec<_> = sightings.iter().filter_map(Sighting::key).collect();
    let current = directory.current(&connection.name, &mapping.name, &keys).await?;
    let previewed = sightings.into_iter().map(|sighting| {
        let (outcome, reason) = match judge(&sighting, current.get(&sighting.id), Source::ReadById, now) {
            Verdict::Unchanged => (Outcome::Unchanged, None),
            Verdict::Excluded => (Outcome::Excluded, None),
            Verdict::Stale | Verdict::ReadAgain => (Outcome::Stale, None),
            Verdict::Rejected => (Outcome::Unsynced, sighting.rejection.as_ref().map(|why| why.message.clone())),
            Verdict::Write(change) | Verdict::Deactivate(change) => {
                (change.outcome, change.standing.map(|reason| reason.word().to_owned()))
            }
        };
        let identifier = sighting.identifier().map(str::to_owned);
        Previewed { id: sighting.id, identifier, outcome, reason }
    });
    Ok(previewed.collect())
}

fn contended(mapping: &Mapping, id: &str) -> Error {
    let problem = Problem::new(
        "contended-record",
        "A record is being written by others",
        format!("The record of {id} in mapping {} was changed by others at every one of {TRIES} tries.", mapping.name),
        "Nothing to do: the next trigger resumes. If it repeats, look for a tool that writes the directory table.",
    );
    Error::Problem(problem, Fate::Retryable)
}
