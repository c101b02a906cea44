//! The view of what is not used: applications that nobody signs on to, and people who do not use what is assigned to them,
//! held against what the org really did.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::TryStreamExt;
use jiff::Timestamp;
use okta_sim::{NewApp, Options, Role, Scope, Status};
use rollcall_shared::handlers::unused::{UnusedView, unused};
use rollcall_shared::model::app::{Assigned, Observed, Unused, WINDOW};
use test_support::services::{discover, discovered, is_service, world};
use test_support::world::{Setup, World};

const DAY: Duration = Duration::from_secs(86_400);

/// A row without what is the same in all rows of an application: the application, the person and how it is assigned to
/// them, since when, and the last sign-on.
type Row = (String, Option<String>, Option<Assigned>, String, Option<String>);

async fn view(world: &World, app: Option<&str>) -> (Option<Observed>, Vec<Unused>) {
    let UnusedView { observed, rows } = unused(&world.context, "acme", app).await.unwrap();
    (observed, rows.try_collect().await.unwrap())
}

fn row(row: Unused) -> Row {
    let since = row.since.map(|since| since.to_string()).unwrap_or_default();
    (row.app, row.person, row.assigned, since, row.last_sign_on.map(|last| last.to_string()))
}

fn written(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// The rows that there should be, with the last sign-ons that there were, however long ago.
fn truth(world: &World, observed: Observed) -> BTreeSet<Row> {
    let bound = observed.until.before(WINDOW).to_string();
    world.sim.with(|org| {
        let mut last: BTreeMap<(String, Option<String>), String> = BTreeMap::new();
        for sign_on in org.sign_ons() {
            for of in [None, Some(sign_on.user)] {
                let at = last.entry((sign_on.app.clone(), of)).or_default();
                *at = written(sign_on.at).max(std::mem::take(at));
            }
        }
        let mut rows = BTreeSet::new();
        for app in org.apps().iter().filter(|app| is_service(app)) {
            let last = |person: Option<&String>| last.get(&(app.id.clone(), person.cloned())).cloned();
            let is_unused = |last: &Option<String>| last.as_ref().is_none_or(|last| *last < bound);
            let used = last(None);
            if is_unused(&used) {
                rows.insert((app.id.clone(), None, None, written(app.created), used));
            }
            for assigned in org.assignments(app).filter(|assigned| assigned.user.status != Status::Deprovisioned) {
                let used = last(Some(&assigned.user.id));
                let how = if assigned.scope == Scope::Group { Assigned::ByGroup } else { Assigned::Directly };
                if is_unused(&used) {
                    let person = Some(assigned.user.id.clone());
                    rows.insert((app.id.clone(), person, Some(how), written(assigned.created), used));
                }
            }
        }
        rows
    })
}

#[tokio::test]
async fn what_is_not_used_is_told_row_by_row() {
    let okta = Options { page_size_cap: 50, limit_per_minute: 600_000, ..Options::default() };
    let world = world(40, Setup { people: 300, okta, ..Setup::default() }).await;
    let (wiki, everyone) = world.sim.with(|org| {
        let (wiki, everyone) = (org.create_app(NewApp::new("bookmark", "Wiki")), org.everyone().to_owned());
        assert!(org.assign_group(&everyone, &wiki));
        (wiki, everyone)
    });
    discovered(&world).await;
    let (observed, rows) = view(&world, None).await;
    let observed = observed.unwrap();
    assert!(observed.is_whole());
    let found: BTreeSet<Row> = rows.iter().cloned().map(row).collect();
    assert_eq!(found.len(), rows.len(), "nobody twice");
    assert_eq!(found, truth(&world, observed));
    let of = |wanted: fn(&Unused) -> bool| rows.iter().filter(|row| wanted(row)).count();
    assert!(of(|row| row.person.is_none()) > 3 && of(|row| row.assigned == Some(Assigned::ByGroup)) > 290);
    assert!(of(|row| row.assigned == Some(Assigned::Directly)) > 10);
    let own = rows.iter().find(|row| row.app == wiki).unwrap();
    assert_eq!((own.app_name.as_str(), own.app_status.as_str(), &own.person), ("Wiki", "ACTIVE", &None));
    assert!(rows.iter().all(|row| row.connection == "acme" && row.observed_since == observed.since));

    // One of them comes; and one application alone is told as among all.
    let user = world.active().remove(0);
    world.later(DAY);
    world.sim.with(|org| assert!(org.sign_on(&user, &wiki)));
    discovered(&world).await;
    let (observed, of_wiki) = view(&world, Some(&wiki)).await;
    let expected: BTreeSet<Row> =
        truth(&world, observed.unwrap()).into_iter().filter(|(app, ..)| *app == wiki).collect();
    // Neither the application's own row any more, nor theirs.
    assert!(expected.iter().all(|(_, person, ..)| person.as_ref().is_some_and(|person| *person != user)));
    assert!(expected.len() > 250);
    assert_eq!(of_wiki.into_iter().map(row).collect::<BTreeSet<_>>(), expected);
    world.sim.with(|org| assert!(org.unassign_group(&everyone, &wiki)));
    discovered(&world).await;
    assert_eq!(view(&world, Some(&wiki)).await.1, []);
}

#[tokio::test]
async fn use_that_lies_longer_ago_than_the_window_is_no_use_any_more() {
    let world = world(6, Setup::default()).await;
    let user = world.active().remove(0);
    let wiki = world.sim.with(|org| {
        let wiki = org.create_app(NewApp::new("bookmark", "Wiki"));
        assert!(org.assign(&user, &wiki) && org.sign_on(&user, &wiki));
        wiki
    });
    discovered(&world).await;
    let used = async || view(&world, Some(&wiki)).await.1.len();
    assert_eq!(used().await, 0);
    for _ in 0..2 {
        world.later(DAY * 46);
        // As long as nobody has looked into the log, nothing new is known.
        assert_eq!(used().await, 0);
        discovered(&world).await;
    }
    let (_, rows) = view(&world, Some(&wiki)).await;
    let [itself, person] = &rows[..] else { panic!("two rows, not {rows:?}") };
    let last = world.sim.with(|org| org.sign_ons().filter(|sign_on| sign_on.app == wiki).map(|on| on.at).max());
    assert_eq!(itself.last_sign_on.map(|last| last.to_string()), last.map(written), "it is still known");
    assert_eq!((&itself.person, &person.person), (&None, &Some(user)));
}

#[tokio::test]
async fn where_the_log_cannot_be_read_nothing_is_called_unused() {
    let world = world(6, Setup::default()).await;
    world.sim.set_role(Role::NoLog);
    discover(&world.context).await;
    assert_eq!(view(&world, None).await, (None, Vec::new()));
}

#[tokio::test]
async fn what_is_gone_is_not_told_and_what_is_not_there_is_an_error() {
    let world = world(6, Setup::default()).await;
    let user = world.active().remove(0);
    let wiki = world.sim.with(|org| {
        let wiki = org.create_app(NewApp::new("bookmark", "Wiki"));
        assert!(org.assign(&user, &wiki));
        wiki
    });
    discovered(&world).await;
    assert_eq!(view(&world, Some(&wiki)).await.1.len(), 2);
    world.sim.with(|org| assert!(org.deactivate_app(&wiki)));
    discovered(&world).await;
    let (_, rows) = view(&world, Some(&wiki)).await;
    assert_eq!(rows.iter().map(|row| row.app_status.as_str()).collect::<Vec<_>>(), ["INACTIVE", "INACTIVE"]);
    world.sim.with(|org| assert!(org.delete_app(&wiki)));
    discovered(&world).await;
    assert_eq!(view(&world, Some(&wiki)).await.1, []);
    let error = unused(&world.context, "acme", Some("0oa-nowhere")).await.map(drop).unwrap_err();
    assert_eq!(error.problem().kind, "urn:rollcall:problem:unknown-record");
}
