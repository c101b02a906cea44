//! Rate windows, concurrency, the token and the clock.

use std::time::Duration;

use jiff::SignedDuration;

use super::client::{get, raw, sim};
use crate::Options;

#[tokio::test]
async fn a_bucket_that_is_used_up_answers_429_until_its_reset() {
    let window = Duration::from_millis(300);
    let sim = sim(3, Options { limit_per_minute: 2, window, ..Options::default() }).await;
    let first = get(&sim, "/api/v1/users").await;
    assert_eq!(first.header("x-rate-limit-limit"), Some("2"));
    assert_eq!(first.header("x-rate-limit-remaining"), Some("1"));
    assert_eq!(get(&sim, "/api/v1/users").await.status, 200);
    let refused = get(&sim, "/api/v1/users").await;
    assert_eq!((refused.status, refused.error_code().as_str()), (429, "E0000047"));
    assert_eq!(refused.header("x-rate-limit-remaining"), Some("0"));
    assert_eq!(get(&sim, "/api/v1/groups").await.status, 200);
    tokio::time::sleep(window).await;
    assert_eq!(get(&sim, "/api/v1/users").await.status, 200);
    let calls: Vec<_> = sim.calls().iter().map(|call| (call.bucket, call.status)).collect();
    assert_eq!(calls[2], ("/api/v1/users", 429));
    assert_eq!(calls.len(), 5);
}

#[tokio::test]
async fn too_many_at_once_meet_the_concurrency_limit() {
    let latency = Duration::from_millis(200);
    let sim = sim(3, Options { max_concurrent: 2, latency, ..Options::default() }).await;
    let calls = (0..5).map(|_| get(&sim, "/api/v1/users"));
    let replies = futures::future::join_all(calls).await;
    let refused: Vec<_> = replies.iter().filter(|reply| reply.status == 429).collect();
    assert_eq!(refused.len(), 3);
    assert_eq!(refused[0].header("x-rate-limit-limit"), Some("0"));
    assert_eq!(refused[0].header("x-rate-limit-remaining"), Some("0"));
}

#[tokio::test]
async fn the_orgs_clock_is_its_own() {
    let skew = SignedDuration::from_hours(-3);
    let sim = sim(3, Options { clock_skew: skew, ..Options::default() }).await;
    let reply = get(&sim, "/api/v1/users").await;
    let date = jiff::fmt::rfc2822::parse(reply.header("date").unwrap()).unwrap().timestamp();
    let here = jiff::Timestamp::now();
    assert!((here + skew).duration_since(date).abs() < SignedDuration::from_secs(3));
    let reset: i64 = reply.header("x-rate-limit-reset").unwrap().parse().unwrap();
    assert!((59..=61).contains(&(reset - date.as_second())), "{reset}");
}

#[tokio::test]
async fn only_the_token_opens() {
    let sim = sim(3, Options::default()).await;
    let wrong = raw(&sim, "/api/v1/users", "another").await;
    assert!(wrong.starts_with(b"HTTP/1.1 401"));
    let open = raw(&sim, "/.well-known/okta-organization", "another").await;
    assert!(open.starts_with(b"HTTP/1.1 200"));
    assert!(!String::from_utf8_lossy(&open).contains("x-rate-limit"));
    sim.revoke_token();
    assert_eq!(get(&sim, "/api/v1/users").await.error_code(), "E0000011");
    sim.set_token("fresh");
    assert_eq!(get(&sim, "/api/v1/users/me").await.status, 200);
}

#[tokio::test]
async fn the_server_stops_with_its_last_handle() {
    let sim = sim(3, Options::default()).await;
    let (other, address) = (sim.clone(), sim.url().replace("http://", ""));
    drop(sim);
    assert_eq!(get(&other, "/api/v1/users").await.status, 200);
    drop(other);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_query_that_is_too_long_is_refused() {
    let sim = sim(3, Options::default()).await;
    let names = "id+eq+%2200uNobody00000000001d7%22+or+".repeat(300);
    let reply = get(&sim, &format!("/api/v1/users?filter={names}status+eq+%22ACTIVE%22")).await;
    assert_eq!((reply.status, reply.error_code().as_str()), (414, "E0000256"));
}
