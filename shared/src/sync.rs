//! The line that every object of a page goes, whichever job met it: from decoding to the conditional write.
//!
//! ```text
//! page → decode → filter → map → diff against current → apply, or collect for the guard → record / unsynced
//! ```
//!
//! Whatever woke a job, an object that Okta shows changes its record through [`Line::page`]: the same reconcile and the
//! same conditional write. The line never decides on deactivations (it collects them), never moves a checkpoint (its
//! caller does, after the effects that it returns), and never treats an object's absence as evidence of anything.
//!
//! What is no object of a page does not come here: a job's handler confirms absences and carries out, or holds, what was
//! collected, and calls the directory for it itself, by way of [`Line::write`].

use std::collections::HashMap;

use futures::stream::{self, StreamExt, TryStreamExt};

use crate::contest::Contest;
use crate::directory::Written;
use crate::error::{Error, Fate};
use crate::line::{ById, Line};
use crate::model::{
    Change, Current, Decoded, Mapping, Memberships, ObjectKind, Outcome, Plans, RawObject, Rejection, RejectionReason,
    Sighting, Time, id_of,
};
use crate::reconcile::{Observation, Source, Verdict, outcome_of_nothing_to_write, reconcile};
use crate::rehire::Known;
use crate::report::Problem;

/// Writes of one page that are under way beside each other.
const WRITES_AT_ONCE: usize = 24;
/// How often an object that others write too is read again before the run leaves it to the next trigger.
const TRIES: usize = 6;

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
    /// Takes the objects of a page, all of a kind, through the line, under every mapping that reads such, and says where
    /// each ended.
    ///
    /// # Errors
    /// Retryable or fatal, of Okta or the directory. What was written stays: a replay of the page is a no-op.
    pub async fn page(
        &self,
        objects: (ObjectKind, &[RawObject]),
        source: Source,
        met: Met,
    ) -> Result<Vec<Landing>, Error> {
        self.page_where(objects, (source, met), |_, _| true).await
    }

    /// The same, each object only under the mappings that are wanted for its id.
    ///
    /// # Errors
    /// As for [`Line::page`].
    pub(crate) async fn page_where(
        &self,
        (kind, objects): (ObjectKind, &[RawObject]),
        (source, met): (Source, Met),
        wanted: impl Fn(usize, &str) -> bool,
    ) -> Result<Vec<Landing>, Error> {
        let decoded = self.decode(kind, objects).await?;
        self.note_unknown_statuses(&decoded);
        let memberships = match kind {
            ObjectKind::User => self.memberships(&decoded, source).await?,
            ObjectKind::Device | ObjectKind::App => HashMap::new(),
        };
        let mut landings = Vec::with_capacity(decoded.len() * self.connection.mappings.len());
        for (index, mapping) in self.connection.mappings_of(kind) {
            let is_wanted = |object: &&Decoded| {
                let id = id_of(object);
                wanted(index, id) && self.plans.name(&mapping.name, id)
            };
            let (mut sightings, mut untold) = (Vec::with_capacity(decoded.len()), Vec::new());
            for object in decoded.iter().filter(is_wanted) {
                match sight(mapping, object, &memberships) {
                    Some(sighting) => sightings.push(sighting),
                    None => untold.push(id_of(object)),
                }
            }
            for id in untold {
                landings.push(self.untold(index, id).await?);
            }
            let keys: Vec<_> = sightings.iter().filter_map(Sighting::key).collect();
            let mut current = match met {
                Met::First if self.is_new => HashMap::new(),
                Met::First | Met::Again => self.directory.current(&self.connection.name, &mapping.name, &keys).await?,
            };
            let landing = sightings.into_iter().map(|sighting| {
                let current = current.remove(&sighting.id);
                self.land(Arrival { mapping: index, sighting, current, source, met })
            });
            let landing: Vec<_> = landing.collect();
            let landed: Vec<Landing> = stream::iter(landing).buffer_unordered(WRITES_AT_ONCE).try_collect().await?;
            landings.extend(landed);
        }
        self.publish().await?;
        Ok(landings)
    }

    async fn land(&self, arrival: Arrival) -> Result<Landing, Error> {
        let Arrival { mapping: index, mut sighting, mut current, mut source, met } = arrival;
        let mapping = &self.connection.mappings[index];
        let id = sighting.id.clone();
        let before = self.before(mapping, &id, current.as_ref());
        let counted = (met == Met::Again).then_some(before);
        if let Some((created, id)) = sighting.key() {
            self.retell_if_untold(mapping, (created, &id), current.as_ref()).await?;
        }
        for _ in 0..TRIES {
            // Boxed: what lies below is deep, and futures within futures take more of the stack than a thread may have.
            let verdict = judge(&sighting, current.as_ref(), source, self.okta.now());
            let against = Against { current: current.as_ref(), counted };
            match Box::pin(self.carry_out(mapping, &sighting, verdict, against)).await? {
                Carried::Done(outcome) => return Ok(Landing { mapping: index, id, outcome, before }),
                Carried::NotYet => {}
            }
            // The observation cannot be ordered, or somebody else wrote first: what Okta says now decides.
            let objects = mapping.source.objects();
            let object = match self.read_in_sight(objects, &id).await? {
                Some(ById::Here(object)) => object,
                // Absence is not evidence: a sweep, or the log, will tell.
                Some(ById::NotVisible) => {
                    return Ok(Landing { mapping: index, id, outcome: Some(Outcome::Stale), before });
                }
                None => return Ok(Landing { before, ..self.untold(index, &id).await? }),
                Some(ById::Withheld(rejection)) => {
                    self.reject(mapping, &id, rejection).await?;
                    return Ok(Landing { mapping: index, id, outcome: Some(Outcome::Unsynced), before });
                }
            };
            let Some(decoded) = self.decode(objects, &[object]).await?.pop() else { break };
            let Some(memberships) = self.memberships_now(mapping, &id).await? else {
                return Ok(Landing { before, ..self.untold(index, &id).await? });
            };
            sighting = Sighting::of(mapping, &decoded, &memberships);
            source = Source::ReadById;
            current = self.current(mapping, &sighting).await?;
            if let Some((created, id)) = sighting.key() {
                self.retell_if_mine(mapping, (created, &id), current.as_ref()).await?;
            }
        }
        Err(contended(mapping, &id))
    }

    /// Where somebody ends of whom nobody can tell whether they are there, or in the mapping's groups: unsynced where Okta
    /// keeps their groups from the credential; else they are looked at again.
    async fn untold(&self, index: usize, id: &str) -> Result<Landing, Error> {
        let outcome = if self.groups.are_withheld(id) {
            let message = "Okta does not show this person's groups to the credential, though it shows the person.";
            let reason = RejectionReason::Withheld;
            let rejection = Rejection { reason, message: message.to_owned(), identifier: None };
            self.reject(&self.connection.mappings[index], id, rejection).await?;
            Outcome::Unsynced
        } else {
            self.note_untold();
            Outcome::Stale
        };
        Ok(Landing { mapping: index, id: id.to_owned(), outcome: Some(outcome), before: Outcome::Stale })
    }

    async fn carry_out(
        &self,
        mapping: &Mapping,
        sighting: &Sighting,
        verdict: Verdict,
        Against { current, counted }: Against<'_>,
    ) -> Result<Carried, Error> {
        let nothing = |outcome| Some(outcome_of_nothing_to_write(outcome, current, self.lease.run()));
        if !self.is_planned(mapping, &verdict) {
            return Ok(Carried::Done(nothing(Outcome::Stale)));
        }
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
            Verdict::Superseded => {
                self.reject(mapping, &sighting.id, superseded(sighting, current)).await?;
                return Ok(Carried::Done(Some(Outcome::Unsynced)));
            }
            Verdict::Write(change) => return self.apply(mapping, sighting, &change, counted).await,
            Verdict::Deactivate(change) if self.is_exempt(current) => {
                return self.apply(mapping, sighting, &change, counted).await;
            }
            Verdict::Deactivate(change) => {
                self.collect(mapping, &change, counted).await?;
                None
            }
        };
        self.clear(mapping, &sighting.id).await?;
        Ok(Carried::Done(outcome))
    }

    /// Whether a verdict may be carried out: a run that is held to a plan writes nothing else, no unsynced row either.
    fn is_planned(&self, mapping: &Mapping, verdict: &Verdict) -> bool {
        match verdict {
            Verdict::Write(change) | Verdict::Deactivate(change) => self.plans.list(&mapping.name, change),
            Verdict::Rejected | Verdict::Superseded => matches!(self.plans, Plans::Everything),
            Verdict::Unchanged | Verdict::Excluded | Verdict::Stale | Verdict::ReadAgain => true,
        }
    }

    async fn apply(
        &self,
        mapping: &Mapping,
        sighting: &Sighting,
        change: &Change,
        counted: Option<Outcome>,
    ) -> Result<Carried, Error> {
        let rehired = match self.known_as(mapping, change).await? {
            Known::Nobody => None,
            Known::Again(rehired) => Some(*rehired),
            Known::Earlier(later) => {
                let contest = Box::pin(self.supersede(mapping, sighting, &later)).await?;
                return self.settled(mapping, sighting, contest, counted).await;
            }
            Known::Ambiguous(rejection) => {
                return self.settled(mapping, sighting, Contest::Stands(rejection), counted).await;
            }
        };
        let change = rehired.as_ref().unwrap_or(change);
        let outcome = match self.write_or_reject(mapping, change).await? {
            Some(Written::Done) => change.outcome,
            Some(Written::Lost) => return Ok(Carried::NotYet),
            Some(Written::Claimed) => {
                // On the heap: what is seldom needed would else make every landing's future larger.
                let contest = Box::pin(self.contest(mapping, sighting, change)).await?;
                return self.settled(mapping, sighting, contest, counted).await;
            }
            None => return Ok(Carried::Done(Some(Outcome::Unsynced))),
        };
        self.clear(mapping, &change.id).await?;
        Ok(Carried::Done(Some(outcome)))
    }
}

impl Line {
    /// What a contest comes to for the object that brought it up.
    async fn settled(
        &self,
        mapping: &Mapping,
        sighting: &Sighting,
        contest: Contest,
        counted: Option<Outcome>,
    ) -> Result<Carried, Error> {
        match contest {
            Contest::Leaves(change) => {
                self.collect(mapping, &change, counted).await?;
                self.clear(mapping, &sighting.id).await?;
                Ok(Carried::Done(None))
            }
            Contest::Settled(outcome) => {
                self.clear(mapping, &sighting.id).await?;
                Ok(Carried::Done(Some(outcome)))
            }
            Contest::Again => Ok(Carried::NotYet),
            Contest::Stands(rejection) => {
                self.reject(mapping, &sighting.id, rejection).await?;
                Ok(Carried::Done(Some(Outcome::Unsynced)))
            }
        }
    }
}

/// A sighting under one mapping, on its way to landing.
struct Arrival {
    /// The mapping's place in the connection.
    mapping: usize,
    sighting: Sighting,
    /// The record, as far as it is known.
    current: Option<Current>,
    source: Source,
    met: Met,
}

/// What a verdict is carried out against.
#[derive(Clone, Copy)]
struct Against<'a> {
    /// The record that was judged.
    current: Option<&'a Current>,
    /// The bucket that the object is counted in already, if the run met it before.
    counted: Option<Outcome>,
}

/// What a mapping makes of an object; `None` when its memberships decide and nobody can tell them.
fn sight(mapping: &Mapping, object: &Decoded, memberships: &HashMap<String, Memberships>) -> Option<Sighting> {
    match (object, mapping.uses_groups()) {
        (Ok(user), true) => Some(Sighting::of(mapping, object, memberships.get(&user.id)?)),
        _ => Some(Sighting::of(mapping, object, &Memberships::default())),
    }
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

pub(crate) fn superseded(sighting: &Sighting, current: Option<&Current>) -> Rejection {
    let by = current.and_then(|current| current.superseded_by.as_deref()).unwrap_or("another Okta id");
    Rejection {
        reason: RejectionReason::Superseded,
        message: format!("This person's record was taken over by {by}, and this account is in use again."),
        identifier: sighting.identifier().map(str::to_owned),
    }
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
