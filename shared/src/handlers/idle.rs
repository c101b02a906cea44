//! How long a connection's API token has lain idle. Okta lets a token expire for good that is not used for 30 days
//! (developer.okta.com, "Create an API token"); every run of any job uses it, so only a connection that is disabled, or whose
//! schedules are off, is in danger.

use std::time::Duration;

use crate::context::Context;
use crate::directory::DirectoryError;
use crate::model::{Auth, Connection, DAY, Job, LastTry, Time};

/// For how long no job of the connection has used its token; `None` when that is less than a day, nobody ever used it, or
/// the credential does not expire by idling. `last` is the last try of deprovisioning, which tells mostly all.
pub(crate) async fn token(
    context: &Context,
    connection: &Connection,
    (last, now): (&LastTry, Time),
) -> Option<Duration> {
    if !matches!(connection.okta.auth, Auth::ApiToken { .. }) {
        return None;
    }
    let idle = |begun: Option<Time>| begun.map(|begun| now.since(begun));
    if idle(last.begun).is_some_and(|idle| idle < DAY) {
        return None;
    }
    match last_used(context, connection).await {
        Ok(used) => idle(used).filter(|idle| *idle >= DAY),
        Err(error) => {
            tracing::warn!(connection = connection.name, %error, "when the token was used last could not be read");
            None
        }
    }
}

async fn last_used(context: &Context, connection: &Connection) -> Result<Option<Time>, DirectoryError> {
    let mut newest = None;
    for job in Job::ALL {
        newest = newest.max(context.directory.last_try(&connection.name, job).await?.begun);
    }
    Ok(newest)
}
