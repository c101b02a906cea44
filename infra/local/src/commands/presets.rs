//! `presets`, `preset`: the mappings that come with Rollcall.

use rollcall_shared::model::{Preset, preset, presets};
use serde_json::Value;

use crate::failure::{Failure, Status};
use crate::output::tables::table;
use crate::session::{Reader, Session};

pub(super) fn list(session: &mut Session) -> Result<Status, Failure> {
    match session.reader {
        Reader::Program => presets().iter().try_for_each(|preset| session.out.row(preset))?,
        Reader::Person => {
            let row = |Preset { name, product, mapping, .. }: &Preset| {
                vec![name.clone(), product.clone(), word(&mapping["source"]), target(&mapping["target"])]
            };
            session.out.line(table(&["preset", "product", "source", "makes"], presets().iter().map(row).collect()))?;
            for preset in presets() {
                session.out.line(format!("\n{}: {}", preset.name, preset.description))?;
            }
        }
    }
    Ok(Status::Done)
}

pub(super) fn show(session: &mut Session, name: &str) -> Result<Status, Failure> {
    let Some(preset) = preset(name) else {
        let names: Vec<&str> = presets().iter().map(|preset| preset.name.as_str()).collect();
        let detail = format!("There is no preset {name}.");
        return Err(Failure::usage(detail, format!("The presets are: {}.", names.join(", "))));
    };
    match session.reader {
        Reader::Program => session.out.json(&preset.mapping)?,
        Reader::Person => {
            session.out.line(serde_json::to_string_pretty(&preset.mapping).map_err(std::io::Error::other)?)?;
            // Stdout stays what can be pasted.
            eprintln!("note: {}", preset.description);
        }
    }
    Ok(Status::Done)
}

/// What a mapping makes, in a word or three.
fn target(target: &Value) -> String {
    match (target["kind"].as_str(), target["entity"].as_str(), target["collection"].as_str()) {
        (Some("record"), Some(entity), Some(collection)) => format!("{entity} in {collection}"),
        (Some("login_user"), ..) => "login users".to_owned(),
        _ => word(&target["kind"]),
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
