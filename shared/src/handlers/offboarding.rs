//! The offboarding view: people who are inactive in Okta and still hold devices or applications. It reads the directory alone, asks nothing
//! of Okta and writes nothing: it is as fresh as the last runs of the jobs.

use std::collections::HashMap;

use futures::TryStreamExt;

use super::connect;
use crate::context::Context;
use crate::error::Error;
use crate::model::{Connection, Holding, Leavers, ObjectKind, Reason, Record, Source, Thing, Tie};

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
    holdings.extend(applications(context, &connection, &leavers).await?);
    let key =
        |holding: &Holding| (holding.identifier.clone(), holding.person.clone(), holding.thing, holding.id.clone());
    holdings.sort_by_cached_key(key);
    // Somebody may have held it under two Okta ids, or stand twice in a list that is being written.
    holdings.dedup_by(|later, earlier| {
        (&later.person, later.thing, &later.id) == (&earlier.person, earlier.thing, &earlier.id)
    });
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
            let record = record(context, connection, (ObjectKind::Device, &device)).await?;
            found.push(record.map_or(holding.clone(), |record| held(holding, record)));
        }
    }
    Ok(found)
}

/// The applications that are still assigned to people who have left, as they were last listed; also where the account in
/// the application is switched off, for it is there.
async fn applications(context: &Context, connection: &Connection, leavers: &Leavers) -> Result<Vec<Holding>, Error> {
    let mut found = Vec::new();
    let mut records: HashMap<String, Option<Record>> = HashMap::new();
    let mut assignments = context.directory.assignments(&connection.name);
    while let Some((app, (person, assignment))) = assignments.try_next().await? {
        let Some(leaver) = leavers.get(&person) else { continue };
        if !records.contains_key(&app) {
            let record = record(context, connection, (ObjectKind::App, &app)).await?;
            records.insert(app.clone(), record);
        }
        let holding = leaver.holding(&connection.name, (Thing::Application, &app), Tie::Assigned);
        let record = records.get(&app).cloned().flatten();
        // Of an application that is gone from Okta nothing is left to anybody.
        if record.as_ref().is_some_and(|record| record.reason.is_some_and(Reason::is_gone)) {
            continue;
        }
        let named = record.map_or(holding.clone(), |record| named(holding, record));
        found.push(Holding { since: assignment.since, ..named });
    }
    Ok(found)
}

/// The record of a thing, under the first mapping that has one.
async fn record(
    context: &Context,
    connection: &Connection,
    (kind, id): (ObjectKind, &str),
) -> Result<Option<Record>, Error> {
    for (_, mapping) in connection.mappings_of(kind) {
        let record = context.directory.record(&connection.name, &mapping.name, id).await?;
        if record.is_some() {
            return Ok(record);
        }
    }
    Ok(None)
}

/// A holding with the thing's name and status.
fn named(holding: Holding, record: Record) -> Holding {
    let name = record.fields.get("name").and_then(|name| name.as_str()).unwrap_or(&record.identifier);
    Holding { name: Some(name.to_owned()), status: Some(record.okta_status), ..holding }
}

/// A held device with what its record says. Of one that is gone from Okta nobody can be linked any more.
fn held(holding: Holding, record: Record) -> Holding {
    let (is_gone, last_changed) = (record.reason.is_some_and(Reason::is_gone), record.last_changed);
    let named = named(holding, record);
    if !is_gone {
        return named;
    }
    let until = named.until.or(Some(last_changed));
    Holding { tie: Tie::HeldLast, until, status: Some("DELETED".to_owned()), ..named }
}
