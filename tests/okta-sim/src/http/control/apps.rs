//! `/sim/apps`: applications from outside.

use serde_json::{Map, Value, json};

use crate::org::{NewApp, Org};

/// What was changed; `None` is an unknown route.
pub(super) fn change(org: &mut Org, rest: &[&str], body: Map<String, Value>) -> Option<Value> {
    let done = match rest {
        [] => return Some(json!({"id": org.create_app(new_app(&body)?)})),
        [id, "rename"] => org.rename_app(id, body.get("label")?.as_str()?),
        [app, "users", user, "assign"] => org.assign(user, app),
        [app, "users", user, "unassign"] => org.unassign(user, app),
        [app, "users", user, "sign-on"] => org.sign_on(user, app),
        [app, "groups", group, "assign"] => org.assign_group(group, app),
        [app, "groups", group, "unassign"] => org.unassign_group(group, app),
        [id, "activate"] => org.activate_app(id),
        [id, "deactivate"] => org.deactivate_app(id),
        [id, "delete"] => org.delete_app(id),
        [id, "vanish"] => org.vanish_app(id),
        _ => return None,
    };
    done.then(|| json!({"ok": true}))
}

fn new_app(body: &Map<String, Value>) -> Option<NewApp> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let mut app = NewApp::new(text("name").unwrap_or("oidc_client"), text("label")?);
    if let Some(mode) = body.get("signOnMode") {
        app.sign_on_mode = mode.as_str().map(str::to_owned);
    }
    if let Some(Value::Array(features)) = body.get("features") {
        app.features = features.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    Some(app)
}
