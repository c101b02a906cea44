//! What the directory says, held against Okta, once it is quiet.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use okta_sim::Status;
use rollcall_shared::model::{Record, RejectionReason, UnsyncedRow};
use test_support::devices::{self, DEVICES};
use test_support::truth;

use crate::deployment::{CONNECTION, GROUPS};
use crate::storm::Storm;

impl Storm {
    /// How the directory is not what Okta makes it; empty when it is right.
    pub(crate) async fn differences(&self) -> Vec<String> {
        let deployment = &self.deployment;
        let found = truth::compare(&deployment.outside, &deployment.connection, &deployment.sim).await;
        // What became of somebody whom an import missed while the log could not be read, a person was asked; of whom was
        // inactive already, there is nothing to ask.
        let is_asked = |line: &String| {
            let stands = line.split_once("was deleted in Okta and stands as ").map(|(_, stands)| stands);
            self.was_without_log && stands.is_some_and(|stands| stands != "None")
        };
        let mut left: Vec<String> = found.into_iter().filter(|line| !is_asked(line)).collect();
        for (_, mapping) in deployment.connection.mappings_of_people() {
            // Whose record another account of theirs has taken over, has none.
            let records = self.records(&mapping.name).await;
            let earlier: BTreeSet<&String> = records.iter().flat_map(|record| &record.previous_ids).collect();
            let missing = |id: &str| format!("{} {id}: has no record", mapping.name);
            let before = left.len();
            left.retain(|line| !earlier.iter().any(|id| *line == missing(id)));
            let any_missing =
                left.iter().any(|line| line.ends_with("has no record") && line.starts_with(&mapping.name));
            if left.len() < before && !any_missing {
                left.retain(|line| {
                    !(line.starts_with(&format!("{}: ", mapping.name)) && line.contains(" records of "))
                });
            }
        }
        let devices = self.records(DEVICES).await.into_iter().map(|record| (record.id.clone(), record)).collect();
        left.extend(devices::differences(&devices, &deployment.sim));
        left
    }

    /// Whether all that is wrong is that people have no record whom a list of Okta's has left out.
    pub(crate) fn was_never_shown(&self, differences: &[String]) -> bool {
        let left_out = self.deployment.sim.left_out();
        let is_left_out = |line: &String| {
            let person = line.strip_suffix(": has no record").and_then(|line| line.split(' ').next_back());
            person.is_some_and(|id| left_out.contains(id))
        };
        // Before the people of a mapping, a line counts them.
        let mut told = differences.iter().filter(|line| !line.contains(" records of ")).peekable();
        told.peek().is_some() && told.all(is_left_out)
    }

    /// The records of a mapping.
    pub(crate) async fn records(&self, mapping: &str) -> Vec<Record> {
        let records = self.deployment.outside.directory.records(CONNECTION, mapping);
        records.try_collect().await.expect("the records can be read")
    }

    async fn unsynced_rows(&self) -> Vec<UnsyncedRow> {
        let rows = self.deployment.outside.directory.unsynced(CONNECTION);
        rows.try_collect().await.expect("the unsynced rows can be read")
    }

    /// Accounts that somebody has left for another one, where each has a record, and the identifier is the same by now: it
    /// is one record's, and that of the account in use has it. The other says that it is unsynced.
    pub(crate) async fn doubles(&self) -> BTreeSet<String> {
        let rows = self.unsynced_rows().await.into_iter();
        let rows = rows.filter(|row| row.reason == RejectionReason::DuplicateIdentifier);
        self.deployment.sim.with(|org| {
            let has_left = |id: &str| org.user(id).is_some_and(|user| user.status == Status::Deprovisioned);
            let is_in_use = |identifier: &str| {
                let mut others = org.users().filter(|user| user.status != Status::Deprovisioned);
                others.any(|user| user.login() == identifier || user.text("email").is_some_and(|it| it == identifier))
            };
            let doubles = rows.filter(|row| has_left(&row.id) && row.identifier.as_deref().is_some_and(is_in_use));
            doubles.map(|row| format!("{} {}", row.mapping, row.id)).collect()
        })
    }

    /// Who is unsynced, and why.
    pub(crate) async fn unsynced(&self) -> Vec<String> {
        let mut found = Vec::new();
        for row in self.unsynced_rows().await {
            let record = self.deployment.outside.directory.record(CONNECTION, &row.mapping, &row.id).await;
            let record = record.expect("the record can be read");
            let record = record.map(|record| (record.identifier, record.reason, record.okta_status));
            let user = self.deployment.sim.with(|org| {
                let groups = GROUPS.iter().filter_map(|name| org.group_by_name(name));
                let groups = |id: &str| -> Vec<_> {
                    groups.filter(|group| org.is_member(id, &group.id)).map(|group| group.name.clone()).collect()
                };
                org.user(&row.id).map(|user| (user.login(), user.text("email"), user.status, groups(&row.id)))
            });
            found.push(format!(
                "{} {} is unsynced: {} In Okta: {user:?}. The record: {record:?}.",
                row.mapping, row.id, row.message
            ));
        }
        found
    }
}

/// Whom a line is about: a mapping, and an id.
pub(crate) fn subject(line: &str) -> String {
    line.split_whitespace().take(2).map(|word| word.trim_end_matches(':')).collect::<Vec<_>>().join(" ")
}

/// Whether all that is wrong is about people who are said to be unsynced.
pub(crate) fn are_told(differences: &[String], unsynced: &[String]) -> bool {
    let unsynced: BTreeSet<String> = unsynced.iter().map(|line| subject(line)).collect();
    differences.iter().all(|line| unsynced.contains(&subject(line)))
}
