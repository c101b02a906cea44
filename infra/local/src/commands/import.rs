//! `import`: loads people whom the directory knew before Okta, from CSV or NDJSON.

use std::path::Path;

use rollcall_shared::handlers::adopt::{Person, adopt};
use serde_json::{Map, Value};

use crate::cli::ImportArguments;
use crate::failure::{Failure, Status};
use crate::session::{Reader, Session};

/// How a field's column may be named in a list of records.
const FIELD_PREFIX: &str = "fields.";

pub(super) async fn run(session: &mut Session, arguments: &ImportArguments) -> Result<Status, Failure> {
    let people = read(&arguments.file)?;
    let stack = session.open().await?;
    let adoption = adopt(&stack.context, &arguments.connection, &arguments.mapping, people).await?;
    match session.reader {
        Reader::Program => session.out.json(&adoption)?,
        Reader::Person => session.out.line(format!(
            "Loaded {} people into {}; {} have a record already and stay as they are. The next sync joins them to Okta \
             by their identifiers.",
            adoption.adopted, arguments.mapping, adoption.known,
        ))?,
    }
    stack.close().await;
    Ok(Status::Done)
}

fn read(file: &Path) -> Result<Vec<Person>, Failure> {
    let shown = file.to_string_lossy();
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::usage(format!("{shown} cannot be read: {error}."), "Name a file of people in UTF-8, CSV or NDJSON.")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let people = if text.trim_start().starts_with('{') { of_ndjson(text) } else { of_csv(text) };
    people.map_err(|detail| {
        let hint = "CSV has a header with `identifier` and the mapping's fields; NDJSON an object of them a line.";
        Failure::usage(format!("{shown}: {detail}."), hint)
    })
}

fn of_csv(text: &str) -> Result<Vec<Person>, String> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    if !header.iter().any(|name| name.trim() == "identifier") {
        return Err("the header has no `identifier`".to_owned());
    }
    let people = reader.records().map(|row| {
        let row = row.map_err(|error| error.to_string())?;
        let cell = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
        person(header.iter().zip(row.iter()).map(|(name, text)| (name.trim().to_owned(), cell(text))).collect())
    });
    people.collect()
}

fn of_ndjson(text: &str) -> Result<Vec<Person>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let people = lines.map(|(index, line)| {
        let object = serde_json::from_str(line).map_err(|error| format!("line {}: {error}", index + 1))?;
        person(object).map_err(|error| format!("line {}: {error}", index + 1))
    });
    people.collect()
}

fn person(mut object: Map<String, Value>) -> Result<Person, String> {
    let identifier = match object.remove("identifier") {
        Some(Value::String(identifier)) => identifier,
        Some(Value::Number(identifier)) => identifier.to_string(),
        _ => return Err("somebody has no `identifier`".to_owned()),
    };
    let nested = match object.remove("fields") {
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err("`fields` is no object".to_owned()),
        None => Map::new(),
    };
    let plain = object.into_iter().map(|(name, value)| (name.trim_start_matches(FIELD_PREFIX).to_owned(), value));
    Ok(Person { identifier, fields: nested.into_iter().chain(plain).collect() })
}

#[cfg(test)]
mod tests {
    use super::{of_csv, of_ndjson};

    #[test]
    fn both_forms_say_the_same() {
        let csv = "identifier,fields.name,desk\nada@acme.example,\"Byron, Ada\",7\nbob@acme.example,Bob,\n";
        let ndjson = "{\"identifier\":\"ada@acme.example\",\"fields\":{\"name\":\"Byron, Ada\"},\"desk\":\"7\"}\n\n\
                      {\"identifier\":\"bob@acme.example\",\"name\":\"Bob\",\"desk\":null}\n";
        assert_eq!(of_csv(csv).unwrap(), of_ndjson(ndjson).unwrap());
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(of_csv("name\nAda\n").unwrap_err().contains("identifier"));
        assert!(of_ndjson("{\"identifier\":\"a\"}\n{\"name\":1}\n").unwrap_err().starts_with("line 2"));
        assert!(of_csv("identifier,name\na\n").is_err());
    }
}
