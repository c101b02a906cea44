//! A saved plan: the changes that a preview found, as a document that a run can be held to.
//!
//! A plan names each change by a digest of everything that it would write. Who carries a plan out diffs anew and writes
//! what has this digest and no more, so that a plan needs to hold no person's attributes, and cannot write old ones.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{Change, Outcome, Time};

/// The changes that a preview found, and what they were found against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The connection's name.
    pub connection: String,
    /// [`crate::model::Connection::mappings_digest`] when the plan was made.
    pub mappings_digest: String,
    /// When the preview began, by Okta's clock.
    pub made: Time,
    /// What would be written, a record at most once.
    pub changes: Vec<PlannedChange>,
}

/// One record's change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedChange {
    /// The mapping's name.
    pub mapping: String,
    /// The Okta id.
    pub id: String,
    /// `created` in Okta: part of the record's key.
    pub source_created: Time,
    /// The revision that was diffed against; null when there was no record.
    pub revision: Option<u64>,
    /// What the write does to the record.
    pub outcome: Outcome,
    /// [`Change::digest`] of what would be written.
    pub digest: String,
}

impl PlannedChange {
    /// A change of a mapping's record, as a plan lists it.
    pub fn of(mapping: &str, change: &Change) -> PlannedChange {
        PlannedChange {
            mapping: mapping.to_owned(),
            id: change.id.clone(),
            source_created: change.source_created,
            revision: change.expected,
            outcome: change.outcome,
            digest: change.digest(),
        }
    }
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// What is wrong with the text, in a sentence.
    pub fn parse(text: &str) -> Result<Plan, String> {
        serde_json::from_str(text).map_err(|error| format!("This is no plan that `preview --save` wrote: {error}."))
    }

    /// The Okta ids that it has changes of, each once and in order.
    pub fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.changes.iter().map(|change| change.id.clone()).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The changes by mapping: `created` and id of each, which are its record's key, with the revision planned for.
    pub fn revisions(&self) -> BTreeMap<&str, HashMap<(Time, String), Option<u64>>> {
        let mut revisions: BTreeMap<&str, HashMap<_, _>> = BTreeMap::new();
        for change in &self.changes {
            let key = (change.source_created, change.id.clone());
            revisions.entry(&change.mapping).or_default().insert(key, change.revision);
        }
        revisions
    }
}

/// What a run may write: everything, or what a plan lists.
#[derive(Debug, Clone, Default)]
pub enum Plans {
    /// Whatever a diff comes to.
    #[default]
    Everything,
    /// These changes, by mapping and id.
    Only(HashMap<String, HashMap<String, PlannedChange>>),
}

impl Plans {
    /// No more than a plan lists.
    pub fn only(plan: &Plan) -> Plans {
        let mut changes: HashMap<String, HashMap<String, PlannedChange>> = HashMap::new();
        for change in &plan.changes {
            changes.entry(change.mapping.clone()).or_default().insert(change.id.clone(), change.clone());
        }
        Plans::Only(changes)
    }

    /// Whether anything may be written about an object under a mapping.
    pub fn name(&self, mapping: &str, id: &str) -> bool {
        match self {
            Plans::Everything => true,
            Plans::Only(changes) => changes.get(mapping).is_some_and(|changes| changes.contains_key(id)),
        }
    }

    /// Whether a change may be written: with a plan, the very one that was found, on the same revision.
    pub fn list(&self, mapping: &str, change: &Change) -> bool {
        match self {
            Plans::Everything => true,
            Plans::Only(changes) => {
                let planned = changes.get(mapping).and_then(|changes| changes.get(&change.id));
                planned.is_some_and(|planned| planned.revision == change.expected && planned.digest == change.digest())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, PlannedChange, Plans};
    use crate::model::{Change, Outcome, Reason, Time};

    fn change() -> Change {
        Change {
            id: "00u1".to_owned(),
            source_created: Time::from_millis(1),
            expected: Some(3),
            standing: None,
            observed: None,
            content: None,
            held_claim: None,
            held_rejoin: None,
            predecessor: None,
            outcome: Outcome::Updated,
        }
    }

    fn plan() -> Plan {
        Plan {
            connection: "acme".to_owned(),
            mappings_digest: "d".to_owned(),
            made: Time::from_millis(2),
            changes: vec![PlannedChange::of("people", &change())],
        }
    }

    #[test]
    fn a_plan_lists_the_very_change_and_no_other() {
        let plans = Plans::only(&plan());
        assert!(plans.list("people", &change()) && plans.name("people", "00u1"));
        assert!(!plans.list("custodians", &change()) && !plans.name("people", "00u2"));
        assert!(!plans.list("people", &Change { expected: Some(4), ..change() }));
        assert!(!plans.list("people", &Change { standing: Some(Reason::Deactivated), ..change() }));
        assert!(Plans::Everything.list("custodians", &change()));
    }

    #[test]
    fn a_plan_reads_back_as_it_was_written() {
        let text = serde_json::to_string(&plan()).unwrap();
        assert_eq!(Plan::parse(&text), Ok(plan()));
        assert!(Plan::parse("{}").unwrap_err().contains("connection"));
    }
}
