//! A job at work, whichever it is: the line, what it keeps, and when it stops; and the steps that all jobs which read
//! people end by.
//!
//! A job brings its own sheet, what it keeps in memory: its checkpoint, with a [`Ledger`] in it, and the ids that were
//! seen. What is here never reads a page by itself, and never writes a checkpoint before the effects it covers.

pub(crate) mod absence;
pub(crate) mod absences;
pub(crate) mod collecting;
pub(crate) mod deciding;
pub(crate) mod departments;
mod ending;
pub(crate) mod evidence;
pub(crate) mod holding;
mod lags;
mod ledger;
pub(crate) mod managers;
pub(crate) mod meeting;
mod pages;
mod seen;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::time::Instant;

pub(crate) use self::ending::end;
use self::holding::Held;
pub(crate) use self::ledger::{Ledger, Tally};
pub(crate) use self::pages::{Listing, Pages};
pub(crate) use self::seen::{Chunk, Seen};
use super::interruption::Interruption;
use super::invocation::Stops;
use super::waiting;
use crate::config::Tuning;
use crate::error::{Error, Fate};
use crate::line::Line;
use crate::model::{Attributes, ObjectKind};
use crate::reconcile::Pass;
use crate::report::{DynamoDbUse, OktaUse, Problem, Progress, RunReport, RunState};
use crate::sync::Landing;

/// What a job keeps in memory while it works.
pub(crate) trait Sheet {
    /// What it reads.
    const OBJECTS: ObjectKind;

    /// Its checkpoint.
    type Checkpoint: Clone + Serialize;

    /// The checkpoint as it stands.
    fn checkpoint(&mut self) -> &mut Self::Checkpoint;

    /// The checkpoint's ledger.
    fn ledger(checkpoint: &mut Self::Checkpoint) -> &mut Ledger;

    /// Takes the seen ids that no item holds yet, and counts them in the checkpoint as stored.
    fn unsaved(&mut self) -> Vec<Chunk>;

    /// Whether the run has counted somebody already.
    fn has_met(&self, id: &str) -> bool;
}

/// A job at work.
pub(crate) struct AtWork<S> {
    pub(crate) line: Line,
    pub(crate) tuning: Tuning,
    pub(crate) attributes: Attributes,
    /// The listings of groups, in their order.
    pub(crate) passes: Vec<Pass>,
    /// Whether the groups' members are all who matter.
    pub(crate) by_group: bool,
    /// When this invocation ends, where something ends it.
    pub(crate) stops: Option<Stops>,
    report: RunReport,
    began: Instant,
    people_before: u64,
    /// Pages taken in since the last save.
    pages: AtomicU64,
    /// A person asked the run to stop.
    cancelled: AtomicBool,
    /// What went wrong and stopped nothing else.
    trouble: Mutex<Option<Problem>>,
    sheet: Mutex<S>,
    /// People whom the reading did not meet, and the mappings that they were counted under since.
    late: Mutex<HashMap<String, HashSet<usize>>>,
    /// Who waited in the hold when this invocation decided.
    held: Mutex<Option<Held>>,
}

impl<S: Sheet> AtWork<S> {
    /// A job that goes on where its sheet stands.
    pub(crate) fn on(
        line: Line,
        mut sheet: S,
        report: RunReport,
        (tuning, stops): (Tuning, Option<Stops>),
    ) -> AtWork<S> {
        let mappings = &line.connection.mappings;
        let (passes, by_group) = (line.groups.passes(mappings), line.groups.admit_all_that_matter(mappings));
        let attributes = line.connection.attributes();
        // Some mappings could not be worked on; what the others come to stands.
        let trouble = line.groups.broken().values().next().cloned();
        let people_before = S::ledger(sheet.checkpoint()).people;
        let (pages, cancelled, sheet) = (AtomicU64::new(0), AtomicBool::new(false), Mutex::new(sheet));
        let began = Instant::now();
        AtWork {
            line,
            tuning,
            attributes,
            passes,
            by_group,
            stops,
            report,
            began,
            people_before,
            pages,
            cancelled,
            trouble: Mutex::new(trouble),
            sheet,
            late: Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// The sheet, for a moment: never held over an `await`.
    pub(crate) fn work(&self) -> MutexGuard<'_, S> {
        self.sheet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the run has to leave somebody to the next look: nobody could tell something of them, or their deactivation
    /// could not be settled. Then it moves no watermark.
    pub(crate) fn leaves_open(&self) -> bool {
        self.line.any_untold() || self.ledger(|ledger| ledger.untold || ledger.undecided)
    }

    /// Looks at the ledger, or changes it.
    pub(crate) fn ledger<T>(&self, look: impl FnOnce(&mut Ledger) -> T) -> T {
        look(S::ledger(self.work().checkpoint()))
    }

    /// Whether a person asked the run to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Whether the work should stop for now, and why.
    pub(crate) fn interrupted(&self) -> Result<(), Interruption> {
        if self.is_cancelled() { Err(Interruption::Cancelled) } else { self.in_time() }
    }

    /// Whether there is time left in this invocation.
    pub(crate) fn in_time(&self) -> Result<(), Interruption> {
        match self.stops {
            Some(stops) if Instant::now() >= stops.work => Err(Interruption::Deadline),
            _ if self.line.halt.is_asked() => Err(Interruption::Deadline),
            _ => Ok(()),
        }
    }

    /// Notes what went wrong and stops nothing else: the run fails by it at its end.
    pub(crate) fn note_trouble(&self, problem: Problem) {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(problem);
    }

    /// What went wrong and stopped nothing else.
    fn trouble(&self) -> Option<Problem> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes who waited in the hold when it was decided.
    fn note_held(&self, held: Held) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
    }

    /// Who waited in the hold when this invocation decided, if it did.
    fn take_held(&self) -> Option<Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Notes that a page was taken in.
    pub(crate) fn note_page(&self) {
        self.pages.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether so many pages were taken in that it is time to save.
    pub(crate) fn is_due(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= self.tuning.pages_per_checkpoint
    }

    /// Notes that a page was taken in, and saves when it is time to.
    pub(crate) async fn turn_page(&self) -> Result<(), Interruption> {
        self.note_page();
        if self.is_due() { self.save().await } else { Ok(()) }
    }

    /// Writes the checkpoint, after the effects that it covers, and the run report; learns whether to stop.
    pub(crate) async fn save(&self) -> Result<(), Interruption> {
        let (mut checkpoint, chunks) = {
            let mut work = self.work();
            S::ledger(work.checkpoint()).untold |= self.line.any_untold();
            let chunks = work.unsaved();
            self.pages.store(0, Ordering::Relaxed);
            (work.checkpoint().clone(), chunks)
        };
        let line = &self.line;
        // The feed is one of the effects that the checkpoint covers.
        line.publish().await?;
        for Chunk { list, number, ids } in chunks {
            line.directory.add_seen(line.lease.run(), list, number, &ids).await?;
        }
        let ledger = S::ledger(&mut checkpoint);
        (ledger.okta, ledger.dynamodb) = self.used(ledger);
        let value = serde_json::to_value(&checkpoint).map_err(unwritable)?;
        line.directory.put_checkpoint(&line.lease, &value).await?;
        let control = line.directory.put_run(&line.lease, &self.report(RunState::Running)).await?;
        self.cancelled.fetch_or(control.cancel_requested, Ordering::Relaxed);
        Ok(())
    }

    /// Withdraws the deactivation that was collected for someone, unless the landing is one itself; whether there was one.
    pub(crate) async fn withdraw(&self, landing: &Landing) -> Result<bool, Interruption> {
        let Some(outcome) = landing.outcome.filter(|_| self.ledger(|ledger| ledger.deactivations)) else {
            return Ok(false);
        };
        let (line, mapping) = (&self.line, &self.line.connection.mappings[landing.mapping]);
        Ok(line.directory.withdraw_deactivation(&line.lease, &mapping.name, &landing.id, outcome).await?)
    }

    /// Whoever waited for an identifier that came free in this run syncs in it.
    pub(crate) async fn sync_waiting(&self) -> Result<(), Interruption> {
        for landing in waiting::wake(&self.line, &[S::OBJECTS]).await? {
            if !self.withdraw(&landing).await? {
                self.count_late(&landing);
            }
        }
        Ok(())
    }

    /// Counts where somebody ended after the reading, which may not have met them.
    fn count_late(&self, landing: &Landing) {
        let was_read = self.work().has_met(&landing.id);
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new_person = !was_read && !late.contains_key(&landing.id);
        let is_new = !was_read && late.entry(landing.id.clone()).or_default().insert(landing.mapping);
        self.ledger(|ledger| {
            ledger.people += u64::from(is_new_person);
            match is_new {
                true => ledger.count(std::slice::from_ref(landing)),
                false => ledger.count_again(landing),
            }
        });
    }

    /// Whether the run has met anybody under a mapping.
    fn has_met_any(&self, mapping: usize) -> bool {
        self.ledger(|ledger| ledger.tallies[mapping].counts.read > 0)
    }

    /// What the run used so far, earlier invocations included.
    fn used(&self, ledger: &Ledger) -> (OktaUse, DynamoDbUse) {
        (ledger.okta + self.line.okta.used(), ledger.dynamodb + self.line.directory.used())
    }

    /// The run report as it stands.
    pub(crate) fn report(&self, state: RunState) -> RunReport {
        let ledger = self.ledger(|ledger| ledger.clone());
        let mappings = self.line.connection.mappings.iter().zip(&ledger.tallies);
        let mappings = mappings.filter(|(mapping, _)| mapping.source.objects() == S::OBJECTS);
        let mappings = mappings.map(|(mapping, tally)| (mapping.name.clone(), tally.counts)).collect();
        let seconds = self.began.elapsed().as_secs_f64();
        let people = ledger.people.saturating_sub(self.people_before) as f64;
        let progress = Progress {
            done: ledger.people,
            expected: ledger.expected,
            per_second: if seconds > 0.0 { (people / seconds * 10.0).round() / 10.0 } else { 0.0 },
            calls_left: self.line.okta.calls_left(),
        };
        let (okta, dynamodb) = self.used(&ledger);
        let ended = (state != RunState::Running).then(crate::clock::now);
        let (lag_seconds, warnings) = (ledger.lags.lag(), self.line.warnings());
        let (state, problem) = (state, None);
        let of_run = self.report.clone();
        RunReport { state, ended, mappings, progress, lag_seconds, okta, dynamodb, problem, warnings, ..of_run }
    }
}

/// A checkpoint that cannot be written down is a fault of ours, and no empty one may take its place.
fn unwritable(error: serde_json::Error) -> Error {
    let detail = format!("The checkpoint could not be written down: {error}.");
    let problem = Problem::new(
        "checkpoint",
        "The checkpoint could not be written",
        detail,
        "Report this to Rollcall's developers.",
    );
    Error::Problem(problem, Fate::Fatal)
}
