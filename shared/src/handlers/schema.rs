//! Whether the attributes that mappings read are in the org's user schema: a name that is written wrongly is no error to
//! Okta, and would be null for everybody.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::connect;
use super::verify::{ApiCheck, check};
use crate::context::Context;
use crate::error::{Error, Fate};
use crate::model::{Connection, Gap, Lacking, reads_custom_attributes};
use crate::okta::{Okta, OktaError, Schemas};
use crate::report::Problem;

/// The API, by its path.
const API: &str = "/api/v1/meta/schemas/user";

/// The API's line, and one for each attribute that nobody or not everybody can have; none when the mappings read only
/// what every org has.
pub(super) async fn checks(okta: &Okta, connection: &Connection) -> Vec<ApiCheck> {
    if !reads_custom_attributes(connection) {
        return Vec::new();
    }
    match okta.user_schema().await {
        Ok(Schemas::Known(schema)) => {
            let gaps = schema.gaps(connection);
            std::iter::once(check(API, Ok(()))).chain(gaps.iter().map(line)).collect()
        }
        Ok(Schemas::NotPermitted(why)) => vec![note(not_permitted(why))],
        Err(error) => vec![check(API, Err(error.into()))],
    }
}

/// The same for a connection that was just stored, if its org answers with the stored credential within this time: what
/// an operator should know, and nothing that stands in the way of storing it.
pub async fn attribute_checks(context: &Context, connection: &Connection, within: Duration) -> Vec<ApiCheck> {
    if !reads_custom_attributes(connection) {
        return Vec::new();
    }
    let asking = async {
        let okta = connect::org(context, connection, Some(Instant::now() + within)).await?;
        let state = context.directory.connection_state(&connection.name).await?;
        // Another org has other attributes, and is no place for the credential.
        connect::same_org(&okta, connection, &state).await?;
        Ok::<_, Error>(checks(&okta, connection).await)
    };
    match timeout(within, asking).await {
        Ok(Ok(checks)) => checks,
        Ok(Err(error)) => vec![note(not_checked(error.problem().detail))],
        Err(_) => vec![note(not_checked(out_of_time().to_string()))],
    }
}

fn line(gap: &Gap) -> ApiCheck {
    let Gap { mapping, attribute, places, lacking } = gap;
    let reads = format!("The mapping {mapping} reads profile.{attribute} ({})", places.join(", "));
    match lacking {
        Lacking::Everybody(meant) => {
            let problem = Problem::new(
                "unknown-attribute",
                &format!("profile.{attribute} is not in the org's user schema"),
                format!("{reads}, which no user of the org can have{meant}"),
                "Correct the expression and apply the connection again, or add the attribute in Okta's admin console, \
                 at Directory > Profile Editor. Until then it is null for everybody.",
            );
            check(API, Err(Error::Problem(problem, Fate::Fatal)))
        }
        Lacking::Types(types) => note(Problem::new(
            "attribute-of-some-types",
            &format!("profile.{attribute} is not there for every type of user"),
            format!("{reads}, which users of these types do not have: {}.", types.join(", ")),
            "If it is meant to be null for them, there is nothing to do.",
        )),
    }
}

fn not_permitted(why: String) -> Problem {
    Problem::new(
        "schema-not-checked",
        "Custom attributes could not be checked",
        format!("The credential may not read the org's user schema: {why}"),
        "Nothing else needs it. To have the names of attributes checked, give the token's account the role Read-only \
         Administrator, or the service app the scopes okta.schemas.read and okta.userTypes.read.",
    )
}

fn not_checked(why: String) -> Problem {
    Problem::new(
        "schema-not-checked",
        "Custom attributes could not be checked",
        format!("The custom attributes that the mappings read were not checked: {why}"),
        "`rollcall verify` checks them when Okta answers.",
    )
}

fn out_of_time() -> OktaError {
    OktaError::DeadlineReached { what: format!("GET {API}") }
}

/// Something to know that keeps nothing from working.
fn note(problem: Problem) -> ApiCheck {
    ApiCheck { api: API.to_owned(), ok: true, problem: Some(problem) }
}
