//! What a month costs: the units and calls of each job, measured on an org of a size, times AWS's prices.
//!
//! What cannot be measured here is assumed, and said: how long Okta takes to answer, how many people change, and how large
//! what is stored of a person is.

use std::path::Path;

use comfy_table::{CellAlignment, Table};
use okta_sim::Options;
use serde_json::{Value, json};

use crate::Failure;
use crate::figures::STYLE;
use crate::following::{self, deploy, invoke};
use crate::stage::{FIFTEEN_MINUTES, Stage, UNLIMITED};

/// The functions whose runs depend on the org's size, and those that poll.
pub(crate) const FUNCTIONS: [&str; 3] = following::FUNCTIONS;

/// US dollars, us-east-1, on demand, without the free tier (aws.amazon.com/dynamodb/pricing, …/lambda/pricing,
/// …/cloudwatch/pricing, …/eventbridge/pricing, …/secrets-manager/pricing).
mod price {
    pub(super) const MILLION_READ_UNITS: f64 = 0.125;
    pub(super) const MILLION_WRITE_UNITS: f64 = 0.625;
    /// Storage and its point-in-time recovery.
    pub(super) const STORED_GB: f64 = 0.25 + 0.20;
    pub(super) const LAMBDA_GB_SECOND: f64 = 0.000_016_666_7;
    pub(super) const MILLION_INVOCATIONS: f64 = 0.20;
    pub(super) const MILLION_TICKS: f64 = 1.00;
    pub(super) const METRIC: f64 = 0.30;
    pub(super) const ALARM: f64 = 0.10;
    pub(super) const DASHBOARD: f64 = 3.00;
    pub(super) const SECRET: f64 = 0.40;
    pub(super) const LOGS_GB: f64 = 0.50;
}

/// In a month: polls each minute, a delta each quarter of an hour, an import a week.
const MINUTES: f64 = 43_800.0;
const DELTAS: f64 = MINUTES / 15.0;
const IMPORTS: f64 = 4.35;
/// Functions that look each minute what is due.
const TICKING: f64 = 5.0;
/// One person in twenty changes.
const CHANGED_PERCENT: f64 = 5.0;
/// What the template gives a job's function.
const FUNCTION_GB: f64 = 0.5;
/// How long Okta takes for an answer, and an invocation for all that is not a call.
const CALL_SECONDS: f64 = 0.3;
const INVOCATION_SECONDS: f64 = 0.1;
/// The record, its index entry, its claim, its memberships, and its share of history and feed.
const STORED_BYTES: f64 = 3_000.0;
/// The report and the lease at a run's end, which the report cannot have.
const WRITES_AFTER_THE_REPORT: f64 = 2.0;
/// Metrics, alarms and log lines of a stack in which nothing is wrong.
const METRICS: f64 = 12.0;
const ALARMS: f64 = 17.0;
const LINE_BYTES: f64 = 500.0;
const LINES_A_RUN: f64 = 4.0;

/// What one run took.
#[derive(Debug, Clone, Copy, Default)]
struct Run {
    calls: f64,
    read_units: f64,
    write_units: f64,
}

impl Run {
    fn of(report: &Value) -> Run {
        let number = |value: &Value| value.as_f64().unwrap_or_default();
        Run {
            calls: number(&report["okta"]["calls"]),
            read_units: number(&report["dynamodb"]["read_units"]),
            write_units: number(&report["dynamodb"]["write_units"]),
        }
    }

    fn less(self, other: Run) -> Run {
        Run {
            calls: self.calls - other.calls,
            read_units: self.read_units - other.read_units,
            write_units: self.write_units - other.write_units,
        }
    }

    fn units(self) -> f64 {
        let written = self.write_units + WRITES_AFTER_THE_REPORT;
        (self.read_units * price::MILLION_READ_UNITS + written * price::MILLION_WRITE_UNITS) / 1e6
    }

    fn lambda(self) -> f64 {
        let seconds = INVOCATION_SECONDS + self.calls * CALL_SECONDS;
        seconds * FUNCTION_GB * price::LAMBDA_GB_SECOND + price::MILLION_INVOCATIONS / 1e6
    }
}

/// What was measured on an org of a size.
struct Measured {
    users: f64,
    first: Run,
    import: Run,
    delta: Run,
    poll: Run,
    /// Following one change in a hundred, log and delta together.
    churn: Run,
}

/// Measures each size and prints what a month of it costs.
pub(crate) async fn run(binaries: &Path, sizes: &[usize], as_json: bool) -> Result<(), Failure> {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(["people", "first import", "DynamoDB", "storage", "Lambda", "fixed", "a month"]);
    table.column_iter_mut().for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    for users in sizes {
        let measured = measure(binaries, *users).await?;
        let month = Month::of(&measured);
        let first = measured.first.units() + measured.first.lambda();
        let total = month.dynamodb + month.storage + month.lambda + month.fixed;
        if as_json {
            println!(
                "{}",
                json!({
                    "users": users, "first_import": first, "dynamodb": month.dynamodb, "storage": month.storage,
                    "lambda": month.lambda, "fixed": month.fixed, "month": total,
                    "first_import_write_units": measured.first.write_units, "import_read_units": measured.import.read_units,
                    "delta_read_units": measured.delta.read_units, "poll_read_units": measured.poll.read_units,
                    "poll_write_units": measured.poll.write_units,
                })
            );
        }
        let dollars = |amount: f64| format!("${amount:.2}");
        table.add_row(
            std::iter::once(users.to_string())
                .chain([first, month.dynamodb, month.storage, month.lambda, month.fixed, total].map(dollars)),
        );
    }
    if !as_json {
        println!("{table}");
    }
    Ok(())
}

/// What a month comes to, in US dollars.
struct Month {
    dynamodb: f64,
    storage: f64,
    lambda: f64,
    fixed: f64,
}

impl Month {
    fn of(measured: &Measured) -> Month {
        let Measured { users, import, delta, poll, churn, .. } = *measured;
        let all = |of: fn(Run) -> f64| {
            MINUTES * of(poll) + DELTAS * of(delta) + IMPORTS * of(import) + CHANGED_PERCENT * of(churn)
        };
        // A tick reads the connection and its lease, and writes nothing.
        let tick_units = 2.0 * price::MILLION_READ_UNITS / 1e6;
        let ticks = MINUTES * TICKING;
        let runs = MINUTES + DELTAS + IMPORTS;
        let logs = (runs * LINES_A_RUN + ticks) * LINE_BYTES / 1e9 * price::LOGS_GB;
        Month {
            dynamodb: all(Run::units) + ticks * tick_units,
            storage: users * STORED_BYTES / 1e9 * price::STORED_GB,
            lambda: all(Run::lambda) + ticks * (Run::default().lambda() + price::MILLION_TICKS / 1e6),
            fixed: METRICS * price::METRIC + ALARMS * price::ALARM + price::DASHBOARD + price::SECRET + logs,
        }
    }
}

async fn measure(binaries: &Path, users: usize) -> Result<Measured, Failure> {
    let mut stage = Stage::set(users, Options { limit_per_minute: UNLIMITED, ..Options::default() }).await?;
    let groups = following::add_groups(&mut stage).await;
    stage.world.later(following::HOUR);
    let [import, delta, log] = FUNCTIONS;
    let first = Run::of(&stage.import(&binaries.join(import), FIFTEEN_MINUTES).await?.run);
    stage.world.later(following::HOUR);
    let (delta, log) = (deploy(&stage, binaries, delta).await?, deploy(&stage, binaries, log).await?);
    // The first of each reads what lies further back.
    let _ = (invoke(&stage, &delta).await?, invoke(&stage, &log).await?);
    stage.world.later(following::HOUR);
    let quiet = Run::of(&invoke(&stage, &delta).await?.0);
    // Polls share a run, whose report adds up what they take.
    let before = Run::of(&invoke(&stage, &log).await?.0);
    let poll = Run::of(&invoke(&stage, &log).await?.0).less(before);
    stage.world.later(following::HOUR);
    stage.world.sim.with(|org| following::churn(org, &groups, users / 100));
    let (followed, changed) = (Run::of(&invoke(&stage, &log).await?.0), Run::of(&invoke(&stage, &delta).await?.0));
    let churn = Run {
        calls: followed.calls + changed.calls,
        read_units: followed.read_units + changed.read_units,
        write_units: followed.write_units + changed.write_units,
    };
    let second = Run::of(&stage.import(&binaries.join(import), FIFTEEN_MINUTES).await?.run);
    Ok(Measured { users: users as f64, first, import: second, delta: quiet, poll, churn })
}
