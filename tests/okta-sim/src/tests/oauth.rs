//! Service apps: how they get access tokens and what they may do with them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{Reply, post, read, sim};
use crate::{Options, Role, ServiceApp, Sim, keys};

const CLIENT: &str = "0oaService";
const TOKEN: &str = "/oauth2/v1/token";
const USERS: &str = "okta.users.read";

static IDS: AtomicU64 = AtomicU64::new(0);

/// The EC key of the RFC signs whatever it is given.
fn signed(header: &Value, claims: &Value) -> String {
    let jwk: Value = serde_json::from_str(keys::EC.jwk).unwrap();
    let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    let point = [vec![4], number("x"), number("y")].concat();
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &number("d"), &point, &random).unwrap();
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = pair.sign(&random, message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn now(sim: &Sim) -> i64 {
    sim.with(|org| org.now().as_second())
}

fn new_id() -> String {
    IDS.fetch_add(1, Ordering::Relaxed).to_string()
}

/// The claims of an assertion that is as it should be.
fn claims(sim: &Sim) -> Value {
    let exp = now(sim) + 300;
    json!({ "iss": CLIENT, "sub": CLIENT, "aud": format!("{}{TOKEN}", sim.url()), "exp": exp, "jti": new_id() })
}

fn assertion(claims: &Value) -> String {
    signed(&json!({ "alg": "ES256", "kid": keys::EC.id() }), claims)
}

/// A proof for a request; `changed` replaces claims.
fn proof(sim: &Sim, request: (&str, &str), changed: &Value) -> String {
    let public = keys::EC.public();
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": public["x"], "y": public["y"] });
    let (htm, htu) = (request.0, format!("{}{}", sim.url(), request.1));
    let mut claims = json!({ "htm": htm, "htu": htu, "iat": now(sim), "jti": new_id() });
    for (name, value) in changed.as_object().unwrap() {
        claims[name] = value.clone();
    }
    signed(&json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk }), &claims)
}

async fn send(sim: &Sim, head: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let address = sim.url().replace("http://", "");
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    read(&bytes)
}

async fn ask(sim: &Sim, assertion: &str, scope: &str, headers: &[(&str, &str)]) -> Reply {
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    let scope = scope.replace(' ', "+");
    let body = format!(
        "grant_type=client_credentials&scope={scope}&client_assertion_type={kind}&client_assertion={assertion}"
    );
    send(sim, &format!("POST {TOKEN}"), headers, &body).await
}

async fn access_token(sim: &Sim, scope: &str) -> String {
    let reply = ask(sim, &assertion(&claims(sim)), scope, &[]).await;
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

async fn call(sim: &Sim, path: &str, headers: &[(&str, &str)]) -> Reply {
    send(sim, &format!("GET {path}"), headers, "").await
}

async fn with_app() -> Sim {
    let sim = sim(5, Options::default()).await;
    sim.register(ServiceApp::new(CLIENT, keys::EC.public()));
    sim
}

#[tokio::test]
async fn an_app_gets_a_token_for_an_hour_and_the_scopes_it_asked_for() {
    let sim = with_app().await;
    let reply = ask(&sim, &assertion(&claims(&sim)), USERS, &[]).await;
    let body = reply.json();
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scope"]),
        (&json!("Bearer"), &json!(3600), &json!(USERS))
    );
    assert!(reply.header("x-rate-limit-limit").is_some());
    let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
    assert_eq!(call(&sim, "/api/v1/users", &[("authorization", &bearer)]).await.ids().len(), 5);

    let refused = call(&sim, "/api/v1/groups", &[("authorization", &bearer)]).await;
    assert_eq!((refused.status, refused.body.len()), (403, 0));
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .contains("scope=\"okta.groups.read\", error=\"insufficient_scope\"")
    );

    let later = sim.with(|org| org.now() + jiff::SignedDuration::from_secs(3_600));
    sim.with(|org| org.set_now(later));
    let expired = call(&sim, "/api/v1/users", &[("authorization", &bearer)]).await;
    assert_eq!(expired.status, 401);
    assert!(expired.header("www-authenticate").unwrap().contains("invalid_token"));
}

#[tokio::test]
async fn an_assertion_is_believed_once_and_only_if_all_of_it_is_right() {
    let sim = with_app().await;
    let right = assertion(&claims(&sim));
    assert_eq!(ask(&sim, &right, USERS, &[]).await.status, 200);
    let again = ask(&sim, &right, USERS, &[]).await;
    assert_eq!((again.status, &again.json()["error"]), (401, &json!("invalid_client")));
    assert!(again.json()["error_description"].as_str().unwrap().contains("already been used"));
    for (claim, value) in [
        ("iss", json!("0oaOther")),
        ("sub", json!("0oaOther")),
        ("aud", json!("https://acme.okta.com/oauth2/v1/token")),
        ("exp", json!(now(&sim))),
        ("exp", json!(now(&sim) + 3_700)),
        ("iat", json!(now(&sim) + 60)),
    ] {
        let mut wrong = claims(&sim);
        wrong[claim] = value.clone();
        let reply = ask(&sim, &assertion(&wrong), USERS, &[]).await;
        assert_eq!((reply.status, &reply.json()["error"]), (401, &json!("invalid_client")), "{claim} {value}");
    }
    let other_kid = signed(&json!({ "alg": "ES256", "kid": "another" }), &claims(&sim));
    assert_eq!(ask(&sim, &other_kid, USERS, &[]).await.status, 401);
    let (message, _) = right.rsplit_once('.').unwrap();
    assert_eq!(ask(&sim, &format!("{message}.AAAA"), USERS, &[]).await.status, 401);
    assert_eq!(ask(&sim, "no token at all", USERS, &[]).await.status, 401);
    sim.change_app(CLIENT, |app| app.is_active = false);
    assert_eq!(ask(&sim, &assertion(&claims(&sim)), USERS, &[]).await.status, 401);
}

#[tokio::test]
async fn one_scope_that_is_not_granted_fails_the_whole_request() {
    let sim = with_app().await;
    sim.change_app(CLIENT, |app| app.scopes.retain(|scope| scope == USERS));
    let reply = ask(&sim, &assertion(&claims(&sim)), "okta.users.read okta.logs.read", &[]).await;
    assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("invalid_scope")));
    let reply = ask(&sim, &assertion(&claims(&sim)), "okta.logs.read", &[]).await;
    assert_eq!((reply.status, &reply.json()["error"]), (400, &json!("consent_required")));
}

#[tokio::test]
async fn an_app_without_a_role_sees_empty_lists() {
    let sim = with_app().await;
    sim.change_app(CLIENT, |app| app.role = Role::None);
    let bearer = format!("Bearer {}", access_token(&sim, USERS).await);
    let reply = call(&sim, "/api/v1/users", &[("authorization", &bearer)]).await;
    assert_eq!((reply.status, reply.body.as_slice()), (200, &b"[]"[..]));
}

#[tokio::test]
async fn a_proof_needs_a_nonce_and_is_good_for_one_request() {
    let sim = with_app().await;
    sim.change_app(CLIENT, |app| app.demands_proofs = true);
    let missing = ask(&sim, &assertion(&claims(&sim)), USERS, &[]).await;
    assert_eq!((missing.status, &missing.json()["error"]), (400, &json!("invalid_dpop_proof")));

    let first = claims(&sim);
    let without_nonce = proof(&sim, ("POST", TOKEN), &json!({}));
    let wanted = ask(&sim, &assertion(&first), USERS, &[("dpop", &without_nonce)]).await;
    assert_eq!((wanted.status, &wanted.json()["error"]), (400, &json!("use_dpop_nonce")));
    let nonce = wanted.header("dpop-nonce").unwrap().to_owned();
    let with_nonce = || proof(&sim, ("POST", TOKEN), &json!({ "nonce": nonce }));
    let reused = ask(&sim, &assertion(&first), USERS, &[("dpop", &with_nonce())]).await;
    assert_eq!(reused.status, 401, "the assertion was used up");
    let given = ask(&sim, &assertion(&claims(&sim)), USERS, &[("dpop", &with_nonce())]).await;
    assert_eq!((given.status, &given.json()["token_type"]), (200, &json!("DPoP")));

    let token = given.json()["access_token"].as_str().unwrap().to_owned();
    let authorization = format!("DPoP {token}");
    let ath = URL_SAFE_NO_PAD.encode(digest(&SHA256, token.as_bytes()));
    let users = |changed: Value| proof(&sim, ("GET", "/api/v1/users"), &changed);
    let good = users(json!({ "ath": ath }));
    let path = "/api/v1/users?limit=2";
    assert_eq!(call(&sim, path, &[("authorization", &authorization), ("dpop", &good)]).await.status, 200);
    let again = call(&sim, path, &[("authorization", &authorization), ("dpop", &good)]).await;
    assert_eq!((again.status, again.body.len()), (400, 0));
    assert!(again.header("www-authenticate").unwrap().contains("The DPoP proof JWT has already been used."));
    for wrong in [
        json!({}),
        json!({ "ath": "another" }),
        json!({ "ath": ath, "htm": "POST" }),
        json!({ "ath": ath, "htu": "http://127.0.0.1/api/v1/groups" }),
        json!({ "ath": ath, "iat": now(&sim) - 301 }),
        json!({ "ath": ath, "iat": now(&sim) + 60 }),
    ] {
        let reply = call(&sim, path, &[("authorization", &authorization), ("dpop", &users(wrong.clone()))]).await;
        assert_eq!(reply.status, 400, "{wrong}");
    }
    let bearer = format!("Bearer {token}");
    assert_eq!(call(&sim, path, &[("authorization", &bearer)]).await.status, 401);

    sim.want_nonces_in_calls();
    sim.renew_nonce();
    let stale = users(json!({ "ath": ath, "nonce": nonce }));
    let wanted = call(&sim, path, &[("authorization", &authorization), ("dpop", &stale)]).await;
    assert_eq!((wanted.status, wanted.header("dpop-nonce")), (401, Some("nonce-1")));
    assert!(wanted.header("www-authenticate").unwrap().contains("use_dpop_nonce"));
}

#[tokio::test]
async fn tokens_are_revoked_and_replaced_from_outside() {
    let sim = sim(5, Options { latency: Duration::ZERO, ..Options::default() }).await;
    let app = json!({ "client_id": CLIENT, "jwk": keys::EC.public(), "scopes": [USERS], "role": "read-only-admin" });
    assert_eq!(post(&sim, "/sim/service-apps", &app).await.status, 200);
    let bearer = format!("Bearer {}", access_token(&sim, USERS).await);
    let users = async || call(&sim, "/api/v1/users", &[("authorization", &bearer)]).await;
    assert_eq!(users().await.ids().len(), 5);
    let change = async |what: &str, body: Value| post(&sim, &format!("/sim/service-apps/{CLIENT}/{what}"), &body).await;
    assert_eq!(change("role", json!({ "role": "none" })).await.status, 200);
    assert_eq!(users().await.body, b"[]");
    assert_eq!(change("key", json!({ "jwk": keys::RSA.public() })).await.status, 200);
    assert_eq!(ask(&sim, &assertion(&claims(&sim)), USERS, &[]).await.status, 401);
    assert_eq!(change("key", json!({})).await.status, 404);
    assert_eq!(post(&sim, "/sim/access-tokens/revoke", &json!({})).await.status, 200);
    assert_eq!(users().await.status, 401);

    assert_eq!(post(&sim, "/sim/token/replace", &json!({ "token": "another" })).await.status, 200);
    assert_eq!(call(&sim, "/api/v1/users", &[("authorization", "SSWS sim-token")]).await.error_code(), "E0000011");
    assert_eq!(call(&sim, "/api/v1/users", &[("authorization", "SSWS another")]).await.status, 200);
}
