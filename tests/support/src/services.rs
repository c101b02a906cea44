//! Worlds with applications, and what the directory should say of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use okta_sim::{App, AppStatus, Org, Status};
use rollcall_shared::Context;
use rollcall_shared::handlers::{Event, Response, service_discovery};
use rollcall_shared::model::{Reason, Record};
use rollcall_shared::report::{Counts, RunReport, RunState};
use serde_json::{Value, json};

use crate::world::{Job, Setup, World};

/// The mapping of applications, after its preset.
pub const SERVICES: &str = "leanix-services";

/// A world of people who have so many applications beside Okta's own, and use them; and a connection that discovers them.
pub async fn world(apps: usize, setup: Setup) -> World {
    let mut world = World::new(setup).await;
    world.sim.with(|org| {
        org.generate_apps(apps);
        org.generate_sign_ons(apps * 25);
        // What was generated is there for long, as in an org that is connected one day.
        org.set_now(org.now() + Duration::from_secs(3_600));
    });
    world.reconnect(map_services).await;
    world
}

fn map_services(document: &mut Value) {
    if let Some(mappings) = document["mappings"].as_array_mut() {
        mappings.push(json!({ "preset": SERVICES }));
    }
}

/// Runs the service-discovery of a connection; panics where no run could be opened.
pub async fn discover(context: &Context) -> RunReport {
    let event = Event { connection: Some("acme".to_owned()), ..Event::default() };
    match Box::pin(service_discovery::handle(context, event)).await {
        Ok(Response::Run(report)) => *report,
        other => panic!("no run: {other:?}"),
    }
}

/// Runs a service-discovery that has to succeed, to add up and to leave the directory true.
pub async fn discovered(world: &World) -> RunReport {
    let began = world.sim.with(|org| org.now());
    let report = discover(&world.context_of(Job::ServiceDiscovery).await).await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(report.mappings.values().all(Counts::add_up), "{report:?}");
    assert_true(world, began).await;
    report
}

/// Panics unless the directory says of applications what the org did some time between a moment and now.
pub async fn assert_true(world: &World, since: Timestamp) {
    let differences = compare(world, since).await;
    assert!(differences.is_empty(), "the directory differs from the org:\n{}", differences.join("\n"));
}

/// What the directory says of applications otherwise than the org did at any time between a moment and now.
pub async fn compare(world: &World, since: Timestamp) -> Vec<String> {
    let records = world.records(SERVICES).await;
    let mut differences = Vec::new();
    let truths = world.sim.with(|org| truths(org, since));
    for (id, truth) in &truths {
        match records.get(id) {
            None => differences.push(format!("{id} has no record")),
            Some(record) => differences.extend(truth.differences(record)),
        }
    }
    for (id, record) in records.iter().filter(|(id, _)| !truths.contains_key(*id)) {
        if !record.reason.is_some_and(Reason::is_gone) {
            differences.push(format!("{id} is not in Okta, and its record is {:?} {:?}", record.state, record.reason));
        }
    }
    differences
}

/// Of how many applications something has changed since a moment by the passing of time alone: somebody's last sign-on has
/// left the week, the month or the quarter.
pub fn aged(org: &Org, since: Timestamp) -> usize {
    truths(org, since).values().filter(|truth| truth.between.values().any(|(least, most)| least != most)).count()
}

/// Whether an application is one that there is a record of, by the documented names of those that are not.
pub fn is_service(app: &App) -> bool {
    let own = ["saasure", "flow"].contains(&app.name.as_str()) || app.name.starts_with("okta_");
    let directory = ["active_directory", "csv_directory_v2", "custom_identity_source"].contains(&app.name.as_str());
    app.name == "okta_org2org" || !own && !directory
}

/// What a record should say. Of what depends on the time, the least and the most.
struct Truth {
    reason: Option<Reason>,
    fields: Value,
    between: BTreeMap<&'static str, (u64, u64)>,
}

impl Truth {
    fn differences(&self, record: &Record) -> Vec<String> {
        let mut differences = Vec::new();
        if record.reason != self.reason {
            differences.push(format!("{}: {:?} instead of {:?}", record.id, record.reason, self.reason));
        }
        for (name, value) in self.fields.as_object().into_iter().flatten() {
            let found = record.fields.get(name);
            if found != Some(value) {
                differences.push(format!("{}: {name} is {found:?} instead of {value}", record.id));
            }
        }
        for (name, (least, most)) in &self.between {
            let found = record.fields.get(*name).and_then(Value::as_u64);
            if !found.is_some_and(|found| (*least..=*most).contains(&found)) {
                differences.push(format!("{}: {name} is {found:?} instead of {least} to {most}", record.id));
            }
        }
        differences
    }
}

fn truths(org: &Org, since: Timestamp) -> BTreeMap<String, Truth> {
    let mut last: HashMap<String, BTreeMap<String, Timestamp>> = HashMap::new();
    for sign_on in org.sign_ons() {
        let at = last.entry(sign_on.app).or_default().entry(sign_on.user).or_insert(sign_on.at);
        *at = sign_on.at.max(*at);
    }
    let services = org.apps().iter().filter(|app| is_service(app));
    services.map(|app| (app.id.clone(), truth(org, (app, last.get(&app.id)), since))).collect()
}

fn truth(org: &Org, (app, last): (&App, Option<&BTreeMap<String, Timestamp>>), since: Timestamp) -> Truth {
    let none = BTreeMap::new();
    let last = last.unwrap_or(&none);
    let assigned: BTreeSet<&str> = org
        .assignments(app)
        .filter(|assignment| assignment.user.status != Status::Deprovisioned)
        .map(|assignment| assignment.user.id.as_str())
        .collect();
    let recent = |days: i64, now: Timestamp| {
        let bound = now - SignedDuration::from_hours(24 * days);
        last.iter().filter(move |(_, at)| **at >= bound).map(|(user, _)| user.as_str())
    };
    let now = org.now();
    let used = |days| (recent(days, now).count() as u64, recent(days, since).count() as u64);
    let idle = |now| {
        let active: BTreeSet<&str> = recent(90, now).collect();
        assigned.difference(&active).count() as u64
    };
    Truth {
        reason: (app.status == AppStatus::Inactive).then_some(Reason::Deactivated),
        fields: json!({
            "name": app.label, "catalog_name": app.name, "status": app.status.as_str(),
            "sign_on_mode": app.sign_on_mode, "features": app.features, "assigned_users": assigned.len(),
            "last_used": last.values().max().map(|at| at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()),
        }),
        between: BTreeMap::from([
            ("users_7_days", used(7)),
            ("users_30_days", used(30)),
            ("users_90_days", used(90)),
            ("idle_users", (idle(since), idle(now))),
        ]),
    }
}
