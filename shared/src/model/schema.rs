//! The org's user schema: which attributes a profile may have, by type of user, and what mappings read beside them.
//!
//! Okta keeps a schema for each type of user. All of them have the base attributes; custom ones may differ (Okta's page
//! "Schemas").

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::suggest::suggestion;
use super::{Connection, Mapping};

/// The attributes that every type of user has (Okta's page "Users", default profile properties).
const BASE: [&str; 31] = [
    "city",
    "costCenter",
    "countryCode",
    "department",
    "displayName",
    "division",
    "email",
    "employeeNumber",
    "firstName",
    "honorificPrefix",
    "honorificSuffix",
    "lastName",
    "locale",
    "login",
    "manager",
    "managerId",
    "middleName",
    "mobilePhone",
    "nickName",
    "organization",
    "postalAddress",
    "preferredLanguage",
    "primaryPhone",
    "profileUrl",
    "secondEmail",
    "state",
    "streetAddress",
    "timezone",
    "title",
    "userType",
    "zipCode",
];

/// The types of user of an org, with their attributes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserSchema {
    /// By the type's name: the attributes that a profile of this type may have.
    pub types: BTreeMap<String, BTreeSet<String>>,
}

/// An attribute that a mapping reads and that not every profile may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The mapping's name.
    pub mapping: String,
    /// The attribute's name, without `profile.`.
    pub attribute: String,
    /// The keys of the mapping whose expressions read it, such as `fields.badge`.
    pub places: Vec<String>,
    /// Who lacks it.
    pub lacking: Lacking,
}

/// Who lacks an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lacking {
    /// Everybody: no schema has it. With "; did you mean …?" where another name is near, else empty.
    Everybody(String),
    /// Users of these types.
    Types(Vec<String>),
}

impl UserSchema {
    /// The attributes that one type's schema has, as Okta describes it.
    pub fn attributes_of(schema: &Value) -> BTreeSet<String> {
        let parts = ["base", "custom"].map(|part| &schema["definitions"][part]["properties"]);
        let named = parts.into_iter().filter_map(Value::as_object).flat_map(|properties| properties.keys().cloned());
        named.chain(BASE.map(str::to_owned)).collect()
    }

    /// What the connection's mappings read that not every profile may have.
    pub fn gaps(&self, connection: &Connection) -> Vec<Gap> {
        let known: BTreeSet<&str> = self.types.values().flatten().map(String::as_str).collect();
        let read = connection.mappings.iter().flat_map(|mapping| {
            custom_attributes(mapping).into_iter().map(move |(attribute, places)| (mapping, attribute, places))
        });
        let gap = |(mapping, attribute, places): (&Mapping, String, Vec<String>)| {
            let lacks = |(_, attributes): &(&String, &BTreeSet<String>)| !attributes.contains(&attribute);
            let lacking = self.types.iter().filter(lacks).map(|(name, _)| name.clone()).collect::<Vec<_>>();
            let lacking = match lacking.len() {
                0 => return None,
                _ if known.contains(attribute.as_str()) => Lacking::Types(lacking),
                _ => Lacking::Everybody(suggestion(&attribute, known.iter().copied())),
            };
            Some(Gap { mapping: mapping.name.clone(), attribute, places, lacking })
        };
        read.filter_map(gap).collect()
    }
}

/// Whether a connection's mappings read attributes that depend on the org: only then its schema matters.
pub fn reads_custom_attributes(connection: &Connection) -> bool {
    connection.mappings.iter().any(|mapping| !custom_attributes(mapping).is_empty())
}

/// The attributes beside the base ones that a mapping reads, with the keys that read them.
fn custom_attributes(mapping: &Mapping) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (place, expression) in mapping.user_expressions() {
        let mut attributes = super::Attributes::default();
        expression.attributes(&mut attributes);
        for attribute in attributes.profile.into_iter().filter(|name| !BASE.contains(&name.as_str())) {
            found.entry(attribute).or_default().push(place.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn connection(fields: &Value) -> Connection {
        let document = json!({
            "name": "acme",
            "okta": { "url": "https://acme.okta.com", "auth": { "kind": "api_token", "secret": "s" } },
            "mappings": [{
                "name": "staff", "source": "users", "identifier": "profile.login", "fields": fields,
                "target": { "kind": "record", "entity": "E", "collection": "C" },
            }],
        });
        Connection::parse(&document.to_string()).unwrap()
    }

    fn schema(custom: &[&str]) -> BTreeSet<String> {
        let properties: serde_json::Map<String, Value> =
            custom.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
        UserSchema::attributes_of(&json!({
            "definitions": { "base": { "properties": { "login": {} } }, "custom": { "properties": properties } }
        }))
    }

    #[test]
    fn base_attributes_are_always_there() {
        assert!(BASE.is_sorted());
        let plain = connection(&json!({ "a": "profile.costCenter", "b": "id", "c": "profile" }));
        assert!(!reads_custom_attributes(&plain));
        let types = BTreeMap::from([("user".to_owned(), UserSchema::attributes_of(&json!({})))]);
        assert_eq!(UserSchema { types }.gaps(&plain), []);
    }

    #[test]
    fn what_no_type_has_is_unknown_and_what_one_lacks_is_said() {
        let types = [("user", schema(&["badgeNumber", "agency"])), ("contractor", schema(&["agency"]))];
        let schema = UserSchema { types: types.map(|(name, attributes)| (name.to_owned(), attributes)).into() };
        let connection = connection(&json!({
            "badge": "profile.badgeNumber", "agency": "profile.agency", "badge2": "upper(profile.badgenumber)",
            "x": "profile.nothingLikeIt", "y": "profile.{a: nothingLikeIt}"
        }));
        assert!(reads_custom_attributes(&connection));
        let found: Vec<(String, Vec<String>, Lacking)> =
            schema.gaps(&connection).into_iter().map(|gap| (gap.attribute, gap.places, gap.lacking)).collect();
        let places = |names: &[&str]| names.iter().map(|name| format!("fields.{name}")).collect::<Vec<_>>();
        assert_eq!(
            found,
            [
                ("badgeNumber".to_owned(), places(&["badge"]), Lacking::Types(vec!["contractor".to_owned()])),
                (
                    "badgenumber".to_owned(),
                    places(&["badge2"]),
                    Lacking::Everybody("; did you mean `badgeNumber`?".to_owned())
                ),
                ("nothingLikeIt".to_owned(), places(&["x", "y"]), Lacking::Everybody(String::new())),
            ]
        );
    }
}
