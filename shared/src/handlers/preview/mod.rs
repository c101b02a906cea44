//! Preview: what a full import would do and cost, with nothing written, and the plan that a run can be held to.

mod cost;
mod tally;

use std::collections::HashSet;

use futures::TryStreamExt;

pub use self::cost::Cost;
use self::tally::Tally;
pub use self::tally::{Preview, PreviewReport};
use super::connect;
use super::interruption::{Interruption, blind};
use super::sight::everyone;
use crate::context::Context;
use crate::error::{Error, Fate};
use crate::groups::Groups;
use crate::model::{Connection, Mapping, ObjectKind, RawObject, Reason, Time, decode, identify, people_of};
use crate::okta::{Okta, PageRequest};
use crate::preview::Forecast;
pub use crate::preview::Previewed;
use crate::reconcile::Rivals;
use crate::report::Problem;

/// What to preview.
#[derive(Debug, Clone, Default)]
pub struct PreviewOptions {
    /// One mapping by name; all when `None`.
    pub mapping: Option<String>,
    /// How many people to read at most; all when `None`.
    pub limit: Option<u64>,
}

/// Reads the org's people and says what a full import would make of each; `on_change` hears of everybody but those who
/// stay as they are. Writes nothing.
///
/// # Errors
/// Fatal for a mapping that is not there, or a list of people that cannot be trusted; whatever keeps Okta from answering.
pub async fn preview(
    context: &Context,
    name: &str,
    options: PreviewOptions,
    on_change: impl FnMut(Previewed),
) -> Result<Preview, Error> {
    let connection = connect::connection(context, name).await?;
    let mappings = chosen(&connection, options.mapping.as_deref())?;
    let okta = connect::org(context, &connection, None).await?;
    let state = context.directory.connection_state(name).await?;
    let made = connect::same_org(&okta, &connection, &state).await?.asked;
    let is_new = state.first_import.is_none();
    let (_, size) = everyone(&okta).await.map_err(Interruption::into_error)?;
    // How many people there are, as far as the group Everyone or the last import tells.
    let size = size.or(state.last_complete.as_ref().map(|import| import.users));
    let before = okta.used().calls;
    let groups = list_groups(context, &okta, (&connection, &mappings)).await?;
    let forecast = |mapping| Forecast {
        directory: &context.directory,
        connection: &connection,
        mapping,
        groups: &groups,
        is_new,
        rivals: Rivals::default(),
        contested: Vec::new(),
    };
    let mut view = View {
        forecasts: mappings.into_iter().map(forecast).collect(),
        tally: Tally::of(&connection, made, on_change),
        seen: HashSet::new(),
    };
    view.tally.met.calls_for_groups = okta.used().calls - before;
    view.tally.met.reads_members_only = groups.admit_all_that_matter(&connection.mappings);
    view.read(&okta, options.limit).await?;
    if view.seen.is_empty() && options.limit != Some(0) {
        return Err(blind("Okta's list of people is empty, and no org has nobody in it.").into_error());
    }
    if options.limit.is_some() {
        view.tally.met.expected = size;
    } else {
        view.count_absent().await?;
    }
    Ok(view.end())
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
    groups.list(okta).await?;
    Ok(groups)
}

fn chosen<'a>(connection: &'a Connection, name: Option<&str>) -> Result<Vec<&'a Mapping>, Error> {
    // Departments follow from the people whom their mappings count, and those are what a run reads.
    let Some(name) = name else { return Ok(connection.mappings_of_people().map(|(_, mapping)| mapping).collect()) };
    let people = || connection.mapping(&people_of(name));
    let mapping = people().or_else(|| connection.mapping(name));
    if let Some(mapping) = mapping.filter(|mapping| mapping.source.objects() != ObjectKind::User) {
        let source = mapping.source.word();
        let problem = Problem::new(
            "no-preview",
            "There is no preview of this mapping",
            format!("A preview says what a full import would do, and mapping {name:?} makes records of {source}."),
            format!("`rollcall sync {} {}` writes them.", connection.name, mapping.source.job().name()),
        );
        return Err(Error::Problem(problem.with_status(400), Fate::Fatal));
    }
    mapping.map(|mapping| vec![mapping]).ok_or_else(|| {
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

/// A preview at work.
struct View<'a, F> {
    forecasts: Vec<Forecast<'a>>,
    tally: Tally<F>,
    seen: HashSet<String>,
}

impl<F: FnMut(Previewed)> View<'_, F> {
    async fn read(&mut self, okta: &Okta, limit: Option<u64>) -> Result<(), Error> {
        let Some(first) = self.forecasts.first() else { return Ok(()) };
        let mut request = Some(PageRequest::users_created(None, None, &first.connection.attributes()));
        while let Some(asked) = request.take() {
            let mut page = okta.page(&asked).await?;
            self.tally.met.calls_a_minute = okta.calls_a_minute();
            self.tally.met.page = self.tally.met.page.max(page.objects.len() as u64);
            let left = limit.map(|limit| limit.saturating_sub(self.seen.len() as u64) as usize);
            page.objects.truncate(left.unwrap_or(usize::MAX));
            self.take_in(page.objects, okta.now()).await?;
            let enough = limit.is_some_and(|limit| self.seen.len() as u64 >= limit);
            request = page.next.filter(|_| !enough);
        }
        Ok(())
    }

    async fn take_in(&mut self, mut objects: Vec<RawObject>, now: Time) -> Result<(), Error> {
        // A list that moves while it is read may show somebody twice.
        objects.retain(|object| self.seen.insert(identify(object).id));
        self.tally.met.people = self.seen.len() as u64;
        let decoded = decode(ObjectKind::User, &objects);
        for forecast in &mut self.forecasts {
            for previewed in forecast.page(&decoded, now).await? {
                self.tally.add(forecast.mapping, previewed);
            }
        }
        Ok(())
    }

    /// Counts the known records of people who were not listed.
    async fn count_absent(&mut self) -> Result<(), Error> {
        let mut absent: HashSet<String> = HashSet::new();
        for Forecast { directory, connection, mapping, .. } in &self.forecasts {
            let known = directory.known(&connection.name, &mapping.name, None, None);
            let missing: HashSet<String> = known
                .try_fold(HashSet::new(), async |mut missing, known| {
                    let gone = known.current.standing.is_some_and(Reason::is_gone);
                    if !gone && !self.seen.contains(&known.id) {
                        missing.insert(known.id);
                    }
                    Ok(missing)
                })
                .await?;
            self.tally.note_absent(mapping, missing.len() as u64);
            absent.extend(missing);
        }
        self.tally.met.absent = absent.len() as u64;
        Ok(())
    }

    fn end(self) -> Preview {
        let View { forecasts, mut tally, .. } = self;
        for forecast in forecasts {
            let mapping = forecast.mapping;
            forecast.end().into_iter().for_each(|previewed| tally.add(mapping, previewed));
        }
        tally.end()
    }
}
