//! From a connection's name to its org: the connection, its credential and a client, checked to be the same org as ever.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::context::Context;
use crate::directory::{ConnectionState, DirectoryError, OrgSeen};
use crate::error::{Error, Fate};
use crate::handlers::run::Run;
use crate::model::{Connection, DAY, ObjectKind};
use crate::okta::{Credential, Okta, OktaError, OktaSettings, Organization, ProcessState, ReadSecret};
use crate::report::Problem;

/// How long it is believed that an address leads to the org that was seen there: a credential is no good at another org, so
/// asking is only a second lock.
const LATELY: Duration = DAY.saturating_mul(7);

/// The connection of this name.
///
/// # Errors
/// Fatal when there is none, or when its stored document is not valid any more.
pub(crate) async fn connection(context: &Context, name: &str) -> Result<Arc<Connection>, Error> {
    let found = context.directory.connection(name).await?;
    found.map(Arc::new).ok_or_else(|| {
        let problem = Problem::new(
            "unknown-connection",
            "There is no such connection",
            format!("There is no connection named {name:?}."),
            "Store it with `rollcall apply FILE`, or check the name.",
        );
        Error::Problem(problem.with_status(404), Fate::Fatal)
    })
}

/// A client of the connection's org, with its credential; `deadline` bounds every wait.
///
/// # Errors
/// Fatal when the credential is not there.
pub(crate) async fn org(context: &Context, connection: &Connection, deadline: Option<Instant>) -> Result<Okta, Error> {
    let auth = connection.okta.auth.clone();
    let secret = context.secrets.credential(auth.secret()).await?;
    let read_again = read_again(context, auth.secret());
    let credential = Credential { auth, scopes: connection.scopes(), secret, read_again };
    let settings =
        OktaSettings { url: connection.okta.url.clone(), credential, budget_percent: connection.rate_budget_percent };
    let process = ProcessState { paces: &context.paces, access_tokens: &context.access_tokens };
    Ok(Okta::new(context.http.clone(), settings, process, deadline))
}

/// Reads the secret anew, for when Okta refuses what it held: somebody may have replaced it meanwhile.
fn read_again(context: &Context, secret: &str) -> ReadSecret {
    let (secrets, name) = (context.secrets.clone(), secret.to_owned());
    Arc::new(move || {
        let (secrets, name) = (secrets.clone(), name.clone());
        Box::pin(async move {
            let unread = |error: DirectoryError| OktaError::CredentialUnread {
                problem: Box::new(error.problem()),
                fate: error.fate(),
            };
            secrets.credential(&name).await.map_err(unread)
        })
    })
}

/// Asks the org who it is, without a credential, and holds it against the id that the connection is pinned to.
///
/// # Errors
/// Fatal when the URL leads to another org; whatever keeps Okta from answering.
pub(crate) async fn same_org(
    okta: &Okta,
    connection: &Connection,
    state: &ConnectionState,
) -> Result<Organization, Error> {
    let organization = okta.organization().await?;
    match &state.org_id {
        Some(pinned) if *pinned != organization.id => {
            let problem = Problem::new(
                "another-org",
                "The URL leads to another Okta org",
                format!(
                    "{} answers as org {}, but connection {} belongs to org {pinned}. Nothing was read or changed.",
                    connection.okta.url, organization.id, connection.name
                ),
                "Correct okta.url and apply the connection again. To connect the other org, give it a connection of \
                 its own, under another name.",
            );
            Err(Error::Problem(problem, Fate::Fatal))
        }
        _ => Ok(organization),
    }
}

/// What a job needs to know of its connection that reads other objects than people: that the org is the same as ever, and
/// since when these objects are asked for. An org that was seen at this address a short while ago is not asked again; nor
/// one of a connection that is not pinned and asks for these objects for the first time, because nothing is known yet that
/// it could be held against.
///
/// # Errors
/// As for [`same_org`]; and when the state cannot be read or written.
pub(crate) async fn org_to_collect(
    okta: &Okta,
    connection: &Connection,
    (run, objects): (&Run, ObjectKind),
) -> Result<ConnectionState, Error> {
    let (directory, name) = (&run.directory, &connection.name);
    let state = directory.connection_state(name).await?;
    let is_fresh = |seen: &OrgSeen| seen.url == connection.okta.url.as_str() && okta.now().since(seen.at) < LATELY;
    let (is_first, is_pinned) = (!state.first_asked.contains_key(&objects), state.org_id.is_some());
    let is_known = state.org_seen.as_ref().is_some_and(is_fresh) || (is_first && !is_pinned);
    if is_known && !is_first {
        return Ok(state);
    }
    let organization = if is_known { None } else { Some(same_org(okta, connection, &state).await?) };
    let now = okta.now();
    let note = |state: &mut ConnectionState| {
        state.first_asked.entry(objects).or_insert(now);
        if let Some(organization) = &organization {
            note_org(state, connection, organization);
        }
    };
    Ok(directory.change_connection_state(Some(&run.lease), name, note).await?)
}

/// Notes the org that was seen at the connection's address, and pins the connection to it if it is not yet.
pub(crate) fn note_org(state: &mut ConnectionState, connection: &Connection, organization: &Organization) {
    state.org_id.get_or_insert_with(|| organization.id.clone());
    let url = connection.okta.url.as_str().to_owned();
    state.org_seen = Some(OrgSeen { url, at: organization.asked });
}
