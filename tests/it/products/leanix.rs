//! LeanIX: employees in the form of an HR system's file, from an org that may be named by its admin console.

use okta_sim::NewUser;
use rollcall_shared::model::{Connection, Reason};
use serde_json::{Value, json};
use test_support::world::{Setup, World, counts, document};

use super::{connected, fields, installed, next_day, reachable};

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
fn leanix_employees_may_name_the_org_by_its_admin_console() {
    let connect = |url: &str| -> Value {
        let mut document = document(&Setup::default(), url);
        document["mappings"] = json!([{ "preset": EMPLOYEES }]);
        Connection::parse(&document.to_string()).expect("the connection is valid").document()
    };
    for pasted in ["https://acme-admin.okta.com", "https://acme-admin.okta.com/admin/dashboard", "ACME-admin.okta.com"]
    {
        let stored = connect(pasted);
        assert_eq!(stored["okta"]["url"], "https://acme.okta.com", "{pasted}");
        assert_eq!(stored, connect("https://acme.okta.com"));
    }
}
