//! Infraon: several named configurations side by side, of users (technicians and administrators, with roles) and of
//! requesters.

use okta_sim::{NewUser, Status};
use rollcall_shared::handlers::verify::verify;
use rollcall_shared::model::{Kind, Reason, RejectionReason};
use rollcall_shared::report::RunState;
use serde_json::{Value, json};
use test_support::world::{World, counts, problem};

use super::{connected, fields, installed, next_day, next_day_with_unsynced, reachable, role, unsynced};

const USERS: &str = "infraon-users";
const REQUESTERS: &str = "infraon-requesters";

fn users() -> Value {
    json!({
        "preset": USERS,
        "roles": [
            { "group": "Service Desk Leads", "role": "Administrator" },
            { "group": "Service Desk", "role": "Technician" }
        ]
    })
}

/// Requesters as a customer wants them: other expressions for two fields, one more field, and one fewer.
fn requesters() -> Value {
    json!({
        "preset": REQUESTERS,
        "fields": {
            "email": "lower(profile.email)",
            "department": "default(collapse(profile.department), 'Unknown')",
            "city": "profile.city",
            "mobile": null
        }
    })
}

/// Two configurations on one org: the technicians' and the requesters'. The first two people lead, the next three are
/// technicians; all of them are requesters, too.
struct Desk {
    technicians: World,
    requesters: World,
    people: Vec<String>,
    desk: String,
}

async fn desk() -> Desk {
    let technicians = connected(30, json!([users()])).await;
    let requesters = technicians.beside("portal", json!([requesters()])).await;
    let people = reachable(&technicians)[..5].to_vec();
    technicians.group("Service Desk Leads", &people[..2]);
    let desk = technicians.group("Service Desk", &people);
    Desk { technicians, requesters, people, desk }
}

#[tokio::test]
async fn infraon_users_and_requesters() {
    let mut desk = desk().await;
    desk.are_set_up_side_by_side().await;
    desk.map_fields_of_their_own().await;
    desk.follow_the_lifecycle().await;
    desk.keep_what_cannot_be_synced().await;
    desk.do_not_disturb_each_other().await;
}

impl Desk {
    /// Each is verified, previewed and synced by itself; neither has records of the other.
    async fn are_set_up_side_by_side(&self) {
        let report = installed(&self.technicians).await;
        assert_eq!(counts(&report, USERS).created, 5);
        let report = installed(&self.requesters).await;
        assert_eq!(counts(&report, REQUESTERS).created, 30);
        for (person, expected) in [(0, "Administrator"), (1, "Administrator"), (2, "Technician"), (4, "Technician")] {
            let role = role(&self.technicians, USERS, &self.people[person]).await;
            assert_eq!(role.as_deref(), Some(expected), "{person}");
        }
        let technicians = self.technicians.records(USERS).await;
        assert!(technicians.values().all(|record| record.kind == Kind::LoginUser));
        assert!(
            self.technicians.records(REQUESTERS).await.is_empty() && self.requesters.records(USERS).await.is_empty()
        );
        let names = self.technicians.stack.context.directory.connections().await.unwrap().into_iter();
        assert_eq!(names.map(|(name, _)| name).collect::<Vec<_>>(), ["acme", "portal"]);
    }

    async fn map_fields_of_their_own(&self) {
        let world = &self.requesters;
        let new = world.sim.with(|org| {
            let new = NewUser::new("Ada", "Byron", "Ada@Acme.example").with("mobilePhone", "+44 7700 000001");
            org.create(new.with("city", "London").with("userType", "Vendor"))
        });
        assert_eq!(counts(&next_day(world).await, REQUESTERS).created, 1);
        let expected = json!({
            "username": "Ada@Acme.example", "full_name": "Ada Byron", "email": "ada@acme.example",
            "department": "Unknown", "city": "London", "requester_type": "External",
        });
        assert_eq!(fields(world, REQUESTERS, &new).await, expected);
    }

    /// Activated, suspended, deactivated and activated again, under both.
    async fn follow_the_lifecycle(&self) {
        let Desk { technicians, requesters, desk, .. } = self;
        let new = technicians.sim.with(|org| {
            let new = org.create(NewUser::new("Grace", "Hopper", "grace@acme.example").staged());
            assert!(org.add_to_group(&new, desk));
            new
        });
        next_day(requesters).await;
        next_day(technicians).await;
        assert_eq!(requesters.standing(REQUESTERS, &new).await, Some(Reason::Pending));
        assert_eq!(technicians.record(USERS, &new).await, None, "nobody logs in who was never activated");
        let steps = [
            (Status::Active, None),
            (Status::Suspended, Some(Reason::Suspended)),
            (Status::Active, None),
            (Status::Deprovisioned, Some(Reason::Deactivated)),
            (Status::Active, None),
        ];
        for (status, standing) in steps {
            technicians.sim.with(|org| {
                assert!(match status {
                    Status::Suspended => org.suspend(&new),
                    Status::Deprovisioned => org.deactivate(&new),
                    _ => org.unsuspend(&new) || org.activate(&new),
                });
            });
            for (world, mapping) in [(technicians, USERS), (requesters, REQUESTERS)] {
                next_day(world).await;
                assert_eq!(world.standing(mapping, &new).await, standing, "{mapping}: {}", status.as_str());
            }
        }
        assert_eq!(role(technicians, USERS, &new).await.as_deref(), Some("Technician"));
    }

    /// Without an address there is no account: the person is unsynced until Okta has one. Nothing else is kept up.
    async fn keep_what_cannot_be_synced(&self) {
        let Desk { requesters: world, people, .. } = self;
        let person = &people[4];
        let before = world.record(REQUESTERS, person).await;
        world.sim.with(|org| assert!(org.set_profile(person, "email", " ")));
        assert_eq!(counts(&next_day_with_unsynced(world).await, REQUESTERS).unsynced, 1);
        assert_eq!(unsynced(world, REQUESTERS, person).await, Some(RejectionReason::MissingRequired));
        assert_eq!(world.record(REQUESTERS, person).await, before);
        world.sim.with(|org| assert!(org.set_profile(person, "email", "five@acme.example")));
        assert_eq!(counts(&next_day(world).await, REQUESTERS).updated, 1);
        assert_eq!(unsynced(world, REQUESTERS, person).await, None);
        next_day(&self.technicians).await;
    }

    /// A configuration that names a group which is not there fails; the other goes on.
    async fn do_not_disturb_each_other(&mut self) {
        let before = self.technicians.records(USERS).await;
        let nowhere = json!([{ "preset": USERS, "filter": { "groups": ["Night Shift"] } }]);
        self.technicians.map(nowhere).await;
        let lines = verify(&self.technicians.context, "acme").await.expect("verify answers");
        let wrong: Vec<&str> = lines.iter().filter(|line| !line.ok).map(|line| line.api.as_str()).collect();
        assert_eq!(wrong, ["/api/v1/groups"], "verify tells it before anything is synced");
        let failed = self.technicians.import().await;
        assert_eq!((failed.state, problem(&failed)), (RunState::Failed, "group-missing"));
        assert_eq!(self.technicians.records(USERS).await, before);
        next_day(&self.requesters).await;
        self.technicians.map(json!([users()])).await;
        next_day(&self.technicians).await;
    }
}

/// Both in one configuration: a technician is a requester, too.
#[tokio::test]
async fn infraon_users_and_requesters_in_one_configuration() {
    let world = connected(30, json!([users(), requesters()])).await;
    let people = reachable(&world)[..5].to_vec();
    world.group("Service Desk Leads", &people[..2]);
    let desk = world.group("Service Desk", &people[2..]);
    let report = installed(&world).await;
    assert_eq!((counts(&report, USERS).created, counts(&report, REQUESTERS).created), (5, 30));
    world.sim.with(|org| assert!(org.remove_from_group(&people[3], &desk) && org.deactivate(&people[4])));
    let report = next_day(&world).await;
    assert_eq!((counts(&report, USERS).deactivated, counts(&report, REQUESTERS).deactivated), (2, 1));
    assert_eq!(world.standing(USERS, &people[3]).await, Some(Reason::OutOfScope));
    assert_eq!(world.standing(REQUESTERS, &people[3]).await, None, "who leaves the desk may still ask it");
    assert_eq!(counts(&next_day(&world).await, REQUESTERS).unchanged, 30);
}
