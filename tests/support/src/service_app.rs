//! Worlds whose connection signs in as an OAuth 2.0 service app.

use std::time::Duration;

use okta_sim::{KnownKey, ServiceApp, keys};
use serde_json::json;

use crate::world::World;

/// The client ID of the app.
pub const CLIENT: &str = "0oaServiceApp1d7";

/// Registers an app with the public half of this private key, stores the key, and has the connection sign in with it.
pub async fn sign_in_with(world: &mut World, key: &str) {
    let known = known(key);
    world.sim.register(ServiceApp::new(CLIENT, known.public()));
    let secret = world.connection.okta.auth.secret().to_owned();
    world.stack.context.secrets.put(&secret, key).await.expect("the key is stored");
    let mut auth = json!({ "kind": "private_key_jwt", "client_id": CLIENT, "secret": secret });
    if key.starts_with("-----") {
        auth["key_id"] = json!(known.id());
    }
    world.reconnect(|document| document["okta"]["auth"] = auth).await;
}

fn known(key: &str) -> KnownKey {
    let forms = |known: &KnownKey| [known.pkcs8, known.traditional, known.jwk];
    [keys::RSA, keys::EC].into_iter().find(|known| forms(known).contains(&key)).expect("one of the known keys")
}

/// How many requests for an access token the org has seen.
pub fn tokens_asked_for(world: &World) -> usize {
    world.sim.calls().iter().filter(|call| call.path_and_query == "/oauth2/v1/token").count()
}

/// Waits until the org has seen so many calls more.
pub async fn after_calls(world: &World, calls: usize) {
    let wanted = world.sim.calls().len() + calls;
    while world.sim.calls().len() < wanted {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
