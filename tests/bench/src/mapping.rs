//! Mapping and diffing: what a run does with every person, Okta and the directory aside.

use std::fs;
use std::time::Duration;

use rollcall_shared::model::{
    Connection, Current, LastWrite, Mapping, Memberships, Object, ObjectKind, Outcome, RawObject, Time, decode_object,
};
use rollcall_shared::reconcile::{Observation, Source, Verdict, reconcile};
use serde_json::{Map, Value, json};

use crate::Failure;
use crate::figures::Report;

/// People that are in memory at once.
const PORTION: usize = 1_000;
/// One in so many has changed since the directory knew them.
const CHANGED: usize = 10;
/// Processor seconds that 100,000 people may take.
const ALLOWED: f64 = 1.0;

/// Maps so many people with 31 attributes to ten fields, two of them computed, and diffs them against what the directory
/// holds. Measures processor time, so that it says the same beside other work; decoding JSON is not part of it.
pub(crate) fn run(users: usize, report: &mut Report) -> Result<(), Failure> {
    let connection = connection()?;
    let mapping = connection.mappings.first().ok_or("the connection has a mapping")?;
    let now: Time = "2026-11-20T10:00:00.000Z".parse()?;
    let (mut took, mut unchanged, mut written) = (Duration::ZERO, 0_usize, 0_usize);
    for first in (0..users).step_by(PORTION) {
        let numbers = first..users.min(first + PORTION);
        let known = numbers.clone().map(|number| current(mapping, &user(number, "Analyst")?));
        let known = known.collect::<Result<Vec<Current>, Failure>>()?;
        let title = |number: usize| if number.is_multiple_of(CHANGED) { "Manager" } else { "Analyst" };
        let people = numbers.map(|number| user(number, title(number))).collect::<Result<Vec<Object>, Failure>>()?;
        let began = processor_time()?;
        for (person, current) in people.iter().zip(&known) {
            let desired = mapping.desired(person, &Memberships::default()).map_err(|rejection| rejection.message)?;
            let observation = Observation { desired: &desired, rejection: None, source: Source::Listed };
            match reconcile(observation, Some(current), now) {
                Verdict::Unchanged => unchanged += 1,
                Verdict::Write(_) => written += 1,
                other => return Err(format!("an unexpected verdict: {other:?}").into()),
            }
        }
        took += processor_time()?.saturating_sub(began);
    }
    let what = format!("{users} people mapped and diffed: processor seconds");
    report.at_most(&what, took.as_secs_f64(), ALLOWED * users as f64 / 100_000.0);
    report.at_most("changes that were missed or made up", written.abs_diff(users.div_ceil(CHANGED)) as f64, 0.0);
    report.at_most("people lost", users.abs_diff(unchanged + written) as f64, 0.0);
    Ok(())
}

fn connection() -> Result<Connection, Failure> {
    let document = json!({
        "name": "bench",
        "okta": { "url": "https://acme.okta.com", "auth": { "kind": "api_token", "secret": "bench" } },
        "mappings": [{
            "name": "people", "source": "users", "identifier": "profile.login",
            "target": { "kind": "record", "entity": "Person", "collection": "Okta users" },
            "fields": {
                "name": "join(' ', [profile.firstName, profile.lastName][?@])",
                "since": "date(created, '%d/%m/%Y')",
                "email": "profile.email", "title": "profile.title", "department": "profile.department",
                "city": "profile.city", "country": "profile.countryCode", "manager": "profile.manager",
                "employee_number": "profile.employeeNumber", "phone": "profile.mobilePhone"
            },
            "required": ["email"],
        }],
    });
    let faults = |faults: Vec<_>| format!("the benchmark's connection is not valid: {faults:?}").into();
    Connection::parse(&document.to_string()).map_err(faults)
}

/// A person with all of the 31 base attributes.
fn user(number: usize, title: &str) -> Result<Object, Failure> {
    let named = [
        ("login", format!("person.{number}@acme.example")),
        ("email", format!("person.{number}@acme.example")),
        ("firstName", format!("Ada {number}")),
        ("lastName", "Byron".to_owned()),
        ("title", title.to_owned()),
        ("employeeNumber", format!("{number:06}")),
    ];
    let others = [
        "secondEmail",
        "middleName",
        "honorificPrefix",
        "honorificSuffix",
        "displayName",
        "nickName",
        "profileUrl",
        "primaryPhone",
        "mobilePhone",
        "streetAddress",
        "city",
        "state",
        "zipCode",
        "countryCode",
        "postalAddress",
        "preferredLanguage",
        "locale",
        "timezone",
        "userType",
        "costCenter",
        "organization",
        "division",
        "department",
        "managerId",
        "manager",
    ];
    let mut profile: Map<String, Value> =
        named.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
    profile.extend(others.map(|name| (name.to_owned(), json!(format!("{name} of {number}")))));
    let object = json!({
        "id": format!("00u{number:017}"), "status": "ACTIVE", "type": { "id": "oty00000000000000001" },
        "created": "2024-05-15T17:24:32.000Z", "activated": "2024-05-15T17:24:41.000Z",
        "statusChanged": "2024-05-15T17:24:41.000Z", "lastLogin": "2026-11-19T08:00:00.000Z",
        "lastUpdated": "2026-11-01T17:24:44.000Z", "passwordChanged": null, "profile": profile,
        "_links": { "self": { "href": format!("https://acme.okta.com/api/v1/users/00u{number:017}") } },
    });
    let raw = RawObject { text: object.to_string().into(), damaged: false };
    decode_object(ObjectKind::User, &raw).map_err(|undecodable| undecodable.rejection.message.into())
}

/// The record that the directory holds of somebody.
fn current(mapping: &Mapping, person: &Object) -> Result<Current, Failure> {
    let desired = mapping.desired(person, &Memberships::default()).map_err(|rejection| rejection.message)?;
    let content = desired.content.ok_or("the mapping admits everybody")?;
    Ok(Current {
        revision: 1,
        digest: content.digest(),
        standing: None,
        okta_status: desired.okta_status,
        source_updated: desired.source_updated,
        claim: content.claim,
        rejoin: content.rejoin,
        superseded_by: None,
        created_by: "first".to_owned(),
        last_write: LastWrite { run: "first".to_owned(), outcome: Outcome::Created },
    })
}

/// The processor time that this thread took so far, in the scheduler's nanoseconds.
fn processor_time() -> Result<Duration, Failure> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split_whitespace().next().ok_or("the scheduler counts no processor time")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}
