//! Who is assigned to which application, over the wire.

use std::collections::BTreeSet;

use serde_json::json;

use super::client::{all, encoded, get, sim};
use crate::{NewApp, NewUser, Options, Scope, Sim, Status};

/// Two people of a new group; the first of them is assigned as well. Application, group, people.
async fn wiki() -> (Sim, String, String, [String; 2]) {
    let sim = sim(40, Options::default()).await;
    let (app, group, people) = sim.with(|org| {
        let app = org.create_app(NewApp::new("bookmark", "Wiki").sign_on_mode(Some("BOOKMARK")));
        let group = org.create_group("Writers");
        let people =
            ["Ada", "Bob"].map(|name| org.create(NewUser::new(name, "Byron", &format!("{name}@acme.example"))));
        for user in &people {
            assert!(org.add_to_group(user, &group));
        }
        assert!(org.assign(&people[0], &app) && !org.assign(&people[0], &app));
        assert!(org.assign_group(&group, &app) && !org.assign_group(&group, &app));
        (app, group, people)
    });
    (sim, app, group, people)
}

#[tokio::test]
async fn an_assignment_looks_like_okta_s() {
    let (sim, app, group, [ada, bob]) = wiki().await;
    let list = get(&sim, &format!("/api/v1/apps/{app}/users")).await;
    assert!(list.link("self").unwrap().contains("limit=50"));
    let find = |id: &str| list.json().as_array().unwrap().iter().find(|user| user["id"] == id).unwrap().clone();
    let mine = find(&ada);
    let keys: Vec<_> = mine.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "_links",
        "created",
        "credentials",
        "externalId",
        "id",
        "lastUpdated",
        "passwordChanged",
        "profile",
        "scope",
        "status",
        "statusChanged",
        "syncState",
    ];
    assert_eq!(keys, expected);
    assert_eq!(
        (&mine["scope"], &mine["status"], &mine["syncState"]),
        (&json!("USER"), &json!("ACTIVE"), &json!("DISABLED"))
    );
    assert_eq!(mine["credentials"], json!({"userName": "Ada@acme.example"}));
    assert_eq!(mine["profile"], json!({"name": "Ada Byron", "email": "Ada@acme.example"}));
    assert_eq!(mine["_links"]["user"]["href"], format!("{}/api/v1/users/{ada}", sim.url()));
    assert_eq!(find(&bob)["scope"], "GROUP");
    let groups = get(&sim, &format!("/api/v1/apps/{app}/groups?expand=group")).await;
    assert!(groups.link("self").unwrap().contains("limit=20"));
    let entry = &groups.json()[0];
    assert_eq!((&entry["id"], &entry["priority"]), (&json!(group), &json!(0)));
    assert_eq!(entry["_embedded"]["group"]["profile"]["name"], "Writers");
    let expanded = get(&sim, &format!("/api/v1/apps/{app}/users?expand=user&q=bob")).await.json();
    assert_eq!((expanded.as_array().unwrap().len(), &expanded[0]["_embedded"]["user"]["id"]), (1, &json!(bob)));
}

#[tokio::test]
async fn assignments_follow_the_groups_and_stay_with_the_deactivated() {
    let (sim, app, group, [ada, bob]) = wiki().await;
    let path = format!("/api/v1/apps/{app}/users");
    sim.with(|org| assert!(org.remove_from_group(&bob, &group) && org.deactivate(&ada)));
    let left = get(&sim, &path).await.json();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["status"]), (1, &json!("DEPROVISIONED")));
    sim.with(|org| assert!(org.unassign(&ada, &app) && !org.unassign(&ada, &app)));
    assert_eq!(get(&sim, &path).await.json()[0]["scope"], "GROUP");
    sim.with(|org| assert!(org.delete_group(&group)));
    assert_eq!(get(&sim, &path).await.body, b"[]");
    assert_eq!(get(&sim, &format!("/api/v1/apps/{app}/groups")).await.body, b"[]");
    sim.with(|org| assert!(org.assign(&bob, &app) && org.delete(&bob)));
    assert_eq!(get(&sim, &path).await.body, b"[]");
}

#[tokio::test]
async fn pages_show_everyone_assigned_once() {
    let sim = sim(400, Options::default()).await;
    let (app, everybody, scopes) = sim.with(|org| {
        org.generate_apps(30);
        let busy = org.apps().iter().find(|app| app.groups.len() > 1 && app.users.len() > 50).unwrap();
        let mut expected: BTreeSet<String> = busy.users.keys().map(|id| id.as_str().to_owned()).collect();
        for group in busy.groups.keys() {
            expected.extend(org.members(group.as_str()).map(|user| user.id.clone()));
        }
        let scopes: BTreeSet<_> = org.assignments(busy).map(|assignment| assignment.scope.as_str()).collect();
        (busy.id.clone(), expected, scopes)
    });
    assert_eq!(scopes, BTreeSet::from([Scope::User.as_str(), Scope::Group.as_str()]));
    let expected: Vec<String> = everybody.into_iter().collect();
    for limit in [7, 50, 500] {
        assert_eq!(all(&sim, &format!("/api/v1/apps/{app}/users?limit={limit}")).await, expected, "{limit}");
    }
}

#[tokio::test]
async fn the_dashboard_hides_what_is_hidden() {
    let (sim, app, _, [ada, _]) = wiki().await;
    let links = get(&sim, &format!("/api/v1/users/{ada}/appLinks")).await.json();
    assert_eq!(links.as_array().unwrap().len(), 1, "not the dashboard itself: {links}");
    assert_eq!((&links[0]["appInstanceId"], &links[0]["label"]), (&json!(app), &json!("Wiki")));
    sim.with(|org| org.deactivate_app(&app));
    assert_eq!(get(&sim, &format!("/api/v1/users/{ada}/appLinks")).await.body, b"[]");
}

#[tokio::test]
async fn an_application_lives_a_life() {
    let (sim, app, group, [ada, bob]) = wiki().await;
    sim.with(|org| {
        assert!(org.rename_app(&app, "Wiki of writers"));
        assert!(org.sign_on(&bob, &app) && org.fail_sign_on(&ada, &app, "INVALID"));
        assert!(org.unassign(&ada, &app) && org.unassign_group(&group, &app) && !org.sign_on(&bob, &app));
        assert!(!org.delete_app(&app) && org.deactivate_app(&app) && !org.deactivate_app(&app));
        assert!(org.activate_app(&app) && org.deactivate_app(&app) && org.delete_app(&app) && org.app(&app).is_none());
    });
    let filter = encoded(
        "eventType sw \"application.\" or eventType sw \"group.application\" or eventType eq \"user.authentication.sso\"",
    );
    let events = get(&sim, &format!("/api/v1/logs?limit=100&filter={filter}")).await.json();
    let told: Vec<(&str, Vec<&str>)> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|event| {
            let targets = event["target"].as_array().unwrap().iter().map(|target| target["type"].as_str().unwrap());
            (event["eventType"].as_str().unwrap(), targets.collect())
        })
        .filter(|(kind, _)| *kind != "user.authentication.sso")
        .collect();
    let (instance, member) = (vec!["AppInstance"], vec!["AppUser", "AppInstance", "User"]);
    let expected = [
        ("application.lifecycle.create", instance.clone()),
        ("application.user_membership.add", member.clone()),
        ("group.application_assignment.add", vec!["UserGroup", "AppInstance"]),
        ("application.lifecycle.update", instance.clone()),
        ("application.user_membership.remove", member),
        ("group.application_assignment.remove", vec!["UserGroup", "AppInstance"]),
        ("application.lifecycle.deactivate", instance.clone()),
        ("application.lifecycle.activate", instance.clone()),
        ("application.lifecycle.deactivate", instance.clone()),
        ("application.lifecycle.delete", instance),
    ];
    assert_eq!(told, expected);
    let membership = &events[1]["target"];
    assert!(membership[0]["id"].as_str().unwrap().starts_with("0ua"));
    assert_eq!((&membership[1]["id"], &membership[2]["id"]), (&json!(app), &json!(ada)));
}

#[tokio::test]
async fn sign_ons_name_the_application_and_the_user() {
    let (sim, app, _, [ada, bob]) = wiki().await;
    sim.with(|org| {
        for _ in 0..20 {
            assert!(org.sign_on(&ada, &app));
        }
        assert!(org.fail_sign_on(&bob, &app, "INVALID_CREDENTIALS"));
        assert_eq!((org.sign_ons().count(), org.user(&ada).unwrap().status), (20, Status::Active));
    });
    let path = format!("/api/v1/logs?limit=100&filter={}", encoded("eventType eq \"user.authentication.sso\""));
    let events = get(&sim, &path).await.json();
    let events = events.as_array().unwrap();
    let mut orders = BTreeSet::new();
    for event in events {
        let kinds: Vec<_> = event["target"].as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap()).collect();
        let instance = kinds.iter().position(|kind| *kind == "AppInstance").unwrap();
        assert_eq!((&event["target"][instance]["id"], kinds.len()), (&json!(app), 2));
        orders.insert(instance);
    }
    assert_eq!(orders, BTreeSet::from([0, 1]));
    assert_eq!((&events[0]["actor"]["id"], &events[0]["outcome"]["result"]), (&json!(ada), &json!("SUCCESS")));
    assert_eq!(events[20]["outcome"], json!({"result": "FAILURE", "reason": "INVALID_CREDENTIALS"}));
}
