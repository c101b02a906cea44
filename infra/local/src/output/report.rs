//! A run report, and lists of them, as people read them.

use std::collections::BTreeMap;

use rollcall_shared::report::{Counts, RunReport, RunState};

use super::numbers::{bytes, grouped, moment, span, units};
use super::tables::table;
use crate::failure::paragraph;

/// The word for a run's state.
pub(crate) fn state(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Succeeded => "succeeded",
        RunState::Failed => "failed",
        RunState::Held => "held",
        RunState::Blind => "blind",
        RunState::Cancelled => "cancelled",
    }
}

/// A whole report: what it was, the counts, what it used, and what needs attention.
pub(crate) fn report(report: &RunReport) -> String {
    let took = report.ended.map_or_else(String::new, |ended| format!(" after {}", span(ended.since(report.started))));
    let mut parts = vec![format!(
        "{} of {}: {}{took} (run {})",
        report.job.name(),
        report.connection,
        state(report.state),
        report.run
    )];
    if report.mappings.is_empty() {
        parts.push("Nothing was read.".to_owned());
    } else {
        parts.push(counts(&report.mappings));
    }
    parts.push(used(report));
    parts.extend(report.problem.iter().map(|problem| format!("{}: {}", problem.title, paragraph(problem))));
    parts.extend(report.warnings.iter().map(|warning| format!("note: {warning}")));
    parts.join("\n")
}

/// What a run asked of Okta and used of DynamoDB, in a sentence each.
pub(crate) fn used(report: &RunReport) -> String {
    let okta = &report.okta;
    let mut text = format!("Okta: {} calls, {}", grouped(okta.calls), bytes(okta.bytes));
    if okta.throttled > 0 {
        text.push_str(&format!(", {} throttled", grouped(okta.throttled)));
    }
    if okta.retried > 0 {
        text.push_str(&format!(", {} repeated", grouped(okta.retried)));
    }
    let dynamodb = &report.dynamodb;
    format!("{text}. DynamoDB: {} read units, {} write units.", units(dynamodb.read_units), units(dynamodb.write_units))
}

/// The counts by mapping; outcomes that no mapping has are left out.
pub(crate) fn counts(mappings: &BTreeMap<String, Counts>) -> String {
    let shown: Vec<Column> =
        OUTCOMES.into_iter().filter(|(_, count)| mappings.values().any(|counts| count(counts) > 0)).collect();
    let header: Vec<&str> = ["mapping", "read"].into_iter().chain(shown.iter().map(|(name, _)| *name)).collect();
    let rows = mappings.iter().map(|(mapping, counts)| {
        let numbers = shown.iter().map(|(_, count)| grouped(count(counts)));
        [mapping.clone(), grouped(counts.read)].into_iter().chain(numbers).collect()
    });
    table(&header, rows.collect())
}

/// A column's title, and what it counts.
type Column = (&'static str, fn(&Counts) -> u64);

const OUTCOMES: [Column; 9] = [
    ("created", |counts| counts.created),
    ("updated", |counts| counts.updated),
    ("deactivated", |counts| counts.deactivated),
    ("reactivated", |counts| counts.reactivated),
    ("unchanged", |counts| counts.unchanged),
    ("excluded", |counts| counts.excluded),
    ("stale", |counts| counts.stale),
    ("held", |counts| counts.held),
    ("unsynced", |counts| counts.unsynced),
];

/// What a list of runs tells of them, if any of them has it: what changed, and what did not work.
const TOLD: [&str; 6] = ["created", "updated", "deactivated", "reactivated", "held", "unsynced"];

/// What changed in a run and what did not work, all mappings taken together, as far as anything did.
pub(crate) fn changes(report: &RunReport) -> Vec<(&'static str, u64)> {
    let told = OUTCOMES.into_iter().filter(|(name, _)| TOLD.contains(name));
    told.map(|(name, count)| (name, report.mappings.values().map(count).sum())).filter(|(_, sum)| *sum > 0).collect()
}

/// Runs, a line each, their mappings summed.
pub(crate) fn runs(reports: &[RunReport]) -> String {
    let sum = |report: &RunReport, count: fn(&Counts) -> u64| report.mappings.values().map(count).sum::<u64>();
    let told = OUTCOMES.into_iter().filter(|(name, _)| TOLD.contains(name));
    let shown: Vec<Column> = told.filter(|(_, count)| reports.iter().any(|report| sum(report, *count) > 0)).collect();
    let about = ["run", "connection", "job", "state", "started (UTC)", "took", "read"];
    let header: Vec<&str> = about.into_iter().chain(shown.iter().map(|(name, _)| *name)).collect();
    let rows = reports.iter().map(|report| {
        let took = report.ended.map_or_else(String::new, |ended| span(ended.since(report.started)));
        let about = [
            report.run.clone(),
            report.connection.clone(),
            report.job.name().to_owned(),
            state(report.state).to_owned(),
            moment(report.started),
            took,
            grouped(sum(report, |counts| counts.read)),
        ];
        about.into_iter().chain(shown.iter().map(|(_, count)| grouped(sum(report, *count)))).collect()
    });
    table(&header, rows.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rollcall_shared::report::Counts;

    #[test]
    fn counts_show_what_happened_and_no_more() {
        let counts = Counts { read: 2_000, created: 1_990, unsynced: 10, ..Counts::default() };
        let text = super::counts(&BTreeMap::from([("staff".to_owned(), counts)]));
        assert!(text.contains("1,990") && text.contains("unsynced"), "{text}");
        assert!(!text.contains("stale"), "{text}");
    }
}
