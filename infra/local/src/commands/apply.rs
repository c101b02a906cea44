//! `apply`: validates and stores a connection, and its credential: an API token or a private key.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

use rollcall_shared::Context;
use rollcall_shared::handlers::schema::attribute_checks;
use rollcall_shared::model::{Auth, Connection, Secret};
use rollcall_shared::okta::check_credential;
use serde_json::json;

use crate::cli::ApplyArguments;
use crate::failure::{Failure, Status, paragraph};
use crate::session::{Reader, Session};

/// No token and no key is larger; a mistaken redirection may be.
const LARGEST_CREDENTIAL: u64 = 64 * 1_024;
/// After so long it is said what is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// So long Okta is waited for: what it says of custom attributes is of use, and storing does not depend on it.
const SCHEMA_WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn run(session: &mut Session, arguments: &ApplyArguments) -> Result<Status, Failure> {
    let text = read(&arguments.file)?;
    let shown = if is_stdin(&arguments.file) { "standard input".into() } else { arguments.file.to_string_lossy() };
    let connection = Connection::parse(&text).map_err(|faults| Failure::faults(&shown, faults))?;
    let auth = &connection.okta.auth;
    let credential = match &arguments.token_env {
        Some(variable) => Some(credential_of_variable(auth, variable)?),
        None if is_stdin(&arguments.file) || std::io::stdin().is_terminal() => None,
        None => credential_of_stdin(auth).await?,
    };
    let hook = arguments.hook_env.as_deref().map(|variable| hook_secret(&connection, variable)).transpose()?;
    let stack = session.open().await?;
    if let Some((name, secret)) = &hook {
        stack.context.secrets.put(name, secret).await?;
    }
    store(&stack.context, &connection, credential.as_deref()).await?;
    remark(&stack.context, &connection).await;
    let mappings: Vec<&str> = connection.mappings.iter().map(|mapping| mapping.name.as_str()).collect();
    match session.reader {
        Reader::Program => session.out.json(&json!({
            "connection": connection.name, "url": connection.okta.url.to_string(), "mappings": mappings,
            "token_stored": credential.is_some(),
        }))?,
        Reader::Person => session.out.line(format!(
            "Stored the connection {} to {} with {}{}.",
            connection.name,
            connection.okta.url,
            if mappings.len() == 1 { "the mapping " } else { "the mappings " }.to_owned() + &mappings.join(", "),
            if credential.is_some() { format!(", and its {}", auth.credential()) } else { String::new() },
        ))?,
    }
    stack.close().await;
    Ok(Status::Done)
}

/// Says on stderr what an operator should know of what was stored, as far as that can be found out now.
async fn remark(context: &Context, connection: &Connection) {
    let auth = &connection.okta.auth;
    let (secret, credential) = (auth.secret(), auth.credential());
    let again = format!("Apply the connection again with --token-env VAR, or with the {credential} on standard input.");
    match context.secrets.credential(secret).await {
        Err(_) => return eprintln!("note: no {credential} is stored as {secret} yet. {again}"),
        Ok(stored) => {
            if let Err(why) = check_credential(auth, &stored) {
                return eprintln!("warning: what is stored as {secret} {why}. {again}");
            }
        }
    }
    for check in attribute_checks(context, connection, SCHEMA_WITHIN).await {
        if let Some(problem) = &check.problem {
            eprintln!("{}: {}", if check.ok { "note" } else { "warning" }, paragraph(problem));
        }
    }
}

/// Stores the credential first: a connection without one could be started in between.
pub(crate) async fn store(context: &Context, connection: &Connection, credential: Option<&str>) -> Result<(), Failure> {
    if let Some(credential) = credential {
        context.secrets.put(connection.okta.auth.secret(), credential).await?;
    }
    context.directory.put_connection(connection).await?;
    Ok(())
}

/// The secret of the connection's event hook, by name and value.
fn hook_secret(connection: &Connection, variable: &str) -> Result<(String, String), Failure> {
    let Some(name) = connection.okta.event_hook.clone() else {
        let detail = format!("The connection {} has no event hook.", connection.name);
        return Err(Failure::usage(detail, "Name its secret in `okta.event_hook.secret`, or leave --hook-env out."));
    };
    let value = std::env::var(variable).unwrap_or_default();
    if value.trim().is_empty() {
        let detail = format!("The environment variable {variable} is not set, or empty.");
        return Err(Failure::usage(detail, "Put the hook's authentication secret in it; nothing was stored."));
    }
    Ok((name, value.trim().to_owned()))
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if is_stdin(file) {
        std::io::stdin().read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text))
    };
    read.map_err(|error| {
        Failure::usage(format!("{} could not be read: {error}.", file.display()), "Name the connection's JSON file.")
    })?;
    Ok(text)
}

fn credential_of_variable(auth: &Auth, variable: &str) -> Result<String, Failure> {
    let value = std::env::var(variable).unwrap_or_default();
    credential(auth, &value)?.ok_or_else(|| {
        let detail = format!("The environment variable {variable} is not set, or empty.");
        Failure::usage(detail, format!("Put the Okta {} in it; nothing was stored.", auth.credential()))
    })
}

async fn credential_of_stdin(auth: &Auth) -> Result<Option<String>, Failure> {
    let mut reading = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        std::io::stdin().take(LARGEST_CREDENTIAL).read_to_string(&mut text).map(|_| text)
    });
    let text = match tokio::time::timeout(PATIENCE, &mut reading).await {
        Ok(text) => text,
        Err(_) => {
            let what = auth.credential();
            eprintln!("Waiting for the {what} on standard input (close it, or name a variable with --token-env) …");
            reading.await
        }
    };
    credential(auth, &text.map_err(std::io::Error::other)??)
}

/// A credential as it was given, without the line end that came with it, checked as far as it can be here; `None` when
/// there is nothing else.
fn credential(auth: &Auth, text: &str) -> Result<Option<String>, Failure> {
    let mut text = text.trim().to_owned();
    // Where a variable can have one line only, the lines of a key are written with `\n` between them.
    if text.starts_with("-----BEGIN") && !text.contains('\n') {
        text = text.replace("\\n", "\n");
    }
    if text.is_empty() {
        return Ok(None);
    }
    match check_credential(auth, &Secret::new(&text)) {
        Ok(()) => Ok(Some(text)),
        Err(why) => {
            let detail = format!("What was given as the {} {why}.", auth.credential());
            let hint = match auth {
                Auth::ApiToken { .. } => "Give the API token alone; nothing was stored.",
                Auth::PrivateKeyJwt { .. } => {
                    "Give the service app's private key alone, in PEM format with its lines or as a JWK; nothing was \
                     stored."
                }
            };
            Err(Failure::usage(detail, hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use okta_sim::keys;

    use super::*;

    fn token() -> Auth {
        Auth::ApiToken { secret: "s".to_owned() }
    }

    fn app(key_id: Option<&str>) -> Auth {
        let key_id = key_id.map(str::to_owned);
        Auth::PrivateKeyJwt { client_id: "0oa1".to_owned(), key_id, secret: "s".to_owned() }
    }

    #[test]
    fn a_token_is_one_word() {
        assert_eq!(credential(&token(), "00abc\n").unwrap().as_deref(), Some("00abc"));
        assert_eq!(credential(&token(), " \n").unwrap(), None);
        assert!(credential(&token(), "00abc 00def").is_err());
        let error = credential(&token(), keys::RSA.pkcs8).unwrap_err();
        assert!(format!("{error:?}").contains("`okta.auth.kind` has to be `private_key_jwt`"), "{error:?}");
    }

    #[test]
    fn a_private_key_has_several_lines_or_is_a_jwk() {
        let pem = credential(&app(Some("kid")), keys::RSA.pkcs8).unwrap().unwrap();
        assert_eq!(pem, keys::RSA.pkcs8.trim());
        let in_one_line = pem.replace('\n', "\\n");
        assert_eq!(credential(&app(Some("kid")), &in_one_line).unwrap(), Some(pem));
        assert!(credential(&app(None), keys::EC.jwk).unwrap().is_some());
        for (auth, text, expected) in [
            (app(None), keys::RSA.pkcs8, "give the one that Okta shows beside the public key as `okta.auth.key_id`"),
            (app(None), "00abc", "neither a private key in PEM format nor a JWK"),
            (app(None), &keys::EC.public().to_string(), "holds a public key"),
        ] {
            let error = credential(&auth, text).unwrap_err();
            assert!(format!("{error:?}").contains(expected), "{error:?}");
        }
    }
}
