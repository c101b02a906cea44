//! The guard at the end of a run: the collected deactivations are counted, decided on, and carried out or held.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::holding::{Held, alarm, drop_refuted, held};
use super::{AtWork, Sheet};
use crate::clock;
use crate::directory::{Collected, CollectedFate, ConnectionState, DayCount, DirectoryError, SHARDS, Written};
use crate::handlers::interruption::Interruption;
use crate::handlers::settle::settle;
use crate::model::{Change, DAY, Job, Outcome, Reason, Time};
use crate::reconcile::guard::{Decision, Evidence, Measure};
use crate::reconcile::{FRESH, hash};
use crate::report::RunState;

const HOUR: Duration = Duration::from_secs(60 * 60);
/// How often a decision is made anew because others changed the connection's state meanwhile.
const TRIES: usize = 20;
/// Deactivations that are carried out beside each other.
const AT_ONCE: usize = 16;

/// Decides for every mapping, and notes what will be carried out against the rolling day before anything is.
pub(crate) async fn decide(job: &AtWork<impl Sheet>) -> Result<(), Interruption> {
    decide_beside_hold(job).await.map(|held| job.note_held(held))
}

/// The same; gives who waits in the hold already. Of them nobody was counted, so nobody may be carried out.
async fn decide_beside_hold(job: &AtWork<impl Sheet>) -> Result<Held, Interruption> {
    let held = held(job).await?;
    let line = &job.line;
    let mut new = vec![0; line.connection.mappings.len()];
    if job.ledger(|ledger| ledger.deactivations) {
        for shard in 0..SHARDS {
            let collected = line.directory.deactivations(line.lease.run(), shard);
            let mut collected = std::pin::pin!(collected);
            while let Some(Collected { mapping, id, fate, .. }) = collected.try_next().await? {
                let CollectedFate::Waits(change) = fate else { continue };
                let index = line.connection.mapping_index(&mapping);
                let is_new = change.standing != Some(Reason::Missing) && !held.contains(&hash((&mapping, &id)));
                if let Some(index) = index.filter(|_| is_new) {
                    new[index] += 1;
                }
            }
        }
    }
    let decisions = enter_into_the_day(job, &new).await?;
    job.ledger(|ledger| ledger.decisions = decisions);
    Ok(held)
}

/// Decides on so many new deactivations by mapping, and stores what is allowed with the rolling day. The day is shared
/// with other jobs: whoever loses the race decides again on what it finds then.
async fn enter_into_the_day(job: &AtWork<impl Sheet>, new: &[u64]) -> Result<Vec<Decision>, Interruption> {
    let (line, name) = (&job.line, &job.line.connection.name);
    for _ in 0..TRIES {
        let mut state = line.directory.connection_state(name).await?;
        let decisions = measure(job, &mut state, new);
        let allowed = new.iter().zip(&decisions).any(|(new, decision)| *new > 0 && *decision == Decision::Allow);
        let store = async || line.directory.put_connection_state(Some(&line.lease), name, &state).await;
        if !allowed || store().await? == Written::Done {
            return Ok(decisions);
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(20..200))).await;
    }
    Err(DirectoryError::Contended { what: format!("the state of connection {name}") }.into())
}

/// The decisions; those allowed are entered into the rolling day, once a run.
fn measure(job: &AtWork<impl Sheet>, state: &mut ConnectionState, new: &[u64]) -> Vec<Decision> {
    let (line, now) = (&job.line, clock::now());
    let run = line.lease.run();
    state.deactivated.retain(|entry| entry.at > now.before(DAY) && entry.run != run);
    state.deactivated = by_hour(std::mem::take(&mut state.deactivated), now);
    let guard = &line.connection.guard;
    let (tallies, before) = job.ledger(|ledger| (ledger.tallies.clone(), ledger.decisions.clone()));
    let evidence = evidence_of(line.lease.job());
    let mut decisions = Vec::new();
    for (index, mapping) in line.connection.mappings.iter().enumerate() {
        let today =
            state.deactivated.iter().filter(|entry| entry.mapping == mapping.name).map(|entry| entry.count).sum();
        let (number, percent) = (guard.max_deactivations, guard.max_deactivations_percent);
        let active = tallies[index].active;
        let decision = match before.get(index) {
            // By an invocation that broke off: what it has put into the hold since is not counted any more.
            Some(Decision::Hold) => Decision::Hold,
            Some(Decision::Allow) | None => Measure { number, percent, active, today, evidence }.decide(new[index]),
        };
        if decision == Decision::Allow && new[index] > 0 {
            let (mapping, run) = (mapping.name.clone(), run.to_owned());
            state.deactivated.push(DayCount { at: now, mapping, count: new[index], run });
        }
        decisions.push(decision);
    }
    decisions
}

/// The day's counts in bounded space: those of the last hour as they are, and of each hour before it one for a mapping, at
/// the time of its latest.
fn by_hour(counts: Vec<DayCount>, now: Time) -> Vec<DayCount> {
    let (mut kept, earlier): (Vec<_>, Vec<_>) = counts.into_iter().partition(|count| now.since(count.at) < HOUR);
    let mut hours: BTreeMap<(String, i64), DayCount> = BTreeMap::new();
    for count in earlier {
        let hour = count.at.epoch_seconds() / HOUR.as_secs() as i64;
        match hours.entry((count.mapping.clone(), hour)) {
            Entry::Vacant(none) => drop(none.insert(count)),
            Entry::Occupied(mut one) => {
                let one = one.get_mut();
                (one.at, one.count) = (one.at.max(count.at), one.count + count.count);
            }
        }
    }
    kept.extend(hours.into_values());
    kept
}

/// What stands behind the deactivations that a job collects.
fn evidence_of(job: Job) -> Evidence {
    match job {
        // It looks at nobody whom the log does not report, and reads each by id.
        Job::Deprovisioning => Evidence::Reported,
        Job::FullImport | Job::DeltaSync | Job::DeviceCollection | Job::ServiceDiscovery => Evidence::Seen,
    }
}

/// Carries out what the guard allowed and holds the rest, a shard at a time; then drops from the hold whom Okta no
/// longer bears out.
pub(crate) async fn apply(job: &AtWork<impl Sheet>) -> Result<RunState, Interruption> {
    let held = held(job).await?;
    let ending = apply_collected(job).await?;
    let left = if held.is_empty() { 0 } else { drop_refuted(job).await? };
    if ending == RunState::Succeeded && left == 0 {
        if !held.is_empty() {
            job.line.directory.close_hold(&job.line.lease).await?;
        }
        return Ok(RunState::Succeeded);
    }
    Ok(RunState::Held)
}

/// Carries out what the guard allowed and holds the rest, a shard at a time; held when this run added to the hold.
pub(crate) async fn apply_collected(job: &AtWork<impl Sheet>) -> Result<RunState, Interruption> {
    let first = job.ledger(|ledger| ledger.applied);
    if job.ledger(|ledger| ledger.deactivations) && first < SHARDS {
        // Other jobs add to the hold and drop from it: whoever was counted, and nobody else, is carried out.
        let held = match job.take_held() {
            Some(held) => held,
            None => decide_beside_hold(job).await?,
        };
        for shard in first..SHARDS {
            // Nobody stops it any more: a hold that is half written down could not be decided on.
            job.in_time()?;
            apply_shard(job, shard, &held).await?;
        }
    }
    let (any_held, undecided) = job.ledger(|ledger| (ledger.any_held(), ledger.undecided));
    if undecided {
        job.line
            .warn("It could not be settled whether somebody is still to be deactivated: they will be looked at again.");
    }
    if any_held {
        alarm(job).await?;
    }
    Ok(if any_held { RunState::Held } else { RunState::Succeeded })
}

async fn apply_shard(job: &AtWork<impl Sheet>, shard: u64, held: &Held) -> Result<(), Interruption> {
    let line = &job.line;
    let collected: Vec<Collected> = line.directory.deactivations(line.lease.run(), shard).try_collect().await?;
    if collected.is_empty() {
        return Ok(());
    }
    let decisions = job.ledger(|ledger| ledger.decisions.clone());
    let applying = collected.into_iter().filter_map(|collected| {
        let index = line.connection.mapping_index(&collected.mapping)?;
        let waits =
            decisions.get(index) != Some(&Decision::Allow) || held.contains(&hash((&collected.mapping, &collected.id)));
        Some(apply_one(job, index, collected, if waits { Decision::Hold } else { Decision::Allow }))
    });
    let applying: Vec<_> = applying.collect();
    let settled: Vec<Settled> = stream::iter(applying).buffer_unordered(AT_ONCE).try_collect().await?;
    if settled.iter().any(|settled| settled.outcome == Outcome::Held) {
        line.directory.open_hold(&line.lease, clock::now()).await?;
    }
    let now = line.okta.now();
    job.ledger(|ledger| {
        for Settled { mapping, id, outcome, counted, reported } in &settled {
            ledger.count_collected(*mapping, id, (*outcome, *counted));
            ledger.undecided |= *outcome == Outcome::Stale;
            if let Some(reported) = reported.filter(|_| *outcome == Outcome::Deactivated) {
                ledger.lags.note(now.since(reported));
            }
        }
        ledger.applied = shard + 1;
    });
    job.save().await
}

/// What became of a collected deactivation, and the bucket that its object was counted in before.
struct Settled {
    mapping: usize,
    id: String,
    outcome: Outcome,
    counted: Option<Outcome>,
    /// When Okta's log reported it, if it did.
    reported: Option<Time>,
}

/// Settles one collected deactivation as decided; what nobody can tell the reason of waits in any case.
async fn apply_one(
    job: &AtWork<impl Sheet>,
    mapping: usize,
    collected: Collected,
    decision: Decision,
) -> Result<Settled, Interruption> {
    let Collected { id, counted, reported, fate, .. } = collected;
    let outcome = match fate {
        CollectedFate::Withdrawn(outcome) => outcome,
        CollectedFate::Waits(change) if change.standing == Some(Reason::Missing) => {
            carry_out(job, mapping, &change, Decision::Hold).await?
        }
        CollectedFate::Waits(change) => carry_out(job, mapping, &change, decision).await?,
    };
    Ok(Settled { mapping, id, outcome, counted, reported })
}

async fn carry_out(
    job: &AtWork<impl Sheet>,
    index: usize,
    change: &Change,
    decision: Decision,
) -> Result<Outcome, Interruption> {
    let line = &job.line;
    let mapping = &line.connection.mappings[index];
    Ok(match decision {
        Decision::Hold => {
            line.directory.add_held(&line.lease, &mapping.name, change).await?;
            Outcome::Held
        }
        // What was seen long ago, by an invocation that broke off, has to be seen again before it is carried out.
        Decision::Allow if is_old(job) => settle(line, mapping, change).await?,
        Decision::Allow => match line.write(mapping, change).await? {
            Written::Done => Outcome::Deactivated,
            Written::Lost | Written::Claimed => settle(line, mapping, change).await?,
        },
    })
}

/// Whether it is so long since the closing delta that somebody may well have come back.
fn is_old(job: &AtWork<impl Sheet>) -> bool {
    let closed = job.ledger(|ledger| ledger.closed);
    closed.is_none_or(|closed| job.line.okta.now().since(closed) > FRESH)
}

#[cfg(test)]
mod tests {
    use super::by_hour;
    use crate::directory::DayCount;
    use crate::model::Time;

    #[test]
    fn a_day_of_runs_each_minute_stays_small_and_loses_no_deactivation() {
        let now = Time::from_millis(1_800_000_000_000);
        let minute = |minute: u64| DayCount {
            at: now.before(std::time::Duration::from_secs(60 * minute)),
            mapping: ["people", "logins"][minute as usize % 2].to_owned(),
            count: minute,
            run: format!("run-{minute}"),
        };
        let counts = by_hour((0..1_440).map(minute).collect(), now);
        assert!(counts.len() <= 60 + 2 * 25, "{}", counts.len());
        let sum = |counts: &[DayCount]| counts.iter().map(|count| count.count).sum::<u64>();
        assert_eq!(sum(&counts), (0..1_440).sum::<u64>());
        // Again and again it stays the same.
        assert_eq!(sum(&by_hour(counts.clone(), now)), sum(&counts));
        assert!(counts.iter().any(|count| count.run == "run-3" && count.count == 3));
    }
}
