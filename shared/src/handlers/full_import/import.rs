//! A full import at work: the line, the checkpoint in memory, and what was seen but is not yet swept.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::checkpoint::Checkpoint;
use super::members::{met_in, reload};
use super::seen::Seen;
use crate::config::Tuning;
use crate::error::{Error, Fate};
use crate::handlers::interruption::Interruption;
use crate::handlers::run::Stops;
use crate::line::Line;
use crate::model::{Attributes, RawObject};
use crate::reconcile::{Pass, Source};
use crate::report::{DynamoDbUse, OktaUse, Problem, Progress, RunReport, RunState};
use crate::sync::{Landing, Met};

/// The most ids that one item of seen ids holds: far below DynamoDB's 400 KB.
const IDS_A_CHUNK: usize = 5_000;
/// The number under which the ids of people created around the run's beginning are kept, beside the slices' numbers.
const RECENT: u32 = u32::MAX;
/// The number under which the ids of the first listed group's members are kept; those of the others lie below.
const FIRST_LISTING: u32 = u32::MAX - 1;

/// A full import at work.
pub(crate) struct Import {
    pub(crate) line: Line,
    pub(crate) tuning: Tuning,
    pub(crate) attributes: Attributes,
    /// The listings of groups, in their order.
    pub(crate) passes: Vec<Pass>,
    /// Whether the groups' members are all who matter, and so all who are read.
    pub(crate) by_group: bool,
    /// When this invocation ends, where something ends it.
    pub(crate) stops: Option<Stops>,
    /// Told whenever a page was taken in.
    pub(crate) advanced: Notify,
    report: RunReport,
    began: Instant,
    people_before: u64,
    work: Mutex<Work>,
}

/// What changes while it works.
pub(crate) struct Work {
    pub(crate) checkpoint: Checkpoint,
    /// Slices that a reader has taken.
    pub(crate) taken: HashSet<u32>,
    /// What was seen in each unfinished slice.
    pub(crate) seen: HashMap<u32, Seen>,
    /// People created around the run's beginning or later who were met.
    pub(crate) recent: Seen,
    /// Members that the unfinished listing of a group has shown.
    pub(crate) members: Seen,
    /// Pages taken in since the last save.
    pub(crate) pages_since_save: u64,
    /// A person asked the run to stop.
    pub(crate) cancelled: bool,
    /// A reader failed: the others stop at their next page.
    pub(crate) failed: bool,
}

impl Import {
    /// Takes up the work where the checkpoint stands; reads what was seen before.
    pub(crate) async fn new(
        line: Line,
        checkpoint: Checkpoint,
        report: RunReport,
        tuning: Tuning,
        stops: Option<Stops>,
    ) -> Result<Import, Interruption> {
        let mut seen = HashMap::new();
        for slice in &checkpoint.slices {
            let ids = line.directory.seen(line.lease.run(), slice.number, slice.seen_chunks).await?;
            seen.insert(slice.number, Seen::resumed(ids));
        }
        let recent = line.directory.seen(line.lease.run(), RECENT, checkpoint.recent_chunks).await?;
        let members = &checkpoint.members;
        let members = line.directory.seen(line.lease.run(), listing(members.pass), members.seen_chunks).await?;
        let mappings = &line.connection.mappings;
        let (passes, by_group) = (line.groups.passes(mappings), line.groups.admit_all_that_matter(mappings));
        let attributes = line.connection.attributes();
        let people_before = checkpoint.people;
        let work = Work {
            checkpoint,
            taken: HashSet::new(),
            seen,
            recent: Seen::resumed(recent),
            members: Seen::resumed(members),
            pages_since_save: 0,
            cancelled: false,
            failed: false,
        };
        let (began, advanced) = (Instant::now(), Notify::new());
        let work = Mutex::new(work);
        let import =
            Import { line, tuning, attributes, passes, by_group, stops, advanced, report, began, people_before, work };
        reload(&import).await?;
        Ok(import)
    }

    /// Takes people through the line who were counted before, and says whose count moves: of those whose deactivation
    /// was collected only the entry does, and they are counted by it at the end.
    pub(crate) async fn meet_again(&self, objects: &[RawObject]) -> Result<Vec<Landing>, Interruption> {
        let wanted = |mapping: usize, id: &str| !self.by_group || met_in(self, mapping, id).is_some();
        let mut moved = Vec::new();
        for landing in self.line.page_where(objects, (Source::Listed, Met::Again), wanted).await? {
            if !self.withdraw(&landing).await? {
                moved.push(landing);
            }
        }
        Ok(moved)
    }

    /// Withdraws the deactivation that was collected for someone, unless the landing is one itself; whether there was one.
    pub(crate) async fn withdraw(&self, landing: &Landing) -> Result<bool, Interruption> {
        let Some(outcome) = landing.outcome.filter(|_| self.work().checkpoint.deactivations) else { return Ok(false) };
        let (line, mapping) = (&self.line, &self.line.connection.mappings[landing.mapping]);
        Ok(line.directory.withdraw_deactivation(&line.lease, &mapping.name, &landing.id, outcome).await?)
    }

    /// The work, for a moment: never held over an `await`.
    pub(crate) fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the work should stop for now, and why.
    pub(crate) fn interrupted(&self) -> Result<(), Interruption> {
        if self.work().cancelled {
            return Err(Interruption::Cancelled);
        }
        self.in_time()
    }

    /// Whether there is time left in this invocation.
    pub(crate) fn in_time(&self) -> Result<(), Interruption> {
        match self.stops {
            Some(stops) if Instant::now() >= stops.work => Err(Interruption::Deadline),
            _ => Ok(()),
        }
    }

    /// Writes the checkpoint, after the effects that it covers, and the run report; learns whether to stop.
    pub(crate) async fn save(&self) -> Result<(), Interruption> {
        let (mut checkpoint, chunks) = self.snapshot();
        let line = &self.line;
        // The feed is one of the effects that the checkpoint covers.
        line.publish().await?;
        for (number, chunk, ids) in chunks {
            line.directory.add_seen(line.lease.run(), number, chunk, &ids).await?;
        }
        (checkpoint.okta, checkpoint.dynamodb) = self.used(&checkpoint);
        let value = serde_json::to_value(&checkpoint).map_err(unwritable)?;
        line.directory.put_checkpoint(&line.lease, &value).await?;
        let control = line.directory.put_run(&line.lease, &self.report(RunState::Running)).await?;
        self.work().cancelled |= control.cancel_requested;
        Ok(())
    }

    /// The checkpoint as it stands, and the seen ids that no item holds yet.
    fn snapshot(&self) -> (Checkpoint, Vec<(u32, u32, Vec<String>)>) {
        let mut work = self.work();
        let Work { checkpoint, seen, recent, members, .. } = &mut *work;
        let mut chunks = Vec::new();
        for slice in &mut checkpoint.slices {
            if let Some(seen) = seen.get_mut(&slice.number) {
                for ids in std::mem::take(&mut seen.unsaved).chunks(IDS_A_CHUNK) {
                    chunks.push((slice.number, slice.seen_chunks, ids.to_vec()));
                    slice.seen_chunks += 1;
                }
            }
        }
        let number = listing(checkpoint.members.pass);
        for ids in std::mem::take(&mut members.unsaved).chunks(IDS_A_CHUNK) {
            chunks.push((number, checkpoint.members.seen_chunks, ids.to_vec()));
            checkpoint.members.seen_chunks += 1;
        }
        for ids in std::mem::take(&mut recent.unsaved).chunks(IDS_A_CHUNK) {
            chunks.push((RECENT, checkpoint.recent_chunks, ids.to_vec()));
            checkpoint.recent_chunks += 1;
        }
        let checkpoint = checkpoint.clone();
        work.pages_since_save = 0;
        (checkpoint, chunks)
    }

    /// What the run used so far, earlier invocations included.
    fn used(&self, checkpoint: &Checkpoint) -> (OktaUse, DynamoDbUse) {
        (checkpoint.okta + self.line.okta.used(), checkpoint.dynamodb + self.line.directory.used())
    }

    /// The run report as it stands.
    pub(crate) fn report(&self, state: RunState) -> RunReport {
        let work = self.work();
        let checkpoint = &work.checkpoint;
        let mappings = self.line.connection.mappings.iter().zip(&checkpoint.tallies);
        let mappings = mappings.map(|(mapping, tally)| (mapping.name.clone(), tally.counts)).collect();
        let seconds = self.began.elapsed().as_secs_f64();
        let people = checkpoint.people.saturating_sub(self.people_before) as f64;
        let progress = Progress {
            done: checkpoint.people,
            expected: checkpoint.expected,
            per_second: if seconds > 0.0 { (people / seconds * 10.0).round() / 10.0 } else { 0.0 },
            calls_left: self.line.okta.calls_left(),
        };
        let (okta, dynamodb) = self.used(checkpoint);
        let ended = (state != RunState::Running).then(crate::clock::now);
        let warnings = self.line.warnings();
        RunReport { state, ended, mappings, progress, okta, dynamodb, problem: None, warnings, ..self.report.clone() }
    }
}

/// The number under which a listing's ids are kept.
fn listing(pass: u32) -> u32 {
    FIRST_LISTING - pass
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
