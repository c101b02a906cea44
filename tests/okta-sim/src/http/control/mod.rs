//! The simulator's own door, for scenarios played from outside the process.
//!
//! No credential, no limits, and not among the calls:
//!
//! - `POST /sim/users` `{"first", "last", "email", "department"?, "title"?, …attributes}` → `{"id"}`
//! - `POST /sim/users/{id}/{activate|deactivate|reactivate|suspend|unsuspend|lock|unlock|delete|vanish|sign-in}`
//! - `POST /sim/users/{id}/profile` `{"department": "Sales", …}`; null takes an attribute away
//! - `POST /sim/groups` `{"name"}` → `{"id"}`; `POST /sim/groups/{id}/delete`;
//!   `POST /sim/groups/{id}/rename` `{"name"}`
//! - `POST /sim/groups/{id}/members/{user}/{add|remove}`
//! - `POST /sim/devices` `{"user", "platform", "name", "managementStatus"?, "screenLockType"?, …profile}` → `{"id"}`
//! - `POST /sim/devices/{id}/{signals|suspend|unsuspend|deactivate|activate|delete|vanish}`
//! - `POST /sim/devices/{id}/profile` `{"osVersion": "15.6.1", …}`; null takes an attribute away
//! - `POST /sim/devices/{id}/users/{user}/{add|remove}`;
//!   `POST /sim/devices/{id}/users/{user}/link` `{"managementStatus"?, "screenLockType"?}`
//! - `POST /sim/apps` `{"label", "name"?, "signOnMode"?, "features"?}` → `{"id"}`;
//!   `POST /sim/apps/{id}/rename` `{"label"}`
//! - `POST /sim/apps/{id}/{activate|deactivate|delete|vanish}`
//! - `POST /sim/apps/{id}/users/{user}/{assign|unassign|sign-on}`
//! - `POST /sim/apps/{id}/groups/{group}/{assign|unassign}`
//! - `POST /sim/policies` `{"name", "platform", …conditions}` → `{"id"}`; `POST /sim/policies/{id}/delete`
//! - `POST /sim/org/pipeline` `{"pipeline": "idx" or "v1"}`
//! - `POST /sim/token/revoke`; `POST /sim/token/replace` `{"token"}`
//! - `POST /sim/service-apps` `{"client_id", "jwk", "scopes"?, "role"?, "dpop"?}` → `{"client_id"}`; `role` is
//!   `read-only-admin` or `none`
//! - `POST /sim/service-apps/{client}/{key|scopes|role|dpop}` with the one key of the above (`jwk` for `key`), and
//!   `…/{activate|deactivate}`
//! - `POST /sim/access-tokens/revoke`, `POST /sim/nonce/renew`
//! - `GET /sim/calls`, `DELETE /sim/calls`
//!
//! 200 `{"ok": true}`, or 404 where there was nothing to change.

mod apps;
mod devices;
mod service_apps;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::{Shared, ask, lock};
use crate::org::{NewUser, Org, Pipeline};

/// Answers one request to the door.
pub(super) async fn handle(shared: &Shared, request: Request) -> Response<Body> {
    let method = request.method().clone();
    let segments = ask::segments(request.uri().path());
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap_or_default();
    let body: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
    let rest: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    let found = match (method, rest.as_slice()) {
        (Method::GET, ["calls"]) => Some(calls(shared)),
        (Method::DELETE, ["calls"]) => {
            lock(&shared.calls).clear();
            Some(json!({"ok": true}))
        }
        (Method::POST, ["token", "revoke"]) => {
            *lock(&shared.token) = None;
            Some(json!({"ok": true}))
        }
        (Method::POST, ["token", "replace"]) => body.get("token").and_then(Value::as_str).map(|token| {
            *lock(&shared.token) = Some(token.to_owned());
            json!({"ok": true})
        }),
        (Method::POST, ["access-tokens", "revoke"]) => {
            lock(&shared.oauth).access_tokens.clear();
            Some(json!({"ok": true}))
        }
        (Method::POST, ["nonce", "renew"]) => {
            lock(&shared.oauth).renew_nonce();
            Some(json!({"ok": true}))
        }
        (Method::POST, ["service-apps", rest @ ..]) => service_apps::change(shared, rest, &body),
        (Method::POST, rest) => change(&mut lock(&shared.org), rest, body),
        _ => None,
    };
    let (status, body) = match found {
        Some(body) => (StatusCode::OK, body),
        None => (StatusCode::NOT_FOUND, json!({"ok": false})),
    };
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(body.to_string())).unwrap_or_default()
}

fn calls(shared: &Shared) -> Value {
    let log = lock(&shared.calls);
    let first = log.all().first().map(|call| call.at);
    log.all()
        .iter()
        .map(|call| {
            let since_first = first.map_or(0, |first| call.at.duration_since(first).as_millis());
            json!({
                "at_ms": u64::try_from(since_first).unwrap_or(u64::MAX), "bucket": call.bucket,
                "path_and_query": call.path_and_query, "status": call.status, "retry": call.retry,
            })
        })
        .collect()
}

fn change(org: &mut Org, rest: &[&str], body: Map<String, Value>) -> Option<Value> {
    let done = match rest {
        ["apps", rest @ ..] => return apps::change(org, rest, body),
        ["devices", rest @ ..] => return devices::change(org, rest, body),
        ["policies"] => return Some(json!({"id": add_policy(org, body)?})),
        ["policies", id, "delete"] => org.delete_policy(id),
        ["org", "pipeline"] => set_pipeline(org, body.get("pipeline")?.as_str()?),
        ["users"] => return Some(json!({"id": org.create(new_user(body)?)})),
        ["groups"] => return Some(json!({"id": org.create_group(body.get("name")?.as_str()?)})),
        ["users", id, "profile"] => set_attributes(org, id, body),
        ["users", id, action] => act(org, id, action)?,
        ["groups", id, "delete"] => org.delete_group(id),
        ["groups", id, "rename"] => org.rename_group(id, body.get("name")?.as_str()?),
        ["groups", group, "members", user, "add"] => org.add_to_group(user, group),
        ["groups", group, "members", user, "remove"] => org.remove_from_group(user, group),
        _ => return None,
    };
    done.then(|| json!({"ok": true}))
}

fn act(org: &mut Org, id: &str, action: &str) -> Option<bool> {
    Some(match action {
        "activate" => org.activate(id),
        "deactivate" => org.deactivate(id),
        "reactivate" => org.reactivate(id),
        "suspend" => org.suspend(id),
        "unsuspend" => org.unsuspend(id),
        "lock" => org.lock(id),
        "unlock" => org.unlock(id),
        "delete" => org.delete(id),
        "vanish" => org.vanish(id),
        "sign-in" => org.sign_in(id),
        _ => return None,
    })
}

fn set_attributes(org: &mut Org, id: &str, attributes: Map<String, Value>) -> bool {
    let set = |(name, value): (String, Value)| match value {
        Value::Null => org.unset_profile(id, &name),
        value => org.set_profile(id, &name, value),
    };
    attributes.into_iter().map(set).fold(false, |any, done| any | done)
}

fn add_policy(org: &mut Org, mut body: Map<String, Value>) -> Option<String> {
    let (name, platform) = (body.remove("name")?, body.remove("platform")?);
    Some(org.add_policy(name.as_str()?, platform.as_str()?, Value::Object(body)))
}

fn set_pipeline(org: &mut Org, name: &str) -> bool {
    let known = [Pipeline::IdentityEngine, Pipeline::Classic].into_iter().find(|pipeline| pipeline.as_str() == name);
    known.map(|pipeline| org.set_pipeline(pipeline)).is_some()
}

fn new_user(mut body: Map<String, Value>) -> Option<NewUser> {
    let mut text = |name: &str| match body.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let mut user = NewUser::new(&text("first")?, &text("last")?, &text("email")?);
    user.department = text("department");
    user.title = text("title");
    user.extra = body;
    Some(user)
}
