//! Connections that sign in as an OAuth 2.0 service app: with every kind of key, with and without proofs of possession,
//! over the end of an access token, and with less than they need.

use std::time::Duration;

use jiff::SignedDuration;
use okta_sim::{Fault, FaultKind, Match, Options, Role, keys};
use rollcall_shared::handlers::verify::{ApiCheck, verify};
use rollcall_shared::report::RunState;
use serde_json::json;
use test_support::service_app::{CLIENT, sign_in_with, tokens_asked_for};
use test_support::world::{Setup, World, assert_adds_up, deprovision, problem};

/// A world whose connection is a service app with this key.
async fn with_app(people: usize, key: &str) -> World {
    let mut world = World::of(people).await;
    sign_in_with(&mut world, key).await;
    world
}

async fn checks(world: &World) -> Vec<ApiCheck> {
    verify(&world.context, "acme").await.expect("verify answers")
}

/// The APIs that are refused, each with what its problem is called.
fn refused(checks: &[ApiCheck]) -> Vec<(&str, &str)> {
    let refused = checks.iter().filter(|check| !check.ok);
    refused.map(|check| (check.api.as_str(), check.problem.as_ref().map_or("", |problem| &problem.title))).collect()
}

#[tokio::test]
async fn every_kind_of_key_imports_an_org_with_one_access_token() {
    for key in
        [keys::RSA.pkcs8, keys::RSA.traditional, keys::RSA.jwk, keys::EC.pkcs8, keys::EC.traditional, keys::EC.jwk]
    {
        let world = with_app(40, key).await;
        let report = world.imported().await;
        assert_adds_up(&report, 40);
        assert_eq!(world.delta().await.state, RunState::Succeeded);
        assert_eq!(tokens_asked_for(&world), 1, "readers and runs of a process share it");
        assert_eq!(refused(&checks(&world).await), []);
        assert_eq!(tokens_asked_for(&world), 3, "schemas and types of user are asked with tokens of their own");
    }
}

#[tokio::test]
async fn a_process_of_its_own_asks_for_a_token_of_its_own() {
    let world = with_app(20, keys::EC.jwk).await;
    world.imported().await;
    let process = world.new_process().await;
    let report = test_support::world::import(&process, "acme").await.expect("a run is opened");
    assert_eq!((report.state, tokens_asked_for(&world)), (RunState::Succeeded, 2));
}

#[tokio::test]
async fn proofs_of_possession_are_given_where_the_app_demands_them() {
    let world = with_app(40, keys::RSA.pkcs8).await;
    world.sim.change_app(CLIENT, |app| app.demands_proofs = true);
    // Whatever is sent again goes with another proof.
    world.sim.inject(Fault::new(Match::path("/api/v1/users?").skip(1), FaultKind::Status(503)).times(2));
    world.sim.inject(Fault::new(Match::path("/oauth2/v1/token"), FaultKind::Reset));
    let report = world.imported().await;
    assert_adds_up(&report, 40);
    // One is cut off, one refused without a proof, one without a nonce.
    assert_eq!(tokens_asked_for(&world), 4);

    world.sim.renew_nonce();
    world.sim.want_nonces_in_calls();
    world.sim.revoke_access_tokens();
    let report = world.imported().await;
    assert_adds_up(&report, 40);
    assert_eq!(refused(&checks(&world).await), []);
}

#[tokio::test]
async fn an_access_token_that_ends_during_a_run_is_renewed() {
    for ends in [Ends::InTime, Ends::Revoked] {
        let okta = Options {
            latency: Duration::from_millis(15),
            page_size_cap: 5,
            limit_per_minute: 600_000,
            ..Options::default()
        };
        let mut world = World::new(Setup { people: 60, okta, ..Setup::default() }).await;
        sign_in_with(&mut world, keys::EC.jwk).await;
        let midway = async {
            test_support::service_app::after_calls(&world, 8).await;
            match ends {
                Ends::InTime => world.sim.with(|org| org.set_now(org.now() + SignedDuration::from_mins(61))),
                Ends::Revoked => world.sim.revoke_access_tokens(),
            }
        };
        let (report, ()) = tokio::join!(world.import(), midway);
        assert_eq!(report.state, RunState::Succeeded, "{ends:?}: {:?}", report.problem);
        assert_adds_up(&report, 60);
        world.assert_true().await;
        assert_eq!(tokens_asked_for(&world), 2, "{ends:?}: concurrent readers ask once");
    }
}

#[tokio::test]
async fn an_access_token_that_is_refused_is_renewed_once() {
    for (refusals, state, kind) in [(1, RunState::Succeeded, ""), (2, RunState::Failed, "okta-access-token-refused")] {
        let world = with_app(10, keys::EC.jwk).await;
        // Okta may as well say it as it does of API tokens.
        let refused = Fault::new(Match::path("/api/v1/groups?"), FaultKind::Status(401));
        world.sim.inject(refused.times(refusals));
        let report = world.import().await;
        assert_eq!((report.state, problem(&report)), (state, kind), "{refusals}");
        assert_eq!(tokens_asked_for(&world), 2, "{refusals}");
    }
}

#[derive(Debug, Clone, Copy)]
enum Ends {
    InTime,
    Revoked,
}

#[tokio::test]
async fn trouble_at_the_token_endpoint_is_waited_out() {
    // A short window: what waits for the reset need not wait for a minute.
    let okta = Options { window: Duration::from_secs(1), limit_per_minute: 600_000, ..Options::default() };
    let mut world = World::new(Setup { people: 10, okta, ..Setup::default() }).await;
    sign_in_with(&mut world, keys::EC.jwk).await;
    let kinds = [
        FaultKind::Status(500),
        FaultKind::Status(503),
        FaultKind::RateLimited,
        FaultKind::EdgeLimited,
        FaultKind::Truncated,
        FaultKind::NotJson,
    ];
    for kind in kinds {
        world.sim.revoke_access_tokens();
        world.sim.clear_calls();
        world.sim.inject(Fault::new(Match::path("/oauth2/v1/token"), kind.clone()));
        let report = world.import().await;
        assert_eq!(report.state, RunState::Succeeded, "{kind:?}: {:?}", report.problem);
        assert_eq!(tokens_asked_for(&world), 2, "{kind:?}");
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_corrected_by_the_first_refusal() {
    for skew in [SignedDuration::from_hours(3), SignedDuration::from_hours(-3)] {
        let okta = Options { clock_skew: skew, limit_per_minute: 600_000, ..Options::default() };
        let mut world = World::new(Setup { people: 10, okta, ..Setup::default() }).await;
        sign_in_with(&mut world, keys::RSA.jwk).await;
        assert_eq!(world.import().await.state, RunState::Succeeded);
        // The first call of a process that follows the log is the one for an access token: nobody has told it the time.
        world.sim.clear_calls();
        let process = world.new_process().await;
        let report = deprovision(&process, "acme").await.expect("a run is opened");
        assert_eq!(report.state, RunState::Succeeded, "{skew}: {:?}", report.problem);
        let statuses: Vec<u16> = world.sim.calls().iter().take(2).map(|call| call.status).collect();
        assert_eq!((statuses, tokens_asked_for(&world)), (vec![401, 200], 2), "{skew}");
    }
}

#[tokio::test]
async fn an_app_without_an_admin_role_is_told_so_and_deactivates_nobody() {
    let world = with_app(40, keys::EC.jwk).await;
    world.imported().await;
    let before = world.directory().await;
    world.sim.change_app(CLIENT, |app| app.role = Role::None);
    let told = checks(&world).await;
    let blind = "The credential does not see the whole org";
    assert_eq!(refused(&told), [("/api/v1/users", blind), ("/api/v1/groups", blind)]);
    let hint = &told[1].problem.as_ref().unwrap().hint;
    assert!(hint.contains("Applications > the app > Admin roles"), "{hint}");
    world.later(Duration::from_secs(24 * 3_600));
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Blind, "blind"));
    assert_eq!(world.directory().await, before);
}

#[tokio::test]
async fn a_scope_that_is_not_granted_is_named_and_hides_no_other_api() {
    let mut world = with_app(20, keys::EC.jwk).await;
    let device = json!({ "preset": "sekoia-devices" });
    world.reconnect(|document| document["mappings"].as_array_mut().unwrap().push(device)).await;
    world.sim.change_app(CLIENT, |app| {
        app.scopes
            .retain(|scope| !["okta.devices.read", "okta.logs.read", "okta.groups.read"].contains(&scope.as_str()));
    });
    let told = checks(&world).await;
    let missing = |scope: &str| format!("The OAuth scope okta.{scope}.read is missing");
    let expected = [
        ("/api/v1/groups", missing("groups")),
        ("/api/v1/devices", missing("devices")),
        ("/api/v1/logs", missing("logs")),
    ];
    let expected: Vec<(&str, &str)> = expected.iter().map(|(api, title)| (*api, title.as_str())).collect();
    assert_eq!(refused(&told), expected);
    assert!(told.iter().any(|check| check.ok && check.api == "/api/v1/device-assurances"));
    for check in told.iter().filter(|check| !check.ok) {
        let problem = check.problem.as_ref().unwrap();
        assert!(
            problem.kind.ends_with("okta-scope-missing") && problem.hint.contains("Okta API Scopes"),
            "{problem:?}"
        );
    }
    // People are imported all the same: groups and the log only help.
    let report = world.import().await;
    assert_eq!(report.state, RunState::Succeeded, "{:?}", report.problem);
    assert!(report.warnings.iter().any(|warning| warning.contains("okta.logs.read")), "{:?}", report.warnings);

    world.sim.change_app(CLIENT, |app| app.scopes.clear());
    world.sim.revoke_access_tokens();
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "okta-scope-missing"));
}

#[tokio::test]
async fn what_is_wrong_with_app_or_key_stops_the_run_and_says_what_to_do() {
    let world = with_app(10, keys::EC.jwk).await;
    world.sim.change_app(CLIENT, |app| app.public_keys = vec![keys::RSA.public()]);
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "okta-client-refused"));
    let told = report.problem.as_ref().unwrap();
    assert!(told.detail.contains("POST /oauth2/v1/token: invalid_client, "), "{}", told.detail);
    assert!(told.hint.contains("Public key / Private key") && told.hint.contains("okta.auth.client_id"));
    let (private, shown) =
        ("jpsQnnGQmL", format!("{report:?} {:?} {:?}", world.connection, world.context.access_tokens));
    assert!(!shown.contains(private) && !shown.contains("eyJh"), "{shown}");
    assert_eq!(tokens_asked_for(&world), 2, "a new assertion is tried once");

    // A new key is taken at once, though the process has an access token of the old one.
    world.sim.change_app(CLIENT, |app| app.public_keys = vec![keys::EC.public()]);
    world.imported().await;
    world
        .context
        .secrets
        .put("rollcall/acme", "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----")
        .await
        .unwrap();
    let report = world.import().await;
    assert_eq!((report.state, problem(&report)), (RunState::Failed, "okta-unusable-connection"));
    assert!(report.problem.unwrap().detail.starts_with("the secret rollcall/acme holds no key that can be used"));
}
