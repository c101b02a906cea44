//! Presets: mappings for products whose integration with Okta is documented, kept as data beside the code.
//!
//! A preset's fields are never taken away from it: stored connections name those that they do without. One that is added
//! comes to stored connections too.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The files. Each has what a [`Preset`] has.
const FILES: [&str; 9] = [
    include_str!("presets/asset-panda-login-users.json"),
    include_str!("presets/asset-panda-reference-records.json"),
    include_str!("presets/xassets-custodians.json"),
    include_str!("presets/infraon-users.json"),
    include_str!("presets/infraon-requesters.json"),
    include_str!("presets/leanix-services.json"),
    include_str!("presets/leanix-employees.json"),
    include_str!("presets/leanix-departments.json"),
    include_str!("presets/sekoia-devices.json"),
];

static PRESETS: LazyLock<Vec<Preset>> =
    LazyLock::new(|| FILES.iter().filter_map(|file| serde_json::from_str(file).ok()).collect());

/// A mapping that comes with Rollcall.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Preset {
    /// Its name, which is also the mapping's unless it is given another.
    pub name: String,
    /// The product whose integration it stands for.
    pub product: String,
    /// What the product's integration does, and what is left to fill in.
    pub description: String,
    /// The mapping, as in a connection's document; what is left to fill in is not there.
    pub mapping: Map<String, Value>,
}

/// All presets, those of one product together.
pub fn presets() -> &'static [Preset] {
    &PRESETS
}

/// The preset of a name.
pub fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}

impl Preset {
    /// Says in a mapping's document which preset it comes from, and that what it lacks of the preset is not wanted: so
    /// expanding it again gives the same mapping.
    pub(super) fn mark(&self, document: &mut Value) {
        let Value::Object(mapping) = document else { return };
        mapping.insert("preset".to_owned(), Value::from(self.name.as_str()));
        fill_with_null(mapping, &self.mapping);
        if let (Some(Value::Object(fields)), Some(Value::Object(known))) =
            (mapping.get_mut("fields"), self.mapping.get("fields"))
        {
            fill_with_null(fields, known);
        }
    }
}

fn fill_with_null(members: &mut Map<String, Value>, known: &Map<String, Value>) {
    for key in known.keys() {
        members.entry(key).or_insert(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Expression;

    #[test]
    fn every_file_is_a_preset_of_its_own() {
        assert_eq!(presets().len(), FILES.len());
        for (place, found) in presets().iter().enumerate() {
            assert!(presets().iter().skip(place + 1).all(|other| other.name != found.name), "{}", found.name);
            assert_eq!(found.mapping["name"], found.name.as_str());
            assert!(found.description.ends_with('.'), "{}", found.name);
            assert_eq!(preset(&found.name), Some(found));
        }
        assert_eq!(preset("no-such-preset"), None);
    }

    #[test]
    fn every_expression_of_a_preset_compiles() {
        for Preset { name, mapping, .. } in presets() {
            let fields = mapping["fields"].as_object().unwrap();
            for source in fields.values().chain([&mapping["identifier"]]) {
                let compiled = Expression::compile(source.as_str().unwrap());
                assert!(compiled.is_ok(), "{name}: {source}: {compiled:?}");
            }
        }
    }
}
