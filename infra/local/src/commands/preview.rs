//! `preview`: what a full import would do and cost, with nothing written but the plan, if one is asked for.

use std::path::Path;

use rollcall_shared::handlers::preview::{Cost, Preview, PreviewOptions, PreviewReport, Previewed, preview};
use rollcall_shared::model::{FromTo, Outcome, Plan};
use serde_json::{Value, json};

use super::lookup;
use crate::cli::PreviewArguments;
use crate::failure::{Failure, Status};
use crate::output::Out;
use crate::output::numbers::{grouped, units};
use crate::output::pages::Pages;
use crate::output::report::counts;
use crate::session::{Reader, Session};

const COLUMNS: [&str; 5] = ["outcome", "mapping", "identifier", "id", "what"];

pub(super) async fn run(session: &mut Session, arguments: PreviewArguments) -> Result<Status, Failure> {
    let stack = session.open().await?;
    let connection = lookup::connection(&stack.context, &arguments.connection).await?;
    if let Some(mapping) = &arguments.mapping {
        lookup::mapping(&connection, mapping)?;
    }
    let mut pages = Pages::new(COLUMNS);
    let (out, reader) = (&mut session.out, session.reader);
    // The handler cannot be stopped by a change that could not be printed; the first error is told at the end.
    let mut printed = Ok(());
    let on_change = |change: Previewed| {
        if printed.is_ok() {
            printed = print(out, reader, &mut pages, &change);
        }
    };
    let options = PreviewOptions { mapping: arguments.mapping, limit: arguments.limit };
    let Preview { report, plan } = preview(&stack.context, &arguments.connection, options, on_change).await?;
    printed?;
    if let Some(file) = &arguments.save {
        save(file, &plan)?;
    }
    match session.reader {
        Reader::Program => session.out.json(&report)?,
        Reader::Person => {
            pages.end(&mut session.out)?;
            session.out.line(summary(&report))?;
            session.out.line("Nothing was written to the directory.")?;
            if let Some(file) = &arguments.save {
                let (count, file) = (grouped(plan.changes.len() as u64), file.display());
                let command = format!("rollcall sync {} full-import --plan {file}", plan.connection);
                session.out.line(format!("A plan of {count} changes was saved; `{command}` carries it out."))?;
            }
        }
    }
    stack.close().await;
    Ok(Status::Done)
}

fn save(file: &Path, plan: &Plan) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(plan).map_err(std::io::Error::from)?;
    std::fs::write(file, text + "\n").map_err(|error| {
        let hint = "Name a file that you may write with --save.";
        Failure::usage(format!("The plan could not be saved in {}: {error}.", file.display()), hint)
    })
}

fn print(out: &mut Out, reader: Reader, pages: &mut Pages, change: &Previewed) -> std::io::Result<()> {
    if reader == Reader::Program {
        return out.row(change);
    }
    if change.outcome == Outcome::Excluded {
        // Mostly the many whom a filter is there to leave out: they are told by their rules at the end.
        return Ok(());
    }
    let outcome = serde_json::to_value(change.outcome)?.as_str().unwrap_or_default().to_owned();
    let identifier = change.identifier.clone().unwrap_or_default();
    pages.add(out, vec![outcome, change.mapping.clone(), identifier, change.id.clone(), what(change)])
}

/// Why, and what would change: first what a person decides by.
fn what(change: &Previewed) -> String {
    let rule = change.rule.map(|rule| format!("left out by {}", word(&json!(rule))));
    let reason = change.reason.clone().filter(|_| change.message.is_none() && rule.is_none());
    let told = change.message.clone().into_iter().chain(rule).chain(reason);
    // The reason says it already; and Okta's time is news only where nothing else is.
    let said = |(name, _): &(&String, &FromTo)| {
        let is_told = ["state", "reason"].contains(&name.as_str()) && change.reason.is_some();
        !is_told && (*name != "source_updated" || change.changed.len() == 1)
    };
    let differences = change.changed.iter().filter(said).map(|(name, FromTo { from, to })| {
        format!("{}: {} → {}", name.strip_prefix("fields.").unwrap_or(name), word(from), word(to))
    });
    told.chain(differences).collect::<Vec<_>>().join("; ")
}

/// A value as people read it.
fn word(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn summary(report: &PreviewReport) -> String {
    let mut lines = vec![counts(&report.mappings)];
    for (mapping, rules) in &report.rules {
        let rules = rules.iter().map(|(rule, count)| format!("{} by {}", grouped(*count), word(&json!(rule))));
        lines.push(format!("{mapping}: left out {}.", rules.collect::<Vec<_>>().join(", ")));
    }
    for (mapping, absent) in report.absent.iter().filter(|(_, absent)| **absent > 0) {
        lines.push(format!("{mapping}: {} known records of people that Okta did not list.", grouped(*absent)));
    }
    lines.push(cost(&report.cost));
    lines.join("\n")
}

fn cost(cost: &Cost) -> String {
    let minutes = match (cost.minutes, cost.calls_a_minute) {
        (Some(minutes), Some(calls)) if minutes < 1.0 => format!(", less than a minute at {} a minute", units(calls)),
        (Some(minutes), Some(calls)) => format!(", {} minutes at {} a minute", units(minutes), units(calls)),
        _ => String::new(),
    };
    let people = match cost.people_expected == cost.people_read {
        true => String::new(),
        false => {
            format!(" of {} people, judged by the {} read", grouped(cost.people_expected), grouped(cost.people_read))
        }
    };
    let (calls, write_units) = (grouped(cost.okta_calls), units(cost.write_units));
    format!("An import{people} would take about {calls} Okta calls{minutes}, and {write_units} DynamoDB write units.")
}

#[cfg(test)]
mod tests {
    use rollcall_shared::handlers::preview::{Cost, Previewed};
    use rollcall_shared::model::{FromTo, Outcome, Rule};
    use serde_json::json;

    fn change() -> Previewed {
        Previewed {
            mapping: "people".to_owned(),
            id: "00u1".to_owned(),
            identifier: None,
            outcome: Outcome::Updated,
            reason: None,
            message: None,
            rule: None,
            changed: [
                ("fields.title".to_owned(), FromTo { from: json!("Analyst"), to: json!(null) }),
                ("source_updated".to_owned(), FromTo { from: json!("a"), to: json!("b") }),
            ]
            .into(),
            change: None,
        }
    }

    #[test]
    fn a_row_says_what_a_person_decides_by() {
        assert_eq!(super::what(&change()), "title: Analyst → –");
        let left = Previewed { reason: Some("out_of_scope".to_owned()), rule: Some(Rule::Departments), ..change() };
        assert_eq!(super::what(&left), "left out by departments; title: Analyst → –");
    }

    #[test]
    fn the_cost_is_a_sentence() {
        let cost =
            Cost { people_read: 5, people_expected: 5, okta_calls: 57, write_units: 20_200.0, ..Cost::default() };
        assert_eq!(
            super::cost(&Cost { calls_a_minute: Some(480.0), minutes: Some(0.1), ..cost }),
            "An import would take about 57 Okta calls, less than a minute at 480 a minute, and 20,200 DynamoDB write units."
        );
    }
}
