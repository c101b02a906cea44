//! A validator of Device Inventory Info events, over the rules of the schema's own release.
//!
//! It is stricter than the schema in two things: an event of ours names no profile and uses no deprecated attribute.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::{Map, Value};

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("ocsf-device-inventory-1.8.0.json")).unwrap());

/// Everything that is wrong with an event, each with its path; nothing when it is valid.
pub(super) fn faults(event: &Value) -> Vec<String> {
    let mut validation = Validation { faults: Vec::new() };
    validation.object("", &SCHEMA["class"], event);
    let uid = |name: &str| event[name].as_i64().unwrap_or_default();
    if uid("type_uid") != uid("class_uid") * 100 + uid("activity_id") {
        validation.fault("type_uid", "is not class_uid * 100 + activity_id");
    }
    if event["metadata"]["version"] != SCHEMA["version"] {
        validation.fault("metadata.version", "is not the schema's");
    }
    validation.faults
}

/// Whether a text is as the schema's pattern for this type wants it.
pub(super) fn looks_like(name: &str, text: &str) -> bool {
    SCHEMA["types"][name]["regex"].as_str().is_none_or(|pattern| Regex::new(pattern).unwrap().is_match(text))
}

struct Validation {
    faults: Vec<String>,
}

impl Validation {
    fn fault(&mut self, path: &str, what: &str) {
        self.faults.push(format!("{path} {what}"));
    }

    fn object(&mut self, path: &str, rules: &Value, value: &Value) {
        let Some(members) = value.as_object() else { return self.fault(path, "is no object") };
        let attributes = rules["attributes"].as_object().unwrap();
        for (name, value) in members {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match attributes.get(name) {
                None => self.fault(&path, "is unknown"),
                Some(rules) if rules.get("profile").is_some() => self.fault(&path, "is of a profile"),
                Some(rules) if rules["deprecated"] == true => self.fault(&path, "is deprecated"),
                Some(rules) => {
                    self.attribute(&path, rules, value);
                    self.caption(&path, (name.as_str(), rules), members);
                }
            }
        }
        let is_required = |rules: &Value| rules["requirement"] == "required" && rules.get("profile").is_none();
        for (name, _) in attributes.iter().filter(|(name, rules)| is_required(rules) && !members.contains_key(*name)) {
            self.fault(path, &format!("lacks {name}"));
        }
        self.constraints(path, &rules["constraints"], members);
    }

    fn constraints(&mut self, path: &str, constraints: &Value, members: &Map<String, Value>) {
        let count = |names: &Value| {
            names
                .as_array()
                .map(|names| names.iter().filter(|name| members.contains_key(name.as_str().unwrap())).count())
        };
        if count(&constraints["at_least_one"]) == Some(0) {
            self.fault(path, "has none of those that it needs at least one of");
        }
        if count(&constraints["just_one"]).is_some_and(|count| count != 1) {
            self.fault(path, "has not just one of those that it needs just one of");
        }
    }

    fn attribute(&mut self, path: &str, rules: &Value, value: &Value) {
        match (rules["array"] == true, value) {
            (true, Value::Array(items)) => items.iter().for_each(|item| self.value(path, rules, item)),
            (true, _) => self.fault(path, "is no array"),
            (false, value) => self.value(path, rules, value),
        }
    }

    fn value(&mut self, path: &str, rules: &Value, value: &Value) {
        match rules["object"].as_str() {
            Some("object") if value.is_object() => {}
            Some("object") => self.fault(path, "is no object"),
            Some(name) if SCHEMA["objects"].get(name).is_none() => self.fault(path, "is of an object not kept here"),
            Some(name) => self.object(path, &SCHEMA["objects"][name], value),
            None => self.scalar(path, rules["type"].as_str().unwrap(), value),
        }
        if let Some(values) = rules["enum"].as_object()
            && !values.contains_key(&value.to_string())
        {
            self.fault(path, "is none of the values");
        }
    }

    fn scalar(&mut self, path: &str, name: &str, value: &Value) {
        let rules = &SCHEMA["types"][name];
        let is_of_type = match rules["type"].as_str().unwrap_or(name) {
            "string_t" => value.is_string(),
            "boolean_t" => value.is_boolean(),
            "integer_t" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "long_t" => value.is_i64(),
            "float_t" => value.is_number(),
            "json_t" => true,
            other => panic!("a type that is not kept here: {other}"),
        };
        if !is_of_type {
            return self.fault(path, &format!("is no {name}"));
        }
        if value.as_str().is_some_and(|text| !looks_like(name, text)) {
            self.fault(path, &format!("does not look like {name}"));
        }
        if let (Some(longest), Some(text)) = (rules["max_len"].as_u64(), value.as_str())
            && text.chars().count() as u64 > longest
        {
            self.fault(path, "is too long");
        }
        if let (Some(range), Some(number)) = (rules["range"].as_array(), value.as_i64())
            && !(range[0].as_i64().unwrap()..=range[1].as_i64().unwrap()).contains(&number)
        {
            self.fault(path, "is out of range");
        }
    }

    /// Beside a number with captions stands the caption; beside 99 the source's own word.
    fn caption(&mut self, path: &str, (name, rules): (&str, &Value), members: &Map<String, Value>) {
        let Some(captions) = rules["enum"].as_object() else { return };
        let stem = name.trim_end_matches("_id").trim_end_matches("_uid");
        let beside = members.get(stem).or_else(|| members.get(&format!("{stem}_name"))).and_then(Value::as_str);
        match members[name].to_string().as_str() {
            "99" if beside.is_none_or(str::is_empty) => self.fault(path, "is 99 without a word of the source"),
            "99" => {}
            number if beside.is_some() && captions.get(number).and_then(Value::as_str) != beside => {
                self.fault(path, "has another caption beside it");
            }
            _ => {}
        }
    }
}
