//! What was measured, and how it is shown.

use std::time::Duration;

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde::Serialize;
use serde_json::{Value, json};
use test_support::lambda::Usage;

/// What one import took.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    pub(crate) users: u64,
    pub(crate) seconds: f64,
    pub(crate) users_per_second: f64,
    pub(crate) peak_rss_mib: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) okta_calls: u64,
    pub(crate) throttled: u64,
    pub(crate) read_units: f64,
    pub(crate) write_units: f64,
    pub(crate) invocations: u64,
    pub(crate) killed: u64,
    pub(crate) processes: u64,
    #[serde(skip)]
    pub(crate) run: Value,
}

impl Figures {
    /// From a run's report, how long it took and how often it was killed, and what its processes took.
    pub(crate) fn new(run: &Value, (took, killed): (Duration, u64), usage: Usage) -> Figures {
        let whole = |value: &Value| value.as_u64().unwrap_or_default();
        let users = whole(&run["progress"]["done"]);
        let seconds = took.as_secs_f64();
        Figures {
            users,
            seconds,
            users_per_second: users as f64 / seconds,
            peak_rss_mib: usage.peak_rss_kib as f64 / 1024.0,
            cpu_seconds: usage.cpu.as_secs_f64(),
            okta_calls: whole(&run["okta"]["calls"]),
            throttled: whole(&run["okta"]["throttled"]),
            read_units: run["dynamodb"]["read_units"].as_f64().unwrap_or_default(),
            write_units: run["dynamodb"]["write_units"].as_f64().unwrap_or_default(),
            invocations: usage.invocations,
            killed,
            processes: usage.processes,
            run: run.clone(),
        }
    }

    fn row(&self, what: &str) -> Vec<String> {
        vec![
            what.to_owned(),
            self.users.to_string(),
            format!("{:.1}", self.seconds),
            format!("{:.0}", self.users_per_second),
            format!("{:.1}", self.peak_rss_mib),
            format!("{:.1}", self.cpu_seconds),
            self.okta_calls.to_string(),
            self.throttled.to_string(),
            format!("{:.0}", self.read_units),
            format!("{:.0}", self.write_units),
            self.invocations.to_string(),
        ]
    }
}

pub(crate) const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));
const HEADER: [&str; 11] = [
    "import",
    "users",
    "s",
    "users/s",
    "peak MiB",
    "CPU s",
    "Okta calls",
    "429s",
    "read units",
    "write units",
    "invocations",
];

/// What a benchmark reports: figures, and bounds that are kept or not.
pub(crate) struct Report {
    table: Option<Table>,
    bounds: Vec<String>,
    all_kept: bool,
}

impl Report {
    /// A report in a table, or in JSON lines.
    pub(crate) fn new(json: bool) -> Report {
        let table = (!json).then(|| {
            let mut table = Table::new();
            table.load_style(STYLE);
            table.set_header(HEADER);
            table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
            table
        });
        Report { table, bounds: Vec::new(), all_kept: true }
    }

    /// Adds an import's figures.
    pub(crate) fn add(&mut self, what: &str, figures: &Figures) {
        match &mut self.table {
            Some(table) => drop(table.add_row(figures.row(what))),
            None => println!("{}", json!({ "import": what, "figures": figures })),
        }
    }

    /// Adds a bound: what it is about, and what was measured against what is allowed.
    pub(crate) fn at_most(&mut self, what: &str, measured: f64, allowed: f64) {
        self.bound(what, (measured, allowed), measured <= allowed);
    }

    /// Adds how far the directory is from the org.
    pub(crate) fn differences(&mut self, what: &str, differences: &[String]) {
        differences.iter().for_each(|difference| eprintln!("{difference}"));
        self.at_most(&format!("{what}: differences between directory and org"), differences.len() as f64, 0.0);
    }

    fn bound(&mut self, what: &str, (measured, allowed): (f64, f64), kept: bool) {
        self.all_kept &= kept;
        if self.table.is_none() {
            println!("{}", json!({ "bound": what, "measured": measured, "allowed": allowed, "kept": kept }));
        }
        let verdict = if kept { "kept  " } else { "BROKEN" };
        self.bounds.push(format!("{verdict}  {what}: {measured:.1}, allowed {allowed:.1}"));
    }

    /// Prints what is not printed yet; whether every bound was kept.
    pub(crate) fn end(self) -> bool {
        if let Some(table) = &self.table {
            if !table.is_empty() {
                println!("{table}");
            }
            println!("{}", self.bounds.join("\n"));
        }
        self.all_kept
    }
}
