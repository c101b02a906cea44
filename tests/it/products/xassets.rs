//! xAssets: users into the Custodian table, all of them or those of chosen groups, with a named credential.

use okta_sim::NewUser;
use rollcall_shared::model::{Reason, Target};
use rollcall_shared::report::RunState;
use serde_json::json;
use test_support::world::{World, counts};

use super::{connected, fields, installed, next_day, reachable};

const CUSTODIANS: &str = "xassets-custodians";

#[tokio::test]
async fn xassets_custodians() {
    let mut world = connected(30, json!([{ "preset": CUSTODIANS }])).await;
    let target = Target::Record { entity: "Custodian".to_owned(), collection: "Okta users".to_owned() };
    assert_eq!(world.connection.mappings[0].target, target);
    names_mail_department_and_title_arrive(&world).await;
    a_second_import_writes_nothing(&world).await;
    changes_arrive(&world).await;
    only_chosen_groups_if_wanted(&mut world).await;
}

async fn names_mail_department_and_title_arrive(world: &World) {
    let (ada, grace) = world.sim.with(|org| {
        let ada = NewUser::new("Ada", "Byron", "ada@acme.example").department("Finance").title("Analyst");
        let grace = NewUser::new("Grace", "Hopper", "grace@acme.example").with("displayName", "Amazing Grace");
        (org.create(ada), org.create(grace))
    });
    let report = installed(world).await;
    assert_eq!(counts(&report, CUSTODIANS).created, 32);
    assert_eq!((report.progress.done, report.progress.expected), (32, Some(32)));
    let expected = json!({
        "full_name": "Ada Byron", "first_name": "Ada", "last_name": "Byron", "email": "ada@acme.example",
        "department": "Finance", "job_title": "Analyst",
    });
    assert_eq!(fields(world, CUSTODIANS, &ada).await, expected);
    let grace = fields(world, CUSTODIANS, &grace).await;
    assert_eq!((&grace["full_name"], &grace["job_title"]), (&json!("Amazing Grace"), &json!(null)));
}

async fn a_second_import_writes_nothing(world: &World) {
    let before = world.records(CUSTODIANS).await;
    let (_, end) = world.changes(None).await;
    let report = next_day(world).await;
    assert_eq!(counts(&report, CUSTODIANS).unchanged, 32);
    assert_eq!(world.records(CUSTODIANS).await, before);
    assert!(world.changes(Some(&end)).await.0.is_empty(), "the feed has nothing to tell");
}

async fn changes_arrive(world: &World) {
    let people = reachable(world);
    let new = world.sim.with(|org| {
        assert!(org.rename(&people[0], "Mary", "Somerville") && org.set_profile(&people[1], "title", "Director"));
        assert!(org.move_department(&people[2], "Legal"));
        assert!(org.deactivate(&people[3]) && org.delete(&people[4]));
        org.create(NewUser::new("Katherine", "Johnson", "katherine@acme.example"))
    });
    let met = counts(&next_day(world).await, CUSTODIANS);
    assert_eq!((met.created, met.updated, met.deactivated), (1, 3, 2), "{met:?}");
    assert_eq!(fields(world, CUSTODIANS, &people[0]).await["full_name"], "Mary Somerville");
    assert_eq!(fields(world, CUSTODIANS, &new).await["last_name"], "Johnson");
    assert_eq!(world.standing(CUSTODIANS, &people[3]).await, Some(Reason::Deactivated));
    assert_eq!(world.standing(CUSTODIANS, &people[4]).await, Some(Reason::Deleted));
}

/// Custodians outside of the chosen groups are deactivated, and come back when everybody is wanted again.
async fn only_chosen_groups_if_wanted(world: &mut World) {
    let everyone = world.people(|_| true);
    let chosen: Vec<String> = everyone.iter().step_by(2).cloned().collect();
    world.group("Asset custodians", &chosen);
    world.map(json!([{ "preset": CUSTODIANS, "filter": { "groups": ["Asset custodians"] } }])).await;
    let left = counts(&next_day(world).await, CUSTODIANS).deactivated;
    assert!(left > 0 && left <= everyone.len() as u64 / 2, "{left}");
    for (id, record) in world.records(CUSTODIANS).await {
        assert!(record.reason.is_some() || chosen.contains(&id), "{id} is in no chosen group");
    }
    world.map(json!([{ "preset": CUSTODIANS }])).await;
    assert_eq!(counts(&next_day(world).await, CUSTODIANS).reactivated, left);
}

/// A credential is kept under a name that connections refer to: it can be renewed for all of them at once.
#[tokio::test]
async fn xassets_custodians_share_a_named_credential() {
    const CREDENTIAL: &str = "rollcall/xassets-credential";
    let mut headquarters = connected(20, json!([{ "preset": CUSTODIANS }])).await;
    let engineers = json!([{ "preset": CUSTODIANS, "filter": { "departments": ["Engineering"] } }]);
    let mut works = headquarters.beside("works", engineers).await;
    for world in [&mut headquarters, &mut works] {
        world.reconnect(|document| document["okta"]["auth"]["secret"] = json!(CREDENTIAL)).await;
        assert!(!world.connection.document().to_string().contains(&world.sim.token()));
    }
    let missing = headquarters.import().await;
    assert_eq!(missing.state, RunState::Failed);
    assert!(missing.problem.unwrap().detail.contains(CREDENTIAL), "it is said which one is not there");

    let store = async |token: &str| {
        headquarters.sim.set_token(token);
        headquarters.stack.context.secrets.put(CREDENTIAL, token).await.expect("the credential is stored");
    };
    store("first-token").await;
    installed(&headquarters).await;
    installed(&works).await;
    let before = headquarters.records(CUSTODIANS).await;
    headquarters.sim.revoke_token();
    assert_eq!(headquarters.import().await.state, RunState::Failed);
    assert_eq!(headquarters.records(CUSTODIANS).await, before);
    store("second-token").await;
    next_day(&headquarters).await;
    next_day(&works).await;
}
