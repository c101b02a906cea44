//! The chapter of the devices: what people registered, who holds it, and what leavers still have.

use std::collections::BTreeMap;

use futures::TryStreamExt;
use okta_sim::DeviceStatus;
use rollcall_shared::handlers::offboarding::offboarding;
use rollcall_shared::model::{Job, Record};
use rollcall_shared::report::RunState;
use serde_json::Value;

use super::scene::Scene;
use super::tell::Teller;
use crate::commands::offboarding::HEADER;
use crate::commands::{list, offboarding as view};
use crate::failure::Failure;
use crate::output::numbers::grouped;
use crate::output::tables::table;

/// The mapping, after its preset.
const DEVICES: &str = "sekoia-devices";
/// So many rows are enough to see what there is.
const A_FEW: usize = 5;

pub(super) async fn what_people_have_in_hand(teller: &mut Teller<'_>, scene: &Scene) -> Result<(), Failure> {
    teller.chapter("What people have in hand")?;
    teller.say("The devices that people registered (rollcall sync acme device-collection):\n")?;
    let run = teller.job(scene, Job::DeviceCollection).await?;
    let count = scene.sim.with(|org| org.devices().count()) as u64;
    let counts = run.mappings.get(DEVICES).copied().unwrap_or_default();
    teller.claim(
        run.state == RunState::Succeeded && counts.read == count,
        &format!("{} devices, with their users, in {} calls.", grouped(count), run.okta.calls),
    )?;
    let records = records(scene).await?;
    teller.claim(equal_the_org(scene, &records), "Each stands as in Okta, and is with whom Okta says.")?;
    let rows: Vec<Vec<String>> =
        records.values().filter(|record| !record.fields["holder"].is_null()).map(row).collect();
    let some = rows.into_iter().take(A_FEW).collect();
    teller.say(&format!("\n{}", table(&["state", "name", "platform", "os_version", "holder", "id"], some)))?;

    teller.say("\nWho has left and still holds one? (rollcall offboarding acme)\n")?;
    let holdings = offboarding(&scene.stack.context, &scene.connection.name).await?;
    let has_left = holdings.iter().all(|holding| scene.sim.with(|org| has_left(org.user(&holding.person))));
    teller.claim(has_left, &format!("{}, all of people who are inactive in Okta.", grouped(holdings.len() as u64)))?;
    let some = holdings.into_iter().take(A_FEW).map(view::cells).collect();
    teller.say(&format!("\n{}", table(&HEADER, some)))
}

async fn records(scene: &Scene) -> Result<BTreeMap<String, Record>, Failure> {
    let records = scene.stack.context.directory.records(&scene.connection.name, DEVICES);
    let records = records.map_ok(|record| (record.id.clone(), record));
    Ok(records.try_collect().await?)
}

fn row(record: &Record) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let field = |name: &str| text(&record.fields[name]);
    let holder = text(&record.fields["holder"]["login"]);
    vec![list::word(&record.state), field("name"), field("platform"), field("os_version"), holder, record.id.clone()]
}

/// Whether every device of the org, and no other, has a record that says how it stands and who has it.
fn equal_the_org(scene: &Scene, records: &BTreeMap<String, Record>) -> bool {
    scene.sim.with(|org| {
        let is_told = |device: &okta_sim::Device| {
            let Some(record) = records.get(&device.id) else { return false };
            let is_inactive = matches!(device.status, DeviceStatus::Suspended | DeviceStatus::Deactivated);
            let told =
                record.fields["holders"].as_array().into_iter().flatten().filter_map(|holder| holder["id"].as_str());
            let (mut told, mut holders): (Vec<&str>, Vec<&str>) =
                (told.collect(), device.links.iter().map(|link| link.user.as_str()).collect());
            told.sort_unstable();
            holders.sort_unstable();
            record.reason.is_some() == is_inactive && told == holders
        };
        org.devices().count() == records.len() && org.devices().all(is_told)
    })
}

/// Whether the org has somebody as left; whom it does not have is deleted.
fn has_left(user: Option<&okta_sim::User>) -> bool {
    use okta_sim::Status;
    user.is_none_or(|user| matches!(user.status, Status::Deprovisioned | Status::Suspended))
}
