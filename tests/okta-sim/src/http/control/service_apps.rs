//! Service apps, from outside the process.

use serde_json::{Map, Value, json};

use crate::http::{Shared, lock};
use crate::role::Role;
use crate::service_app::ServiceApp;

/// Changes a service app, or sets one up; the body of the answer, where there was something to change.
pub(super) fn change(shared: &Shared, rest: &[&str], body: &Map<String, Value>) -> Option<Value> {
    match rest {
        [] => register(shared, body),
        [client_id, what] => {
            let mut server = lock(&shared.oauth);
            set(server.apps.get_mut(*client_id)?, what, body)?;
            Some(json!({"ok": true}))
        }
        _ => None,
    }
}

fn register(shared: &Shared, body: &Map<String, Value>) -> Option<Value> {
    let client_id = body.get("client_id")?.as_str()?;
    let mut app = ServiceApp::new(client_id, body.get("jwk")?.clone());
    for what in ["scopes", "role", "dpop"] {
        if body.contains_key(what) {
            set(&mut app, what, body)?;
        }
    }
    lock(&shared.oauth).apps.insert(client_id.to_owned(), app);
    Some(json!({"client_id": client_id}))
}

fn set(app: &mut ServiceApp, what: &str, body: &Map<String, Value>) -> Option<()> {
    match what {
        "key" => app.public_keys = vec![body.get("jwk")?.clone()],
        "scopes" => {
            let names = body.get("scopes")?.as_array()?.iter();
            app.scopes = names.map(|name| Some(name.as_str()?.to_owned())).collect::<Option<_>>()?;
        }
        "role" => {
            app.role = match body.get("role")?.as_str()? {
                "read-only-admin" => Role::ReadOnlyAdmin,
                "none" => Role::None,
                _ => return None,
            }
        }
        "dpop" => app.demands_proofs = body.get("dpop")?.as_bool()?,
        "activate" => app.is_active = true,
        "deactivate" => app.is_active = false,
        _ => return None,
    }
    Some(())
}
