//! Whether a client is who it says (Okta: Build a JWT for client authentication).

use jiff::Timestamp;

use super::jws::Jws;
use super::{AuthorizationServer, refusal};
use crate::http::answer::Answer;
use crate::service_app::ServiceApp;

/// How far ahead an assertion may expire, in seconds.
const LONGEST: i64 = 3_600;

/// The app that an assertion speaks for. Whatever is wrong with it, Okta answers `invalid_client`.
pub(super) fn app(
    server: &mut AuthorizationServer,
    assertion: &str,
    address: &str,
    now: Timestamp,
) -> Result<ServiceApp, Answer> {
    let refused = |why: &str| refusal(401, "invalid_client", why);
    let jws = Jws::read(assertion).ok_or_else(|| refused("The client_assertion could not be parsed."))?;
    let client_id = jws.claim("iss").filter(|client| jws.claim("sub") == Some(client));
    let app = client_id.and_then(|client| server.apps.get(client)).filter(|app| app.is_active).cloned();
    let app = app.ok_or_else(|| refused("The client is not known or not active."))?;
    let kid = &jws.header["kid"];
    let key = app.public_keys.iter().find(|key| key["kid"] == *kid);
    if !key.is_some_and(|key| jws.is_signed_by(key)) {
        return Err(refused("The client_assertion's signature or 'kid' is invalid."));
    }
    if jws.claim("aud") != Some(address) {
        return Err(refused("The 'aud' claim of the client_assertion is invalid."));
    }
    let now = now.as_second();
    let expires = jws.claims["exp"].as_i64().unwrap_or_default();
    if expires <= now || expires > now + LONGEST || jws.claims["iat"].as_i64().is_some_and(|issued| issued > now) {
        return Err(refused("The client_assertion is expired, or not valid yet, or for too long."));
    }
    if let Some(id) = jws.claim("jti")
        && !server.use_once(&format!("assertion {} {id}", app.client_id))
    {
        return Err(refused("The client_assertion token has already been used."));
    }
    Ok(app)
}
