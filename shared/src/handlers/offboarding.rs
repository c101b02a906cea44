//! The offboarding view: people who are inactive in Okta and still hold devices. It reads the directory alone, asks nothing
//! of Okta and writes nothing: it is as fresh as the last runs of the jobs.

use futures::TryStreamExt;

use super::connect;
use crate::context::Context;
use crate::error::Error;
use crate::model::{Connection, Holding, Leavers, ObjectKind, Reason, Source, Tie};

/// What people who have left still hold, by person.
///
/// # Errors
/// Fatal when there is no such connection; retryable when DynamoDB throttles or is out of reach.
pub async fn offboarding(context: &Context, name: &str) -> Result<Vec<Holding>, Error> {
    let connection = connect::connection(context, name).await?;
    let leavers = leavers(context, &connection).await?;
    if leavers.is_empty() {
        return Ok(Vec::new());
    }
    let mut holdings = devices(context, &connection, &leavers).await?;
    let key =
        |holding: &Holding| (holding.identifier.clone(), holding.person.clone(), holding.thing, holding.id.clone());
    holdings.sort_by_cached_key(key);
    Ok(holdings)
}

/// Everybody whom a mapping of people knows as left; those that only count people for departments come last, because they
/// know people by their ids alone.
async fn leavers(context: &Context, connection: &Connection) -> Result<Leavers, Error> {
    let mut leavers = Leavers::default();
    let mut mappings: Vec<_> = connection.mappings_of(ObjectKind::User).map(|(_, mapping)| mapping).collect();
    mappings.sort_by_key(|mapping| mapping.source == Source::PeopleOfDepartments);
    for mapping in mappings {
        let mut records = context.directory.records(&connection.name, &mapping.name);
        while let Some(record) = records.try_next().await? {
            leavers.add(&record);
        }
    }
    Ok(leavers)
}

async fn devices(context: &Context, connection: &Connection, leavers: &Leavers) -> Result<Vec<Holding>, Error> {
    let mut found = Vec::new();
    let mut custodies = context.directory.all_custodies(&connection.name);
    while let Some((device, custody)) = custodies.try_next().await? {
        for holding in leavers.holdings_of(&connection.name, &device, &custody) {
            found.push(described(context, connection, holding).await?);
        }
    }
    Ok(found)
}

/// A holding with what the thing's record says. Of a device that is gone from Okta nobody can be linked any more.
async fn described(context: &Context, connection: &Connection, holding: Holding) -> Result<Holding, Error> {
    for (_, mapping) in connection.mappings_of(ObjectKind::Device) {
        let Some(record) = context.directory.record(&connection.name, &mapping.name, &holding.id).await? else {
            continue;
        };
        let name = record.fields.get("name").and_then(|name| name.as_str()).unwrap_or(&record.identifier);
        let is_gone = record.reason.is_some_and(Reason::is_gone);
        return Ok(Holding {
            name: Some(name.to_owned()),
            tie: if is_gone { Tie::HeldLast } else { holding.tie },
            until: if is_gone { holding.until.or(Some(record.last_changed)) } else { holding.until },
            status: Some(if is_gone { "DELETED".to_owned() } else { record.okta_status }),
            ..holding
        });
    }
    Ok(holding)
}
