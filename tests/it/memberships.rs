//! What it costs to know who is in which mapped group: a lookup for each and its pages, however large the org is and
//! however many other groups it has.

use std::collections::BTreeMap;

use okta_sim::Options;
use rollcall_shared::config::Tuning;
use serde_json::{Value, json};
use test_support::world::{Setup, World, counts};

use super::groups::lists_of_users;

const PEOPLE: usize = 10_000;
const GROUPS: usize = 200;
/// As Okta recommends for members, and at most (Okta: List all member users).
const PAGE: usize = 200;
/// The mapped groups by number, each with its size: less than a page, full pages, one more than a full one.
const MAPPED: [(usize, usize); 5] = [(0, 1), (50, 200), (100, 201), (150, 650), (199, 1_900)];
const MEMBERS: &str = "xassets-custodians";
const OTHERS: &str = "leanix-employees";

/// An org with many groups, most people in several; the ids of the mapped ones, with their pages.
async fn org_of_many_groups() -> (World, BTreeMap<String, usize>) {
    let okta = Options { page_size_cap: PAGE, limit_per_minute: 600_000, ..Options::default() };
    let world = World::new(Setup { people: PEOPLE, okta, tuning: Tuning::default(), ..Setup::default() }).await;
    let people = world.people(|_| true);
    let mut mapped = BTreeMap::new();
    for group in 0..GROUPS {
        let size = MAPPED.iter().find(|(number, _)| *number == group).map(|(_, size)| *size);
        let members = people.iter().cycle().skip(group * 50).take(size.unwrap_or(300));
        let id = world.group(&format!("Team {group}"), &members.cloned().collect::<Vec<_>>());
        mapped.extend(size.map(|size| (id, size.div_ceil(PAGE))));
    }
    (world, mapped)
}

/// A mapping of the members of the mapped groups.
fn members() -> Value {
    let groups: Vec<String> = MAPPED.iter().map(|(number, _)| format!("Team {number}")).collect();
    json!({ "preset": MEMBERS, "filter": { "groups": groups } })
}

/// How often what was asked about groups: by the group's id for a page of its members, `lookup` for a look at a group.
fn asked_of_groups(world: &World) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for call in world.sim.calls() {
        let parts: Vec<&str> = call.path().split('/').skip(3).collect();
        let of = match parts.as_slice() {
            ["groups", group, "users"] => (*group).to_owned(),
            ["users", _, "groups"] => "the groups of one person".to_owned(),
            // Not about memberships: whether the credential sees the org at all.
            ["groups"] if call.path_and_query.contains("BUILT_IN") => continue,
            ["groups", ..] => "lookup".to_owned(),
            _ => continue,
        };
        *asked.entry(of).or_default() += 1;
    }
    asked
}

/// Imports twice. Each time the calls for memberships are the pages of the mapped groups and a lookup for each of them,
/// to the call.
async fn assert_asks_for_no_more(world: &World, pages: &BTreeMap<String, usize>) {
    let mut expected = pages.clone();
    expected.insert("lookup".to_owned(), MAPPED.len());
    assert_eq!(expected.values().sum::<usize>(), 18 + 5);
    world.sim.clear_calls();
    let report = world.imported().await;
    assert_eq!(asked_of_groups(world), expected);
    world.sim.clear_calls();
    let again = world.import().await;
    assert_eq!(counts(&again, MEMBERS).unchanged, counts(&report, MEMBERS).created);
    assert_eq!(asked_of_groups(world), expected);
}

#[tokio::test]
async fn of_200_groups_only_the_five_mapped_ones_are_asked_for() {
    let (mut world, pages) = org_of_many_groups().await;
    world.map(json!([members()])).await;
    assert_asks_for_no_more(&world, &pages).await;
    assert_eq!(lists_of_users(&world), 0, "nobody but the members is read");
}

#[tokio::test]
async fn no_more_is_asked_for_beside_a_mapping_that_reads_everybody() {
    let (mut world, pages) = org_of_many_groups().await;
    // Few records, and quick to write: whom it reads is what matters.
    let locked_out = json!({ "preset": OTHERS, "filter": { "statuses": ["LOCKED_OUT"] } });
    world.map(json!([members(), locked_out])).await;
    assert_asks_for_no_more(&world, &pages).await;
    assert!(lists_of_users(&world) >= PEOPLE / PAGE);
}
