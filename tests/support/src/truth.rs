//! What the directory must say, given the org: worked out by hand for the mappings of [`crate::world`] and for the
//! presets, without any of the product's own filters, expressions or statuses.
//!
//! The records go by one at a time, so that an org of a million people is compared in little memory.

use futures::TryStreamExt;
use okta_sim::{Org, Sim, Status, User};
use rollcall_shared::Context;
use rollcall_shared::model::{Connection, Mapping, ObjectKind, Reason, Record, Source, State, Target};
use serde_json::{Value, json};

use crate::world::{CUSTODIANS, LOGINS, PEOPLE, STAFF};
use crate::{departments, presets};

/// Beyond so many differences nobody reads on.
const ENOUGH: usize = 40;

/// The differences between the directory and the org, as far as people are concerned, each a line to read; none when the directory is right.
pub async fn compare(context: &Context, connection: &Connection, sim: &Sim) -> Vec<String> {
    let mut differences = Vec::new();
    for mapping in connection.mappings.iter().filter(|mapping| mapping.source.objects() == ObjectKind::User) {
        let name = mapping.name.as_str();
        if mapping.source == Source::Departments {
            differences.extend(departments::compare(context, connection, mapping, sim).await);
            continue;
        }
        let mut records = context.directory.records(&connection.name, name);
        let mut present = 0;
        while let Some(record) = records.try_next().await.expect("the records can be read") {
            let found = sim.with(|org| {
                present += usize::from(org.user(&record.id).is_some_and(|user| is_admitted(org, mapping, user)));
                differs(org, mapping, &record)
            });
            differences.extend(found.map(|found| format!("{name} {}: {found}", record.id)));
            if differences.len() >= ENOUGH {
                return differences;
            }
        }
        let admitted: usize = sim.with(|org| org.users().filter(|user| is_due(org, mapping, user)).count());
        // Login users begin active, and so not all whom the mapping admits have a record.
        if present < admitted || (present > admitted && mapping.target != Target::LoginUser) {
            differences.push(format!("{name}: {present} records of {admitted} people whom it admits"));
            differences.extend(missing(context, connection, mapping, sim).await);
        }
    }
    differences
}

/// Some of those who should have a record and have none.
async fn missing(context: &Context, connection: &Connection, mapping: &Mapping, sim: &Sim) -> Vec<String> {
    let name = mapping.name.as_str();
    let ids: Vec<String> =
        sim.with(|org| org.users().filter(|user| is_due(org, mapping, user)).map(|user| user.id.clone()).collect());
    let mut missing = Vec::new();
    for id in ids {
        let record = context.directory.record(&connection.name, name, &id).await.expect("a record can be read");
        if record.is_none() {
            missing.push(format!("{name} {id}: has no record"));
        }
        if missing.len() >= ENOUGH {
            break;
        }
    }
    missing
}

/// Whether a mapping admits someone.
pub(crate) fn is_admitted(org: &Org, mapping: &Mapping, user: &User) -> bool {
    let works = || {
        let department = user.text("department").unwrap_or_default().trim().to_lowercase();
        user.status == Status::Active && ["engineering", "sales"].contains(&department.as_str())
    };
    match mapping.name.as_str() {
        PEOPLE => true,
        CUSTODIANS => works(),
        STAFF => works() && is_in(org, user, "Staff"),
        LOGINS => mapping.roles.iter().any(|rule| is_in(org, user, &rule.group)),
        _ if mapping.preset.is_some() || mapping.source == Source::PeopleOfDepartments => is_chosen(org, mapping, user),
        other => panic!("the truth of a mapping {other:?} is not known"),
    }
}

/// Whether someone must have a record.
fn is_due(org: &Org, mapping: &Mapping, user: &User) -> bool {
    let begins = mapping.target != Target::LoginUser || standing(user.status).is_none();
    begins && is_admitted(org, mapping, user)
}

/// Whether someone is whom the filter of a preset's mapping asks for; a login user's groups may be those of the roles.
fn is_chosen(org: &Org, mapping: &Mapping, user: &User) -> bool {
    let filter = mapping.filter.document();
    let any = |key: &str, is_meant: &dyn Fn(&str) -> bool| {
        let values = filter[key].as_array();
        values.is_none_or(|values| values.iter().filter_map(Value::as_str).any(is_meant))
    };
    let department = user.text("department").unwrap_or_default().trim().to_lowercase();
    let is_by_role = mapping.target == Target::LoginUser && filter["groups"].is_null();
    any("departments", &|name| name.trim().to_lowercase() == department)
        && any("statuses", &|name| name == user.status.as_str())
        && any("groups", &|name| is_in(org, user, name))
        && (!is_by_role || mapping.roles.iter().any(|rule| is_in(org, user, &rule.group)))
}

/// Whether someone is in a group of this name or id.
fn is_in(org: &Org, user: &User, group: &str) -> bool {
    let named = org.groups().filter(|candidate| candidate.name == group || candidate.id == group);
    named.into_iter().any(|candidate| org.is_member(&user.id, &candidate.id))
}

/// The role of a login user: that of the first group they are in.
fn role(org: &Org, mapping: &Mapping, user: &User) -> Option<String> {
    let rule = mapping.roles.iter().find(|rule| is_in(org, user, &rule.group));
    rule.map(|rule| rule.role.clone())
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

/// Why somebody's record under a mapping should be inactive; `None` when it should be active.
pub fn reason(org: &Org, mapping: &Mapping, user: &User) -> Option<Reason> {
    standing(user.status).or((!is_admitted(org, mapping, user)).then_some(Reason::OutOfScope))
}

/// How a record is not what the org makes it.
fn differs(org: &Org, mapping: &Mapping, record: &Record) -> Option<String> {
    if (record.state == State::Active) != record.reason.is_none() {
        return Some(format!("is {:?} for the reason {:?}", record.state, record.reason));
    }
    let Some(user) = org.user(&record.id) else { return differs_of_absent(org, record) };
    let is_admitted = is_admitted(org, mapping, user);
    let expected = reason(org, mapping, user);
    if record.reason != expected {
        return Some(format!("{} in Okta stands as {:?}, not {expected:?}", user.status.as_str(), record.reason));
    }
    if !is_admitted {
        // What a filter leaves out is not kept up to date.
        return None;
    }
    let (identifier, fields) = content(mapping, record, user);
    let identifier = if mapping.identifier.source() == "id" { user.id.clone() } else { identifier };
    let held = json!({
        "identifier": record.identifier,
        "role": record.role,
        "okta_status": record.okta_status,
        "source_updated": record.source_updated,
        "source_created": record.source_created,
        "fields": record.fields,
    });
    let truth = json!({
        "identifier": identifier,
        "role": role(org, mapping, user),
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
fn content(mapping: &Mapping, record: &Record, user: &User) -> (String, Value) {
    if let Some(preset) = &mapping.preset {
        return (presets::identifier(preset, user), presets::fields((preset, mapping), record, user));
    }
    if mapping.source == Source::PeopleOfDepartments {
        return (user.id.clone(), json!({ "department": user.attribute("department").unwrap_or(Value::Null) }));
    }
    let mapping = mapping.name.as_str();
    let attribute = |name: &str| user.attribute(name).unwrap_or(Value::Null);
    if mapping == CUSTODIANS {
        return (user.id.clone(), json!({ "name": attribute("displayName"), "title": attribute("title") }));
    }
    if mapping == LOGINS || mapping == STAFF {
        let fields = json!({ "email": attribute("email"), "title": attribute("title") });
        let identifier = if mapping == LOGINS { attribute("email") } else { Value::String(user.id.clone()) };
        return (identifier.as_str().unwrap_or_default().to_owned(), fields);
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
