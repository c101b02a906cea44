//! Departments: counted at the end, when everybody is in the directory who should be.
//!
//! A department's record follows from the records of its people and from nothing else, so nothing of Okta is read here.

use std::collections::HashMap;

use futures::TryStreamExt;

use super::{AtWork, Sheet};
use crate::directory::{DirectoryError, Written};
use crate::handlers::interruption::Interruption;
use crate::line::Line;
use crate::model::{Current, Department, Headcount, Mapping, Outcome, Reason, Source, Time, people_of};
use crate::reconcile::{Verdict, absent, outcome_of_nothing_to_write, reconcile_derived};
use crate::report::Counts;

/// How often departments are counted anew because others counted them meanwhile.
const TRIES: usize = 5;

/// Counts the departments of every mapping that makes records of them, where the run met anybody whom it counts.
pub(crate) async fn count(job: &AtWork<impl Sheet>) -> Result<(), Interruption> {
    let line = &job.line;
    for (index, mapping) in line.connection.mappings.iter().enumerate() {
        if mapping.source == Source::Departments && has_met_people_of(job, mapping) {
            job.in_time()?;
            let counts = count_mapping(job, mapping).await?;
            job.ledger(|ledger| ledger.tallies[index].counts = counts);
        }
    }
    line.publish().await?;
    Ok(())
}

fn has_met_people_of(job: &AtWork<impl Sheet>, mapping: &Mapping) -> bool {
    let people = job.line.connection.mapping_index(&people_of(&mapping.name));
    people.is_some_and(|people| job.has_met_any(people))
}

/// Counts until nobody else wrote one of the departments since it was looked at: so a count never takes the place of one
/// that was begun later.
async fn count_mapping(job: &AtWork<impl Sheet>, mapping: &Mapping) -> Result<Counts, Interruption> {
    for _ in 0..TRIES {
        if let Some(counts) = try_to_count(job, mapping).await? {
            return Ok(counts);
        }
    }
    Err(DirectoryError::Contended { what: format!("the departments of mapping {}", mapping.name) }.into())
}

async fn try_to_count(job: &AtWork<impl Sheet>, mapping: &Mapping) -> Result<Option<Counts>, Interruption> {
    let line = &job.line;
    // What is there is read before the people are: whoever counts meanwhile moves a revision.
    let mut known = known(line, mapping).await?;
    let now = line.okta.now();
    let mut counts = Counts::default();
    for department in headcount(job, mapping).await?.departments() {
        let current = known.remove(&department.id);
        let Some(outcome) = settle(line, mapping, (&department, current.as_ref()), now).await? else {
            return Ok(None);
        };
        counts.add(outcome);
    }
    for (id, current) in known {
        // Whoever was in it is gone, or in another: it is counted once more, and is no more after that.
        let verdict = absent(&id, Department::CREATED, &current, Reason::Deleted);
        let is_news = verdict != Verdict::Unchanged || current.last_write.run == line.lease.run();
        let Some(outcome) = write(line, mapping, verdict, Some(&current)).await? else { return Ok(None) };
        if is_news {
            counts.add(outcome);
        }
    }
    Ok(Some(counts))
}

/// The departments that have a record; the feed hears again of those that an invocation wrote which broke off.
async fn known(line: &Line, mapping: &Mapping) -> Result<HashMap<String, Current>, Interruption> {
    let known = line.directory.known(&line.connection.name, &mapping.name, None, None);
    let known: HashMap<_, _> = known.map_ok(|known| (known.id, known.current)).try_collect().await?;
    for (id, current) in &known {
        line.retell_if_untold(mapping, (Department::CREATED, id), Some(current)).await?;
    }
    Ok(known)
}

async fn headcount(job: &AtWork<impl Sheet>, mapping: &Mapping) -> Result<Headcount, Interruption> {
    let line = &job.line;
    let people = line.directory.fields_of(&line.connection.name, &people_of(&mapping.name));
    let mut people = std::pin::pin!(people);
    let mut headcount = Headcount::default();
    while let Some((fields, standing)) = people.try_next().await? {
        job.in_time()?;
        if let Some(department) = fields.get("department") {
            headcount.add(department, standing);
        }
    }
    Ok(headcount)
}

/// Makes one department's record what it was counted to be; `None` when somebody else wrote it first.
async fn settle(
    line: &Line,
    mapping: &Mapping,
    (department, current): (&Department, Option<&Current>),
    now: Time,
) -> Result<Option<Outcome>, Interruption> {
    match mapping.desired_department(department, now) {
        Ok(desired) => write(line, mapping, reconcile_derived(desired, current, now), current).await,
        Err(rejection) => {
            line.reject(mapping, &department.id, rejection).await?;
            Ok(Some(Outcome::Unsynced))
        }
    }
}

async fn write(
    line: &Line,
    mapping: &Mapping,
    verdict: Verdict,
    current: Option<&Current>,
) -> Result<Option<Outcome>, Interruption> {
    let (Verdict::Write(change) | Verdict::Deactivate(change)) = verdict else {
        return Ok(Some(outcome_of_nothing_to_write(Outcome::Unchanged, current, line.lease.run())));
    };
    Ok(match line.write_or_reject(mapping, &change).await? {
        Some(Written::Done) => {
            line.clear(mapping, &change.id).await?;
            Some(change.outcome)
        }
        Some(Written::Lost | Written::Claimed) => None,
        None => Some(Outcome::Unsynced),
    })
}
