//! `list`: the directory's records of one mapping, streamed.

use futures::{StreamExt, pin_mut};
use rollcall_shared::Context;
use rollcall_shared::csv::Csv;
use rollcall_shared::model::{Kind, Mapping, Record, State, device_inventory};
use serde::Serialize;
use serde_json::Value;

use super::lookup;
use crate::cli::{ListArguments, RecordFormat};
use crate::failure::{Failure, Status};
use crate::output::Out;
use crate::output::pages::Pages;
use crate::session::{Reader, Session};

pub(super) async fn run(session: &mut Session, arguments: &ListArguments) -> Result<Status, Failure> {
    let stack = session.open().await?;
    let connection = lookup::connection(&stack.context, &arguments.connection).await?;
    let mapping = lookup::mapping(&connection, &arguments.mapping)?;
    let list = List { context: &stack.context, connection: &connection.name, mapping };
    match (arguments.format, session.reader) {
        (Some(RecordFormat::Csv), _) => list.csv(&mut session.out).await?,
        (Some(RecordFormat::Ocsf), _) => list.ocsf(&mut session.out).await?,
        (Some(RecordFormat::Ndjson), _) | (None, Reader::Program) => {
            list.lines(&mut session.out, |record| record).await?
        }
        (Some(RecordFormat::Table), _) | (None, Reader::Person) => list.table(&mut session.out).await?,
    }
    stack.close().await;
    Ok(Status::Done)
}

/// Which records.
pub(crate) struct List<'a> {
    pub(crate) context: &'a Context,
    pub(crate) connection: &'a str,
    pub(crate) mapping: &'a Mapping,
}

impl List<'_> {
    async fn csv(&self, out: &mut Out) -> Result<(), Failure> {
        let records = self.context.directory.records(self.connection, &self.mapping.name);
        pin_mut!(records);
        let mut csv = Csv::records(out, self.mapping.fields.keys().cloned())?;
        while let Some(record) = records.next().await {
            csv.record(&record?)?;
            if csv.writer().is_closed() {
                break;
            }
        }
        Ok(csv.end()?)
    }

    /// Devices as inventory events.
    async fn ocsf(&self, out: &mut Out) -> Result<(), Failure> {
        if self.mapping.kind() != Kind::Device {
            return Err(Failure::usage(
                format!("The mapping {} has no devices, and only devices are OCSF events.", self.mapping.name),
                "Name a mapping whose source is `devices`, or another --format: table, ndjson or csv.",
            ));
        }
        self.lines(out, |record| device_inventory(&record)).await
    }

    /// Each record as a line of JSON, in this shape.
    async fn lines<T: Serialize>(&self, out: &mut Out, shape: impl Fn(Record) -> T) -> Result<(), Failure> {
        let records = self.context.directory.records(self.connection, &self.mapping.name);
        pin_mut!(records);
        while let Some(record) = records.next().await {
            out.row(&shape(record?))?;
            if out.is_closed() {
                break;
            }
        }
        Ok(())
    }

    async fn table(&self, out: &mut Out) -> Result<(), Failure> {
        let records = self.context.directory.records(self.connection, &self.mapping.name);
        pin_mut!(records);
        let fields: Vec<&str> = self.mapping.fields.keys().map(String::as_str).collect();
        let mut pages = Pages::new(["state", "identifier", "id"].into_iter().chain(fields.iter().copied()));
        while let Some(record) = records.next().await {
            pages.add(out, row(&record?, &fields))?;
            if out.is_closed() {
                break;
            }
        }
        if pages.end(out)? == 0 {
            eprintln!("The mapping {} has no records yet.", self.mapping.name);
        }
        Ok(())
    }
}

/// A record as a line for people: its state and why, who it is, the fields.
pub(crate) fn row(record: &Record, fields: &[&str]) -> Vec<String> {
    let state = match (record.state, record.reason) {
        (State::Active, _) => "active".to_owned(),
        (State::Inactive, None) => "inactive".to_owned(),
        (State::Inactive, Some(reason)) => format!("inactive: {}", word(&reason)),
    };
    let mut row = vec![state, record.identifier.clone(), record.id.clone()];
    row.extend(fields.iter().map(|field| text(record.fields.get(*field))));
    row
}

/// The word that stands for a value in JSON.
pub(crate) fn word(value: &impl serde::Serialize) -> String {
    text(serde_json::to_value(value).ok().as_ref())
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
