//! What the directory must say of departments, counted by hand over the org's people: the part of [`crate::truth`] that is
//! about them.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use okta_sim::{Org, Sim, Status};
use rollcall_shared::Context;
use rollcall_shared::model::{Connection, Mapping, Reason, Record};
use serde_json::json;

use crate::truth::is_admitted;

/// By the name in lower case: people who have not left, the active ones among them, and all.
type Departments = BTreeMap<String, (u64, u64, u64)>;

/// The differences between the records of departments and the org, each a line to read.
pub(crate) async fn compare(context: &Context, connection: &Connection, mapping: &Mapping, sim: &Sim) -> Vec<String> {
    let records = context.directory.records(&connection.name, &mapping.name);
    let records: Vec<Record> = records.try_collect().await.expect("the records can be read");
    let mut due = sim.with(|org| departments(org, mapping));
    let mut differences = Vec::new();
    for record in &records {
        let (headcount, active, all) = due.remove(&record.id).unwrap_or_default();
        let expected = match (headcount, all) {
            (0, 0) => Some(Reason::Deleted),
            (0, _) => Some(Reason::Deactivated),
            _ => None,
        };
        if record.reason != expected {
            differences.push(format!("department {} stands as {:?}, not {expected:?}", record.id, record.reason));
        }
        let counted = (&record.fields["headcount"], &record.fields["active"]);
        if all > 0 && counted != (&json!(headcount), &json!(active)) {
            differences.push(format!("department {} has {counted:?}, not {headcount} and {active}", record.id));
        }
        if record.identifier.to_lowercase() != record.id {
            differences.push(format!("department {} is called {:?}", record.id, record.identifier));
        }
    }
    differences.extend(due.keys().map(|missing| format!("department {missing} has no record")));
    differences
}

fn departments(org: &Org, mapping: &Mapping) -> Departments {
    let mut departments = Departments::new();
    for user in org.users().filter(|user| is_admitted(org, mapping, user)) {
        let name = user.text("department").unwrap_or_default().trim().to_lowercase();
        if name.is_empty() {
            continue;
        }
        let (headcount, active, all) = departments.entry(name).or_default();
        *all += 1;
        *headcount += u64::from(user.status != Status::Deprovisioned);
        let waits = matches!(user.status, Status::Deprovisioned | Status::Suspended | Status::Staged);
        *active += u64::from(!waits);
    }
    departments
}
