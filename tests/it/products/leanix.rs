//! LeanIX: employees in the form of an HR system's file and departments, and the services that they use, from an org that
//! may be named by its admin console.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use okta_sim::{NewApp, NewUser};
use rollcall_shared::handlers::unused::unused;
use rollcall_shared::handlers::verify::verify;
use rollcall_shared::model::{Connection, Kind, Reason, State};
use rollcall_shared::report::Counts;
use serde_json::{Value, json};
use test_support::services::{SERVICES, discovered};
use test_support::world::{Setup, World, counts, document};

use super::{DAY, connected, fields, installed, next_day, reachable};

const EMPLOYEES: &str = "leanix-employees";
const DEPARTMENTS: &str = "leanix-departments";

#[tokio::test]
async fn leanix_employees() {
    let world = connected(40, json!([{ "preset": EMPLOYEES }])).await;
    let people = types_and_a_messy_department(&world);
    let report = installed(&world).await;
    assert_eq!(counts(&report, EMPLOYEES).created, 46);
    for (id, expected) in &people {
        assert_eq!(fields(&world, EMPLOYEES, id).await["type"], *expected, "{id}");
    }
    let first = &people[0].0;
    let expected = json!({
        "employee_id": "000777", "name": "Ada Byron", "email": "ada@acme.example", "department": "Sales EMEA",
        "status": "active", "type": "employee",
    });
    assert_eq!(fields(&world, EMPLOYEES, first).await, expected);
    assert_eq!(
        fields(&world, EMPLOYEES, &people[1].0).await["employee_id"],
        *people[1].0,
        "the id where there is no number"
    );
    assert_eq!(counts(&next_day(&world).await, EMPLOYEES).unchanged, 46);
    employees_come_and_go(&world).await;
}

/// Somebody of each type, as people write it; who they are, and what they must be.
fn types_and_a_messy_department(world: &World) -> Vec<(String, &'static str)> {
    let first = NewUser::new("Ada", "Byron", "ada@acme.example").department("  Sales   EMEA ");
    let first = first.with("employeeNumber", "000777");
    let of = |kind: &str| NewUser::new("Some", "Body", &format!("{kind}@acme.example")).with("userType", kind);
    world.sim.with(|org| {
        vec![
            (org.create(first), "employee"),
            (org.create(of("Contractor ")), "contractor"),
            (org.create(of("external")), "contractor"),
            (org.create(of("PARTNER")), "partner"),
            (org.create(of("Service")), "systemUser"),
            (org.create(of("Full-time")), "employee"),
        ]
    })
}

/// The status of the file follows Okta's, and so does the record's state.
async fn employees_come_and_go(world: &World) {
    let people = reachable(world);
    let [suspended, deactivated, locked, deleted] = [&people[0], &people[1], &people[2], &people[3]];
    world.sim.with(|org| {
        assert!(org.suspend(suspended) && org.deactivate(deactivated) && org.lock(locked) && org.delete(deleted));
    });
    let report = next_day(world).await;
    assert_eq!(counts(&report, EMPLOYEES).deactivated, 3);
    let status = async |id: &str| fields(world, EMPLOYEES, id).await["status"].clone();
    assert_eq!([status(suspended).await, status(deactivated).await], [json!("inactive"), json!("inactive")]);
    assert_eq!(status(locked).await, "active", "who forgot a password is an employee still");
    assert_eq!(world.standing(EMPLOYEES, deleted).await, Some(Reason::Deleted));
    world.sim.with(|org| assert!(org.unsuspend(suspended) && org.reactivate(deactivated)));
    assert_eq!(counts(&next_day(world).await, EMPLOYEES).reactivated, 2);
    assert_eq!([status(suspended).await, status(deactivated).await], [json!("active"), json!("active")]);
}

/// Departments beside the employees: counted as they come, and again as people move, leave and return.
#[tokio::test]
async fn leanix_departments() {
    let world = connected(60, json!([{ "preset": DEPARTMENTS }, { "preset": EMPLOYEES }])).await;
    let founders = world.sim.with(|org| {
        let of = |name: &str, department: &str| {
            NewUser::new(name, "Founder", &format!("{name}@acme.example")).department(department)
        };
        [org.create(of("ada", "Difference Engines")), org.create(of("charles", " DIFFERENCE engines"))]
    });
    let first = installed(&world).await;
    let created = counts(&first, DEPARTMENTS);
    assert_eq!(created.created, world.records(DEPARTMENTS).await.len() as u64);
    assert!(created.add_up() && created.created > 3, "{created:?}");
    assert_eq!(engines(&world).await, (json!({ "name": "DIFFERENCE engines", "headcount": 2, "active": 2 }), None));
    let (_, told) = world.changes(None).await;

    let unchanged = counts(&next_day(&world).await, DEPARTMENTS);
    assert_eq!((unchanged.unchanged, unchanged.read), (created.created, created.created));
    assert_eq!(world.changes(Some(&told)).await.0, [], "nobody moved, and so nothing was written");

    let [ada, charles] = &founders;
    world.sim.with(|org| {
        assert!(org.set_profile(charles, "department", "Difference Engines"));
        assert!(org.suspend(ada));
    });
    assert_eq!(counts(&next_day(&world).await, DEPARTMENTS).updated, 1);
    assert_eq!(engines(&world).await, (json!({ "name": "Difference Engines", "headcount": 2, "active": 1 }), None));
    world.sim.with(|org| {
        assert!(org.set_profile(charles, "department", "Analytical Engines"));
        assert!(org.unsuspend(ada) && org.deactivate(ada));
    });
    let moved = counts(&next_day(&world).await, DEPARTMENTS);
    assert_eq!((moved.created, moved.deactivated), (1, 1), "{moved:?}");
    assert_eq!(engines(&world).await.1, Some(Reason::Deactivated), "whoever was in it has left");
    world.sim.with(|org| assert!(org.delete(ada)));
    next_day(&world).await;
    assert_eq!(engines(&world).await.1, Some(Reason::Deleted), "nobody in Okta is in it");
    world.sim.with(|org| assert!(org.set_profile(charles, "department", "Difference Engines")));
    let back = counts(&next_day(&world).await, DEPARTMENTS);
    assert_eq!((back.reactivated, back.deactivated), (1, 1), "{back:?}");
}

/// What the directory says of one department, and why it is inactive, if it is.
async fn engines(world: &World) -> (Value, Option<Reason>) {
    let record = world.record(DEPARTMENTS, "difference engines").await.expect("the department has a record");
    (json!(record.fields), record.reason)
}

/// The address of the admin console is what people copy: it is corrected to the org's, and what is stored is that.
#[test]
fn leanix_may_name_the_org_by_its_admin_console() {
    let connect = |url: &str| -> Value {
        let mut document = document(&Setup::default(), url);
        document["mappings"] = json!([{ "preset": EMPLOYEES }, { "preset": DEPARTMENTS }, { "preset": SERVICES }]);
        Connection::parse(&document.to_string()).expect("the connection is valid").document()
    };
    for pasted in ["https://acme-admin.okta.com", "https://acme-admin.okta.com/admin/dashboard", "ACME-admin.okta.com"]
    {
        let stored = connect(pasted);
        assert_eq!(stored["okta"]["url"], "https://acme.okta.com", "{pasted}");
        assert_eq!(stored, connect("https://acme.okta.com"));
    }
}

/// The org as LeanIX discovers it: its people, and two applications with a group and three people.
struct Org {
    world: World,
    people: Vec<String>,
    wiki: String,
    ledger: String,
    team: String,
}

async fn org() -> Org {
    let mappings = json!([{ "preset": SERVICES }, { "preset": EMPLOYEES }, { "preset": DEPARTMENTS }]);
    let world = connected(30, mappings).await;
    let people = reachable(&world)[..4].to_vec();
    let team = world.group("Finance Team", &people[1..3]);
    let (wiki, ledger) = world.sim.with(|org| {
        let wiki = org.create_app(NewApp::new("bookmark", "Wiki").sign_on_mode(Some("BOOKMARK")));
        let ledger = NewApp::new("netsuite", "Ledger").sign_on_mode(Some("SAML_2_0"));
        (wiki, org.create_app(ledger.features(&["PUSH_NEW_USERS"])))
    });
    Org { world, people, wiki, ledger, team }
}

/// LeanIX's "discover services", with its employees and departments: one connection, from the first day to the last.
#[tokio::test]
async fn leanix_discovers_services_with_employees_and_departments() {
    let org = org().await;
    org.is_connected_and_imported().await;
    org.has_services_that_nobody_has_or_uses_yet().await;
    org.gives_an_app_to_people_who_use_it().await;
    org.shows_who_does_not_use_what_they_have().await;
    org.switches_an_app_off_and_deletes_it().await;
    org.has_its_employees_and_departments_still().await;
}

impl Org {
    async fn service(&self, app: &str) -> Value {
        fields(&self.world, SERVICES, app).await
    }

    /// Verify asks for applications and the log beside people; an import of people leaves services alone.
    async fn is_connected_and_imported(&self) {
        let checks = verify(&self.world.context, "acme").await.unwrap();
        let asked: Vec<&str> = checks.iter().map(|check| check.api.as_str()).collect();
        assert!(checks.iter().all(|check| check.ok), "{checks:?}");
        for api in ["/api/v1/users", "/api/v1/apps", "/api/v1/logs"] {
            assert!(asked.contains(&api), "{api}: {asked:?}");
        }
        let report = installed(&self.world).await;
        assert_eq!(counts(&report, EMPLOYEES).created, 30);
        assert!(counts(&report, DEPARTMENTS).created > 3);
        assert!(self.world.records(SERVICES).await.is_empty());
    }

    async fn has_services_that_nobody_has_or_uses_yet(&self) {
        let report = discovered(&self.world).await;
        assert_eq!(counts(&report, SERVICES).created, 2, "Okta's own are left out");
        let record = self.world.record(SERVICES, &self.ledger).await.unwrap();
        assert_eq!((record.kind, record.state, &record.identifier), (Kind::Service, State::Active, &self.ledger));
        let since = record.fields["observed_since"].clone();
        assert!(since.is_string());
        let expected = json!({
            "name": "Ledger", "catalog_name": "netsuite", "status": "ACTIVE", "sign_on_mode": "SAML_2_0",
            "features": ["PUSH_NEW_USERS"], "assigned_users": 0, "assigned_groups": 0, "dormant_users": 0,
            "idle_users": 0, "last_used": null, "users_7_days": 0, "users_30_days": 0, "users_90_days": 0,
            "observed_since": since,
        });
        assert_eq!(self.service(&self.ledger).await, expected);
    }

    /// One in person and two by a group; one of them signs on twice, one fails to, and one somewhere else.
    async fn gives_an_app_to_people_who_use_it(&self) {
        let Org { world, people, wiki, ledger, team } = self;
        let used = world.sim.with(|org| {
            assert!(org.assign(&people[0], ledger) && org.assign_group(team, ledger) && org.assign(&people[3], wiki));
            assert!(org.sign_on(&people[0], ledger) && org.sign_on(&people[0], ledger));
            assert!(org.fail_sign_on(&people[1], ledger, "INVALID_CREDENTIALS"));
            org.sign_ons().filter(|sign_on| sign_on.app == *ledger).map(|sign_on| sign_on.at).max().unwrap()
        });
        assert_eq!(counts(&discovered(world).await, SERVICES).updated, 2);
        let found = self.service(ledger).await;
        let of = |names: &[&str]| names.iter().map(|name| found[*name].clone()).collect::<Vec<_>>();
        assert_eq!(of(&["assigned_users", "assigned_groups", "dormant_users", "idle_users"]), [3, 1, 0, 2]);
        assert_eq!(of(&["users_7_days", "users_30_days", "users_90_days"]), [1, 1, 1]);
        assert_eq!(found["last_used"], used.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string());
        // After ten days they count as users of the month, and after forty as users of the quarter.
        for (days, within) in [(10, [0, 1, 1]), (30, [0, 0, 1])] {
            world.later(DAY * days);
            discovered(world).await;
            let found = self.service(ledger).await;
            assert_eq!(["users_7_days", "users_30_days", "users_90_days"].map(|name| found[name].clone()), within);
        }
    }

    /// The wiki was never used, by nobody; the ledger not by the team.
    async fn shows_who_does_not_use_what_they_have(&self) {
        let Org { world, people, wiki, ledger, .. } = self;
        let rows: Vec<_> = unused(&world.context, "acme", None).await.unwrap().rows.try_collect().await.unwrap();
        let found: BTreeSet<(&str, Option<&str>)> =
            rows.iter().map(|row| (row.app_name.as_str(), row.person.as_deref())).collect();
        let expected =
            [("Wiki", None), ("Wiki", Some(&*people[3])), ("Ledger", Some(&*people[1])), ("Ledger", Some(&*people[2]))];
        assert_eq!(found, expected.into());
        assert_eq!((rows.len(), self.service(wiki).await["last_used"].clone()), (4, Value::Null));
        assert_eq!(self.service(ledger).await["idle_users"], 2);
    }

    async fn switches_an_app_off_and_deletes_it(&self) {
        let Org { world, ledger, wiki, .. } = self;
        world.sim.with(|org| assert!(org.deactivate_app(ledger)));
        assert_eq!(counts(&discovered(world).await, SERVICES).deactivated, 1);
        let record = world.record(SERVICES, ledger).await.unwrap();
        assert_eq!((record.state, record.reason), (State::Inactive, Some(Reason::Deactivated)));
        assert_eq!((&record.fields["status"], &record.fields["assigned_users"]), (&json!("INACTIVE"), &json!(3)));

        world.sim.with(|org| assert!(org.activate_app(ledger)));
        assert_eq!(counts(&discovered(world).await, SERVICES).reactivated, 1);
        world.later(DAY);
        world.sim.with(|org| assert!(org.deactivate_app(ledger) && org.delete_app(ledger)));
        discovered(world).await;
        assert_eq!(world.standing(SERVICES, ledger).await, Some(Reason::Deleted));
        let assigned: Vec<_> = world.context.directory.assignments("acme").try_collect().await.unwrap();
        assert!(assigned.iter().all(|(app, _)| app == wiki), "nobody is assigned to it any more: {assigned:?}");
        // And so it stays.
        let quiet = counts(&discovered(world).await, SERVICES);
        assert_eq!(quiet, Counts { read: quiet.unchanged, unchanged: quiet.unchanged, ..Counts::default() });
    }

    async fn has_its_employees_and_departments_still(&self) {
        let services = self.world.records(SERVICES).await;
        let report = next_day(&self.world).await;
        assert_eq!(counts(&report, EMPLOYEES).unchanged, 30);
        assert_eq!(self.world.records(SERVICES).await, services, "an import of people says nothing of services");
    }
}
