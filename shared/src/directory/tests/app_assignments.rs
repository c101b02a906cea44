//! Who is assigned to which application, as the newest listing has it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::TryStreamExt;

use super::{NOON, directory, lease, time};
use crate::directory::keys::{self, Shelf, Table};
use crate::directory::parts::{LARGEST, part_update};
use crate::directory::search::Search;
use crate::directory::update::{Update, text};
use crate::directory::{AppListed, AppListing, Directory, Lease};
use crate::model::app::{Assigned, Assignment, AssignmentStatus, Person};

const MORNING: &str = "2026-11-20T08:00:00.000Z";
const EVENING: &str = "2026-11-20T18:00:00.000Z";

fn assignment() -> Assignment {
    Assignment { since: Some(time(MORNING)), how: Assigned::Directly, status: AssignmentStatus::Active }
}

fn listing(app: &str, made: &str, people: &[&str]) -> AppListing {
    let people = people.iter().map(|user| ((*user).to_owned(), assignment())).collect();
    AppListing { app: app.to_owned(), at: time(made), people, groups: None }
}

async fn put(directory: &Directory, lease: &Lease, listing: AppListing) {
    directory.put_app_listing(lease, listing).await.unwrap();
}

async fn people(directory: &Directory, app: &str) -> Vec<Person<Assignment>> {
    directory.app_assignments("acme", app).try_collect().await.unwrap()
}

async fn ids(directory: &Directory, app: &str) -> Vec<String> {
    people(directory, app).await.into_iter().map(|(user, _)| user).collect()
}

/// How many parts an application has; none is larger than it may be.
async fn parts(directory: &Directory, app: &str) -> usize {
    let pk = keys::parts_of_app(Shelf::Assignments, "acme", app);
    let search = Search { range: Some(keys::parts(app)), ..Search::of(Table::State, pk) };
    let items: Vec<_> = directory.rows(search).try_collect().await.unwrap();
    assert!(items.iter().all(|item| item.text("people").unwrap().len() <= LARGEST));
    items.len()
}

#[tokio::test]
async fn a_listing_replaces_the_one_before() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let none: [&str; 0] = [];
    assert_eq!(ids(&directory, "0oa1").await, none);
    put(&directory, &lease, listing("0oa1", MORNING, &["00u2", "00u1", "00u3"])).await;
    assert_eq!(ids(&directory, "0oa1").await, ["00u1", "00u2", "00u3"]);
    let mut noon = listing("0oa1", NOON, &["00u0", "00u2"]);
    let changed = Assignment { since: None, how: Assigned::ByGroup, status: AssignmentStatus::Suspended };
    noon.people.insert("00u2".to_owned(), changed);
    put(&directory, &lease, noon).await;
    assert_eq!(people(&directory, "0oa1").await, [("00u0".to_owned(), assignment()), ("00u2".to_owned(), changed)]);
    // Nor an older one, nor one of another application.
    put(&directory, &lease, listing("0oa1", MORNING, &["00u9"])).await;
    put(&directory, &lease, listing("0oa12", EVENING, &["00u8"])).await;
    put(&directory, &lease, listing("0oa", EVENING, &["00u7"])).await;
    assert_eq!(ids(&directory, "0oa1").await, ["00u0", "00u2"]);
    put(&directory, &lease, listing("0oa1", EVENING, &[])).await;
    put(&directory, &lease, listing("0oa1", NOON, &["00u1"])).await;
    assert_eq!((ids(&directory, "0oa1").await, parts(&directory, "0oa1").await), (Vec::new(), 0));
}

#[tokio::test]
async fn all_assignments_are_read_at_once() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let mut expected = BTreeSet::new();
    for number in 0..20 {
        let (app, user) = (format!("0oa{number}"), format!("00u{number}"));
        put(&directory, &lease, listing(&app, NOON, &["00u-everywhere", &user])).await;
        expected.extend([(app.clone(), "00u-everywhere".to_owned()), (app, user)]);
    }
    let found: Vec<_> = directory.assignments("acme").try_collect().await.unwrap();
    let found: Vec<_> = found.into_iter().map(|(app, (user, _))| (app, user)).collect();
    assert_eq!((found.len(), found.into_iter().collect::<BTreeSet<_>>()), (40, expected));
    let elsewhere: Vec<_> = directory.assignments("acm").try_collect().await.unwrap();
    assert!(elsewhere.is_empty());
}

#[tokio::test]
async fn any_listing_after_any_other_is_kept_whole_and_costs_what_it_changes() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let mut random = fastrand::Rng::with_seed(3);
    let everybody: Vec<String> = (0..4_000).map(|number| format!("00u{number:017}")).collect();
    let mut at = time(NOON);
    for share in [0.9, 0.9, 0.01, 0.5, 1.0, 0.0, 0.3] {
        at = at.after(Duration::from_secs(60));
        let people: BTreeMap<String, Assignment> =
            everybody.iter().filter(|_| random.f64() < share).map(|user| (user.clone(), assignment())).collect();
        let mut listing = AppListing { app: "0oa1".to_owned(), at, people, groups: Some(2) };
        put(&directory, &lease, listing.clone()).await;
        let expected: Vec<_> = listing.people.clone().into_iter().collect();
        assert_eq!(people_of(&directory).await, expected, "{share}");
        let listed = directory.app_listed("acme", "0oa1").await.unwrap();
        assert_eq!(listed, Some(AppListed { at, groups: Some(2) }));
        let (count, written) = (parts(&directory, "0oa1").await, directory.used().write_units);
        put(&directory, &lease, listing.clone()).await;
        assert!(directory.used().write_units - written <= 1.0, "a listing that changes nothing writes its time alone");
        if let Some(user) = listing.people.keys().nth(listing.people.len() / 2).cloned() {
            let written = directory.used().write_units;
            listing.people.remove(&user);
            put(&directory, &lease, listing).await;
            assert!(directory.used().write_units - written < 20.0, "one person less costs one part of {count}");
        }
    }
}

async fn people_of(directory: &Directory) -> Vec<Person<Assignment>> {
    people(directory, "0oa1").await
}

#[tokio::test]
async fn a_listing_that_broke_off_is_completed_by_the_same_one_or_a_newer_one() {
    for made in [NOON, EVENING] {
        let directory = directory().await;
        let lease = lease(&directory, "run-1").await;
        put(&directory, &lease, listing("0oa1", MORNING, &["ada", "bob", "dan"])).await;
        // The noon's listing wrote its time and the part into which Dan moves, and no more.
        let noon = || Update::new().set("at", text(NOON));
        directory.update(&keys::app_listing("acme", "0oa1"), noon()).await.unwrap();
        let moved = part_update("0oa1", "cy:1.d.ACTIVE dan:1.d.ACTIVE").set("at", text(NOON));
        directory.update(&keys::part(Shelf::Assignments, "acme", ("0oa1", "cy")), moved).await.unwrap();
        assert_eq!(ids(&directory, "0oa1").await, ["ada", "bob", "dan", "cy", "dan"]);
        put(&directory, &lease, listing("0oa1", MORNING, &["ada"])).await;
        assert_eq!(ids(&directory, "0oa1").await.len(), 5, "an older one changes nothing");
        put(&directory, &lease, listing("0oa1", made, &["ada", "cy", "dan"])).await;
        assert_eq!(ids(&directory, "0oa1").await, ["ada", "cy", "dan"], "{made}");
    }
}
