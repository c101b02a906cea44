//! Lists of people and groups: nothing is lost, nothing comes twice, whatever the page size.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::client::{all, encoded, get, sim};
use crate::{NewUser, Options, Org, Sim, Status, User};

fn sorted(sim: &Sim, wanted: impl Fn(&User) -> bool, key: impl Fn(&User) -> Timestamp) -> Vec<String> {
    sim.with(|org| {
        let mut users: Vec<&User> = org.users().filter(|user| wanted(user)).collect();
        users.sort_by_key(|user| (key(user), user.id.clone()));
        users.iter().map(|user| user.id.clone()).collect()
    })
}

#[tokio::test]
async fn every_order_pages_through_everyone_once() {
    let sim = sim(700, Options { limit_per_minute: 10_000, ..Options::default() }).await;
    let created = sorted(&sim, |_| true, |user| user.created);
    let updated = sorted(&sim, |_| true, |user| user.last_updated);
    for limit in [1, 7, 199, 200, 1000] {
        let list = |sort: &str| format!("/api/v1/users?search=status+pr&limit={limit}&sortBy={sort}");
        if limit > 1 {
            assert_eq!(all(&sim, &list("created")).await, created, "{limit}");
            assert_eq!(all(&sim, &list("lastUpdated")).await, updated, "{limit}");
            let mut backwards = all(&sim, &format!("{}&sortOrder=desc", list("created"))).await;
            backwards.reverse();
            assert_eq!(backwards, created, "{limit}, descending");
        }
        for sort in ["id", "profile.lastName", "profile.department", "activated"] {
            if limit < 7 {
                continue;
            }
            let ids = all(&sim, &list(sort)).await;
            assert_eq!(ids.len(), 700, "{sort} {limit}");
            assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 700, "{sort} {limit}");
        }
    }
}

#[tokio::test]
async fn a_slice_of_created_holds_what_was_created_in_it() {
    let sim = sim(900, Options { limit_per_minute: 10_000, ..Options::default() }).await;
    let created = sorted(&sim, |_| true, |user| user.created);
    let imported = sim.with(|org| {
        let mut times: Vec<_> = org.users().map(|user| user.created).collect();
        times.sort_unstable();
        times.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]).unwrap()
    });
    let before = encoded(&format!("created lt \"{imported:.3}\""));
    let after = encoded(&format!("created gt \"{imported:.3}\""));
    let within = encoded(&format!("created eq \"{imported:.3}\""));
    let mut ids = Vec::new();
    for slice in [before, within.clone(), after] {
        ids.extend(all(&sim, &format!("/api/v1/users?search={slice}&sortBy=created&limit=50")).await);
    }
    assert_eq!(ids, created);
    // A second can be cut further by id.
    let whole = all(&sim, &format!("/api/v1/users?search={within}&sortBy=created")).await;
    assert_eq!(whole.len(), 180);
    let rest = encoded(&format!("created eq \"{imported:.3}\" and id gt \"{}\"", whole[99]));
    assert_eq!(all(&sim, &format!("/api/v1/users?search={rest}&sortBy=created&limit=30")).await, whole[100..]);
}

#[tokio::test]
async fn filters_by_id_and_by_time_are_live_while_search_lags() {
    let lag = Options { index_lag: Duration::from_millis(400), ..Options::default() };
    let sim = sim(50, lag).await;
    let start = Timestamp::now();
    let ada = sim.with(|org| org.create(NewUser::new("Ada", "Byron", "ada@acme.example")));
    let gone = sim.with(|org| org.users().next().unwrap().id.clone());
    assert!(sim.with(|org| org.delete(&gone)));
    let named = encoded(&format!("id eq \"{ada}\" or id eq \"{gone}\""));
    assert_eq!(get(&sim, &format!("/api/v1/users?filter={named}")).await.ids(), std::slice::from_ref(&ada));
    let since = encoded(&format!("lastUpdated ge \"{:.3}\"", start - jiff::SignedDuration::from_secs(2)));
    assert_eq!(get(&sim, &format!("/api/v1/users?filter={since}")).await.ids(), std::slice::from_ref(&ada));
    assert_eq!(get(&sim, &format!("/api/v1/users?search={named}")).await.ids(), [gone]);
    assert_eq!(get(&sim, &format!("/api/v1/users/{ada}")).await.status, 200);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(get(&sim, &format!("/api/v1/users?search={named}")).await.ids(), [ada]);
}

#[tokio::test]
async fn lists_without_an_expression_leave_out_the_deactivated() {
    let sim = sim(300, Options::default()).await;
    let present = sorted(&sim, |user| user.status != Status::Deprovisioned, |user| user.created).len();
    assert!(present < 300);
    assert_eq!(all(&sim, "/api/v1/users?limit=77").await.len(), present);
    assert_eq!(all(&sim, "/api/v1/users?search=status+pr").await.len(), 300);
    let ada = NewUser::new("Ada", "Zzyzx", "ada@acme.example");
    sim.with(|org| org.create(ada));
    let found = get(&sim, "/api/v1/users?q=zzy").await;
    assert_eq!((found.ids().len(), found.link("next")), (1, None));
}

#[tokio::test]
async fn what_is_not_supported_is_refused() {
    let sim = sim(5, Options { cursor_life: Some(Duration::from_millis(50)), ..Options::default() }).await;
    for (path, status, code) in [
        ("/api/v1/users?search=status+pr&filter=status+eq+%22ACTIVE%22", 400, "E0000033"),
        ("/api/v1/users?filter=status+ne+%22ACTIVE%22", 400, "E0000031"),
        ("/api/v1/users?search=lastLogin+pr", 400, "E0000031"),
        ("/api/v1/users?search=status+pr&after=nonsense", 400, "E0000031"),
        ("/api/v1/users?search=status+pr&limit=none", 400, "E0000001"),
        ("/api/v1/users/00uNope", 404, "E0000007"),
        ("/api/v1/groups/00gNope", 404, "E0000007"),
        ("/api/v1/nothing", 404, "E0000008"),
        ("/other/v1/users", 404, "E0000008"),
    ] {
        let reply = get(&sim, path).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (status, code), "{path}");
    }
    let next = get(&sim, "/api/v1/users?search=status+pr&limit=2").await.link("next").unwrap();
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(get(&sim, &next).await.error_code(), "E0000031");
}

#[tokio::test]
async fn someone_is_found_by_id_login_and_short_name() {
    let mut org = Org::empty(Timestamp::now());
    let ada = org.create(NewUser::new("Ada", "Byron", "Ada+1@acme.example").with("skills", vec!["rust"]));
    let sim = Sim::start(org, Options::default()).await.unwrap();
    for name in [ada.as_str(), "ada%2b1@acme.example", "ada+1@acme.example", "ada+1"] {
        let reply = get(&sim, &format!("/api/v1/users/{name}")).await;
        assert_eq!(reply.json()["id"], ada.as_str(), "{name}");
    }
    let page = get(&sim, "/api/v1/users?search=profile.skills+eq+%22RUST%22&fields=status,profile:(login)").await;
    let shown = serde_json::json!([{"id": ada, "status": "ACTIVE", "profile": {"login": "Ada+1@acme.example"}}]);
    assert_eq!(page.json(), shown);
}

#[tokio::test]
async fn groups_list_their_members_whatever_their_status() {
    let sim = sim(400, Options::default()).await;
    let (group, members) = sim.with(|org| {
        let group = org.group_by_name("All Employees").unwrap().id.clone();
        let members: Vec<_> = org.members(&group).map(|user| user.id.clone()).collect();
        (group, members)
    });
    assert_eq!(all(&sim, &format!("/api/v1/groups/{group}/users?limit=33")).await, members);
    let everyone = sim.with(|org| org.everyone().to_owned());
    assert_eq!(all(&sim, &format!("/api/v1/groups/{everyone}/users")).await.len(), 400);
    let mine = all(&sim, &format!("/api/v1/users/{}/groups?limit=1", members[0])).await;
    assert!(mine.contains(&group) && mine.contains(&everyone));
    let stats = get(&sim, "/api/v1/groups?expand=stats&limit=1&search=profile.name+eq+%22everyone%22").await;
    assert_eq!(stats.json()[0]["_embedded"]["stats"]["usersCount"], 400);
    let start = sim.with(|org| org.now()) - jiff::SignedDuration::from_secs(1);
    assert!(sim.with(|org| org.remove_from_group(&members[0], &group)));
    let moved = encoded(&format!("type eq \"OKTA_GROUP\" and lastMembershipUpdated gt \"{start:.3}\""));
    let moved = format!("/api/v1/groups?filter={moved}");
    tokio::time::sleep(Duration::from_millis(5)).await;
    let listed = get(&sim, &moved).await.ids();
    assert!(listed.is_empty() || listed == [group.clone()], "whole seconds");
    assert_eq!(sim.with(|org| org.member_count(&group)), members.len() - 1);
}
