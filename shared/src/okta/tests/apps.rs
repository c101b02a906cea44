//! Applications, their people and their use: what is asked for, and what a simulated org answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use okta_sim::{Options, Org, Role, Scope, Sim, Status};

use super::super::query::PageRequest;
use super::super::{LOG_RETENTION, Okta};
use super::server::{Server, TOKEN, answer, okta};
use crate::clock;
use crate::error::Fate;
use crate::model::app::{Access, AppKind, Assigned, Assignment, SignOn};
use crate::model::{RawObject, peek};

#[test]
fn lists_come_whole_and_in_the_largest_pages() {
    for (request, expected) in [
        (PageRequest::apps(), "/api/v1/apps?includeNonDeleted=true&limit=200"),
        (PageRequest::app_users("0oa1"), "/api/v1/apps/0oa1/users?limit=500"),
        (PageRequest::app_groups("0oa1"), "/api/v1/apps/0oa1/groups?limit=200"),
        (PageRequest::app_users("../users"), "/api/v1/apps/..%2Fusers/users?limit=500"),
        (
            PageRequest::sign_ons("2026-11-20T10:00:00Z".parse().unwrap()),
            "/api/v1/logs?since=2026-11-20T10:00:00.000Z\
             &filter=eventType+eq+%22user.authentication.sso%22+and+outcome.result+eq+%22SUCCESS%22\
             &sortOrder=ASCENDING&limit=1000",
        ),
    ] {
        assert_eq!(request.as_str(), expected);
    }
}

#[tokio::test]
async fn one_application_is_there_or_not_visible() {
    let missing = r#"{"errorCode":"E0000007","errorSummary":"Not found: Resource not found: 0oa2 (AppInstance)"}"#;
    let withheld = r#"{"errorCode":"E0000006","errorSummary":"You do not have permission"}"#;
    let server =
        Server::start(vec![answer(200, "", "{\"id\":\"0oa1\"}"), answer(404, "", missing), answer(403, "", withheld)])
            .await;
    let okta = server.okta(None);
    assert_eq!(&*okta.app("0oa1").await.unwrap().unwrap().text, "{\"id\":\"0oa1\"}");
    assert_eq!(okta.app("0oa2").await.unwrap(), None);
    assert_eq!(okta.app("..").await.unwrap(), None);
    assert_eq!(okta.app("0oa3").await.unwrap_err().fate(), Fate::OfOneRecord);
    assert_eq!(server.targets(), ["/api/v1/apps/0oa1", "/api/v1/apps/0oa2", "/api/v1/apps/0oa3"]);
}

/// A simulated org of people who use applications, in pages of 20; and a client of it.
async fn used_org() -> (Sim, Okta) {
    let mut org = Org::generate(11, 200, jiff::Timestamp::now());
    org.generate_apps(60);
    org.generate_sign_ons(1_500);
    let options =
        Options { page_size_cap: 20, limit_per_minute: 600_000, token: TOKEN.to_owned(), ..Options::default() };
    let sim = Sim::start(org, options).await.unwrap();
    let okta = okta(&sim.url(), None);
    (sim, okta)
}

/// The objects of all pages, to the last one, or to the first empty one.
async fn all(okta: &Okta, request: PageRequest) -> Vec<RawObject> {
    let (mut found, mut next) = (Vec::new(), Some(request));
    while let Some(request) = next {
        let page = okta.page(&request).await.unwrap();
        next = page.next.filter(|_| !page.objects.is_empty());
        found.extend(page.objects);
    }
    found
}

fn ids(objects: &[RawObject]) -> Vec<String> {
    objects.iter().map(|object| peek(object).id.unwrap()).collect()
}

#[tokio::test]
async fn every_application_is_listed_and_okta_s_own_are_told_apart() {
    let (sim, okta) = used_org().await;
    let expected: Vec<String> = sim.with(|org| org.apps().iter().map(|app| app.id.clone()).collect());
    let listed = all(&okta, PageRequest::apps()).await;
    assert_eq!(ids(&listed), expected, "those that are switched off, too");
    let name = |app: &RawObject| serde_json::from_str::<serde_json::Value>(&app.text).unwrap()["name"].clone();
    let kinds: Vec<AppKind> = listed.iter().map(|app| AppKind::of(name(app).as_str().unwrap())).collect();
    let count = |kind: AppKind| kinds.iter().filter(|found| **found == kind).count();
    // Of the 24 kinds that a generated org has in turn, three are directories.
    assert_eq!((count(AppKind::OktaOwn), count(AppKind::Directory), count(AppKind::Service)), (8, 7, 53));
    sim.set_role(Role::Only([expected[0].clone()].into()));
    assert_eq!(okta.app(&expected[1]).await.unwrap(), None);
    assert!(okta.app(&expected[0]).await.unwrap().is_some());
}

#[tokio::test]
async fn an_application_s_people_are_those_assigned() {
    let (sim, okta) = used_org().await;
    let (app, expected) = sim.with(|org| {
        let busy = org.apps().iter().find(|app| org.assignments(app).count() > 100).unwrap().id.clone();
        let leaver = org.assignments(org.app(&busy).unwrap()).next().unwrap().user.id.clone();
        assert!(org.deactivate(&leaver));
        let people = org.assignments(org.app(&busy).unwrap());
        let people = people.filter(|assignment| assignment.user.status != Status::Deprovisioned);
        let people: BTreeMap<String, Scope> = people.map(|found| (found.user.id.clone(), found.scope)).collect();
        (busy, people)
    });
    let rows = all(&okta, PageRequest::app_users(&app)).await;
    let found: Vec<(String, Assignment)> = rows.iter().map(|row| Assignment::of(row).unwrap()).collect();
    let granted = found.iter().filter(|(_, assignment)| assignment.status.access() == Access::Granted);
    let granted: BTreeMap<String, _> = granted
        .map(|(user, assignment)| {
            assert!(assignment.since.is_some());
            let by_group = assignment.how == Assigned::ByGroup;
            (user.clone(), if by_group { Scope::Group } else { Scope::User })
        })
        .collect();
    assert_eq!(granted, expected);
    assert!(found.len() > granted.len(), "who has left is listed, and does not count");
    let groups = all(&okta, PageRequest::app_groups(&app)).await;
    let group = sim.with(|org| {
        let group = org.create_group("Writers");
        assert!(org.assign_group(&group, &app));
        group
    });
    let with_one_more = all(&okta, PageRequest::app_groups(&app)).await;
    assert!(with_one_more.len() == groups.len() + 1 && ids(&with_one_more).contains(&group));
}

#[tokio::test]
async fn every_sign_on_that_succeeded_is_read_and_no_other() {
    let (sim, okta) = used_org().await;
    let expected: BTreeSet<(i64, String, String)> = sim.with(|org| {
        let (user, app) = org.sign_ons().next().map(|sign_on| (sign_on.user, sign_on.app)).unwrap();
        assert!(org.fail_sign_on(&user, &app, "INVALID"));
        org.sign_on(&user, &app);
        org.sign_ons().map(|sign_on| (sign_on.at.as_millisecond(), sign_on.user, sign_on.app)).collect()
    });
    let since = clock::now().before(LOG_RETENTION).after(Duration::from_secs(60));
    let events = all(&okta, PageRequest::sign_ons(since)).await;
    let sign_ons = events.iter().map(|event| SignOn::of(event).unwrap().expect("the filter asks for nothing else"));
    let mut found = BTreeSet::new();
    for SignOn { at, user, apps } in sign_ons {
        assert_eq!(apps.len(), 1);
        assert!(found.insert((at.millis(), user, apps[0].clone())));
    }
    assert_eq!(found, expected);
}
