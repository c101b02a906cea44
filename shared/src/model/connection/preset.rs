//! Mappings that begin with a preset: what the document says beside `preset` is laid over it before anything is read.

use serde_json::{Map, Value};

use super::faults::{Faults, element, member};
use super::section::{Section, text};
use super::suggest::suggestion;
use crate::model::{Preset, preset, presets};

/// What a mapping may have; a null in one of these takes away what the preset says.
const KEYS: [&str; 10] =
    ["name", "source", "target", "identifier", "rejoin", "resolve", "filter", "roles", "fields", "required"];

/// The mappings with their presets expanded; those without a preset, or with an unknown one, as they are.
pub(super) fn expand_all(mappings: &[Value], path: &str, faults: &mut Faults) -> Vec<Value> {
    let mappings = mappings.iter().enumerate();
    mappings.map(|(index, mapping)| expand(mapping, &element(path, index), faults)).collect()
}

/// The name of the preset that a mapping says it begins with; `None` only if there are faults.
///
/// What an unknown preset would have brought cannot be missed.
pub(super) fn read(section: &mut Section<'_>, faults: &mut Faults) -> Option<Option<String>> {
    let Some(value) = section.optional("preset") else { return Some(None) };
    let Some(name) = text(value, &section.at("preset"), faults) else {
        section.excuse();
        return None;
    };
    if preset(name).is_some() {
        return Some(Some(name.to_owned()));
    }
    section.excuse();
    let hint = suggestion(name, presets().iter().map(|preset| preset.name.as_str()));
    let hint = if hint.is_empty() { "; `rollcall presets` lists them".to_owned() } else { hint };
    faults.add(section.at("preset"), format!("there is no preset `{name}`{hint}"));
    None
}

fn expand(mapping: &Value, path: &str, faults: &mut Faults) -> Value {
    let named = mapping.get("preset").and_then(Value::as_str).and_then(preset);
    match (mapping, named) {
        (Value::Object(own), Some(preset)) => Value::Object(lay_over(preset, own, (path, faults))),
        _ => mapping.clone(),
    }
}

fn lay_over(preset: &Preset, own: &Map<String, Value>, (path, faults): (&str, &mut Faults)) -> Map<String, Value> {
    let mut mapping = preset.mapping.clone();
    for (key, value) in own {
        match (value, mapping.get_mut(key)) {
            (Value::Null, _) if KEYS.contains(&key.as_str()) => drop(mapping.remove(key)),
            (Value::Object(own), Some(Value::Object(fields))) if key == "fields" => {
                merge(fields, own, (&member(path, key), faults));
            }
            _ => drop(mapping.insert(key.clone(), value.clone())),
        }
    }
    mapping.entry("name").or_insert_with(|| Value::from(preset.name.as_str()));
    mapping
}

/// Fields by name: another expression in place of the preset's, a further field, or none.
fn merge(fields: &mut Map<String, Value>, own: &Map<String, Value>, (path, faults): (&str, &mut Faults)) {
    for (name, value) in own {
        if !value.is_null() {
            fields.insert(name.clone(), value.clone());
        } else if fields.remove(name).is_none() {
            let hint = suggestion(name, fields.keys().map(String::as_str));
            faults.add(member(path, name), format!("the preset has no such field to leave out{hint}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Faults, expand_all};
    use crate::model::{Connection, presets};

    fn expanded(mapping: &Value) -> Value {
        let mut faults = Faults::default();
        let expanded = expand_all(std::slice::from_ref(mapping), "mappings", &mut faults).remove(0);
        assert_eq!(faults.into_vec(), []);
        expanded
    }

    fn parsed(mappings: &Value) -> Result<Connection, Vec<String>> {
        let document = json!({
            "name": "acme", "mappings": mappings,
            "okta": { "url": "https://acme.okta.com", "auth": { "kind": "api_token", "secret": "s" } },
        });
        Connection::parse(&document.to_string()).map_err(|faults| faults.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_preset_alone_is_a_whole_mapping() {
        for preset in presets() {
            let mut expected = Value::Object(preset.mapping.clone());
            expected["preset"] = json!(preset.name);
            assert_eq!(expanded(&json!({ "preset": preset.name })), expected);
        }
    }

    #[test]
    fn what_stands_beside_it_replaces_merges_and_removes() {
        let found = expanded(&json!({
            "preset": "infraon-requesters", "name": "staff", "required": null, "filter": { "statuses": ["ACTIVE"] },
            "target": { "kind": "record", "entity": "E", "collection": "C" },
            "fields": { "mobile": null, "email": "lower(profile.email)", "city": "profile.city" },
        }));
        assert_eq!((&found["name"], &found["target"]["entity"]), (&json!("staff"), &json!("E")));
        assert_eq!(found.get("required"), None);
        assert_eq!(found["filter"], json!({ "statuses": ["ACTIVE"] }));
        let fields = found["fields"].as_object().unwrap();
        assert_eq!(fields.get("mobile"), None);
        assert_eq!((&fields["email"], &fields["city"]), (&json!("lower(profile.email)"), &json!("profile.city")));
        assert_eq!(fields["username"], "profile.login");
        let without_name = expanded(&json!({ "preset": "xassets-custodians", "name": null }));
        assert_eq!(without_name["name"], "xassets-custodians");
    }

    #[test]
    fn the_stored_document_gives_the_same_connection_again() {
        for own in [
            json!({}),
            json!({ "name": "custodians", "filter": { "departments": ["Sales"] } }),
            json!({ "fields": { "job_title": null, "full_name": null, "desk": "profile.deskNumber" } }),
            json!({ "required": ["email"], "identifier": "profile.login" }),
            json!({ "filter": null, "roles": null, "required": null }),
        ] {
            let mut mapping = own.clone();
            mapping["preset"] = json!("xassets-custodians");
            let connection = parsed(&json!([mapping])).unwrap();
            let document = connection.document();
            assert_eq!(document["mappings"][0]["preset"], "xassets-custodians");
            assert_eq!(document["mappings"][0]["target"]["entity"], "Custodian");
            let again = Connection::parse(&document.to_string()).unwrap();
            assert_eq!((&again, again.document()), (&connection, document), "{own}");
        }
        let plain = parsed(&json!([{ "preset": "xassets-custodians", "fields": { "job_title": null } }])).unwrap();
        assert!(!plain.mappings[0].fields.contains_key("job_title"));
    }

    #[test]
    fn faults_have_their_path() {
        for (mapping, expected) in [
            (
                json!({ "preset": "xassets-custodian", "feilds": {} }),
                vec![
                    "mappings[0].preset: there is no preset `xassets-custodian`; did you mean `xassets-custodians`?",
                    "mappings[0].feilds: unknown key; did you mean `fields`?",
                ],
            ),
            (
                json!({ "preset": "something" }),
                vec!["mappings[0].preset: there is no preset `something`; `rollcall presets` lists them"],
            ),
            (json!({ "preset": null }), vec!["mappings[0].preset: expected a string, not null"]),
            (
                json!({ "preset": "xassets-custodians", "fields": { "job_titel": null, "x": "[" } }),
                vec![
                    "mappings[0].fields.job_titel: the preset has no such field to leave out; did you mean `job_title`?",
                    "mappings[0].fields.x: not a JMESPath expression: the expression ends too early, at character 2",
                ],
            ),
            (
                json!({ "preset": "xassets-custodians", "fields": [], "filtr": null }),
                vec![
                    "mappings[0].fields: expected an object of names and expressions, not a list",
                    "mappings[0].filtr: unknown key; did you mean `filter`?",
                ],
            ),
            (
                json!({ "preset": "xassets-custodians", "required": ["job_title"], "fields": { "job_title": null } }),
                vec!["mappings[0].required[0]: `job_title` is not one of the fields"],
            ),
            (json!({ "preset": "xassets-custodians", "identifier": null }), vec!["mappings[0].identifier: is missing"]),
        ] {
            assert_eq!(parsed(&json!([mapping])).unwrap_err(), expected, "{mapping}");
        }
        let twice = json!([{ "preset": "xassets-custodians" }, { "preset": "xassets-custodians" }]);
        let expected = "mappings[1].name: `xassets-custodians` is the name of mappings[0] already";
        assert_eq!(parsed(&twice).unwrap_err(), [expected]);
    }
}
