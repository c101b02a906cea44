//! A connection that signs in as a service app: its private key goes from a variable or standard input into the secret
//! store, and to nobody else.

use std::io::Write;
use std::process::Stdio;

use okta_sim::{Options, Org, ServiceApp, Sim, keys};
use serde_json::{Value, json};

use super::{connection, rollcall, run};

#[test]
fn a_private_key_is_stored_from_a_variable_or_standard_input_and_verified() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let org = Org::generate(7, 12, jiff::Timestamp::now());
    let sim = runtime.block_on(Sim::start(org, Options::default())).unwrap();
    sim.register(ServiceApp::new("0oaCommand", keys::RSA.public()));
    let mut document = connection();
    document["okta"] = json!({
        "url": sim.url(),
        "auth": { "kind": "private_key_jwt", "client_id": "0oaCommand", "key_id": keys::RSA.id(), "secret": "rollcall/acme" },
    });
    std::fs::write(directory.join("c.json"), document.to_string()).unwrap();

    let (status, _, stderr) = run(directory, &["apply", "c.json", "--token-env", "TOKEN"]);
    assert_eq!(status, 2, "an API token is no private key");
    assert!(stderr.contains("What was given as the private key holds neither a private key in PEM"), "{stderr}");

    let mut command = rollcall(directory, &["apply", "c.json", "--token-env", "KEY", "-vv"]);
    let output = command.env("KEY", keys::RSA.pkcs8).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(
        output.status.success() && stdout.contains("with the mapping staff, and its private key."),
        "{stdout}{stderr}"
    );
    assert!(!stderr.contains("MIIEv") && !stdout.contains("MIIEv"), "{stderr}");
    let (status, stdout, stderr) = run(directory, &["verify", "acme", "--json", "-vv"]);
    assert_eq!(status, 0, "{stdout}{stderr}");
    assert!(
        !stderr.contains("eyJh") && !stderr.contains("sim-access-"),
        "neither assertion nor access token: {stderr}"
    );

    // Replaced by another key, from standard input.
    sim.change_app("0oaCommand", |app| app.public_keys = vec![keys::EC.public()]);
    let (status, stdout, _) = run(directory, &["verify", "acme", "--json"]);
    assert_eq!(status, 1);
    assert!(stdout.lines().any(|line| line.contains("urn:rollcall:problem:okta-client-refused")), "{stdout}");
    let mut child = rollcall(directory, &["apply", "c.json", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(keys::EC.jwk.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &told["token_stored"]), (Some(0), &json!(true)));
    let (status, stdout, stderr) = run(directory, &["sync", "acme", "full-import"]);
    assert_eq!(status, 0, "{stdout}{stderr}");
}
