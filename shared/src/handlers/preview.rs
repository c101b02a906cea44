//! Preview: what a full import would do, with nothing written.

use std::collections::{BTreeMap, HashSet};

use futures::TryStreamExt;
use serde::Serialize;

use super::connect;
use super::interruption::blind;
use crate::context::Context;
use crate::error::{Error, Fate};
use crate::groups::Groups;
use crate::model::{Connection, Mapping, Outcome, Reason, decode, id_of, identify};
use crate::okta::{Everyone, Okta, PageRequest};
use crate::report::{Counts, Problem};
use crate::sync::{Previewed, preview_page};

/// What to preview.
#[derive(Debug, Clone, Default)]
pub struct PreviewOptions {
    /// One mapping by name; all when `None`.
    pub mapping: Option<String>,
    /// How many people to read at most; all when `None`.
    pub limit: Option<u64>,
}

/// What would become of one person under one mapping.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreviewedChange {
    /// The mapping.
    pub mapping: String,
    /// The Okta id.
    pub id: String,
    /// The identifier, as far as it could be computed.
    pub identifier: Option<String>,
    /// What would become of it.
    pub outcome: Outcome,
    /// Why the record would be inactive, or what keeps it from syncing.
    pub reason: Option<String>,
}

/// What a full import would do, counted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PreviewReport {
    /// The connection.
    pub connection: String,
    /// The buckets, by mapping.
    pub mappings: BTreeMap<String, Counts>,
    /// Known records that Okta did not list, by mapping: a full import asks for each by id before anything becomes of it.
    pub absent: BTreeMap<String, u64>,
}

/// Reads the org's people and says what a full import would make of each; `on_change` hears of all that would change.
///
/// # Errors
/// Fatal for a mapping that is not there, or a list of people that cannot be trusted; whatever keeps Okta from answering.
pub async fn preview(
    context: &Context,
    name: &str,
    options: PreviewOptions,
    mut on_change: impl FnMut(PreviewedChange),
) -> Result<PreviewReport, Error> {
    let connection = connect::connection(context, name).await?;
    let mappings = chosen(&connection, options.mapping.as_deref())?;
    let okta = connect::org(context, &connection, None).await?;
    let state = context.directory.connection_state(name).await?;
    connect::same_org(&okta, &connection, &state).await?;
    if okta.everyone().await? == Everyone::NotThere {
        return Err(blind("The group Everyone is not there, and no org lacks it.").into_error());
    }
    let groups = list_groups(context, &okta, (&connection, &mappings)).await?;
    let mut report = PreviewReport { connection: name.to_owned(), mappings: BTreeMap::new(), absent: BTreeMap::new() };
    let mut seen = HashSet::new();
    let mut request = Some(PageRequest::users_created(None, None, &connection.attributes()));
    while let Some(asked) = request.take() {
        let mut page = okta.page(&asked).await?;
        let left = options.limit.map(|limit| limit.saturating_sub(seen.len() as u64) as usize);
        page.objects.truncate(left.unwrap_or(usize::MAX));
        seen.extend(page.objects.iter().map(|object| identify(object).id));
        let decoded = decode(&page.objects);
        for mapping in &mappings {
            let counts = report.mappings.entry(mapping.name.clone()).or_default();
            let directory = &context.directory;
            let people =
                decoded.iter().map(|object| (object, groups.memberships(groups.roster().groups(id_of(object)))));
            for previewed in preview_page(directory, &connection, mapping, people, okta.now()).await? {
                counts.add(previewed.outcome);
                if !matches!(previewed.outcome, Outcome::Unchanged | Outcome::Excluded) {
                    on_change(change(mapping, previewed));
                }
            }
        }
        let enough = options.limit.is_some_and(|limit| seen.len() as u64 >= limit);
        request = page.next.filter(|_| !enough);
    }
    if seen.is_empty() && options.limit != Some(0) {
        return Err(blind("Okta's list of people is empty, and no org has nobody in it.").into_error());
    }
    if options.limit.is_none() {
        for mapping in &mappings {
            report.absent.insert(mapping.name.clone(), absent(context, &connection, mapping, &seen).await?);
        }
    }
    Ok(report)
}

/// The mapped groups with their members.
async fn list_groups(
    context: &Context,
    okta: &Okta,
    (connection, mappings): (&Connection, &[&Mapping]),
) -> Result<Groups, Error> {
    let groups = Groups::resolve(okta, &context.directory, connection).await?.groups;
    if let Some(problem) = mappings.iter().find_map(|mapping| groups.broken().get(&mapping.name)) {
        return Err(Error::Problem(problem.clone(), Fate::Fatal));
    }
    for (place, group) in groups.listed() {
        let mut request = Some(PageRequest::group_members(&group.id));
        while let Some(asked) = request {
            let page = okta.page(&asked).await?;
            for object in &page.objects {
                groups.roster().add(&identify(object).id, place);
            }
            request = page.next;
        }
    }
    Ok(groups)
}

fn chosen<'a>(connection: &'a Connection, name: Option<&str>) -> Result<Vec<&'a Mapping>, Error> {
    let Some(name) = name else { return Ok(connection.mappings.iter().collect()) };
    connection.mapping(name).map(|mapping| vec![mapping]).ok_or_else(|| {
        let names: Vec<&str> = connection.mappings.iter().map(|mapping| mapping.name.as_str()).collect();
        let problem = Problem::new(
            "unknown-mapping",
            "There is no such mapping",
            format!("Connection {} has no mapping {name:?}.", connection.name),
            format!("Its mappings are: {}.", names.join(", ")),
        );
        Error::Problem(problem.with_status(404), Fate::Fatal)
    })
}

fn change(mapping: &Mapping, previewed: Previewed) -> PreviewedChange {
    let Previewed { id, identifier, outcome, reason } = previewed;
    PreviewedChange { mapping: mapping.name.clone(), id, identifier, outcome, reason }
}

async fn absent(
    context: &Context,
    connection: &Connection,
    mapping: &Mapping,
    seen: &HashSet<String>,
) -> Result<u64, Error> {
    let known = context.directory.known(&connection.name, &mapping.name, None, None);
    let absent = known.try_fold(0, async |absent, known| {
        let gone = known.current.standing.is_some_and(Reason::is_gone);
        Ok(absent + u64::from(!gone && !seen.contains(&known.id)))
    });
    Ok(absent.await?)
}
