//! What the directory should be, worked out from the org without any of the code under demonstration, and what it is.

use std::collections::BTreeMap;

use futures::{StreamExt, pin_mut};
use okta_sim::{Status, User};
use rollcall_shared::model::{Reason, Standing};

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

/// Whether the directory is what the org makes it: the same records, standing as they should.
pub(super) async fn equals_the_org(scene: &Scene) -> Result<bool, Failure> {
    let mut expected: BTreeMap<(String, String), Standing> = scene.sim.with(|org| {
        let everyone = org.users().flat_map(|user| {
            mappings_of(user).map(|mapping| ((mapping.to_owned(), user.id.clone()), standing(user.status)))
        });
        everyone.collect()
    });
    expected.extend(scene.gone.iter().map(|(key, reason)| (key.clone(), Some(*reason))));
    let held = held(scene).await?;
    Ok(held.into_iter().map(|(key, (standing, _))| (key, standing)).eq(expected))
}

/// The mappings that admit someone: `people` everyone, `custodians` two departments.
fn mappings_of(user: &User) -> impl Iterator<Item = &'static str> {
    let department = user.text("department").unwrap_or_default();
    let is_custodian = ["finance", "sales"].contains(&department.trim().to_lowercase().as_str());
    ["people"].into_iter().chain(is_custodian.then_some("custodians"))
}

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
