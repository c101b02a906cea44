//! What is measured: how invocations of jobs end, and how connections stand when schedules are looked at.
//!
//! An event of the target [`TARGET`] has fields named as in CloudWatch; `embedded` writes it down. CloudWatch bills each
//! combination of a metric and its dimensions in which anything arrives: so none is by connection, what only explains is no
//! metric but stands beside them in the line, and most counts of nothing are left out.

use crate::model::Job;
use crate::report::{DynamoDbUse, OktaUse, RunReport, RunState};

/// The target of events that are metrics.
pub(super) const TARGET: &str = "rollcall::metrics";

/// An invocation of a job has ended, and with it its run unless that goes on: in `okta` and `dynamodb` what this invocation
/// alone has used.
pub(crate) fn invocation_ended(report: &RunReport, okta: OktaUse, dynamodb: DynamoDbUse) {
    let one_if = |state: RunState| some(u64::from(report.state == state));
    let is_over = !matches!(report.state, RunState::Running | RunState::Failed);
    let counts = report.mappings.values().filter(|_| is_over);
    let (changed, unsynced) = counts.fold((0, 0), |(changed, unsynced), counts| {
        let changes = counts.created + counts.updated + counts.deactivated + counts.reactivated;
        (changed + changes, unsynced + counts.unsynced)
    });
    tracing::debug!(
        target: TARGET,
        Job = report.job.name(),
        Connection = report.connection,
        Run = report.run,
        RunsSucceeded = one_if(RunState::Succeeded),
        RunsFailed = one_if(RunState::Failed),
        RunsHeld = one_if(RunState::Held),
        RunsBlind = one_if(RunState::Blind),
        LagSecondsMedian = report.lag_seconds.map(|lag| lag.median),
        LagSecondsMax = report.lag_seconds.map(|lag| lag.max),
        OktaCalls = okta.calls,
        OktaThrottled = some(okta.throttled),
        OktaRetried = okta.retried,
        ReadUnits = dynamodb.read_units,
        WriteUnits = dynamodb.write_units,
        Changed = changed,
        Unsynced = unsynced,
    );
}

/// A hold has opened, or doubled.
pub(super) fn hold_opened(job: &str) {
    tracing::debug!(target: TARGET, Job = job, HoldsOpened = 1);
}

/// Schedules were looked at: how many connections wait for longer than two periods for a run of the job that succeeds. Told
/// at every look, none included: an alarm goes by its silence when nobody looks any more.
pub(crate) fn looked_at(job: Job, overdue: u64) {
    tracing::debug!(target: TARGET, Job = job.name(), ConnectionsOverdue = overdue);
}

/// The most days since any connection's API token was last used. Okta lets a token expire that is not used for 30 days
/// (developer.okta.com, "Create an API token").
pub(crate) fn longest_idle_token(days: u64) {
    tracing::debug!(target: TARGET, TokenIdleDays = some(days));
}

/// A count, where there is anything to count.
fn some(count: u64) -> Option<u64> {
    (count > 0).then_some(count)
}
