//! What the directory should be, worked out from the org without any of the code under demonstration, and what it is.

use std::collections::BTreeMap;

use futures::{StreamExt, pin_mut};
use okta_sim::{Status, User};
use rollcall_shared::model::{Reason, Standing};
use serde_json::{Value, json};

use super::scene::Scene;
use crate::failure::Failure;

/// How every record stands, and its revision, by mapping and id.
pub(super) type Snapshot = BTreeMap<(String, String), (Standing, u64)>;

/// What the directory holds.
pub(super) async fn held(scene: &Scene) -> Result<Snapshot, Failure> {
    let mut snapshot = Snapshot::new();
    for mapping in &scene.connection.mappings {
        let records = scene.stack.context.directory.records(&scene.connection.name, &mapping.name);
        pin_mut!(records);
        while let Some(record) = records.next().await {
            let record = record?;
            snapshot.insert((record.mapping, record.id), (record.reason, record.revision));
        }
    }
    Ok(snapshot)
}

/// Whether the directory is, of people, what the org makes it: the same records, standing as they should, saying what they should.
/// Of somebody who is gone or out of scope only the standing counts: the record keeps what was known last.
pub(super) async fn equals_the_org(scene: &Scene) -> Result<bool, Failure> {
    let mut expected: BTreeMap<(String, String), (Standing, Option<Words>)> = scene.sim.with(|org| {
        let everyone = org.users().flat_map(|user| {
            let words = |mapping| words(user, mapping);
            let record = move |mapping: &str| (mapping.to_owned(), user.id.clone());
            mappings_of(user).map(move |mapping| (record(mapping), (standing(user.status), Some(words(mapping)))))
        });
        everyone.collect()
    });
    expected.extend(scene.gone.iter().map(|(key, reason)| (key.clone(), (Some(*reason), None))));
    for (_, mapping) in scene.connection.mappings_of_people() {
        let mut records = scene.stack.context.directory.records(&scene.connection.name, &mapping.name);
        while let Some(record) = records.next().await {
            let record = record?;
            let matches = match expected.remove(&(record.mapping, record.id)) {
                Some((standing, Some(words))) => {
                    record.reason == standing && (record.identifier, Value::Object(record.fields)) == words
                }
                Some((standing, None)) => record.reason == standing,
                None => false,
            };
            if !matches {
                return Ok(false);
            }
        }
    }
    Ok(expected.is_empty())
}

/// A record's identifier and fields.
type Words = (String, Value);

/// What a record of someone should say.
fn words(user: &User, mapping: &str) -> Words {
    let attribute = |name| user.attribute(name).unwrap_or_default();
    if mapping == "custodians" {
        return (user.id.clone(), json!({ "email": attribute("email"), "title": attribute("title") }));
    }
    let names: Vec<String> = ["firstName", "lastName"].into_iter().filter_map(|name| user.text(name)).collect();
    let login = user.text("login").unwrap_or_default();
    (login, json!({ "name": names.join(" "), "department": attribute("department") }))
}

/// The mappings that admit someone: `people` everyone, `custodians` two departments.
fn mappings_of(user: &User) -> impl Iterator<Item = &'static str> {
    let department = user.text("department").unwrap_or_default();
    let is_custodian = ["finance", "sales"].contains(&department.trim().to_lowercase().as_str());
    ["people"].into_iter().chain(is_custodian.then_some("custodians"))
}

/// Why a status makes a record inactive, if it does. The tests' truth says the same, and takes nothing from here.
fn standing(status: Status) -> Standing {
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
