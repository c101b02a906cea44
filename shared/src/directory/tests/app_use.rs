//! Who used which application, as what the log told adds up.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::TryStreamExt;

use super::{NOON, directory, lease, overtaken, time};
use crate::directory::keys::{self, Shelf, Table};
use crate::directory::parts::LARGEST;
use crate::directory::search::Search;
use crate::directory::{AppListing, Directory, DirectoryError, KeptApp, Lease, SignOnLog};
use crate::model::Time;
use crate::model::app::{Person, SignOn, SignOns, Use, WINDOW};

const APPS: [&str; 4] = ["0oa1", "0oa12", "0oa", "0oa1-"];

fn ago(hours: u64) -> Time {
    time(NOON).before(Duration::from_secs(hours * 3_600))
}

fn sign_ons(events: &[(&str, &str, Time)]) -> SignOns {
    let mut sign_ons = SignOns::default();
    for (user, app, at) in events {
        sign_ons.add(&SignOn { at: *at, user: (*user).to_owned(), apps: vec![(*app).to_owned()] });
    }
    sign_ons
}

async fn add(directory: &Directory, lease: &Lease, events: &[(&str, &str, Time)]) {
    directory.add_sign_ons(lease, sign_ons(events), time(NOON)).await.unwrap();
}

async fn used(directory: &Directory, app: &str) -> (u64, u64, u64) {
    let Use { within_7_days, within_30_days, within_90_days, .. } =
        directory.app_use("acme", app, time(NOON)).await.unwrap();
    (within_7_days, within_30_days, within_90_days)
}

async fn people(directory: &Directory, app: &str) -> Vec<Person<Time>> {
    directory.last_sign_ons("acme", app).try_collect().await.unwrap()
}

/// How many parts an application has; none is larger than it may be.
async fn parts(directory: &Directory, app: &str) -> usize {
    let search = Search {
        range: Some(keys::parts(app)),
        ..Search::of(Table::State, keys::parts_of_app(Shelf::Uses, "acme", app))
    };
    let items: Vec<_> = directory.rows(search).try_collect().await.unwrap();
    assert!(items.iter().all(|item| item.text("people").unwrap().len() <= LARGEST));
    items.len()
}

#[tokio::test]
async fn people_count_once_by_their_last_sign_on() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    assert_eq!(directory.app_use("acme", "0oa1", time(NOON)).await.unwrap(), Use::default());
    let days = |days: u64| ago(24 * days);
    add(&directory, &lease, &[("00u1", "0oa1", days(80)), ("00u2", "0oa1", days(20)), ("00u1", "0oa2", days(3))]).await;
    assert_eq!((used(&directory, "0oa1").await, used(&directory, "0oa2").await), ((0, 1, 2), (1, 1, 1)));
    // An older one that comes late changes nothing, a newer one does.
    add(&directory, &lease, &[("00u2", "0oa1", days(60)), ("00u1", "0oa1", days(7))]).await;
    assert_eq!(used(&directory, "0oa1").await, (1, 2, 2));
    assert_eq!(directory.app_use("acme", "0oa1", time(NOON)).await.unwrap().last, Some(days(7)));
    // As time passes they leave the windows, without another event.
    let month_later = time(NOON).after(Duration::from_secs(31 * 24 * 3_600));
    let later = directory.app_use("acme", "0oa1", month_later).await.unwrap();
    assert_eq!((later.within_7_days, later.within_30_days, later.within_90_days), (0, 0, 2));
}

#[tokio::test]
async fn any_pages_of_any_size_come_to_what_all_events_at_once_do() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let mut random = fastrand::Rng::with_seed(7);
    let users: Vec<String> = (0..2_500).map(|_| format!("00u{:017x}", random.u64(..))).collect();
    let mut truth: BTreeMap<(&str, &str), Time> = BTreeMap::new();
    for size in [1, 3_000, 10, 700, 1, 2_000, 2_000] {
        let events: Vec<(&str, &str, Time)> = (0..size)
            .map(|_| {
                // Most of it is of the first application.
                let app =
                    APPS[random.usize(..APPS.len()).min(random.usize(..APPS.len())).min(random.usize(..APPS.len()))];
                (users[random.usize(..users.len())].as_str(), app, ago(random.u64(0..100 * 24)))
            })
            .collect();
        for (user, app, at) in &events {
            let last = truth.entry((app, user)).or_insert(*at);
            *last = (*last).max(*at);
        }
        add(&directory, &lease, &events).await;
    }
    truth.retain(|_, last| *last >= time(NOON).before(WINDOW));
    for app in APPS {
        let expected: Vec<Person<Time>> = truth
            .iter()
            .filter(|((of, _), _)| *of == app)
            .map(|((_, user), last)| ((*user).to_owned(), *last))
            .collect();
        let within = |days: u64| expected.iter().filter(|(_, last)| *last >= ago(24 * days)).count() as u64;
        assert_eq!(used(&directory, app).await, (within(7), within(30), within(90)), "{app}");
        assert_eq!(people(&directory, app).await, expected, "{app}");
    }
    assert!(parts(&directory, APPS[0]).await > 3 && !people(&directory, APPS[2]).await.is_empty());
}

#[tokio::test]
async fn a_page_that_is_added_again_writes_nothing() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let users: Vec<String> = (0..1_500).map(|number| format!("00u{number:017}")).collect();
    let page: Vec<(&str, &str, Time)> = users.iter().map(|user| (user.as_str(), "0oa1", ago(5))).collect();
    add(&directory, &lease, &page).await;
    let (count, written) = (parts(&directory, "0oa1").await, directory.used().write_units);
    assert!(count > 1);
    add(&directory, &lease, &page).await;
    add(&directory, &lease, &page[700..720]).await;
    assert_eq!((parts(&directory, "0oa1").await, directory.used().write_units), (count, written));
    // One person more costs the part that they belong in.
    add(&directory, &lease, &[("00u00000000000000700x", "0oa1", ago(5))]).await;
    let one_part = directory.used().write_units - written;
    assert!((1.0..20.0).contains(&one_part), "{one_part}");
}

#[tokio::test]
async fn those_who_add_at_once_lose_nothing() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let users: Vec<String> = (0..1_200).map(|number| format!("00u{number:017}")).collect();
    let adders = (0..4_usize).map(|adder| {
        let page: Vec<_> = users.iter().skip(adder).step_by(4).map(|user| (user.as_str(), "0oa1", ago(1))).collect();
        let (directory, lease) = (&directory, &lease);
        async move { add(directory, lease, &page).await }
    });
    futures::future::join_all(adders).await;
    assert_eq!(used(&directory, "0oa1").await, (1_200, 1_200, 1_200));
    assert_eq!(people(&directory, "0oa1").await.len(), 1_200);
}

#[tokio::test]
async fn whom_a_part_cannot_hold_go_into_new_ones_however_many_come() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    // With the longest ids there are, into a part that has somebody.
    let users: Vec<String> = (0..9_100).map(|number| format!("{number:0128}")).collect();
    add(&directory, &lease, &[(&users[3], "0oa1", ago(1)), (&users[9_000], "0oa1", ago(1))]).await;
    let all: Vec<(&str, &str, Time)> = users.iter().map(|user| (user.as_str(), "0oa1", ago(2))).collect();
    add(&directory, &lease, &all).await;
    assert_eq!(used(&directory, "0oa1").await, (9_100, 9_100, 9_100));
    assert!(parts(&directory, "0oa1").await > 100);
}

#[tokio::test]
async fn who_has_not_come_for_long_is_dropped_and_the_last_use_is_still_known() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    add(&directory, &lease, &[("00u1", "0oa1", ago(1)), ("00u2", "0oa1", ago(1))]).await;
    let much_later = time(NOON).after(WINDOW);
    directory.add_sign_ons(&lease, sign_ons(&[("00u2", "0oa1", ago(0))]), much_later).await.unwrap();
    assert_eq!(people(&directory, "0oa1").await, [("00u2".to_owned(), time(NOON))]);
    // Nor does a late event of long ago make it seem longer ago than it is.
    let later_still = much_later.after(WINDOW);
    directory.add_sign_ons(&lease, sign_ons(&[("00u3", "0oa1", ago(9))]), later_still).await.unwrap();
    let found = directory.app_use("acme", "0oa1", later_still).await.unwrap();
    assert_eq!((found.last, found.within_90_days), (Some(time(NOON)), 0));
}

/// An application whose id begins with another one's, and whose parts lie beside its parts.
fn neighbour(app: &str) -> String {
    let shard = |app: &str| keys::parts_of_app(Shelf::Uses, "acme", app);
    (0..).map(|number| format!("{app}{number}")).find(|other| shard(other) == shard(app)).unwrap()
}

#[tokio::test]
async fn applications_that_lie_beside_each_other_stay_apart() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let neighbour = neighbour("0oa1");
    add(&directory, &lease, &[("00u1", "0oa1", ago(1)), ("00u2", &neighbour, ago(1)), ("00u3", &neighbour, ago(1))])
        .await;
    add(&directory, &lease, &[("00u4", "0oa1", ago(1))]).await;
    assert_eq!((used(&directory, "0oa1").await.0, used(&directory, &neighbour).await.0), (2, 2));
    directory.forget_app(&lease, "0oa1").await.unwrap();
    assert_eq!((used(&directory, "0oa1").await.0, used(&directory, &neighbour).await.0), (0, 2));
}

#[tokio::test]
async fn an_application_is_forgotten_and_no_other() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    for app in APPS {
        add(&directory, &lease, &[("00u1", app, ago(1)), ("00u2", app, ago(1))]).await;
    }
    directory.forget_app(&lease, "0oa1").await.unwrap();
    directory.forget_app(&lease, "0oa1").await.unwrap();
    for app in APPS {
        assert_eq!(people(&directory, app).await.is_empty(), app == "0oa1", "{app}");
        let elsewhere: Vec<Person<Time>> = directory.last_sign_ons("acme2", app).try_collect().await.unwrap();
        assert!(elsewhere.is_empty());
    }
}

#[tokio::test]
async fn a_damaged_part_is_told_and_not_counted_over() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    add(&directory, &lease, &[("00u1", "0oa1", ago(1))]).await;
    let damage = crate::directory::parts::part_update("0oa1", "00u1:yesterday");
    directory.update(&keys::part(Shelf::Uses, "acme", ("0oa1", "")), damage).await.unwrap();
    let told = directory.app_use("acme", "0oa1", time(NOON)).await;
    assert!(matches!(told, Err(DirectoryError::Damaged { .. })), "{told:?}");
    let added = directory.add_sign_ons(&lease, sign_ons(&[("00u2", "0oa1", ago(1))]), time(NOON)).await;
    assert!(matches!(added, Err(DirectoryError::Damaged { .. })), "{added:?}");
}

#[tokio::test]
async fn the_position_in_the_log_moves_under_the_latest_lease_only() {
    let directory = directory().await;
    let (old, new) = overtaken(&directory).await;
    assert_eq!(directory.sign_on_log("acme").await.unwrap(), SignOnLog::default());
    let log = SignOnLog { next: Some("/next".into()), looked: Some(ago(0)), observed_since: Some(ago(90)) };
    directory.put_sign_on_log(&new, &log).await.unwrap();
    let fenced = directory.put_sign_on_log(&old, &SignOnLog::default()).await;
    assert!(matches!(fenced, Err(DirectoryError::Fenced { .. })), "{fenced:?}");
    assert_eq!(directory.sign_on_log("acme").await.unwrap(), log);
    assert_eq!(directory.log_position("acme").await.unwrap(), Default::default(), "it is a position of its own");
}

#[tokio::test]
async fn of_which_applications_anything_is_kept_is_known() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let kept = async || -> Vec<KeptApp> { directory.kept_apps("acme").try_collect().await.unwrap() };
    let app = |app: &str, is_listed| KeptApp { app: app.to_owned(), is_listed };
    assert_eq!(kept().await, []);
    add(&directory, &lease, &[("00u1", "0oa#1", ago(1)), ("00u1", "0oa2", ago(1))]).await;
    let listing = AppListing { app: "0oa2".to_owned(), at: time(NOON), people: BTreeMap::new(), groups: Some(1) };
    directory.put_app_listing(&lease, listing).await.unwrap();
    assert_eq!(kept().await, [app("0oa#1", false), app("0oa2", true)]);
    assert_eq!(directory.app_listed("acme", "0oa#1").await.unwrap(), None);
    directory.forget_app_people(&lease, "0oa2").await.unwrap();
    assert_eq!((kept().await, used(&directory, "0oa2").await.0), (vec![app("0oa#1", false), app("0oa2", false)], 1));
    directory.forget_app(&lease, "0oa2").await.unwrap();
    assert_eq!(kept().await, [app("0oa#1", false)]);
}
