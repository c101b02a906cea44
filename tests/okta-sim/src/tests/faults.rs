//! Each fault as it looks on the wire.

use std::time::{Duration, Instant};

use super::client::{all, get, raw, sim};
use crate::{Fault, FaultKind, Malformed, Match, Options, Sim};

const USERS: &str = "/api/v1/users?search=status+pr&limit=10&sortBy=created";

async fn small() -> Sim {
    sim(40, Options::default()).await
}

#[tokio::test]
async fn statuses_strike_as_scripted_and_are_spent() {
    let sim = small().await;
    sim.inject(Fault::new(Match::path("/api/v1/users?").skip(1), FaultKind::Status(503)).times(2));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(get(&sim, USERS).await.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    for (kind, status, code) in [
        (FaultKind::Status(500), 500, "E0000009"),
        (FaultKind::ExpiredCursor, 400, "E0000031"),
        (FaultKind::RateLimited, 429, "E0000047"),
        (FaultKind::ConcurrencyLimited, 429, "E0000047"),
        (FaultKind::RevokeToken, 401, "E0000011"),
    ] {
        sim.inject(Fault::new(Match::any(), kind));
        let reply = get(&sim, USERS).await;
        assert_eq!((reply.status, reply.error_code().as_str()), (status, code));
    }
    assert_eq!(get(&sim, USERS).await.status, 401, "a revoked token stays revoked");
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let sim = small().await;
    for (path, scope) in [
        ("users", "okta.users.read"),
        ("devices", "okta.devices.read"),
        ("device-assurances", "okta.deviceAssurance.read"),
        ("apps/0oa1/users", "okta.apps.read"),
    ] {
        sim.inject(Fault::new(Match::any(), FaultKind::MissingScope));
        let refused = get(&sim, &format!("/api/v1/{path}")).await;
        assert_eq!((refused.status, refused.body.len()), (403, 0));
        assert!(refused.header("www-authenticate").unwrap().contains(&format!("scope=\"{scope}\"")), "{path}");
    }
}

#[tokio::test]
async fn proxies_answer_in_html() {
    let sim = small().await;
    for (kind, status) in [(FaultKind::Status(502), 502), (FaultKind::NotJson, 200), (FaultKind::EdgeLimited, 429)] {
        sim.inject(Fault::new(Match::any(), kind));
        let reply = get(&sim, USERS).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("content-type"), Some("text/html"));
        assert_eq!(reply.header("x-rate-limit-limit").is_none(), status != 200);
    }
}

#[tokio::test]
async fn connections_break_hang_and_drag() {
    let sim = small().await;
    sim.inject(Fault::new(Match::any(), FaultKind::Reset));
    assert_eq!(raw(&sim, USERS, "sim-token").await, b"");
    assert_eq!(sim.calls()[0].status, 0);
    sim.inject(Fault::new(Match::any(), FaultKind::Truncated));
    let cut = get(&sim, USERS).await;
    let stated: usize = cut.header("content-length").unwrap().parse().unwrap();
    assert_eq!((cut.status, cut.body.len()), (200, stated / 2));
    sim.inject(Fault::new(Match::any(), FaultKind::Hang));
    let hanging = tokio::time::timeout(Duration::from_millis(150), raw(&sim, USERS, "sim-token"));
    assert!(hanging.await.is_err());
    sim.inject(Fault::new(Match::any(), FaultKind::Slow(Duration::from_millis(150))));
    let start = Instant::now();
    assert_eq!(get(&sim, USERS).await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn one_object_of_a_page_is_broken() {
    let sim = small().await;
    let mut page = Vec::new();
    for how in
        [Malformed::NullProfile, Malformed::WrongTypes, Malformed::NoId, Malformed::NotAnObject, Malformed::HugeString]
    {
        sim.inject(Fault::new(Match::any(), FaultKind::MalformedObject(how)));
        let items = get(&sim, USERS).await.json();
        assert_eq!(items.as_array().unwrap().len(), 10);
        page.push(items[5].clone());
        assert!(items[4]["profile"]["login"].is_string());
    }
    assert!(page[0]["profile"].is_null() && page[0]["id"].is_string());
    assert!(page[1]["profile"]["login"].is_object() && page[1]["lastUpdated"].is_boolean());
    assert!(page[2].get("id").is_none() && page[3].is_number());
    assert_eq!(page[4]["profile"]["nickName"].as_str().unwrap().len(), 1 << 20);
    sim.inject(Fault::new(Match::any(), FaultKind::MalformedObject(Malformed::BadEscape)));
    assert!(String::from_utf8(get(&sim, USERS).await.body).unwrap().contains(r#":"\ud800""#));
    sim.inject(Fault::new(Match::any(), FaultKind::MalformedObject(Malformed::BadUtf8)));
    assert!(String::from_utf8(get(&sim, USERS).await.body).is_err());
}

#[tokio::test]
async fn pages_repeat_lose_and_empty() {
    let sim = small().await;
    let whole = all(&sim, USERS).await;
    let second = Match::any().query("after=");
    sim.inject(Fault::new(second.clone(), FaultKind::DuplicateObject));
    let twice = all(&sim, USERS).await;
    assert_eq!((twice.len(), &twice[10]), (41, &whole[9]));
    sim.inject(Fault::new(second.clone(), FaultKind::MissingObject));
    let left = all(&sim, USERS).await;
    let left_out = whole.iter().filter(|id| !left.contains(id));
    assert_eq!(left.len(), 39);
    assert!(left_out.eq(sim.left_out().iter()), "{:?}", sim.left_out());
    sim.inject(Fault::new(second.clone(), FaultKind::EmptyPage));
    sim.clear_calls();
    assert_eq!(all(&sim, USERS).await, whole);
    assert_eq!(sim.calls().len(), 5);
    sim.inject(Fault::new(second, FaultKind::EmptyList));
    assert_eq!(all(&sim, USERS).await.len(), 10);
    sim.inject(Fault::new(Match::any(), FaultKind::LoseRole));
    assert_eq!(get(&sim, USERS).await.body, b"[]");
    assert_eq!(get(&sim, USERS).await.body, b"[]");
}
