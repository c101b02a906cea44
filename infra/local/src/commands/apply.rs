//! `apply`: validates and stores a connection, and its token.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

use rollcall_shared::Context;
use rollcall_shared::handlers::schema::attribute_checks;
use rollcall_shared::model::{Auth, Connection};
use serde_json::json;

use crate::cli::ApplyArguments;
use crate::failure::{Failure, Status, paragraph};
use crate::session::{Reader, Session};

/// No token and no key is larger; a mistaken redirection may be.
const LARGEST_TOKEN: u64 = 64 * 1_024;
/// After so long it is said what is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// So long Okta is waited for: what it says of custom attributes is of use, and storing does not depend on it.
const SCHEMA_WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn run(session: &mut Session, arguments: &ApplyArguments) -> Result<Status, Failure> {
    let text = read(&arguments.file)?;
    let shown = if is_stdin(&arguments.file) { "standard input".into() } else { arguments.file.to_string_lossy() };
    let connection = Connection::parse(&text).map_err(|faults| Failure::faults(&shown, faults))?;
    let token = match &arguments.token_env {
        Some(variable) => Some(token_of_variable(variable)?),
        None if is_stdin(&arguments.file) || std::io::stdin().is_terminal() => None,
        None => token_of_stdin().await?,
    };
    let hook = arguments.hook_env.as_deref().map(|variable| hook_secret(&connection, variable)).transpose()?;
    let stack = session.open().await?;
    if let Some((name, secret)) = &hook {
        stack.context.secrets.put(name, secret).await?;
    }
    store(&stack.context, &connection, token.as_deref()).await?;
    remark(&stack.context, &connection).await;
    let mappings: Vec<&str> = connection.mappings.iter().map(|mapping| mapping.name.as_str()).collect();
    match session.reader {
        Reader::Program => session.out.json(&json!({
            "connection": connection.name, "url": connection.okta.url.to_string(), "mappings": mappings,
            "token_stored": token.is_some(),
        }))?,
        Reader::Person => session.out.line(format!(
            "Stored the connection {} to {} with {}{}.",
            connection.name,
            connection.okta.url,
            if mappings.len() == 1 { "the mapping " } else { "the mappings " }.to_owned() + &mappings.join(", "),
            if token.is_some() { ", and its token" } else { "" },
        ))?,
    }
    stack.close().await;
    Ok(Status::Done)
}

/// Says on stderr what an operator should know of what was stored, as far as that can be found out now.
async fn remark(context: &Context, connection: &Connection) {
    let secret = secret(connection);
    if context.secrets.token(secret).await.is_err() {
        eprintln!(
            "note: no token is stored as {secret} yet. Apply the connection again with --token-env VAR, or with the \
             token on standard input."
        );
        return;
    }
    for check in attribute_checks(context, connection, SCHEMA_WITHIN).await {
        if let Some(problem) = &check.problem {
            eprintln!("{}: {}", if check.ok { "note" } else { "warning" }, paragraph(problem));
        }
    }
}

/// Stores the token first: a connection without one could be started in between.
pub(crate) async fn store(context: &Context, connection: &Connection, token: Option<&str>) -> Result<(), Failure> {
    if let Some(token) = token {
        context.secrets.put(secret(connection), token).await?;
    }
    context.directory.put_connection(connection).await?;
    Ok(())
}

fn secret(connection: &Connection) -> &str {
    match &connection.okta.auth {
        Auth::ApiToken { secret } => secret,
    }
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

fn token_of_variable(variable: &str) -> Result<String, Failure> {
    let value = std::env::var(variable).unwrap_or_default();
    token(&value)?.ok_or_else(|| {
        let detail = format!("The environment variable {variable} is not set, or empty.");
        Failure::usage(detail, "Put the Okta token in it; nothing was stored.")
    })
}

async fn token_of_stdin() -> Result<Option<String>, Failure> {
    let mut reading = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        std::io::stdin().take(LARGEST_TOKEN).read_to_string(&mut text).map(|_| text)
    });
    let text = match tokio::time::timeout(PATIENCE, &mut reading).await {
        Ok(text) => text,
        Err(_) => {
            eprintln!("Waiting for the token on standard input (close it, or name a variable with --token-env) …");
            reading.await
        }
    };
    token(&text.map_err(std::io::Error::other)??)
}

/// A token as it was given, without the line end that came with it; `None` when there is nothing else.
fn token(text: &str) -> Result<Option<String>, Failure> {
    let text = text.trim();
    if text.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        let detail = "What was given as the token has spaces or several lines in it.";
        return Err(Failure::usage(detail, "Give the API token alone; nothing was stored."));
    }
    Ok(if text.is_empty() { None } else { Some(text.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn a_token_is_one_word() {
        assert_eq!(token("00abc\n").unwrap().as_deref(), Some("00abc"));
        assert_eq!(token(" \n").unwrap(), None);
        assert!(token("00abc 00def").is_err());
    }
}
