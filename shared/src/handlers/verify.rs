//! Verify: whether URL, credential and permission suffice for what a connection's mappings need, one line for each API.

use serde::Serialize;

use super::service_discovery::kind_of;
use super::{connect, schema};
use crate::context::Context;
use crate::directory::ConnectionState;
use crate::error::{Error, Fate};
use crate::groups::Groups;
use crate::model::app::AppKind;
use crate::model::{Connection, ObjectKind, identify};
use crate::okta::{Everyone, Okta, PageRequest};
use crate::report::Problem;

/// What was found of one API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiCheck {
    /// The API, by its path.
    pub api: String,
    /// Whether it can be used as the mappings need it.
    pub ok: bool,
    /// What is wrong with it; when it can be used all the same, what an operator should know.
    pub problem: Option<Problem>,
}

/// Checks the org first, and pins the connection to it; then each API that the mappings need.
///
/// # Errors
/// When the connection or its credential is not there, or the state cannot be read or written. What Okta refuses is no
/// error but a check that is not ok.
pub async fn verify(context: &Context, name: &str) -> Result<Vec<ApiCheck>, Error> {
    let connection = connect::connection(context, name).await?;
    let okta = connect::org(context, &connection, None).await?;
    let state = context.directory.connection_state(name).await?;
    let organization = match connect::same_org(&okta, &connection, &state).await {
        Ok(organization) => organization,
        Err(error) => return Ok(vec![check("/.well-known/okta-organization", Err(error))]),
    };
    let pin = |state: &mut ConnectionState| connect::note_org(state, &connection, &organization);
    context.directory.change_connection_state(None, name, pin).await?;
    let mut checks = vec![check("/.well-known/okta-organization", Ok(()))];
    if connection.wants(ObjectKind::User) {
        checks.push(check("/api/v1/users", users(&okta).await));
        checks.push(check("/api/v1/groups", groups(context, &okta, &connection).await));
        checks.extend(schema::checks(&okta, &connection).await);
    }
    if connection.wants(ObjectKind::Device) {
        checks.push(check("/api/v1/devices", okta.devices_readable().await.map_err(Error::from)));
        checks.push(check("/api/v1/device-assurances", okta.device_assurances().await.map(drop).map_err(Error::from)));
    }
    if connection.wants(ObjectKind::App) {
        checks.push(check("/api/v1/apps", apps(&okta).await));
    }
    // Every job asks it what was deleted.
    checks.push(check("/api/v1/logs", okta.log_readable().await.map_err(Error::from)));
    Ok(checks)
}

/// The line of one API.
pub(super) fn check(api: &str, result: Result<(), Error>) -> ApiCheck {
    ApiCheck { api: api.to_owned(), ok: result.is_ok(), problem: result.err().map(|error| error.problem()) }
}

async fn users(okta: &Okta) -> Result<(), Error> {
    match okta.first_user().await? {
        Some(_) => Ok(()),
        None => Err(not_seen("Okta answers with an empty list of people, and no org has nobody in it.")),
    }
}

async fn groups(context: &Context, okta: &Okta, connection: &Connection) -> Result<(), Error> {
    match okta.everyone().await? {
        Everyone::Visible { .. } => {
            let groups = Groups::resolve(okta, &context.directory, connection).await?.groups;
            groups.broken().values().next().map_or(Ok(()), |problem| Err(Error::Problem(problem.clone(), Fate::Fatal)))
        }
        Everyone::NotThere => Err(not_seen("The group Everyone is not among the groups that the credential sees.")),
        Everyone::NotPermitted(why) => Err(not_seen(why)),
    }
}

/// Whether the credential sees applications, and the people of one. No org lacks Okta's own.
async fn apps(okta: &Okta) -> Result<(), Error> {
    let mut next = Some(PageRequest::apps());
    while let Some(request) = next {
        let page = okta.page(&request).await?;
        if let Some(own) = page.objects.iter().find(|app| kind_of(app) == AppKind::OktaOwn) {
            let people = PageRequest::app_users(&identify(own).id);
            return Ok(okta.page(&people).await.map(drop)?);
        }
        next = page.next;
    }
    Err(not_seen("Okta's own applications are not among those that the credential sees, and no org lacks them."))
}

fn not_seen(detail: impl Into<String>) -> Error {
    let problem = Problem::new(
        "role-too-small",
        "The credential does not see the whole org",
        detail,
        "In Okta's admin console, under Security > Administrators, give the credential's account a role that sees all \
         people and groups, for instance Read-only Administrator.",
    );
    Error::Problem(problem, Fate::Fatal)
}
