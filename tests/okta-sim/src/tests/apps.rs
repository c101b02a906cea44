//! Applications over the wire.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{all, encoded, get, sim};
use crate::{App, AppStatus, Fault, FaultKind, Match, NewApp, Options, Org, Role, Sim};

async fn small() -> Sim {
    let sim = sim(60, Options::default()).await;
    sim.with(|org| org.generate_apps(50));
    sim
}

fn ids(sim: &Sim, keep: impl Fn(&Org, &App) -> bool) -> Vec<String> {
    sim.with(|org| org.apps().iter().filter(|app| keep(org, app)).map(|app| app.id.clone()).collect())
}

#[tokio::test]
async fn okta_s_own_applications_are_there() {
    let sim = Sim::start(Org::empty(jiff::Timestamp::now()), Options::default()).await.unwrap();
    assert_eq!(all(&sim, "/api/v1/apps?limit=3").await, ids(&sim, |_, _| true));
    let names: BTreeSet<String> = sim.with(|org| org.apps().iter().map(|app| app.name.clone()).collect());
    for name in ["saasure", "okta_enduser", "okta_browser_plugin", "flow"] {
        assert!(names.contains(name), "{name}");
    }
}

#[tokio::test]
async fn an_application_looks_like_okta_s() {
    let sim = sim(10, Options::default()).await;
    let new = NewApp::new("salesforce", "Sales").features(&["PUSH_NEW_USERS"]);
    let id = sim.with(|org| org.create_app(new));
    let app = get(&sim, &format!("/api/v1/apps/{id}")).await.json();
    for key in ["accessibility", "visibility", "credentials", "settings", "_links", "orn", "created", "lastUpdated"] {
        assert!(!app[key].is_null(), "{key}");
    }
    assert_eq!((&app["name"], &app["label"]), (&json!("salesforce"), &json!("Sales")));
    assert_eq!((&app["status"], &app["signOnMode"]), (&json!("ACTIVE"), &json!("SAML_2_0")));
    assert_eq!(app["features"], json!(["PUSH_NEW_USERS"]));
    let listed = get(&sim, "/api/v1/apps?q=SALES").await.json();
    assert_eq!(listed, json!([app]));
    let lean = get(&sim, "/api/v1/apps?q=sales&useOptimization=true").await.json();
    assert!(lean[0]["settings"].is_null() && lean[0]["label"] == "Sales");
    let directory = NewApp::new("active_directory", "corp.acme.example").sign_on_mode(None);
    let id = sim.with(|org| org.create_app(directory));
    let app = get(&sim, &format!("/api/v1/apps/{id}")).await.json();
    assert!(app["signOnMode"].is_null() && app.as_object().unwrap().contains_key("signOnMode"));
    let missing = get(&sim, "/api/v1/apps/0oa0").await;
    assert_eq!((missing.status, missing.error_code().as_str()), (404, "E0000007"));
}

#[tokio::test]
async fn lists_leave_inactive_applications_out_unless_asked() {
    let sim = small().await;
    let first = get(&sim, "/api/v1/apps").await;
    assert_eq!(first.ids().len(), 20);
    assert!(first.link("self").unwrap().contains("limit=20"));
    let active = ids(&sim, |_, app| app.status == AppStatus::Active);
    let everything = ids(&sim, |_, _| true);
    assert_ne!(active, everything);
    assert_eq!(all(&sim, "/api/v1/apps?limit=7").await, active);
    assert_eq!(all(&sim, "/api/v1/apps?limit=200&includeNonDeleted=true").await, everything);
    let inactive = format!("/api/v1/apps?filter={}", encoded("status eq \"INACTIVE\""));
    assert_eq!(all(&sim, &inactive).await, ids(&sim, |_, app| app.status == AppStatus::Inactive));
}

#[tokio::test]
async fn filters_take_what_okta_documents() {
    let sim = small().await;
    let user = sim.with(|org| org.users().next().unwrap().id.clone());
    let group = sim.with(|org| org.everyone().to_owned());
    let path = |filter: &str| format!("/api/v1/apps?includeNonDeleted=true&limit=9&filter={}", encoded(filter));
    let named = ids(&sim, |_, app| ["oidc_client", "bookmark"].contains(&app.name.as_str()));
    assert_eq!(all(&sim, &path("name eq \"oidc_client\" or name eq \"bookmark\"")).await, named);
    let mine = ids(&sim, |org, app| org.assignment(&user, &app.id).is_some());
    assert!(mine.len() > 1);
    let by_user = path(&format!("user.id eq \"{user}\""));
    assert_eq!(all(&sim, &by_user).await, mine);
    let app = get(&sim, &format!("{by_user}&expand=user/{user}")).await.json()[0].clone();
    let own = format!("/api/v1/apps/{}/users/{user}", app["id"].as_str().unwrap());
    assert_eq!(app["_embedded"]["user"], get(&sim, &own).await.json());
    assert_eq!(get(&sim, &format!("{by_user}&expand=user/00u0")).await.status, 400);
    let by_group = all(&sim, &path(&format!("group.id eq \"{group}\""))).await;
    assert!(!by_group.is_empty());
    assert_eq!(all(&sim, &format!("/api/v1/groups/{group}/apps")).await, by_group);
    assert_eq!(all(&sim, &path(&format!("id eq \"{}\"", mine[0]))).await, mine[..1]);
    for refused in ["lastUpdated gt \"2026-01-01T00:00:00.000Z\"", "label eq \"x\"", "name sw \"o\"", "name pr"] {
        assert_eq!(get(&sim, &path(refused)).await.status, 400, "{refused}");
    }
    assert_eq!(get(&sim, "/api/v1/apps?search=status+pr").await.status, 400);
}

#[tokio::test]
async fn a_bad_cursor_has_the_error_of_applications() {
    let sim = small().await;
    let id = ids(&sim, |_, _| true).remove(0);
    for path in ["apps".to_owned(), format!("apps/{id}/users"), format!("apps/{id}/groups")] {
        let refused = get(&sim, &format!("/api/v1/{path}?after=garbled")).await;
        assert_eq!((refused.status, refused.error_code().as_str()), (400, "E0000029"), "{path}");
        assert_eq!(refused.json()["errorCauses"][0]["errorSummary"], "Invalid cursor.");
    }
    sim.inject(Fault::new(Match::any(), FaultKind::ExpiredCursor));
    assert_eq!(get(&sim, "/api/v1/apps").await.error_code(), "E0000029");
}

#[tokio::test]
async fn pages_of_applications_break_like_pages_of_people() {
    let sim = small().await;
    let path = "/api/v1/apps?limit=20&includeNonDeleted=true";
    let whole = all(&sim, path).await;
    let second = Match::path("/api/v1/apps?").query("after=");
    for (what, count) in [
        (FaultKind::DuplicateObject, whole.len() + 1),
        (FaultKind::MissingObject, whole.len() - 1),
        (FaultKind::EmptyPage, whole.len()),
        (FaultKind::EmptyList, 20),
    ] {
        sim.inject(Fault::new(second.clone(), what.clone()));
        assert_eq!(all(&sim, path).await.len(), count, "{what:?}");
    }
    sim.inject(Fault::new(Match::any(), FaultKind::MalformedObject(crate::Malformed::WrongTypes)));
    assert_eq!(get(&sim, path).await.json()[10]["label"], 42);
}

#[tokio::test]
async fn the_small_bucket_holds_lists_and_assignments() {
    let limits = [("/api/v1/apps".to_owned(), 3)].into();
    let sim = sim(10, Options { bucket_limits: limits, ..Options::default() }).await;
    let id = ids(&sim, |_, _| true).remove(0);
    for path in ["apps".to_owned(), format!("apps/{id}/users"), format!("apps/{id}/groups")] {
        assert_eq!(get(&sim, &format!("/api/v1/{path}")).await.status, 200, "{path}");
    }
    assert_eq!(get(&sim, "/api/v1/apps").await.status, 429);
    let one = get(&sim, &format!("/api/v1/apps/{id}")).await;
    assert_eq!((one.status, one.header("x-rate-limit-limit")), (200, Some("600")));
}

#[tokio::test]
async fn some_roles_see_no_applications() {
    let sim = small().await;
    let id = ids(&sim, |_, app| app.status == AppStatus::Active).remove(0);
    sim.set_role(Role::NoApps);
    for path in ["apps".to_owned(), format!("apps/{id}"), format!("apps/{id}/users")] {
        let refused = get(&sim, &format!("/api/v1/{path}")).await;
        assert_eq!((refused.status, refused.error_code().as_str()), (403, "E0000006"), "{path}");
    }
    sim.set_role(Role::Only([id.clone()].into()));
    assert_eq!(all(&sim, "/api/v1/apps").await, std::slice::from_ref(&id));
    assert_eq!(get(&sim, &format!("/api/v1/apps/{id}/users")).await.body, b"[]");
    sim.set_role(Role::None);
    assert_eq!(get(&sim, "/api/v1/apps").await.body, b"[]");
}

#[tokio::test]
async fn generated_applications_are_believable() {
    let sim = sim(3_000, Options::default()).await;
    let start = std::time::Instant::now();
    sim.with(|org| org.generate_apps(500));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    sim.with(|org| {
        let day_ago = org.now() - jiff::SignedDuration::from_hours(24);
        let modes: BTreeSet<_> = org.apps().iter().map(|app| app.sign_on_mode.clone()).collect();
        assert!(modes.contains(&None) && modes.len() > 8, "{modes:?}");
        assert!(org.apps().iter().all(|app| app.created <= app.last_updated && app.last_updated < day_ago));
        let own: usize = org.apps().iter().map(|app| app.users.len()).sum();
        assert!((80_000..120_000).contains(&own), "{own}");
        assert!(org.apps().iter().any(|app| app.groups.is_empty()) && org.events().is_empty());
        let labels: BTreeSet<_> = org.apps().iter().map(|app| &app.label).collect();
        assert!(labels.len() < org.apps().len());
    });
    let object: Value = get(&sim, "/api/v1/apps?limit=1").await.json()[0].clone();
    assert!(object["orn"].as_str().unwrap().starts_with("orn:okta:idp:00o"));
}
