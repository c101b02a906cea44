//! How every job of every connection stands, as far as the directory tells: looked at once a second, whoever does the work.

use std::collections::{BTreeMap, HashMap};

use rollcall_shared::handlers::due::{Standing, standing};
use rollcall_shared::model::{Connection, Job, LastTry};
use rollcall_shared::report::{Lag, RunReport, RunState};
use rollcall_shared::{Context, Error, clock};

/// After so many looks the runs are read again though nothing seems to have happened: an approval changes a run that
/// has ended.
const READ_AGAIN_AFTER: u32 = 30;

/// How all jobs stand.
#[derive(Default)]
pub(super) struct Board {
    pub(super) rows: BTreeMap<(String, Job), Row>,
    /// Connections that cannot be read, and why.
    pub(super) unreadable: BTreeMap<String, String>,
    /// By connection, its last runs that ended and were told, as they ended: one that is taken up ends twice, and one that
    /// polls share ever again.
    told: HashMap<String, Vec<RunReport>>,
    looks: u32,
}

/// How a job of a connection stands.
pub(super) struct Row {
    pub(super) is_enabled: bool,
    pub(super) standing: Standing,
    /// The run that is at work, else the one that ended last.
    pub(super) last: Option<RunReport>,
    /// The lag that a run last measured: most find nobody to measure it by.
    pub(super) lag: Option<Lag>,
}

impl Board {
    /// Looks again. Gives the runs that ended since the last look, in the order of their ends; at the first look none.
    ///
    /// # Errors
    /// When the state table cannot be read.
    pub(super) async fn look(&mut self, context: &Context) -> Result<Vec<RunReport>, Error> {
        let (is_first, reads_all) = (self.looks == 0, self.looks.is_multiple_of(READ_AGAIN_AFTER));
        let mut before = std::mem::take(&mut self.rows);
        self.unreadable.clear();
        let mut ended = Vec::new();
        for (name, connection) in context.directory.connections().await? {
            let connection = match connection {
                Ok(connection) => connection,
                Err(error) => {
                    self.unreadable.insert(name, error.to_string());
                    continue;
                }
            };
            let rows = match look_at(context, &connection, &mut before, reads_all).await {
                Ok(rows) => rows,
                Err(error) => {
                    self.unreadable.insert(name, error.to_string());
                    continue;
                }
            };
            if let Some(mut runs) = rows.runs {
                runs.retain(|run| run.ended.is_some());
                let told = self.told.remove(&name).unwrap_or_default();
                ended.extend(runs.iter().filter(|run| is_news_of(&told, run)).cloned());
                self.told.insert(name, runs);
            }
            self.rows.extend(rows.rows);
        }
        self.looks += 1;
        ended.sort_by_key(|run| run.ended);
        if is_first {
            ended.clear();
        }
        Ok(ended)
    }
}

/// What a look at one connection found.
struct Found {
    rows: Vec<((String, Job), Row)>,
    /// Its last runs, where they were read again.
    runs: Option<Vec<RunReport>>,
}

async fn look_at(
    context: &Context,
    connection: &Connection,
    before: &mut BTreeMap<(String, Job), Row>,
    reads_all: bool,
) -> Result<Found, Error> {
    let now = clock::now();
    let mut rows = Vec::new();
    let mut any_news = reads_all;
    for job in Job::ALL {
        let standing = standing(context, connection, job, now).await?;
        let before = before.remove(&(connection.name.clone(), job));
        any_news |= before.as_ref().is_none_or(|row| is_news(&row.standing.last_try, &standing.last_try));
        let (mut last, lag) = before.map(|row| (row.last, row.lag)).unwrap_or_default();
        if let Some(run) = &standing.last_try.unfinished {
            last = context.directory.run(run).await?.or(last);
        } else {
            any_news |= last.as_ref().is_some_and(|run| run.ended.is_none());
        }
        rows.push(((connection.name.clone(), job), Row { is_enabled: connection.enabled, standing, last, lag }));
    }
    if !any_news {
        return Ok(Found { rows, runs: None });
    }
    let runs = context.directory.runs(&connection.name).await?;
    for ((_, job), row) in &mut rows {
        let of_job = || runs.iter().filter(|run| run.job == *job);
        // Not the one that began last: polls share a run that began long ago.
        row.last = of_job().max_by_key(|run| (run.ended.is_none(), run.ended, run.started)).cloned();
        row.lag = of_job().find_map(|run| run.lag_seconds);
    }
    Ok(Found { rows, runs: Some(runs) })
}

/// Whether a run that ended was not told yet, as it ended: not when it only found nothing once more.
fn is_news_of(told: &[RunReport], run: &RunReport) -> bool {
    told.iter().find(|told| told.run == run.run).is_none_or(|told| {
        let found_nothing = run.state == RunState::Succeeded && run.mappings == told.mappings;
        told.ended != run.ended && !found_nothing
    })
}

/// Whether a run began or ended in between; that a lease was renewed is none.
fn is_news(before: &LastTry, now: &LastTry) -> bool {
    (before.begun, &before.unfinished, before.failures) != (now.begun, &now.unfinished, now.failures)
}
