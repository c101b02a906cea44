//! Reading a connection's mappings.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::access;
use super::faults::{Faults, element, member};
use super::section::{Section, label, labels, text, type_of};
use super::suggest::suggestion;
use super::{name, preset};
use crate::model::filter::Departments;
use crate::model::{Expression, Filter, MANAGER, Mapping, ObjectKind, Source, Target};

const MOST_MAPPINGS: usize = 50;
const MOST_FIELDS: usize = 200;
const LONGEST_FIELD: usize = 128;
const LONGEST_LABEL: usize = 200;
const SOURCES: [&str; 4] = ["users", "departments", "devices", "apps"];
const TARGETS: [&str; 2] = ["record", "login_user"];

/// Reads the list of mappings.
pub(super) fn read(value: &Value, path: &str, faults: &mut Faults) -> Option<Vec<Mapping>> {
    let Value::Array(values) = value else {
        faults.add(path, format!("expected a list of mappings, not {}", type_of(value)));
        return None;
    };
    if values.is_empty() {
        faults.add(path, "must not be empty: a connection needs at least one mapping");
        return None;
    }
    if values.len() > MOST_MAPPINGS {
        faults.add(path, format!("has {} mappings; at most {MOST_MAPPINGS} are allowed", values.len()));
        return None;
    }
    let values = preset::expand_all(values, path, faults);
    check_names(&values, path, faults);
    let mappings: Vec<Option<Mapping>> =
        values.iter().enumerate().map(|(index, value)| read_mapping(value, &element(path, index), faults)).collect();
    let mappings: Vec<Mapping> = mappings.into_iter().collect::<Option<_>>()?;
    Some(mappings.into_iter().flat_map(|mapping| [mapping.people_counted(), Some(mapping)]).flatten().collect())
}

/// Names are compared before anything else is read, so that a mapping with other faults still takes its name.
fn check_names(values: &[Value], path: &str, faults: &mut Faults) {
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, value) in values.iter().enumerate() {
        let Some(name) = value.get("name").and_then(Value::as_str) else { continue };
        if let Some(first) = taken.get(name) {
            let place = member(&element(path, index), "name");
            faults.add(place, format!("`{name}` is the name of {} already", element(path, *first)));
        } else {
            taken.insert(name, index);
        }
    }
}

fn read_mapping(value: &Value, path: &str, faults: &mut Faults) -> Option<Mapping> {
    let mut section = Section::open(value, path, faults)?;
    let preset = preset::read(&mut section, faults);
    let source = read_source(&mut section, faults);
    let target =
        section.required("target", faults).and_then(|target| read_target(target, &section.at("target"), faults));
    let name = section
        .text("name", faults)
        .and_then(|text| faults.note(&section.at("name"), name::check(text)).map(|()| text.to_owned()));
    let identifier = section
        .text("identifier", faults)
        .and_then(|text| faults.note(&section.at("identifier"), Expression::compile(text)));
    let rejoin = match section.optional("rejoin") {
        Some(rejoin) => read_rejoin(rejoin, &section.at("rejoin"), faults).map(Some),
        None => Some(None),
    };
    let resolve = section.optional("resolve");
    let filter = match section.optional("filter") {
        Some(filter) => read_filter((filter, source), &section.at("filter"), faults),
        None => Some(Filter::default()),
    };
    let expressions = section.required("fields", faults);
    let fields = expressions.and_then(|value| read_fields(value, &section.at("fields"), faults));
    let required = match section.optional("required") {
        Some(required) => read_required(required, &section.at("required"), expressions, faults),
        None => Some(BTreeSet::new()),
    };
    let roles = match section.optional("roles") {
        Some(roles) => access::read_roles(roles, &section.at("roles"), faults),
        None => Some(Vec::new()),
    };
    access::check(&section, target.as_ref(), (filter.as_ref(), roles.as_ref()), faults);
    if let Some(source) = source.filter(|source| *source != Source::Users) {
        let of_people = [("rejoin", rejoin.as_ref().is_some_and(Option::is_some)), ("resolve", resolve.is_some())];
        for (key, _) in of_people.into_iter().filter(|(_, is_there)| *is_there) {
            faults.add(section.at(key), format!("{} are not people: leave the key out", source.word()));
        }
        if target == Some(Target::LoginUser) {
            faults.add(section.at("target"), format!("{} are records: a login user is a person", source.word()));
        }
    }
    if source == Some(Source::Departments) {
        check_departments(&section, identifier.as_ref(), faults);
    }
    let resolves_manager = match resolve {
        Some(resolve) => read_resolve(resolve, &section, expressions, faults),
        None => Some(false),
    };
    section.close(faults);
    Some(Mapping {
        preset: preset?,
        name: name?,
        source: source?,
        target: target?,
        filter: filter?,
        identifier: identifier?,
        rejoin: rejoin?,
        resolves_manager: resolves_manager?,
        fields: fields?,
        required: required?,
        roles: roles?,
    })
}

/// Checks what departments cannot have: they are told apart by their names.
fn check_departments(section: &Section<'_>, identifier: Option<&Expression>, faults: &mut Faults) {
    if identifier.is_some_and(|identifier| !["name", "id"].contains(&identifier.source().trim())) {
        faults.add(section.at("identifier"), "departments are told apart by `name` or by `id`");
    }
}

fn read_rejoin(value: &Value, path: &str, faults: &mut Faults) -> Option<Expression> {
    text(value, path, faults).and_then(|text| faults.note(path, Expression::compile(text)))
}

/// Reads what a mapping resolves: the manager, for whom there has to be a field.
fn read_resolve(value: &Value, section: &Section<'_>, fields: Option<&Value>, faults: &mut Faults) -> Option<bool> {
    let at = section.at("resolve");
    if text(value, &at, faults)? != MANAGER {
        faults.add(at, "expected `manager`: nothing else can be resolved");
        return None;
    }
    if fields.is_some_and(|fields| fields.get(MANAGER).is_none()) {
        faults.add(at, "needs a field `manager` that says what the manager is known by, such as `profile.managerId`");
        return None;
    }
    Some(true)
}

fn read_source(section: &mut Section<'_>, faults: &mut Faults) -> Option<Source> {
    match section.text("source", faults)? {
        "users" => return Some(Source::Users),
        "departments" => return Some(Source::Departments),
        "devices" => return Some(Source::Devices),
        "apps" => return Some(Source::Apps),
        other => {
            let message =
                format!("unknown source; expected one of {}{}", SOURCES.join(", "), suggestion(other, SOURCES));
            faults.add(section.at("source"), message);
        }
    }
    None
}

fn read_target(value: &Value, path: &str, faults: &mut Faults) -> Option<Target> {
    let mut section = Section::open(value, path, faults)?;
    let kind = section.text("kind", faults);
    if kind == Some("login_user") {
        section.close(faults);
        return Some(Target::LoginUser);
    }
    let mut named = |key| {
        let value = section.required(key, faults)?;
        label(value, &section.at(key), LONGEST_LABEL, faults)
    };
    let (entity, collection) = (named("entity"), named("collection"));
    match kind {
        Some("record") | None => {}
        Some(other) => {
            let message =
                format!("unknown kind of target; expected `record` or `login_user`{}", suggestion(other, TARGETS));
            faults.add(section.at("kind"), message);
        }
    }
    section.close(faults);
    Some(Target::Record { entity: entity?, collection: collection? }).filter(|_| kind == Some("record"))
}

fn read_filter((value, source): (&Value, Option<Source>), path: &str, faults: &mut Faults) -> Option<Filter> {
    let mut section = Section::open(value, path, faults)?;
    let objects = source.map_or(ObjectKind::User, Source::objects);
    let mut listed = |key, longest| {
        section.optional(key).map(|value| (labels(value, &section.at(key), longest, faults), section.at(key)))
    };
    let (statuses, departments) = (listed("statuses", LONGEST_LABEL), listed("departments", LONGEST_LABEL));
    let groups = listed("groups", access::LONGEST_GROUP);
    section.close(faults);
    for (_, at) in [&departments, &groups].into_iter().flatten().filter(|_| objects != ObjectKind::User) {
        faults.add(at, format!("{} are filtered by status only", objects.plural()));
    }
    let statuses = match statuses {
        Some((statuses, at)) => Some(check_statuses((statuses?, objects), &at, faults)?),
        None => None,
    };
    let departments = match departments {
        Some((departments, _)) => Some(Departments::new(departments?)),
        None => None,
    };
    let groups = match groups {
        Some((groups, _)) => Some(groups?),
        None => None,
    };
    Some(Filter { statuses, departments, groups })
}

fn check_statuses(
    (statuses, objects): (Vec<String>, ObjectKind),
    path: &str,
    faults: &mut Faults,
) -> Option<BTreeSet<String>> {
    let mut known = true;
    for (index, status) in statuses.iter().enumerate() {
        if !objects.is_known_status(status) {
            let there_are = objects.statuses();
            let hint = suggestion(status, there_are.iter().copied());
            faults.add(element(path, index), format!("unknown status; Okta has {}{hint}", there_are.join(", ")));
            known = false;
        }
    }
    known.then(|| statuses.into_iter().collect())
}

fn read_fields(value: &Value, path: &str, faults: &mut Faults) -> Option<BTreeMap<String, Expression>> {
    let Value::Object(members) = value else {
        faults.add(path, format!("expected an object of names and expressions, not {}", type_of(value)));
        return None;
    };
    if members.is_empty() {
        faults.add(path, "must not be empty: a mapping needs at least one field");
        return None;
    }
    if members.len() > MOST_FIELDS {
        faults.add(path, format!("has {} fields; at most {MOST_FIELDS} are allowed", members.len()));
        return None;
    }
    let fields: Vec<Option<(String, Expression)>> =
        members.iter().map(|(name, value)| read_field(name, value, path, faults)).collect();
    fields.into_iter().collect()
}

fn read_field(name: &str, value: &Value, path: &str, faults: &mut Faults) -> Option<(String, Expression)> {
    let at = member(path, name);
    let length = name.chars().count();
    let named = if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
        Err("a field's name must not be empty, begin or end with a space, or have control characters".to_owned())
    } else if length > LONGEST_FIELD {
        Err(format!("the field's name has {length} characters; at most {LONGEST_FIELD} are allowed"))
    } else {
        Ok(name.to_owned())
    };
    let named = faults.note(&at, named);
    let expression = text(value, &at, faults).and_then(|source| faults.note(&at, Expression::compile(source)));
    named.zip(expression)
}

fn read_required(value: &Value, path: &str, fields: Option<&Value>, faults: &mut Faults) -> Option<BTreeSet<String>> {
    if value.as_array().is_some_and(Vec::is_empty) {
        return Some(BTreeSet::new());
    }
    let names = labels(value, path, LONGEST_FIELD, faults)?;
    // Without fields there is nothing to compare with, and that they are missing has been said.
    let Some(Value::Object(fields)) = fields else { return None };
    let mut found = true;
    for (index, name) in names.iter().enumerate().filter(|(_, name)| !fields.contains_key(*name)) {
        let hint = suggestion(name, fields.keys().map(String::as_str));
        faults.add(element(path, index), format!("`{name}` is not one of the fields{hint}"));
        found = false;
    }
    found.then(|| names.into_iter().collect())
}
