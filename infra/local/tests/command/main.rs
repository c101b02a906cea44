//! The command as a process: what it prints where, and with which status it ends.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "this is a test, its free functions too")]

mod aws;
mod infraon;
mod kill;
mod serve;
mod service_app;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn rollcall(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.args(arguments).env("ROLLCALL_DATA_DIR", directory.join("data")).env("TOKEN", "00secret");
    command.current_dir(directory).stdin(Stdio::null());
    command
}

fn run(directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = rollcall(directory, arguments).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn connection() -> Value {
    json!({
        "name": "acme",
        "okta": { "url": "https://acme.okta.com", "auth": { "kind": "api_token", "secret": "rollcall/acme" } },
        "mappings": [{
            "name": "staff", "source": "users", "identifier": "id", "fields": { "b": "id", "a": "id" },
            "target": { "kind": "record", "entity": "Person", "collection": "Okta" },
        }],
    })
}

#[test]
fn a_connection_that_is_not_valid_is_not_stored() {
    let directory = tempfile::tempdir().unwrap();
    let mut document = connection();
    document["gard"] = json!({});
    document["mappings"][0]["identifier"] = json!("[");
    std::fs::write(directory.path().join("c.json"), document.to_string()).unwrap();
    let (status, stdout, stderr) = run(directory.path(), &["apply", "c.json", "--token-env", "TOKEN"]);
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert!(stderr.contains("\n  gard: ") && stderr.contains("\n  mappings[0].identifier: "), "{stderr}");
    let (status, _, stderr) = run(directory.path(), &["list", "acme", "staff"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("There is no connection acme"), "{stderr}");
}

#[test]
fn a_connection_is_stored_and_its_token_shown_to_nobody() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("c.json"), connection().to_string()).unwrap();
    let (status, stdout, stderr) = run(directory.path(), &["--json", "apply", "c.json", "--token-env", "TOKEN", "-vv"]);
    assert_eq!(status, 0, "{stderr}");
    let line: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&line["connection"], &line["token_stored"]), (&json!("acme"), &json!(true)));
    assert!(!stdout.contains("00secret") && !stderr.contains("00secret"));

    let (status, stdout, _) = run(directory.path(), &["list", "acme", "staff", "--format", "csv", "--json"]);
    assert_eq!(status, 0);
    assert!(stdout.contains(",role,fields.a,fields.b,okta_status,"), "{stdout}");
    let (status, stdout, _) = run(directory.path(), &["changes", "acme", "--json"]);
    assert_eq!((status, stdout.as_str()), (0, "{\"next\":\"1.0\"}\n"));
    assert_eq!(run(directory.path(), &["changes", "acme", "--since", "1.0", "--limit", "5"]).1, "next: 1.0\n");
    assert_eq!(run(directory.path(), &["changes", "acme", "--since", "yesterday"]).0, 2);
    assert_eq!(run(directory.path(), &["history", "acme", "staff", "00u1"]).0, 2);
    let (status, stdout, stderr) = run(directory.path(), &["list", "acme", "stuff", "--json"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("staff"));
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["problem"]["type"], "urn:rollcall:problem:usage");
}

#[test]
fn only_devices_are_listed_as_events() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("c.json"), connection().to_string()).unwrap();
    let (status, _, stderr) = run(directory.path(), &["apply", "c.json", "--token-env", "TOKEN"]);
    assert_eq!(status, 0, "{stderr}");
    let (status, stdout, stderr) = run(directory.path(), &["list", "acme", "staff", "--format", "ocsf"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("The mapping staff has no devices"), "{stderr}");
    let problem = &serde_json::from_str::<Value>(&stdout).unwrap()["problem"];
    assert_eq!(problem["type"], "urn:rollcall:problem:usage");
    assert_eq!(run(directory.path(), &["unsynced", "acme", "--format", "ocsf"]).0, 2);
}

/// Nobody has looked into the log yet: that is said, and nothing is called unused.
#[test]
fn without_a_look_at_the_log_nothing_is_called_unused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("c.json"), connection().to_string()).unwrap();
    assert_eq!(run(directory.path(), &["apply", "c.json", "--token-env", "TOKEN"]).0, 0);
    for (format, expected) in [
        ("csv", "connection,app,app_name,app_status,person,assigned,since,last_sign_on,observed_since\r\n"),
        ("ndjson", ""),
        ("table", ""),
    ] {
        let (status, stdout, stderr) = run(directory.path(), &["unused", "acme", "--format", format]);
        assert_eq!((status, stdout.as_str()), (0, expected), "{stderr}");
        assert!(stderr.contains("was never read, so nothing can be called unused"), "{stderr}");
    }
    let (status, stdout, _) = run(directory.path(), &["unused", "acme", "--app", "0oa1", "--json"]);
    let problem = &serde_json::from_str::<Value>(&stdout).unwrap()["problem"];
    assert_eq!((status, &problem["type"]), (2, &json!("urn:rollcall:problem:unknown-record")));
    assert_eq!(run(directory.path(), &["unused", "acne"]).0, 2);
}

#[test]
fn presets_are_listed_and_can_be_pasted() {
    let directory = tempfile::tempdir().unwrap();
    let (status, stdout, _) = run(directory.path(), &["presets", "--json"]);
    assert_eq!(status, 0);
    let names: Vec<String> = stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].as_str().unwrap().to_owned())
        .collect();
    let (_, stdout, _) = run(directory.path(), &["presets"]);
    assert!(names.iter().all(|name| stdout.contains(name)) && names.contains(&"xassets-custodians".to_owned()));

    let (status, pasted, _) = run(directory.path(), &["preset", "xassets-custodians"]);
    assert_eq!(status, 0);
    let mut document = connection();
    document["mappings"] =
        json!([serde_json::from_str::<Value>(&pasted).unwrap(), { "preset": "xassets-custodians", "name": "again" }]);
    std::fs::write(directory.path().join("c.json"), document.to_string()).unwrap();
    let (status, stdout, stderr) = run(directory.path(), &["apply", "c.json", "--json"]);
    assert_eq!(status, 0, "{stderr}");
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["mappings"], json!(["xassets-custodians", "again"]));

    let (status, stdout, stderr) = run(directory.path(), &["preset", "xassets"]);
    assert_eq!((status, stdout.as_str()), (2, ""));
    assert!(stderr.contains("xassets-custodians"), "{stderr}");
}

/// Nobody listens at the org's address: that is told, and the connection is stored.
#[test]
fn a_connection_is_stored_although_its_attributes_cannot_be_checked() {
    let directory = tempfile::tempdir().unwrap();
    let mut document = connection();
    document["okta"]["url"] = json!("http://127.0.0.1:1");
    document["mappings"][0]["fields"]["badge"] = json!("profile.badgeNumber");
    std::fs::write(directory.path().join("c.json"), document.to_string()).unwrap();
    let (status, stdout, stderr) = run(directory.path(), &["apply", "c.json", "--token-env", "TOKEN"]);
    assert_eq!(status, 0, "{stderr}");
    assert!(
        stdout.contains("Stored the connection acme") && stderr.contains("note: The custom attributes"),
        "{stderr}"
    );
}

#[test]
fn the_token_may_come_on_standard_input() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("c.json"), connection().to_string()).unwrap();
    let mut command = rollcall(directory.path(), &["apply", "c.json", "--json"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"00secret\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["token_stored"], true);
}

#[test]
fn bad_usage_is_status_two() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in [
        &["sync", "acme", "everything"][..],
        &["sync", "acme", "device-collection"],
        &["sync", "acme", "deprovisioning", "--plan", "plan.json"],
        &["sync", "acme", "delta-sync", "--plan", "plan.json"],
        &["sync", "acme", "delta-sync"],
        &["sync", "acme", "full-import"],
        &["run", "01JD0000000000000000000000"],
        &["apply", "missing.json"],
        &["frobnicate"],
        &[],
    ] {
        let (status, stdout, stderr) = run(directory.path(), arguments);
        assert_eq!((status, stdout.as_str()), (2, ""), "{arguments:?}: {stderr}");
        assert!(!stderr.is_empty());
    }
}

#[test]
fn the_demo_keeps_its_claims_even_when_nobody_reads_on() {
    let directory = tempfile::tempdir().unwrap();
    let (status, stdout, stderr) = run(directory.path(), &["demo", "--users", "120"]);
    assert_eq!(status, 0, "{stdout}\n{stderr}");
    assert!(!stdout.contains('✗') && stdout.contains("rollcall apply"), "{stdout}");

    let mut command = rollcall(directory.path(), &["demo", "--users", "60", "--json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(serde_json::from_str::<Value>(&first).is_ok(), "{first}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
