//! What a preview foresees, counted, told and planned.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cost::{Cost, Met};
use crate::model::{Connection, Mapping, ObjectKind, Outcome, Plan, PlannedChange, Rule, Time};
use crate::preview::Previewed;
use crate::report::Counts;

/// What a full import would do, counted, and what it would cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewReport {
    /// The connection.
    pub connection: String,
    /// The buckets, by mapping.
    pub mappings: BTreeMap<String, Counts>,
    /// How many the rules of the filters leave out, by mapping and rule.
    pub rules: BTreeMap<String, BTreeMap<Rule, u64>>,
    /// Known records that Okta did not list, by mapping: a full import asks for each by id before anything becomes of it.
    pub absent: BTreeMap<String, u64>,
    /// What the import would cost.
    pub cost: Cost,
}

/// A preview's end: the report, and what a run can be held to.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// The report.
    pub report: PreviewReport,
    /// All that would be written, under the mappings and of the people that were previewed.
    pub plan: Plan,
}

/// What was foreseen so far, counted, and who hears of it.
pub(super) struct Tally<F> {
    report: PreviewReport,
    plan: Plan,
    pub(super) met: Met,
    on_change: F,
}

impl<F: FnMut(Previewed)> Tally<F> {
    pub(super) fn of(connection: &Connection, made: Time, on_change: F) -> Tally<F> {
        let report = PreviewReport {
            connection: connection.name.clone(),
            mappings: BTreeMap::new(),
            rules: BTreeMap::new(),
            absent: BTreeMap::new(),
            cost: Cost::default(),
        };
        let (connection, mappings_digest) = (connection.name.clone(), connection.mappings_digest_of(ObjectKind::User));
        let plan = Plan { connection, mappings_digest, made, changes: Vec::new() };
        Tally { report, plan, met: Met::default(), on_change }
    }

    pub(super) fn add(&mut self, mapping: &Mapping, previewed: Previewed) {
        let Tally { report, plan, met, on_change } = self;
        report.mappings.entry(mapping.name.clone()).or_default().add(previewed.outcome);
        if let Some(rule) = previewed.rule {
            *report.rules.entry(mapping.name.clone()).or_default().entry(rule).or_default() += 1;
        }
        met.add(&previewed);
        plan.changes.extend(previewed.change.iter().map(|change| PlannedChange::of(&mapping.name, change)));
        if previewed.outcome != Outcome::Unchanged {
            on_change(previewed);
        }
    }

    pub(super) fn note_absent(&mut self, mapping: &Mapping, absent: u64) {
        self.report.absent.insert(mapping.name.clone(), absent);
    }

    pub(super) fn end(self) -> Preview {
        let Tally { mut report, plan, met, .. } = self;
        report.cost = met.cost();
        Preview { report, plan }
    }
}
