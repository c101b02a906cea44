use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Auth, Connection, GuardLimits};
use crate::model::{Attributes, Job, Kind, ObjectKind};

fn document() -> Value {
    json!({
        "name": "acme",
        "okta": { "url": "https://acme.okta.com", "auth": { "kind": "api_token", "secret": "rollcall/acme" } },
        "enabled": true,
        "schedules": { "full-import": "cron(0 2 ? * SUN *)", "delta-sync": "rate(15 minutes)" },
        "timezone": "Europe/London",
        "rate_budget_percent": 80,
        "guard": { "max_deactivations": 20, "max_deactivations_percent": 2 },
        "mappings": [
            {
                "name": "employees",
                "source": "users",
                "target": { "kind": "record", "entity": "Employee", "collection": "Okta users" },
                "identifier": "profile.email",
                "fields": {
                    "email": "profile.email",
                    "full_name": "join(' ', [profile.firstName, profile.lastName][?@])",
                    "department": "profile.department"
                },
                "required": ["email"]
            },
            {
                "name": "custodians",
                "source": "users",
                "target": { "kind": "record", "entity": "Custodian", "collection": "Okta users" },
                "identifier": "id",
                "filter": { "departments": ["Finance", "Sales"], "statuses": ["ACTIVE"] },
                "fields": { "name": "profile.displayName", "title": "profile.title" }
            }
        ]
    })
}

/// The smallest document there is.
#[test]
fn a_service_app_is_named_by_its_client_id() {
    let of = |auth: Value| {
        let mut document = document();
        document["okta"]["auth"] = auth;
        Connection::parse(&document.to_string())
    };
    let jwk = json!({ "kind": "private_key_jwt", "client_id": "0oa1b2c3", "secret": "rollcall/acme" });
    let mut pem = jwk.clone();
    pem["key_id"] = json!("SIGNING_KEY_1");
    for written in [jwk, pem] {
        let connection = of(written.clone()).unwrap();
        assert_eq!(connection.document()["okta"]["auth"], written);
        assert_eq!(connection.okta.auth.secret(), "rollcall/acme");
    }
    let wrong =
        json!({ "kind": "private_key_jwt", "client_id": "Acme, Inc.", "key_id": "", "secret": TOKEN, "kid": 1 });
    let faults: Vec<String> = of(wrong).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 4, "{faults:?}");
    for (fault, expected) in faults.iter().zip([
        "okta.auth.client_id: expected the app's client ID",
        "okta.auth.key_id: must not be empty",
        "okta.auth.secret: this looks like the API token itself",
        "okta.auth.kid: unknown key",
    ]) {
        assert!(fault.starts_with(expected), "{fault}");
    }
}

fn smallest() -> Value {
    json!({
        "name": "a",
        "okta": { "url": "acme.okta.com", "auth": { "kind": "api_token", "secret": "s" } },
        "mappings": [{
            "name": "m", "source": "users", "identifier": "id", "fields": { "f": "id" },
            "target": { "kind": "record", "entity": "E", "collection": "C" }
        }]
    })
}

/// The document with the value at a JSON pointer replaced, or put there.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = document();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Array(elements) => elements[key.parse::<usize>().unwrap()] = value,
        other => other[key] = value,
    }
    document
}

fn faults(document: &Value) -> Vec<String> {
    Connection::parse(&document.to_string()).map_or_else(
        |faults| faults.iter().map(ToString::to_string).collect(),
        |connection| panic!("accepted: {connection:?}"),
    )
}

#[test]
fn a_complete_document_is_read_and_given_back() {
    let connection = Connection::parse(&document().to_string()).unwrap();
    assert_eq!(connection.name, "acme");
    assert_eq!(connection.okta.url.as_str(), "https://acme.okta.com");
    assert_eq!(connection.okta.auth, Auth::ApiToken { secret: "rollcall/acme".to_owned() });
    assert_eq!(connection.schedules[&Job::DeltaSync].to_string(), "rate(15 minutes)");
    assert_eq!(
        connection.mappings.iter().map(|mapping| mapping.name.as_str()).collect::<Vec<_>>(),
        ["employees", "custodians"]
    );
    assert_eq!(connection.mappings[0].kind(), Kind::Record);
    let mut expected = document();
    expected["mappings"][1]["required"] = json!([]);
    assert_eq!(connection.document(), expected);
}

#[test]
fn defaults_are_filled_in() {
    let connection = Connection::parse(&smallest().to_string()).unwrap();
    assert_eq!(Connection::parse(&format!("\u{feff}{}", smallest())).as_ref(), Ok(&connection));
    assert!(connection.enabled && connection.schedules.is_empty());
    assert_eq!((connection.timezone.iana_name(), connection.rate_budget_percent), (Some("UTC"), 80));
    assert_eq!(connection.guard, GuardLimits { max_deactivations: 20, max_deactivations_percent: 2.0 });
    assert!(connection.mappings[0].filter.is_open());
    assert_eq!(connection.document()["guard"], json!({ "max_deactivations": 20, "max_deactivations_percent": 2 }));
    assert_eq!(connection.document()["okta"]["url"], "https://acme.okta.com");
}

#[test]
fn devices_are_no_people() {
    let devices = json!({
        "name": "devices", "source": "devices", "identifier": "profile.email", "fields": { "name": "profile.displayName" },
        "target": { "kind": "login_user" }, "rejoin": "id", "roles": [{ "group": "G", "role": "r" }],
        "filter": { "statuses": ["ACTIVE", "DEPROVISIONED"], "departments": ["Sales"], "groups": ["G"] }
    });
    let found = faults(&with("/mappings/1", devices));
    for expected in [
        "mappings[1].rejoin: devices are not people",
        "mappings[1].target: devices are records",
        "mappings[1].filter.departments: devices are filtered by status only",
        "mappings[1].filter.groups: devices are filtered by status only",
        "mappings[1].filter.statuses[1]: unknown status; Okta has CREATED, ACTIVE, SUSPENDED",
    ] {
        assert!(found.iter().any(|fault| fault.starts_with(expected)), "{expected}: {found:?}");
    }
}

/// Each change to the document gives one fault, on one line, that begins so.
fn check_faults(cases: &[(&str, Value, &str)]) {
    for (pointer, value, expected) in cases {
        let found = faults(&with(pointer, value.clone()));
        assert_eq!(found.len(), 1, "{pointer}: {found:?}");
        assert!(found[0].starts_with(expected), "{pointer}: {}", found[0]);
        assert!(!found[0].contains(TOKEN) && !found[0].contains('\n'), "{pointer}: {}", found[0]);
    }
}

const TOKEN: &str = "00QCjAl4MlV-WPXM-ABCDEFGHIJKLMNOPQRSTUVWXY";

#[test]
fn a_fault_of_the_connection_has_its_path_and_message() {
    check_faults(&[
        ("/nmae", json!(1), "nmae: unknown key"),
        ("/colour", json!(1), "colour: unknown key"),
        ("/name", json!("Acme Inc"), "name: expected 1 to 64 lower-case letters"),
        ("/name", json!("x".repeat(65)), "name: expected 1 to 64"),
        ("/name", json!("-a"), "name: expected 1 to 64"),
        ("/name", json!(7), "name: expected a string, not a number"),
        ("/okta/url", json!("http://acme.okta.com"), "okta.url: must begin with https://"),
        ("/okta/auth/kind", json!("private_key_jwt"), "okta.auth.client_id: is missing"),
        ("/okta/auth/client_id", json!("0oa1"), "okta.auth.client_id: unknown key"),
        (
            "/okta/auth/kind",
            json!("api-token"),
            "okta.auth.kind: unknown kind; expected `api_token` or `private_key_jwt`; did you mean `api_token`?",
        ),
        ("/okta/event_hook", json!({ "secret": "a b" }), "okta.event_hook.secret: expected a secret's name"),
        ("/okta/event_hook", json!({}), "okta.event_hook.secret: is missing"),
        ("/okta/auth/secret", json!("a b"), "okta.auth.secret: expected a secret's name"),
        ("/okta/auth/secret", json!(TOKEN), "okta.auth.secret: this looks like the API token itself"),
        ("/enabled", json!("yes"), "enabled: expected true or false, not a string"),
        ("/schedules", json!([]), "schedules: expected an object, not a list"),
        ("/schedules/full_import", json!("off"), "schedules.full_import: unknown key"),
        ("/schedules/delta-sync", json!("rate(1 minutes)"), "schedules.delta-sync: EventBridge wants `rate(1 minute)`"),
        ("/timezone", json!("Europe/Londn"), "timezone: unknown time zone"),
        ("/timezone", json!("Etc/Unknown"), "timezone: unknown time zone"),
        ("/rate_budget_percent", json!(0), "rate_budget_percent: expected a whole number from 1 to 100, not 0"),
        ("/rate_budget_percent", json!(80.5), "rate_budget_percent: expected a whole number from 1 to 100, not 80.5"),
        (
            "/guard/max_deactivations",
            json!(-1),
            "guard.max_deactivations: expected a whole number of at least 0, not -1",
        ),
        (
            "/guard/max_deactivations_percent",
            json!(101),
            "guard.max_deactivations_percent: expected a number from 0 to 100",
        ),
        ("/guard/max_deactivations_percent", json!(0.12345), "guard.max_deactivations_percent: has more than three"),
        ("/guard/max_deactivation", json!(1), "guard.max_deactivation: unknown key"),
    ]);
}

#[test]
fn a_fault_of_a_mapping_has_its_path_and_message() {
    check_faults(&[
        ("/mappings", json!([]), "mappings: must not be empty"),
        ("/mappings", json!({}), "mappings: expected a list of mappings, not an object"),
        ("/mappings/1/name", json!("employees"), "mappings[1].name: `employees` is the name of mappings[0] already"),
        (
            "/mappings/1/source",
            json!("user"),
            "mappings[1].source: unknown source; expected one of users, departments, devices, apps; did you mean `users`?",
        ),
        (
            "/mappings/1/target/kind",
            json!("user"),
            "mappings[1].target.kind: unknown kind of target; expected `record` or",
        ),
        (
            "/mappings/0/target",
            json!({ "kind": "login_user" }),
            "mappings[0].filter.groups: is missing: a mapping of login users needs `filter.groups` or `roles`",
        ),
        ("/mappings/1/target/entity", json!("  "), "mappings[1].target.entity: must not be empty"),
        ("/mappings/1/filter/groups", json!([]), "mappings[1].filter.groups: must not be empty"),
        ("/mappings/1/filter/groups", json!(["g".repeat(256)]), "mappings[1].filter.groups[0]: has 256 characters"),
        ("/mappings/1/filter/departments", json!([]), "mappings[1].filter.departments: must not be empty"),
        ("/mappings/1/filter/departments/0", json!(""), "mappings[1].filter.departments[0]: must not be empty"),
        (
            "/mappings/1/filter/statuses/0",
            json!("active"),
            "mappings[1].filter.statuses[0]: unknown status; Okta has STAGED",
        ),
        ("/mappings/1/filter/status", json!(["ACTIVE"]), "mappings[1].filter.status: unknown key"),
        ("/mappings/1/preset", json!("x"), "mappings[1].preset: there is no preset `x`"),
        ("/mappings/1/roles", json!([]), "mappings[1].roles: must not be empty"),
        (
            "/mappings/1/roles",
            json!([{ "group": "g", "role": "r" }]),
            "mappings[1].roles: roles are for login users alone",
        ),
        ("/mappings/1/roles", json!([{ "group": "g" }]), "mappings[1].roles[0].role: is missing"),
        (
            "/mappings/1/roles",
            json!([{ "group": "g", "role": "a" }, { "group": "g", "role": "b" }]),
            "mappings[1].roles[1].group: `g` has its role in mappings[1].roles[0] already",
        ),
        ("/mappings/1/field", json!({}), "mappings[1].field: unknown key"),
        ("/mappings/1/fields", json!({}), "mappings[1].fields: must not be empty"),
        ("/mappings/1/fields/", json!("id"), "mappings[1].fields[\"\"]: a field's name must not be empty"),
        ("/mappings/1/fields/ x", json!("id"), "mappings[1].fields[\" x\"]: a field's name must not"),
        ("/mappings/1/fields/email", json!("profile."), "mappings[1].fields.email: not a JMESPath expression: "),
        ("/mappings/1/fields/e mail", json!(null), "mappings[1].fields[\"e mail\"]: expected a string, not null"),
        ("/mappings/1/identifier", json!("lowr(id)"), "mappings[1].identifier: there is no function `lowr`"),
        (
            "/mappings/1/required",
            json!(["nam"]),
            "mappings[1].required[0]: `nam` is not one of the fields; did you mean `name`?",
        ),
        ("/mappings/1/required", json!("name"), "mappings[1].required: expected a list of strings, not a string"),
    ]);
}

fn login_users(filter: Option<Value>) -> Value {
    let mut document = with("/mappings/0/target", json!({ "kind": "login_user" }));
    document["mappings"][0]["roles"] = json!([
        { "group": "Asset Admins", "role": "administrator" }, { "group": "Asset Users", "role": "viewer" }
    ]);
    if let Some(filter) = filter {
        document["mappings"][0]["filter"] = filter;
    }
    document
}

#[test]
fn login_users_are_read_and_given_back() {
    for (filter, groups) in [
        (None, &["Asset Admins", "Asset Users"][..]),
        (Some(json!({ "groups": ["Staff", "Asset Users"] })), &["Asset Admins", "Asset Users", "Staff"]),
    ] {
        let mut document = login_users(filter);
        let connection = Connection::parse(&document.to_string()).unwrap();
        let mapping = &connection.mappings[0];
        assert_eq!((mapping.kind(), mapping.uses_groups(), mapping.groups()), (Kind::LoginUser, true, groups.to_vec()));
        document["mappings"][1]["required"] = json!([]);
        assert_eq!(connection.document(), document);
    }
}

#[test]
fn a_role_has_no_other_keys_than_its_two() {
    let mut document = login_users(None);
    document["mappings"][0]["roles"] = json!([{ "group": "g", "role": "r", "x": 1 }]);
    assert_eq!(faults(&document), ["mappings[0].roles[0].x: unknown key"]);
}

#[test]
fn login_users_are_filtered_by_group_only() {
    let filter = json!({ "groups": ["Staff"], "departments": ["Sales"], "statuses": ["ACTIVE"] });
    let expected = ["departments", "statuses"]
        .map(|key| format!("mappings[0].filter.{key}: login users are filtered by group only"));
    assert_eq!(faults(&login_users(Some(filter))), expected);
}

#[test]
fn resolving_the_manager_needs_a_field_for_it() {
    let resolving = |resolve: Value, field: &str| {
        let mut document = document();
        document["mappings"][1]["resolve"] = resolve;
        document["mappings"][1]["fields"][field] = json!("profile.managerId");
        document
    };
    let document = resolving(json!("manager"), "manager");
    let connection = Connection::parse(&document.to_string()).unwrap();
    assert!(connection.mappings[1].resolves_manager && !connection.mappings[0].resolves_manager);
    assert_eq!(connection.document()["mappings"][1]["resolve"], "manager");
    for (resolve, field, expected) in [
        (
            json!("manager"),
            "boss",
            "needs a field `manager` that says what the manager is known by, such as `profile.managerId`",
        ),
        (json!("managers"), "manager", "expected `manager`: nothing else can be resolved"),
        (json!(true), "manager", "expected a string, not a boolean"),
    ] {
        assert_eq!(faults(&resolving(resolve, field)), [format!("mappings[1].resolve: {expected}")]);
    }
}

/// The example with a mapping of departments in the place of its first.
fn departments(changed: Value) -> Value {
    let mut document = document();
    document["mappings"][0] = json!({
        "name": "departments", "source": "departments", "identifier": "name", "fields": { "people": "headcount" },
        "target": { "kind": "record", "entity": "Department", "collection": "Okta" }, "filter": { "groups": ["Staff"] },
    });
    for (key, value) in changed.as_object().unwrap() {
        document["mappings"][0][key] = value.clone();
    }
    document
}

#[test]
fn departments_come_with_the_people_whom_they_count() {
    let connection = Connection::parse(&departments(json!({})).to_string()).unwrap();
    let names: Vec<&str> = connection.mappings.iter().map(|mapping| mapping.name.as_str()).collect();
    assert_eq!(names[..2], ["departments/people", "departments"]);
    assert_eq!(connection.mappings[0].filter, connection.mappings[1].filter);
    assert_eq!(connection.mappings_of_people().next().map(|(index, _)| index), Some(0));
    let stored = connection.document();
    assert_eq!(stored["mappings"][0]["source"], "departments", "whom it counts follows from it");
    assert_eq!(Connection::parse(&stored.to_string()).unwrap(), connection);
}

#[test]
fn departments_are_told_apart_by_their_names_and_do_not_sign_in() {
    for (changed, expected) in [
        (json!({ "identifier": "headcount" }), "identifier: departments are told apart by `name` or by `id`"),
        (json!({ "rejoin": "name" }), "rejoin: departments are not people: leave the key out"),
        (json!({ "target": { "kind": "login_user" } }), "target: departments are records: a login user is a person"),
    ] {
        assert_eq!(faults(&departments(changed)), [format!("mappings[0].{expected}")]);
    }
}

#[test]
fn unknown_keys_come_with_a_suggestion() {
    let mut document = document();
    document["rateBudgetPercent"] = document.as_object_mut().unwrap().remove("rate_budget_percent").unwrap();
    document["mappings"][0]["identifer"] =
        document["mappings"][0].as_object_mut().unwrap().remove("identifier").unwrap();
    assert_eq!(
        faults(&document),
        [
            "mappings[0].identifier: is missing",
            "mappings[0].identifer: unknown key; did you mean `identifier`?",
            "rateBudgetPercent: unknown key; did you mean `rate_budget_percent`?",
        ]
    );
}

#[test]
fn every_fault_is_reported_at_once() {
    let document = json!({
        "name": "",
        "okta": { "url": "https://{yourOktaDomain}", "auth": { "kind": "basic" } },
        "guard": { "max_deactivations_percent": "2%" },
        "mappings": [{}, { "name": "x", "preset": "y" }, 3],
        "extra": null
    });
    let paths: Vec<String> =
        Connection::parse(&document.to_string()).unwrap_err().into_iter().map(|fault| fault.path).collect();
    assert_eq!(
        paths,
        [
            "name",
            "okta.url",
            "okta.auth.kind",
            "okta.auth.secret",
            "guard.max_deactivations_percent",
            "mappings[0].source",
            "mappings[0].target",
            "mappings[0].name",
            "mappings[0].identifier",
            "mappings[0].fields",
            "mappings[1].preset",
            "mappings[2]",
            "extra",
        ]
    );
}

#[test]
fn what_is_no_json_object_says_where() {
    for (text, message) in [
        ("", "not JSON: EOF while parsing a value at line 1 column 0"),
        ("{\n  \"name\": x\n}", "not JSON: expected value at line 2 column 11"),
        ("{} {}", "not JSON: trailing characters at line 1 column 4"),
        ("[]", "expected an object, not a list"),
        ("null", "expected an object, not null"),
        (&"[".repeat(1_000), "not JSON: recursion limit exceeded at line 1 column 128"),
        (&" ".repeat(300_000), "the document has 300000 bytes; at most 262144 are allowed"),
    ] {
        let found = Connection::parse(text).unwrap_err();
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [message]);
        assert_eq!(found[0].path, "");
    }
}

#[test]
fn a_key_that_occurs_twice_is_a_fault() {
    let text = smallest().to_string().replace("\"f\":\"id\"", "\"f\":\"id\",\"f\":\"status\"");
    let found = Connection::parse(&text).unwrap_err();
    assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["mappings[0].fields.f: occurs twice"]);
}

#[test]
fn what_the_mappings_read_is_taken_together() {
    let attributes = Connection::parse(&document().to_string()).unwrap().attributes();
    let mut expected = Attributes::default();
    expected
        .profile
        .extend(["email", "firstName", "lastName", "department", "displayName", "title"].map(str::to_owned));
    assert_eq!(attributes, expected);
}

#[test]
fn the_digest_follows_the_mappings_alone() {
    let of_people =
        |document: &Value| Connection::parse(&document.to_string()).unwrap().mappings_digest_of(ObjectKind::User);
    let digest = |document: &Value| Connection::parse(&document.to_string()).unwrap().mappings_digest();
    let original = digest(&document());
    assert_eq!(original.len(), 64);
    assert_eq!(digest(&with("/rate_budget_percent", json!(50))), original);
    assert_eq!(digest(&with("/mappings/0/required", json!(["email", "email"]))), original);
    assert_ne!(digest(&with("/mappings/0/fields/email", json!("profile.login"))), original);
    assert_ne!(digest(&with("/mappings/1/filter/statuses", json!(["STAGED"]))), original);
    let mut more = document();
    more["mappings"].as_array_mut().unwrap().push(json!({ "preset": "sekoia-devices" }));
    assert_ne!(digest(&more), original);
    assert_eq!(of_people(&more), of_people(&document()), "who has devices besides need not import people again");
}

prop_compose! {
    fn any_document()(
        name in "[a-z0-9][-a-z0-9_.]{0,63}",
        host in prop::sample::select(vec!["acme.okta.com/", "HTTPS://Acme-Admin.okta.com/admin?x#y", "http://127.0.0.1:8080"]),
        enabled in any::<bool>(),
        zone in prop::sample::select(vec!["UTC", "europe/london", "America/New_York"]),
        budget in 1..=100_u8,
        number in any::<u64>(),
        thousandths in 0..=100_000_u32,
        schedule in prop::sample::select(vec!["off", "rate( 1  hour )", "cron(0 2 ? * SUN *)", "cron(*/15 0-6 L JAN,2 ? 2030/2)"]),
        departments in prop::collection::vec("[ A-Za-zÄßİ]{0,4}[A-Z][ a-z]{0,3}", 1..4),
        statuses in prop::collection::vec(prop::sample::select(crate::model::ObjectKind::User.statuses().to_vec()), 1..4),
        filtered in any::<bool>(),
        fields in prop::collection::btree_map("[^\\p{Cc}\\s]{1,6}", prop::sample::select(vec!["id", " profile . email ", "join('\"\\'', [profile.a])"]), 1..5),
    ) -> Value {
        let required = fields.keys().next().cloned();
        let mut document = json!({
            "name": name,
            "okta": { "url": host, "auth": { "kind": "api_token", "secret": "rollcall/acme" } },
            "enabled": enabled, "timezone": zone, "rate_budget_percent": budget,
            "schedules": { "full-import": schedule },
            "guard": { "max_deactivations": number, "max_deactivations_percent": f64::from(thousandths) / 1000.0 },
            "mappings": [{
                "name": "m", "source": "users", "identifier": "profile.email", "fields": fields, "required": [required],
                "target": { "kind": "record", "entity": " E ", "collection": "C" }
            }]
        });
        if filtered {
            document["mappings"][0]["filter"] = json!({ "departments": departments, "statuses": statuses });
        }
        document
    }
}

proptest! {
    #[test]
    fn the_stored_document_gives_the_same_connection(document in any_document()) {
        let connection = Connection::parse(&document.to_string()).unwrap();
        let stored = connection.document();
        let again = Connection::parse(&stored.to_string()).unwrap();
        prop_assert_eq!(&again, &connection);
        prop_assert_eq!(again.document(), stored);
        prop_assert_eq!(again.mappings_digest(), connection.mappings_digest());
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_fault(text in ".{0,60}|[\\[\\]{}\",:a-z0-9 ]{0,60}") {
        prop_assert!(Connection::parse(&text).is_err_and(|faults| !faults.is_empty()));
    }
}
