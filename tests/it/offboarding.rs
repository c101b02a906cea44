//! Offboarding: what people who are inactive in Okta still hold, as the directory knows it.

use std::time::Duration;

use rollcall_shared::handlers::offboarding::offboarding;
use rollcall_shared::model::{Thing, Tie};
use rollcall_shared::report::RunState;
use test_support::devices::{self, DEVICES, collected};
use test_support::services::{self, discovered, is_service};
use test_support::world::{Setup, World};

#[tokio::test]
async fn what_leavers_still_hold_is_in_the_offboarding_view() {
    let world = devices::world(60, Setup::default()).await;
    world.imported().await;
    collected(&world).await;
    world.later(Duration::from_secs(3_600));
    let (device, leaver) = world.sim.with(|org| {
        let mut devices = org.devices().filter(|device| device.status.as_str() == "ACTIVE");
        devices
            .find(|device| device.links.len() == 1)
            .map(|device| (device.id.clone(), device.links[0].user.clone()))
            .unwrap()
    });
    assert!(shown(&world, &leaver).await.is_empty());
    world.sim.with(|org| assert!(org.deactivate(&leaver)));
    assert_eq!(world.deprovision().await.state, RunState::Succeeded);
    let record = world.record(DEVICES, &device).await.unwrap();
    let since = record.fields["holder"]["since"].clone();
    let held = shown(&world, &leaver).await;
    assert!(held.contains(&(device.clone(), Tie::Holds, since.as_str().map(str::to_owned))), "{held:?}");

    // Okta cuts the link when the device is deactivated; it is still with whoever had it last, until somebody else gets it.
    world.sim.with(|org| assert!(org.deactivate_device(&device)));
    collected(&world).await;
    assert!(shown(&world, &leaver).await.iter().any(|(id, tie, _)| *id == device && *tie == Tie::HeldLast));
    world.later(Duration::from_secs(3_600));
    let next = world.active().remove(0);
    world.sim.with(|org| assert!(org.activate_device(&device) && org.add_device_user(&device, &next)));
    collected(&world).await;
    assert!(shown(&world, &leaver).await.iter().all(|(id, ..)| *id != device));
}

/// What somebody holds in the offboarding view: ids, ties and since when.
async fn shown(world: &World, person: &str) -> Vec<(String, Tie, Option<String>)> {
    let holdings = offboarding(&world.context, "acme").await.unwrap();
    let theirs = holdings.into_iter().filter(|holding| holding.person == person);
    theirs.map(|holding| (holding.id, holding.tie, holding.since.map(|since| since.to_string()))).collect()
}

#[tokio::test]
async fn what_leavers_are_still_assigned_is_in_the_offboarding_view() {
    let world = services::world(40, Setup::default()).await;
    world.imported().await;
    discovered(&world).await;
    let active = world.active();
    let (app, leaver) = world.sim.with(|org| {
        let mut services = org.apps().iter().filter(|app| is_service(app));
        let assigned =
            |app| org.assignments(app).map(|assignment| assignment.user.id.clone()).find(|id| active.contains(id));
        services.find_map(|app| Some((app.id.clone(), assigned(app)?))).unwrap()
    });
    let shown = async || {
        let holdings = offboarding(&world.context, "acme").await.unwrap();
        let theirs = holdings.into_iter().filter(|holding| holding.person == leaver && holding.id == app);
        theirs.map(|holding| (holding.thing, holding.tie, holding.since.is_some())).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, []);
    // A suspension leaves everything assigned.
    world.sim.with(|org| assert!(org.suspend(&leaver)));
    world.later(Duration::from_secs(3_600));
    assert_eq!(world.delta().await.state, RunState::Succeeded);
    assert_eq!(shown().await, [(Thing::Application, Tie::Assigned, true)]);
}
