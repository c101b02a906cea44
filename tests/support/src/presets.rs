//! What the presets must make of someone, worked out by hand from what the products document: the part of
//! [`crate::truth`] that is about them.

use okta_sim::User;
use rollcall_shared::model::{Mapping, Record, preset};
use serde_json::{Map, Value, json};

use crate::truth::standing;

/// What a preset tells people apart by.
pub(crate) fn identifier(preset: &str, user: &User) -> String {
    match preset {
        "asset-panda-login-users" => user.text("email").unwrap_or_default().trim().to_owned(),
        "infraon-users" | "infraon-requesters" => user.login().trim().to_owned(),
        _ => user.id.clone(),
    }
}

/// The fields of someone's record.
///
/// What stands beside the preset in the document is for the test that wrote it to look at: such a field is taken from
/// the record as it is, and one that was taken away is not expected.
pub(crate) fn fields((name, mapping): (&str, &Mapping), record: &Record, user: &User) -> Value {
    let shipped = &preset(name).expect("the preset is there").mapping["fields"];
    let by_hand = by_hand(name, user);
    let expected = mapping.fields.iter().map(|(field, expression)| {
        let is_shipped = shipped[field] == expression.source();
        let value = if is_shipped { by_hand[field].clone() } else { record.fields[field].clone() };
        (field.clone(), value)
    });
    Value::Object(expected.collect::<Map<_, _>>())
}

fn by_hand(preset: &str, user: &User) -> Value {
    let of = |name: &str| user.attribute(name).unwrap_or(Value::Null);
    let shown_name =
        user.text("displayName").filter(|name| !name.trim().is_empty()).unwrap_or_else(|| user.full_name());
    match preset {
        "asset-panda-login-users" => json!({
            "okta_id": user.id, "email": of("email"), "first_name": of("firstName"), "last_name": of("lastName"),
            "department": of("department"),
        }),
        "asset-panda-reference-records" => json!({
            "okta_id": user.id, "name": shown_name, "email": of("email"), "department": of("department"),
            "title": of("title"), "status": user.status.as_str(),
        }),
        "xassets-custodians" => json!({
            "full_name": shown_name, "first_name": of("firstName"), "last_name": of("lastName"), "email": of("email"),
            "department": of("department"), "job_title": of("title"),
        }),
        "infraon-users" => json!({
            "username": of("login"), "email": of("email"), "first_name": of("firstName"), "last_name": of("lastName"),
            "mobile": of("mobilePhone"), "department": of("department"),
        }),
        "infraon-requesters" => json!({
            "username": of("login"), "full_name": shown_name, "email": of("email"), "mobile": of("mobilePhone"),
            "department": of("department"), "requester_type": requester_type(user),
        }),
        "leanix-employees" => json!({
            "employee_id": user.text("employeeNumber").unwrap_or_else(|| user.id.clone()), "name": shown_name,
            "email": of("email"), "department": user.text("department").map(|name| one_spaced(&name)),
            "status": if standing(user.status).is_some() { "inactive" } else { "active" },
            "type": employee_type(user),
        }),
        other => panic!("what the preset {other:?} makes of somebody is not known"),
    }
}

fn user_type(user: &User) -> String {
    user.text("userType").unwrap_or_default().trim().to_lowercase()
}

fn requester_type(user: &User) -> &'static str {
    match user_type(user).as_str() {
        "contractor" | "customer" | "external" | "partner" | "vendor" => "External",
        _ => "Internal",
    }
}

fn employee_type(user: &User) -> &'static str {
    match user_type(user).as_str() {
        "contractor" | "external" => "contractor",
        "partner" => "partner",
        "service" | "system" => "systemUser",
        _ => "employee",
    }
}

fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
