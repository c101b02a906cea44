//! Runs: their reports, each connection's list of them, and the wish to stop one.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::attribute::to_attribute;
use super::calls::Conditional;
use super::fence::Fence;
use super::keys::{self, Table};
use super::lease::Lease;
use super::list_page::{ListCursor, ListPage};
use super::search::{Direction, Search};
use super::update::{Update, text, whole};
use super::write::word;
use super::{Directory, DirectoryError, expiry};
use crate::report::{RunReport, RunState};

/// How many runs a list of them has.
const LISTED: usize = 100;

/// How many connections' lists are read beside each other.
const LISTS_AT_ONCE: usize = 16;
/// The name of the list of all runs, and of each connection's: they have one order.
const ALL_RUNS: &str = "runs";

/// What others want of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunControl {
    /// Somebody asked for the run to stop.
    pub cancel_requested: bool,
}

impl Directory {
    /// Stores the first report of the lease's run, and enters the run in the connection's list.
    ///
    /// # Errors
    /// As for [`Directory::put_run`].
    pub async fn open_run(&self, lease: &Lease, report: &RunReport) -> Result<RunControl, DirectoryError> {
        // The entry first: should the process end between the two, the list passes over an entry without a report.
        let entry = keys::listed_run(&report.connection, report.started, &report.run);
        let expires = expiry::of_run(report.ended.unwrap_or(report.started));
        let update = Update::new().set("run", text(&report.run)).set(expiry::EXPIRES, expires);
        self.update_under(lease, &entry, update).await?;
        self.put_run(lease, report).await
    }

    /// Stores the report of the lease's run: one write. Once it has ended, only a later holder says that it is at work.
    ///
    /// # Errors
    /// Retryable when the lease has lapsed, a later holder has written, or DynamoDB throttles or is out of reach; fatal
    /// when it refuses.
    pub async fn put_run(&self, lease: &Lease, report: &RunReport) -> Result<RunControl, DirectoryError> {
        let expires = expiry::of_run(report.ended.unwrap_or(report.started));
        let fence = Fence::of(lease);
        let mut update = Update::new()
            .fenced(&fence)
            .set("connection", text(&report.connection))
            .set("job", text(report.job.name()))
            .set("state", text(word(report.state)))
            .set("report", self.report_map(report)?)
            .set(expiry::EXPIRES, expires)
            .returning(ReturnValue::AllNew);
        if report.state == RunState::Running {
            // What was long on its way comes after the end that the same holder has told, and takes it not back.
            let still = text(word(RunState::Running));
            update = update.if_absent_or([(&fence.attribute, "<", whole(fence.token)), ("state", "=", still)]);
        }
        let written = self.update_under(lease, &keys::run_report(&report.run), update).await?;
        let item = written.or_fenced(|| format!("the report of run {}", report.run))?;
        Ok(RunControl { cancel_requested: item.is_true("cancel_requested") })
    }

    /// The report of a run.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or the report is damaged.
    pub async fn run(&self, id: &str) -> Result<Option<RunReport>, DirectoryError> {
        let item = self.get(&keys::run_report(id)).await?;
        item.map(|item| item.value("report")).transpose()
    }

    /// The last 100 runs of a connection, the newest first.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a report is damaged.
    pub async fn runs(&self, connection: &str) -> Result<Vec<RunReport>, DirectoryError> {
        let list = Search {
            direction: Direction::Descending,
            page: i32::try_from(LISTED).ok(),
            ..Search::of(Table::State, keys::listed_runs(connection))
        };
        let entries: Vec<_> = self.rows(list).take(LISTED).try_collect().await?;
        let runs = entries.iter().map(|entry| entry.text("run").map(keys::run_report)).collect::<Result<_, _>>()?;
        let items = self.batch_get(Table::State, runs, &["pk", "sk", "report"]).await?;
        let mut reports: Vec<RunReport> = items.iter().map(|item| item.value("report")).collect::<Result<_, _>>()?;
        reports.sort_unstable_by(|one, other| (other.started, &other.run).cmp(&(one.started, &one.run)));
        Ok(reports)
    }

    /// A page of the runs of these connections, the newest first, from a place on; `None` when that is one of another list.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses, or a report is damaged.
    pub async fn runs_page(
        &self,
        connections: &[String],
        (after, limit): (Option<&ListCursor>, usize),
    ) -> Result<Option<ListPage<RunReport>>, DirectoryError> {
        if after.is_some_and(|after| !after.is_of(ALL_RUNS)) {
            return Ok(None);
        }
        let wanted = limit.saturating_add(1);
        let lists: Vec<_> =
            connections.iter().map(|connection| self.listed_before(connection, after, wanted)).collect();
        let listed: Vec<Vec<(String, String)>> = stream::iter(lists).buffered(LISTS_AT_ONCE).try_collect().await?;
        let mut listed: Vec<(String, String)> = listed.into_iter().flatten().collect();
        listed.sort_unstable_by(|one, other| other.cmp(one));
        let rows = listed.into_iter().take(wanted).map(|(sk, run)| (run, ListCursor::new(ALL_RUNS, 0, &sk)));
        let ListPage { rows, next } = ListPage::of(rows.collect(), limit);
        let wanted = rows.iter().map(|(run, _)| keys::run_report(run)).collect();
        let items = self.batch_get(Table::State, wanted, &["pk", "sk", "report"]).await?;
        let reports: Vec<RunReport> = items.iter().map(|item| item.value("report")).collect::<Result<_, _>>()?;
        let mut reports: HashMap<String, RunReport> =
            reports.into_iter().map(|report| (report.run.clone(), report)).collect();
        // An entry may be without a report: of a process that ended between the two.
        let rows = rows.into_iter().filter_map(|(run, at)| reports.remove(&run).map(|report| (report, at)));
        Ok(Some(ListPage { rows: rows.collect(), next }))
    }

    /// The keys and ids of a connection's newest runs before a place.
    async fn listed_before(
        &self,
        connection: &str,
        before: Option<&ListCursor>,
        wanted: usize,
    ) -> Result<Vec<(String, String)>, DirectoryError> {
        let list = Search {
            // Keys begin with a year.
            range: before.map(|before| "0".to_owned()..before.sk.clone()),
            direction: Direction::Descending,
            page: i32::try_from(wanted.saturating_add(1)).ok(),
            attributes: &["pk", "sk", "run"],
            ..Search::of(Table::State, keys::listed_runs(connection))
        };
        let mut entries = self.rows(list);
        let mut listed = Vec::new();
        while listed.len() < wanted {
            let Some(entry) = entries.try_next().await? else { break };
            let sk = entry.text("sk")?.to_owned();
            if before.is_none_or(|before| before.sk != sk) {
                listed.push((sk, entry.text("run")?.to_owned()));
            }
        }
        Ok(listed)
    }

    /// Asks a run to stop, which it does at its next report. Whether there is such a run.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach; fatal when it refuses.
    pub async fn request_cancel(&self, id: &str) -> Result<bool, DirectoryError> {
        let update = Update::new().if_present("pk").set("cancel_requested", AttributeValue::Bool(true));
        Ok(matches!(self.update(&keys::run_report(id), update).await?, Conditional::Done(_)))
    }

    fn report_map(&self, report: &RunReport) -> Result<AttributeValue, DirectoryError> {
        let refused = |detail: String| DirectoryError::Refused { call: self.call("UpdateItem", Table::State), detail };
        let value = serde_json::to_value(report).map_err(|error| refused(error.to_string()))?;
        to_attribute(&value).map_err(|unfit| refused(format!("the report of run {} {unfit}", report.run)))
    }
}
