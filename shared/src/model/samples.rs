//! Objects that the model's tests share.

use serde_json::{Value, json};

use super::{Object, ObjectKind, RawObject, decode_object};

/// A user as Okta lists them.
pub(super) fn user_object() -> Value {
    json!({
        "id": "00uys2o7gqpDHlusr1d7",
        "status": "ACTIVE",
        "created": "2026-05-15T17:24:32.000Z",
        "activated": null,
        "lastUpdated": "2026-05-15T17:24:44.000Z",
        "type": { "id": "otynkw1sdzpoFCZMq1d7" },
        "profile": {
            "login": "ada@acme.example", "email": "ada@acme.example", "firstName": "Ada", "lastName": "Byron",
            "mobilePhone": null, "department": "Sales", "employeeNumber": "111111"
        },
        "_links": {
            "self": { "href": "https://acme.okta.com/api/v1/users/00uys2o7gqpDHlusr1d7" },
            "suspend": { "href": "https://acme.okta.com/api/v1/users/00uys2o7gqpDHlusr1d7/lifecycle/suspend" }
        }
    })
}

/// A user with some attributes of the profile set.
pub(super) fn user_with(attributes: Value) -> Object {
    let mut object = user_object();
    for (name, value) in attributes.as_object().unwrap() {
        object["profile"][name] = value.clone();
    }
    decoded(&object)
}

/// A user of a status.
pub(super) fn user_of_status(status: &str) -> Object {
    let mut object = user_object();
    object["status"] = json!(status);
    decoded(&object)
}

/// Decodes an object that has to be a user.
pub(super) fn decoded(object: &Value) -> Object {
    decode_object(ObjectKind::User, &RawObject::intact(object.to_string())).unwrap()
}
