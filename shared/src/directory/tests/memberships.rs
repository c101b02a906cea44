//! Who is in which mapped group, as the newest listing has it.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::TryStreamExt;

use super::{NOON, directory, lease, time};
use crate::directory::update::{Update, text};
use crate::directory::{Directory, Lease, Listing, keys};

const MORNING: &str = "2026-11-20T08:00:00.000Z";
const EVENING: &str = "2026-11-20T18:00:00.000Z";

/// A complete listing of a group, made at a time.
fn listing(group: &str, made: &str, members: &[&str]) -> Listing {
    Listing { group: group.to_owned(), at: time(made), members: members.iter().map(|id| (*id).to_owned()).collect() }
}

async fn put(directory: &Directory, lease: &Lease, listing: &Listing) {
    directory.put_listing(lease, listing).await.unwrap();
}

async fn members(directory: &Directory, group: &str) -> BTreeSet<String> {
    directory.members("acme", group).try_collect().await.unwrap()
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn a_listing_replaces_the_one_before() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    assert_eq!(members(&directory, "00g1").await, set(&[]));
    put(&directory, &lease, &listing("00g1", MORNING, &["00u1", "00u2", "00u3"])).await;
    assert_eq!(members(&directory, "00g1").await, set(&["00u1", "00u2", "00u3"]));
    put(&directory, &lease, &listing("00g1", NOON, &["00u2", "00u4"])).await;
    assert_eq!(members(&directory, "00g1").await, set(&["00u2", "00u4"]));
    put(&directory, &lease, &listing("00g1", EVENING, &[])).await;
    assert_eq!(members(&directory, "00g1").await, set(&[]));
}

#[tokio::test]
async fn an_older_listing_never_overwrites_a_newer_one() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    put(&directory, &lease, &listing("00g1", NOON, &["00u1", "00u2"])).await;
    // Neither those who left since it was made nor those who joined, nor an empty one.
    for older in [&["00u1", "00u2", "00u9"][..], &["00u9"], &["00u1"], &[]] {
        put(&directory, &lease, &listing("00g1", MORNING, older)).await;
        assert_eq!(members(&directory, "00g1").await, set(&["00u1", "00u2"]), "{older:?}");
    }
    // Also not when the newer one found nobody.
    put(&directory, &lease, &listing("00g1", EVENING, &[])).await;
    put(&directory, &lease, &listing("00g1", NOON, &["00u1"])).await;
    assert_eq!(members(&directory, "00g1").await, set(&[]));
    // Each group has a version of its own.
    put(&directory, &lease, &listing("00g2", MORNING, &["00u1"])).await;
    assert_eq!(members(&directory, "00g2").await, set(&["00u1"]));
}

#[tokio::test]
async fn the_members_of_one_group_are_not_those_of_another() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    // Each begins like another, or has what separates the parts of a key.
    let groups = ["00g1", "00g12", "00g1#", "00g1#00u1", "00g1%", "00g1%23", "00g1$", "00g", "#", "%", "ü", "a b"];
    for (number, group) in groups.iter().enumerate() {
        let own = format!("00u{number}");
        put(&directory, &lease, &listing(group, NOON, &["00u-everywhere", "#", &own])).await;
    }
    for (number, group) in groups.iter().enumerate() {
        let own = format!("00u{number}");
        assert_eq!(members(&directory, group).await, set(&["00u-everywhere", "#", &own]), "{group}");
    }
    put(&directory, &lease, &listing("00g1", EVENING, &[])).await;
    for group in groups {
        assert_eq!(members(&directory, group).await.is_empty(), group == "00g1", "{group}");
    }
}

#[tokio::test]
async fn connections_do_not_share_their_memberships() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    put(&directory, &lease, &listing("00g1", NOON, &["00u1"])).await;
    for other in ["acme2", "acm", "acme#00g1"] {
        let found: Vec<String> = directory.members(other, "00g1").try_collect().await.unwrap();
        assert_eq!(found, [""; 0], "{other}");
    }
}

#[tokio::test]
async fn somebody_is_asked_for_among_some_groups() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    put(&directory, &lease, &listing("00g1", NOON, &["00u1", "00u2"])).await;
    put(&directory, &lease, &listing("00g12", NOON, &["00u1"])).await;
    put(&directory, &lease, &listing("00g1", EVENING, &["00u2"])).await;
    let groups = ["00g1", "00g12", "00g3"];
    let found = async |users: &[&str], groups: &[&str]| {
        let users: Vec<String> = users.iter().copied().map(str::to_owned).collect();
        let mut found = directory.stored_groups("acme", &users, groups).await.unwrap();
        found.sort();
        found
    };
    let pair = |user: &str, group: &str| (user.to_owned(), group.to_owned());
    assert_eq!(found(&["00u1", "00u2", "00u"], &groups).await, [pair("00u1", "00g12"), pair("00u2", "00g1")]);
    assert_eq!(found(&["00u1"], &groups[..1]).await, []);
    assert_eq!(found(&[], &groups).await, []);
}

/// The membership of somebody as it is stored, and the listing that wrote it.
async fn stored(directory: &Directory, user: &str) -> (bool, String) {
    let item = directory.get(&keys::membership("acme", "00g1", user)).await.unwrap().unwrap();
    (item.is_true("member"), item.text("at").unwrap().to_owned())
}

#[tokio::test]
async fn a_listing_that_is_stored_again_writes_nobody() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let first = listing("00g1", MORNING, &["00u1", "00u2"]);
    put(&directory, &lease, &first).await;
    put(&directory, &lease, &first).await;
    assert_eq!(members(&directory, "00g1").await, set(&["00u1", "00u2"]));
    // A later one touches only who joined and who left.
    put(&directory, &lease, &listing("00g1", NOON, &["00u2", "00u3"])).await;
    assert_eq!(stored(&directory, "00u1").await, (false, NOON.to_owned()));
    assert_eq!(stored(&directory, "00u2").await, (true, MORNING.to_owned()));
    assert_eq!(stored(&directory, "00u3").await, (true, NOON.to_owned()));
}

/// What a run leaves that is killed while it stores the noon's listing of Ada, Bob and Cy, who follow on Ada and Dan:
/// its version, and Bob.
async fn broken_off(directory: &Directory, lease: &Lease) {
    put(directory, lease, &listing("00g1", MORNING, &["ada", "dan"])).await;
    let noon = || Update::new().set("at", text(NOON));
    let bob = noon().set("member", AttributeValue::Bool(true)).set("user", text("bob"));
    directory.update(&keys::listing("acme", "00g1"), noon()).await.unwrap();
    directory.update(&keys::membership("acme", "00g1", "bob"), bob).await.unwrap();
    assert_eq!(members(directory, "00g1").await, set(&["ada", "bob", "dan"]));
}

#[tokio::test]
async fn a_listing_that_broke_off_is_completed_by_the_same_one_or_a_newer_one() {
    for (made, listed) in [(NOON, &["ada", "bob", "cy"][..]), (EVENING, &["bob", "dan"])] {
        let directory = directory().await;
        let lease = lease(&directory, "run-1").await;
        broken_off(&directory, &lease).await;
        put(&directory, &lease, &listing("00g1", MORNING, &["ada", "dan"])).await;
        assert_eq!(members(&directory, "00g1").await, set(&["ada", "bob", "dan"]), "an older one changes nothing");
        put(&directory, &lease, &listing("00g1", made, listed)).await;
        assert_eq!(members(&directory, "00g1").await, set(listed), "{made}");
    }
}

#[tokio::test]
async fn a_large_group_is_kept_whole() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let ids: Vec<String> = (0..300).map(|number| format!("00u{number}")).collect();
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    put(&directory, &lease, &listing("00g1", MORNING, &all)).await;
    assert_eq!(members(&directory, "00g1").await, set(&all));
    put(&directory, &lease, &listing("00g1", NOON, &all[100..])).await;
    assert_eq!(members(&directory, "00g1").await, set(&all[100..]));
}
