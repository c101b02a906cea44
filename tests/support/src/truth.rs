//! What the directory must say, given the org: worked out by hand for the mappings of [`crate::world`], without any of
//! the product's own filters, expressions or statuses.
//!
//! The records go by one at a time, so that an org of a million people is compared in little memory.

use futures::TryStreamExt;
use okta_sim::{Org, Sim, Status, User};
use rollcall_shared::Context;
use rollcall_shared::model::{Connection, Reason, Record, State};
use serde_json::{Value, json};

use crate::world::{CUSTODIANS, PEOPLE};

/// Beyond so many differences nobody reads on.
const ENOUGH: usize = 40;

/// The differences between the directory and the org, each a line to read; none when the directory is right.
pub async fn compare(context: &Context, connection: &Connection, sim: &Sim) -> Vec<String> {
    let mut differences = Vec::new();
    for mapping in &connection.mappings {
        let name = mapping.name.as_str();
        let mut records = context.directory.records(&connection.name, name);
        let mut present = 0;
        while let Some(record) = records.try_next().await.expect("the records can be read") {
            let found = sim.with(|org| {
                present += usize::from(org.user(&record.id).is_some_and(|user| is_admitted(name, user)));
                differs(org, &record)
            });
            differences.extend(found.map(|found| format!("{name} {}: {found}", record.id)));
            if differences.len() >= ENOUGH {
                return differences;
            }
        }
        let admitted: usize = sim.with(|org| org.users().filter(|user| is_admitted(name, user)).count());
        if present != admitted {
            differences.push(format!("{name}: {present} records of {admitted} people whom it admits"));
            differences.extend(missing(context, connection, name, sim).await);
        }
    }
    differences
}

/// Some of those who should have a record and have none.
async fn missing(context: &Context, connection: &Connection, mapping: &str, sim: &Sim) -> Vec<String> {
    let admitted = |user: &&User| is_admitted(mapping, user);
    let ids: Vec<String> = sim.with(|org| org.users().filter(admitted).map(|user| user.id.clone()).collect());
    let mut missing = Vec::new();
    for id in ids {
        let record = context.directory.record(&connection.name, mapping, &id).await.expect("a record can be read");
        if record.is_none() {
            missing.push(format!("{mapping} {id}: has no record"));
        }
        if missing.len() >= ENOUGH {
            break;
        }
    }
    missing
}

/// Whether a mapping admits someone.
pub fn is_admitted(mapping: &str, user: &User) -> bool {
    match mapping {
        PEOPLE => true,
        CUSTODIANS => {
            let department = user.text("department").unwrap_or_default().trim().to_lowercase();
            user.status == Status::Active && ["engineering", "sales"].contains(&department.as_str())
        }
        other => panic!("the truth of a mapping {other:?} is not known"),
    }
}

/// Why a status makes a record inactive, if it does. The demo says the same in words of its own: it is part of the
/// product, which the truth takes nothing from.
pub fn standing(status: Status) -> Option<Reason> {
    match status {
        Status::Deprovisioned => Some(Reason::Deactivated),
        Status::Suspended => Some(Reason::Suspended),
        Status::Staged => Some(Reason::Pending),
        Status::Active
        | Status::Provisioned
        | Status::Recovery
        | Status::PasswordExpired
        | Status::LockedOut
        | Status::Other(_) => None,
    }
}

/// How a record is not what the org makes it.
fn differs(org: &Org, record: &Record) -> Option<String> {
    if (record.state == State::Active) != record.reason.is_none() {
        return Some(format!("is {:?} for the reason {:?}", record.state, record.reason));
    }
    let Some(user) = org.user(&record.id) else { return differs_of_absent(org, record) };
    let is_admitted = is_admitted(&record.mapping, user);
    let expected = standing(user.status).or((!is_admitted).then_some(Reason::OutOfScope));
    if record.reason != expected {
        return Some(format!("{} in Okta stands as {:?}, not {expected:?}", user.status.as_str(), record.reason));
    }
    if !is_admitted {
        // What a filter leaves out is not kept up to date.
        return None;
    }
    let (identifier, fields) = content(&record.mapping, user);
    let held = json!({
        "identifier": record.identifier,
        "okta_status": record.okta_status,
        "source_updated": record.source_updated,
        "source_created": record.source_created,
        "fields": record.fields,
    });
    let truth = json!({
        "identifier": identifier,
        "okta_status": user.status.as_str(),
        "source_updated": user.last_updated.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
        "source_created": user.created.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(),
        "fields": fields,
    });
    (!same(&held, &truth)).then(|| format!("is {held}, not {truth}"))
}

/// Whether two values say the same: DynamoDB keeps no difference between 1 and 1.0.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

fn differs_of_absent(org: &Org, record: &Record) -> Option<String> {
    let is_deleted = org.events().iter().any(|event| {
        event.event_type.starts_with("user.lifecycle.delete") && event.targets.iter().any(|party| party.id == record.id)
    });
    match (is_deleted, record.reason) {
        (true, Some(Reason::Deleted)) => None,
        (true, other) => Some(format!("was deleted in Okta and stands as {other:?}")),
        (false, Some(Reason::Deleted)) => Some("is not in Okta, and nothing says that it was deleted".to_owned()),
        (false, _) => None,
    }
}

/// The identifier and the fields that a mapping makes of someone.
fn content(mapping: &str, user: &User) -> (String, Value) {
    let attribute = |name: &str| user.attribute(name).unwrap_or(Value::Null);
    if mapping == CUSTODIANS {
        return (user.id.clone(), json!({ "name": attribute("displayName"), "title": attribute("title") }));
    }
    let fields = json!({
        "name": user.full_name(),
        "email": attribute("email"),
        "department": attribute("department"),
        "desk": attribute("deskNumber"),
        "share": attribute("fullTimeShare"),
        "skills": attribute("skills"),
    });
    (user.login().trim().to_owned(), fields)
}
