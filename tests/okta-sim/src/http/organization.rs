//! The org itself and its schema (Okta: Retrieve the org, Schemas).

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::ask::Ask;
use crate::generate::CUSTOM_ATTRIBUTES;
use crate::org::Org;
use crate::role::Role;

/// The 31 attributes that every profile may have.
const BASE_ATTRIBUTES: [&str; 31] = [
    "login",
    "email",
    "secondEmail",
    "firstName",
    "lastName",
    "middleName",
    "honorificPrefix",
    "honorificSuffix",
    "title",
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
    "employeeNumber",
    "costCenter",
    "organization",
    "division",
    "department",
    "managerId",
    "manager",
];

/// `GET /.well-known/okta-organization`: no credential, no rate headers.
pub(super) fn well_known(ask: &Ask<'_>, org: &Org) -> Option<Result<Answer, Answer>> {
    (ask.path == "/.well-known/okta-organization").then(|| {
        Ok(Answer::value(&json!({
            "id": org.id(),
            "cell": "sim1",
            "_links": {"organization": {"href": ask.base}},
            "pipeline": org.pipeline().as_str(),
            "settings": {"analyticsCollectionEnabled": false},
        })))
    })
}

/// Answers what no other module does.
pub(super) fn answer(ask: &Ask<'_>, org: &Org) -> Option<Result<Answer, Answer>> {
    let rest: Vec<&str> = ask.segments.iter().skip(2).map(String::as_str).collect();
    Some(match rest.as_slice() {
        ["org"] => Ok(Answer::value(&about(ask, org))),
        ["meta", ..] if *ask.role == Role::NoSchemas => Err(Answer::forbidden()),
        ["meta", "schemas", "user", id] => schema(ask, org, id),
        ["meta", "types", "user"] => Ok(Answer::values(user_types(ask, org), Vec::new())),
        _ => return None,
    })
}

fn about(ask: &Ask<'_>, org: &Org) -> Value {
    json!({
        "id": org.id(), "subdomain": "acme", "companyName": "Acme", "status": "ACTIVE",
        "created": "2016-01-01T00:00:00.000Z", "lastUpdated": "2016-01-01T00:00:00.000Z",
        "expiresAt": null, "website": "https://acme.example", "phoneNumber": null,
        "_links": {"organization": {"href": ask.base}},
    })
}

/// The schema of the default type of user, or of one that was added.
fn schema(ask: &Ask<'_>, org: &Org, id: &str) -> Result<Answer, Answer> {
    let custom: Map<String, Value> = match org.user_types().iter().find(|user_type| user_type.schema_id == id) {
        Some(added) => added.attributes.iter().map(|name| (name.clone(), attribute(name, "string"))).collect(),
        None if id == "default" => {
            CUSTOM_ATTRIBUTES.iter().map(|(name, kind)| ((*name).to_owned(), attribute(name, kind))).collect()
        }
        None => return Err(Answer::not_found(id, "UserSchema")),
    };
    let base: Map<String, Value> =
        BASE_ATTRIBUTES.iter().map(|name| ((*name).to_owned(), attribute(name, "string"))).collect();
    Ok(Answer::value(&json!({
        "id": format!("{}{}", ask.base, ask.path),
        "name": "user",
        "title": "User",
        "lastUpdated": "2016-01-01T00:00:00.000Z",
        "definitions": {
            "base": {"id": "#base", "type": "object", "properties": base,
                     "required": ["login", "email", "firstName", "lastName"]},
            "custom": {"id": "#custom", "type": "object", "properties": custom, "required": []},
        },
    })))
}

fn attribute(name: &str, kind: &str) -> Value {
    let mut attribute = json!({"title": name, "type": kind, "scope": "NONE"});
    if kind == "array" {
        attribute["items"] = json!({"type": "string"});
    }
    attribute
}

fn user_types(ask: &Ask<'_>, org: &Org) -> Vec<Value> {
    let user_type = |id: &str, (name, schema): (&str, &str)| {
        json!({
            "id": id, "name": name, "displayName": name, "default": schema == "default",
            "created": "2016-01-01T00:00:00.000Z", "lastUpdated": "2016-01-01T00:00:00.000Z",
            "_links": {"schema": {"href": format!("{}/api/v1/meta/schemas/user/{schema}", ask.base)}},
        })
    };
    let added = org.user_types().iter().map(|added| user_type(&added.id, (&added.name, &added.schema_id)));
    std::iter::once(user_type(org.type_id(), ("user", "default"))).chain(added).collect()
}
