//! Worlds with devices, and what the directory should say of them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use okta_sim::{Device, DeviceStatus, Fault, FaultKind, Match, Sim};
use rollcall_shared::Context;
use rollcall_shared::handlers::{Event, Response, device_collection};
use rollcall_shared::model::{Reason, Record};
use rollcall_shared::report::{Counts, RunReport, RunState};
use serde_json::{Value, json};

use crate::world::{Job, Setup, World};

/// The mapping of devices, after its preset.
pub const DEVICES: &str = "sekoia-devices";

/// A world of people who have so many devices, and a connection that collects them beside the people.
pub async fn world(devices: usize, setup: Setup) -> World {
    let mut world = World::new(setup).await;
    add(&mut world, devices).await;
    world
}

/// Gives the people of a world so many devices, and has them collected.
pub async fn add(world: &mut World, devices: usize) {
    world.sim.with(|org| {
        org.generate_devices(devices);
        org.generate_policies();
        // What was generated is there for long, as in an org that is connected one day.
        org.set_now(org.now() + Duration::from_secs(86_400));
    });
    world.reconnect(map_devices).await;
}

fn map_devices(document: &mut Value) {
    if let Some(mappings) = document["mappings"].as_array_mut() {
        mappings.push(json!({ "preset": DEVICES }));
    }
}

/// Every page of devices takes so long.
pub fn slow(by: Duration) -> Fault {
    Fault::new(Match::path("/api/v1/devices"), FaultKind::Slow(by)).times(u32::MAX)
}

/// Runs the device-collection of a connection; panics where no run could be opened.
pub async fn collect(context: &Context) -> RunReport {
    let event = Event { connection: Some("acme".to_owned()), ..Event::default() };
    match Box::pin(device_collection::handle(context, event)).await {
        Ok(Response::Run(report)) => *report,
        other => panic!("no run: {other:?}"),
    }
}

/// Runs a device-collection that has to succeed, to add up and to leave the directory true.
pub async fn collected(world: &World) -> RunReport {
    let report = collect(&world.context_of(Job::DeviceCollection).await).await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(report.mappings.values().all(Counts::add_up), "{report:?}");
    assert_true(world).await;
    report
}

/// Panics unless the directory says of devices what the org does.
pub async fn assert_true(world: &World) {
    let differences = compare(world).await;
    assert!(differences.is_empty(), "the directory differs from the org:\n{}", differences.join("\n"));
}

/// What the directory says otherwise than the org.
pub async fn compare(world: &World) -> Vec<String> {
    differences(&world.records(DEVICES).await, &world.sim)
}

/// What these records say otherwise than the org.
pub fn differences(records: &BTreeMap<String, Record>, sim: &Sim) -> Vec<String> {
    let mut differences = Vec::new();
    let truths = truths(sim);
    for (id, truth) in &truths {
        match records.get(id) {
            None => differences.push(format!("{id} has no record")),
            Some(record) if said(record) != *truth => {
                differences.push(format!("{id}: the record says {}\nand Okta says {truth}", said(record)));
            }
            Some(_) => {}
        }
    }
    for (id, record) in records.iter().filter(|(id, _)| !truths.contains_key(*id)) {
        if !record.reason.is_some_and(Reason::is_gone) {
            differences.push(format!("{id} is not in Okta, and its record is {:?} {:?}", record.state, record.reason));
        }
    }
    differences
}

/// What of a record follows from what Okta has now. Who held a device last does not.
fn said(record: &Record) -> Value {
    let mut fields = record.fields.clone();
    fields.retain(|name, _| !["last_holder", "assurance"].contains(&name.as_str()));
    json!({ "identifier": record.identifier, "reason": record.reason, "status": record.okta_status, "fields": fields })
}

fn truths(sim: &Sim) -> BTreeMap<String, Value> {
    sim.with(|org| {
        let people: BTreeMap<String, [Option<String>; 4]> = org
            .users()
            .map(|user| (user.id.clone(), ["login", "email", "firstName", "lastName"].map(|name| user.text(name))))
            .collect();
        org.devices().map(|device| (device.id.clone(), truth(device, &people))).collect()
    })
}

/// Why a device's record should be inactive; `None` where it should be active.
pub fn reason(device: &Device) -> Option<Reason> {
    match device.status {
        DeviceStatus::Suspended => Some(Reason::Suspended),
        DeviceStatus::Deactivated => Some(Reason::Deactivated),
        DeviceStatus::Active | DeviceStatus::Other(_) => None,
    }
}

fn truth(device: &Device, people: &BTreeMap<String, [Option<String>; 4]>) -> Value {
    let reason = reason(device);
    let mut links: Vec<_> = device.links.iter().collect();
    links.sort_by(|one, other| other.created.cmp(&one.created).then_with(|| one.user.cmp(&other.user)));
    let holders: Vec<Value> = links
        .iter()
        .map(|link| {
            let [login, email, first, last] = people.get(&link.user).cloned().unwrap_or_default();
            let name = [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ");
            json!({
                "id": link.user, "login": login, "email": email,
                "name": name,
                "since": moment(link.created), "managed": link.management.as_str() == "MANAGED",
                "screen_lock": link.screen_lock.map(okta_sim::ScreenLock::as_str),
            })
        })
        .collect();
    let attribute = |name: &str| device.attribute(name).unwrap_or(Value::Null);
    let managed = links.iter().map(|link| link.management.as_str() == "MANAGED").reduce(|one, other| one || other);
    let encrypted = match attribute("diskEncryptionType").as_str() {
        Some("FULL" | "USER" | "ALL_INTERNAL_VOLUMES") => Some(true),
        Some("NONE" | "SYSTEM_VOLUME") => Some(false),
        _ => None,
    };
    let fields = json!({
        "name": attribute("displayName"), "platform": attribute("platform"), "os_version": attribute("osVersion"),
        "manufacturer": attribute("manufacturer"), "model": attribute("model"),
        "serial_number": attribute("serialNumber"), "udid": attribute("udid"), "imei": attribute("imei"),
        "meid": attribute("meid"), "sid": attribute("sid"), "tpm_public_key_hash": attribute("tpmPublicKeyHash"),
        "registered": attribute("registered"), "managed": json!(managed).as_bool().map_or(attribute("managed"), Value::from),
        "secure_hardware": attribute("secureHardwarePresent"), "disk_encryption": attribute("diskEncryptionType"),
        "disk_encrypted": encrypted, "jailbroken": attribute("integrityJailbreak"),
        "screen_lock": holders.first().map_or(Value::Null, |holder| holder["screen_lock"].clone()),
        "holder": holders.first(), "holders": holders,
    });
    json!({ "identifier": device.id, "reason": reason, "status": device.status.as_str(), "fields": fields })
}

/// Okta's times have whole seconds.
fn moment(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}
