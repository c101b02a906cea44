//! Lists are read page by page, to their end, and nothing twice.

use std::collections::BTreeSet;

use okta_sim::{Fault, FaultKind, Malformed, Match, NewUser};
use reqwest::Method;
use serde_json::Value;
use test_support::world::{Job, PEOPLE};

use super::served::Served;

fn ids(items: &[Value], key: &str) -> Vec<String> {
    items.iter().map(|item| item[key].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn records_are_read_to_the_end_whatever_the_size_of_a_page() {
    let served = Served::of(60).await;
    served.world.imported().await;
    let expected: Vec<Value> =
        served.world.records(PEOPLE).await.into_values().map(|record| serde_json::to_value(record).unwrap()).collect();
    for limit in [1, 7, 60, 1_000] {
        let mut items = served.all("/connections/acme/records/people", limit).await;
        items.sort_by_key(|item| item["id"].to_string());
        assert_eq!(items, expected, "{limit} a page");
    }
    let first = served.get("/connections/acme/records/people?limit=5").await;
    let next = first.body["next"].as_str().unwrap();
    for wrong in [
        format!("/connections/acme/records/custodians?cursor={next}"),
        format!("/connections/acme/unsynced?cursor={next}"),
        format!("/runs?cursor={next}"),
        format!("/connections?cursor={next}"),
        "/connections/acme/records/people?cursor=yesterday".to_owned(),
        "/connections/acme/records/people?cursor=".to_owned(),
    ] {
        let answer = served.get(&wrong).await;
        assert_eq!((answer.status, answer.problem()), (400, "bad-cursor"), "{wrong}");
    }
    let unknown = served.get("/connections/acme/records/nobody").await;
    assert_eq!((unknown.status, unknown.problem()), (404, "unknown-mapping"));
}

#[tokio::test]
async fn records_that_come_meanwhile_disturb_no_reader() {
    let served = Served::of(30).await;
    served.world.imported().await;
    let before: BTreeSet<String> = served.world.records(PEOPLE).await.into_keys().collect();
    let first = served.get("/connections/acme/records/people?limit=10").await;
    let late = |number| NewUser::new("Late", "Comer", &format!("late.{number}@acme.example"));
    served.world.sim.with(|org| (0..10).for_each(|number| drop(org.create(late(number)))));
    served.world.imported().await;
    let mut met = ids(first.items(), "id");
    let mut next = first.body["next"].as_str().map(str::to_owned);
    while let Some(cursor) = next {
        let page = served.get(&format!("/connections/acme/records/people?limit=10&cursor={cursor}")).await;
        met.extend(ids(page.items(), "id"));
        next = page.body["next"].as_str().map(str::to_owned);
    }
    let known: Vec<&String> = met.iter().filter(|id| before.contains(*id)).collect();
    assert_eq!(known.len(), before.len(), "everybody who was there once");
    assert_eq!(met.iter().collect::<BTreeSet<_>>().len(), met.len(), "nobody twice");
}

#[tokio::test]
async fn what_did_not_sync_is_json_or_a_spreadsheet() {
    let served = Served::of(30).await;
    let page = Match::path("/api/v1/users?").query("search=").skip(1);
    served.world.sim.inject(Fault::new(page, FaultKind::MalformedObject(Malformed::WrongTypes)));
    served.world.import().await;
    let path = "/connections/acme/unsynced";
    let rows = served.all(path, 1).await;
    let expected: Vec<Value> =
        served.world.unsynced().await.into_iter().map(|row| serde_json::to_value(row).unwrap()).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| expected.contains(row)), "{rows:?}");

    let header = "connection,mapping,id,identifier,reason,message,hint,first_seen,last_seen,attempts\r\n";
    let by_accept = served.send(served.request(Method::GET, path).header("accept", "text/csv")).await;
    let by_name = served.get(&format!("{path}.csv")).await;
    for csv in [&by_accept, &by_name] {
        assert!(csv.headers["content-type"].starts_with("text/csv"), "{csv:?}");
        assert!(csv.text.starts_with(header) && csv.text.lines().count() == 3, "{csv:?}");
        assert!(!csv.headers.contains_key("link"));
    }
    assert_eq!(by_accept.text, by_name.text);
    let first = served.get(&format!("{path}.csv?limit=1")).await;
    let link = first.headers["link"].strip_prefix('<').unwrap().split('>').next().unwrap().to_owned();
    let second = served.get(&link).await;
    assert_eq!(first.text.lines().count() + second.text.lines().count(), 4, "a header and a row each");
    assert_ne!(first.text, second.text);
    assert!(!second.headers.contains_key("link"));
}

#[tokio::test]
async fn changes_are_followed_from_where_a_reader_stopped() {
    let served = Served::of(9).await;
    let path = "/connections/acme/changes";
    let begin = served.get(path).await;
    assert_eq!((begin.status, begin.items().len()), (200, 0));
    served.world.imported().await;
    let since = begin.body["next"].as_str().unwrap();
    let first = served.get(&format!("{path}?since={since}&limit=4")).await;
    let next = first.body["next"].as_str().unwrap();
    let rest = served.get(&format!("{path}?since={next}")).await;
    assert_eq!(first.items().len(), 4);
    assert!(rest.items().len() >= 5 && rest.items().iter().all(|change| !first.items().contains(change)));
    let end = served.get(&format!("{path}?since={}", rest.body["next"].as_str().unwrap())).await;
    assert_eq!((end.items().len(), &end.body["next"]), (0, &rest.body["next"]));
    for wrong in ["yesterday", "ffffffff.0", ""] {
        assert_eq!(served.get(&format!("{path}?since={wrong}")).await.status, 400, "{wrong}");
    }
    assert_eq!(served.get(&format!("{path}?since=0.0")).await.status, 410);
}

#[tokio::test]
async fn runs_of_all_connections_are_one_list_with_the_newest_first() {
    let served = Served::of(5).await;
    let beta = served.world.beside("beta", served.world.connection.document()["mappings"].clone()).await;
    for _ in 0..3 {
        served.work(Job::FullImport).await;
        beta.import().await;
    }
    let all = served.all("/runs", 2).await;
    let started = ids(&all, "started");
    assert_eq!(all.len(), 6);
    assert!(started.is_sorted_by(|one, next| one >= next), "{started:?}");
    assert_eq!(ids(&all, "run").into_iter().collect::<BTreeSet<_>>().len(), 6);
    let of_beta = served.all("/runs?connection=beta", 2).await;
    assert!(of_beta.len() == 3 && of_beta.iter().all(|run| run["connection"] == "beta"));
    for nobody in ["nobody", "No%20Name", "%00"] {
        assert!(served.all(&format!("/runs?connection={nobody}"), 5).await.is_empty(), "{nobody}");
    }
}
