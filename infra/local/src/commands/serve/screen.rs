//! How the jobs stand, as a table that is drawn again and again on a terminal; elsewhere a line for each run that ended, and
//! for programs its report.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use rollcall_shared::clock;
use rollcall_shared::model::Time;
use rollcall_shared::report::{Lag, RunReport};

use super::board::{Board, Row};
use crate::failure::{Failure, paragraph};
use crate::logs;
use crate::output::numbers::{grouped, moment, span, units};
use crate::output::tables::table;
use crate::output::{Out, report};
use crate::session::{Reader, Session};

const HEADER: [&str; 8] =
    ["connection", "job", "state", "last run (UTC)", "next", "lag (s)", "calls left", "what came of it"];

/// Where it is shown how the jobs stand.
pub(super) struct Screen {
    /// The place of the table, where there is a terminal for it. Beside logs there is none: they would tear each other apart.
    table: Option<ProgressBar>,
    reader: Reader,
}

impl Screen {
    /// The screen that suits the session.
    pub(super) fn of(session: &Session) -> Screen {
        let has_table = std::io::stderr().is_terminal() && !session.verbose;
        let table = has_table.then(|| {
            let table = ProgressBar::no_length();
            if let Ok(style) = ProgressStyle::with_template("{msg}") {
                table.set_style(style);
            }
            logs::keep_above(&table);
            table
        });
        Screen { table, reader: session.reader }
    }

    /// Tells of a run that ended.
    pub(super) fn tell(&self, out: &mut Out, run: &RunReport) -> Result<(), Failure> {
        match (self.reader, &self.table) {
            (Reader::Program, Some(table)) => table.suspend(|| out.json(run))?,
            (Reader::Program, None) => out.json(run)?,
            (Reader::Person, Some(_)) => {}
            (Reader::Person, None) => eprintln!("{}", line(run)),
        }
        Ok(())
    }

    /// Shows how the jobs stand now.
    pub(super) fn show(&self, board: &Board) {
        if let Some(table) = &self.table {
            table.set_message(drawn(board, clock::now()));
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // What was shown last stays.
        if let Some(table) = &self.table {
            table.abandon();
        }
    }
}

fn drawn(board: &Board, now: Time) -> String {
    if board.rows.is_empty() && board.unreadable.is_empty() {
        return "There are no connections yet: `rollcall apply FILE` in another terminal stores one.".to_owned();
    }
    let rows = board.rows.iter().map(|((connection, job), row)| cells((connection, job.name()), row, now));
    let mut text = table(&HEADER, rows.collect());
    for (connection, why) in &board.unreadable {
        text.push_str(&format!("\n{connection}: {why}"));
    }
    text
}

fn cells((connection, job): (&str, &str), row: &Row, now: Time) -> Vec<String> {
    let last = row.last.as_ref();
    let text = |text: fn(&RunReport) -> String| last.map_or_else(String::new, text);
    vec![
        connection.to_owned(),
        job.to_owned(),
        state(row, now),
        row.standing.last_try.begun.or(last.map(|run| run.started)).map_or_else(String::new, moment),
        next(row, now),
        row.lag.as_ref().map_or_else(String::new, lag),
        text(|run| if run.okta.calls > 0 { grouped(run.progress.calls_left) } else { String::new() }),
        text(came_to),
    ]
}

/// How the job stands: of a run that nobody works on, that it waits.
fn state(row: &Row, now: Time) -> String {
    match &row.last {
        _ if row.standing.last_try.is_at_work(now) => "running".to_owned(),
        None => "never run".to_owned(),
        Some(run) if run.ended.is_none() => "interrupted".to_owned(),
        Some(run) => report::state(run.state).to_owned(),
    }
}

fn next(row: &Row, now: Time) -> String {
    match row.standing.due {
        _ if !row.is_enabled => "disabled".to_owned(),
        None => "off".to_owned(),
        Some(_) if row.standing.last_try.is_at_work(now) => String::new(),
        Some(due) if due <= now => "now".to_owned(),
        Some(due) if due.since(now) < Duration::from_secs(24 * 60 * 60) => format!("in {}", roughly(due.since(now))),
        Some(due) => moment(due),
    }
}

/// A span that changes from second to second is read only when it is short.
fn roughly(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// The median and the largest.
fn lag(lag: &Lag) -> String {
    format!("{} / {}", units(lag.median), units(lag.max))
}

/// What a run did so far, all mappings taken together.
fn came_to(run: &RunReport) -> String {
    let expected = run.progress.expected.filter(|_| run.ended.is_none());
    let done = match expected {
        Some(expected) => format!("{} of {} done", grouped(run.progress.done), grouped(expected)),
        None => format!("{} read", grouped(run.progress.done)),
    };
    let changes = report::changes(run).into_iter().map(|(name, count)| format!("{} {name}", grouped(count)));
    let problem = run.problem.iter().map(|problem| problem.title.clone());
    problem.chain([done]).chain(changes).collect::<Vec<_>>().join(", ")
}

/// A run that ended, as a line.
fn line(run: &RunReport) -> String {
    let ended = run.ended.unwrap_or(run.started);
    let took = span(ended.since(run.started));
    let mut text = format!(
        "{} {} of {}: {} after {took}",
        moment(ended),
        run.job.name(),
        run.connection,
        report::state(run.state)
    );
    let changes = report::changes(run).into_iter().map(|(name, count)| format!("{} {name}", grouped(count)));
    let counts: Vec<String> = [format!("{} read", grouped(run.progress.done))].into_iter().chain(changes).collect();
    text.push_str(&format!(", {} (run {})", counts.join(", "), run.run));
    if let Some(problem) = &run.problem {
        text.push_str(&format!("\n  {}", paragraph(problem)));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use rollcall_shared::handlers::due::Standing;
    use rollcall_shared::model::{Job, LastTry, Time};
    use rollcall_shared::report::{Counts, DynamoDbUse, Lag, OktaUse, Problem, Progress, RunReport, RunState};

    use super::{Board, Row, drawn, line, roughly};

    fn time(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn run(state: RunState, ended: Option<&str>) -> RunReport {
        let counts = Counts { read: 2_000, created: 34, unchanged: 1_966, ..Counts::default() };
        RunReport {
            run: "01JD".to_owned(),
            connection: "acme".to_owned(),
            job: Job::DeltaSync,
            state,
            started: time("2026-11-20T10:00:00Z"),
            ended: ended.map(time),
            invocations: 1,
            mappings: BTreeMap::from([("staff".to_owned(), counts)]),
            progress: Progress { done: 2_000, expected: Some(4_000), per_second: 10.0, calls_left: 472 },
            lag_seconds: Some(Lag { median: 61.25, max: 90.0 }),
            okta: OktaUse { calls: 12, ..OktaUse::default() },
            dynamodb: DynamoDbUse::default(),
            problem: None,
            warnings: Vec::new(),
        }
    }

    fn board(row: Row) -> Board {
        let mut board = Board::default();
        board.rows.insert(("acme".to_owned(), Job::DeltaSync), row);
        board
    }

    fn standing(due: Option<&str>, last_try: LastTry) -> Standing {
        Standing { last_try, due: due.map(time), is_overdue: false }
    }

    #[track_caller]
    fn check(row: Row, expected: &[&str]) {
        let text = drawn(&board(row), time("2026-11-20T10:05:00Z"));
        for expected in expected {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
    }

    #[test]
    fn a_row_says_how_a_job_stands_and_what_comes() {
        let at_work = LastTry {
            begun: Some(time("2026-11-20T10:00:00Z")),
            held_until: Some(time("2026-11-20T10:05:20Z")),
            unfinished: Some("01JD".to_owned()),
            failures: 1,
            ..LastTry::default()
        };
        let succeeded = run(RunState::Succeeded, Some("2026-11-20T10:00:09Z"));
        let idle = standing(Some("2026-11-20T10:15:00Z"), LastTry::default());
        check(
            Row { is_enabled: true, standing: idle.clone(), last: Some(succeeded.clone()), lag: succeeded.lag_seconds },
            &["acme", "delta-sync", "succeeded", "2026-11-20 10:00:00", "in 10 min", "61.3 / 90", "472", "34 created"],
        );
        check(
            Row {
                is_enabled: true,
                standing: standing(None, at_work),
                last: Some(run(RunState::Running, None)),
                lag: None,
            },
            &["running", "2,000 of 4,000 done"],
        );
        check(
            Row { is_enabled: true, standing: idle.clone(), last: Some(run(RunState::Running, None)), lag: None },
            &["interrupted"],
        );
        check(
            Row { is_enabled: false, standing: standing(None, LastTry::default()), last: None, lag: None },
            &["never run", "disabled"],
        );
        check(
            Row { is_enabled: true, standing: standing(None, LastTry::default()), last: Some(succeeded), lag: None },
            &["off"],
        );
        let over = standing(Some("2026-11-20T10:00:00Z"), LastTry::default());
        check(Row { is_enabled: true, standing: over, last: None, lag: None }, &["now"]);
        assert!(drawn(&Board::default(), time("2026-11-20T10:05:00Z")).contains("rollcall apply"));
    }

    #[test]
    fn a_run_that_ended_is_a_line() {
        let mut ended = run(RunState::Failed, Some("2026-11-20T10:00:09Z"));
        ended.problem = Some(Problem::new("okta", "Okta refuses", "The token is not valid.", "Make a new one."));
        assert_eq!(
            line(&ended),
            "2026-11-20 10:00:09 delta-sync of acme: failed after 9.0 s, 2,000 read, 34 created (run 01JD)\n  \
             The token is not valid. Make a new one."
        );
    }

    #[test]
    fn the_time_left_is_told_roughly() {
        assert_eq!(
            [5, 61, 3_599, 7_260].map(|s| roughly(Duration::from_secs(s))),
            ["5 s", "2 min", "60 min", "2 h 1 min"]
        );
    }
}
