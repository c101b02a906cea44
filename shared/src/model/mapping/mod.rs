//! From one object to the record it should be, under one mapping.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::model::memberships::role_of;
use crate::model::{
    Attributes, Claim, Content, Department, Desired, Expression, Filter, Job, Kind, MANAGER, Memberships, Object,
    ObjectKind, Rejection, RejectionReason, RoleRule, Rule, Scope, Time, people_of, preset,
};

const LONGEST_IDENTIFIER: usize = 1_024;
/// The status word of a record that is no object of Okta's.
const DERIVED: &str = "DERIVED";
/// The directory's items hold 400 KB; the rest is for keys and what else a record has.
const LARGEST_CONTENT: usize = 350 * 1_000;

/// What a mapping reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The org's users.
    Users,
    /// The departments of the org's users.
    Departments,
    /// The people whom a mapping of departments counts: kept beside it, in no document.
    PeopleOfDepartments,
    /// The devices that the org's users registered.
    Devices,
    /// The org's applications.
    Apps,
}

impl Source {
    /// The objects that its records follow from.
    pub fn objects(self) -> ObjectKind {
        match self {
            Source::Users | Source::Departments | Source::PeopleOfDepartments => ObjectKind::User,
            Source::Devices => ObjectKind::Device,
            Source::Apps => ObjectKind::App,
        }
    }

    /// Whether it reads these objects, each for a record. Departments are not read: they follow from their people.
    pub fn reads(self, objects: ObjectKind) -> bool {
        self.objects() == objects && self != Source::Departments
    }

    /// The job that writes its records first.
    pub fn job(self) -> Job {
        match self.objects() {
            ObjectKind::User => Job::FullImport,
            ObjectKind::Device => Job::DeviceCollection,
            ObjectKind::App => Job::ServiceDiscovery,
        }
    }

    /// The word for it in documents.
    pub fn word(self) -> &'static str {
        match self {
            Source::Users | Source::PeopleOfDepartments => "users",
            Source::Departments => "departments",
            Source::Devices => "devices",
            Source::Apps => "apps",
        }
    }
}

/// What a mapping writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Reference records of a named entity and collection.
    Record {
        /// The entity.
        entity: String,
        /// The collection.
        collection: String,
    },
    /// People with access to the asset product.
    LoginUser,
}

/// A mapping: from one source to one target.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// The preset that it began with, if any; its document says so.
    pub preset: Option<String>,
    /// Its name, unique within the connection.
    pub name: String,
    /// What it reads.
    pub source: Source,
    /// What it writes.
    pub target: Target,
    /// Whom it admits.
    pub filter: Filter,
    /// The unique identifier's expression.
    pub identifier: Expression,
    /// What somebody who is hired again under a new Okta id is known by; the identifier, unless it says otherwise.
    pub rejoin: Option<Expression>,
    /// Whether the field `manager` is to become the manager's record.
    pub resolves_manager: bool,
    /// The fields' expressions by name.
    pub fields: BTreeMap<String, Expression>,
    /// The fields that must not be empty.
    pub required: BTreeSet<String>,
    /// The roles by group, the first match first; of login users alone.
    pub roles: Vec<RoleRule>,
}

impl Mapping {
    /// What an object should be in the directory: which it is, how it stands, and, if the filter admits it, with what content.
    pub fn desired(&self, object: &Object, memberships: &Memberships) -> Result<Desired, Rejection> {
        let is_admitted = self.filter.admits(object) && self.admits_members(memberships);
        let content = if is_admitted { Some(self.content(object, memberships)?) } else { None };
        Ok(Desired {
            id: object.id.clone(),
            okta_status: object.status.clone(),
            source_created: object.created,
            source_updated: object.last_updated,
            standing: object.standing(),
            content,
            scope: self.scope(object, memberships),
        })
    }

    /// Whether its identifiers have to be claimed: Okta ids need not.
    pub fn claims_identifiers(&self) -> bool {
        self.identifier.source().trim() != "id"
    }

    /// The claim on somebody's identifier, whether or not the mapping admits them; `None` where they have none, or it
    /// cannot be computed.
    pub fn claim_of(&self, object: &Object) -> Option<Claim> {
        let identifier = plain_text("identifier", self.identifier.evaluate(object)).ok()?;
        (self.claims_identifiers() && !identifier.is_empty()).then(|| Claim::on(&identifier))
    }

    /// What does not follow from the object alone.
    pub(super) fn scope(&self, object: &Object, memberships: &Memberships) -> Scope {
        if self.filter.admits(object) && !self.admits_members(memberships) {
            Scope::OutsideGroups
        } else if self.target == Target::LoginUser && object.standing().is_some() {
            Scope::NotBegun
        } else {
            Scope::OfObject
        }
    }

    /// The first rule that leaves an object out, a user of these groups; `None` when it admits it.
    pub fn leaves_out(&self, object: &Object, memberships: &Memberships) -> Option<Rule> {
        let by_groups = || (!self.admits_members(memberships)).then_some(Rule::Groups);
        self.filter.leaves_out(object).or_else(by_groups)
    }

    /// Whether it admits people who are in these groups, as far as groups are concerned.
    pub fn admits_members(&self, memberships: &Memberships) -> bool {
        match (&self.filter.groups, &self.target) {
            (Some(groups), _) => groups.iter().any(|group| memberships.contains(group)),
            (None, Target::LoginUser) => self.roles.iter().any(|rule| memberships.contains(&rule.group)),
            (None, Target::Record { .. }) => true,
        }
    }

    /// Whether memberships in groups decide about its records.
    pub fn uses_groups(&self) -> bool {
        self.filter.groups.is_some() || !self.roles.is_empty()
    }

    /// The groups that give roles, in their order.
    pub fn role_groups(&self) -> Vec<&str> {
        self.roles.iter().map(|rule| rule.group.as_str()).collect()
    }

    /// The groups that only admit.
    pub fn other_groups(&self) -> Vec<&str> {
        let with_role = self.role_groups();
        let groups = self.filter.groups.iter().flatten().map(String::as_str);
        groups.filter(|group| !with_role.contains(group)).collect()
    }

    /// All its groups: those that give roles first.
    pub fn groups(&self) -> Vec<&str> {
        self.role_groups().into_iter().chain(self.other_groups()).collect()
    }

    /// What kind of record it makes.
    pub fn kind(&self) -> Kind {
        match (self.source, &self.target) {
            (Source::Departments, _) => Kind::Department,
            (Source::Devices, _) => Kind::Device,
            (Source::Apps, _) => Kind::Service,
            (Source::Users | Source::PeopleOfDepartments, Target::Record { .. }) => Kind::Record,
            (Source::Users | Source::PeopleOfDepartments, Target::LoginUser) => Kind::LoginUser,
        }
    }

    /// Adds what the mapping has to read of a user.
    pub fn attributes(&self, attributes: &mut Attributes) {
        if !self.source.reads(ObjectKind::User) {
            return;
        }
        self.filter.attributes(attributes);
        self.identifier.attributes(attributes);
        self.rejoin.iter().for_each(|expression| expression.attributes(attributes));
        self.fields.values().for_each(|expression| expression.attributes(attributes));
    }

    /// Its expressions over a user, each with the key that it stands at, such as `fields.email`.
    pub(super) fn user_expressions(&self) -> impl Iterator<Item = (String, &Expression)> {
        let fields = self.fields.iter().map(|(name, expression)| (format!("fields.{name}"), expression));
        let rejoin = self.rejoin.iter().map(|expression| ("rejoin".to_owned(), expression));
        let identifier = std::iter::once(("identifier".to_owned(), &self.identifier));
        identifier.chain(rejoin).chain(fields).filter(|_| self.source == Source::Users)
    }

    /// The mapping as it stands in a connection's document, defaults filled in.
    pub fn document(&self) -> Value {
        let target = match &self.target {
            Target::Record { entity, collection } => {
                json!({ "kind": "record", "entity": entity, "collection": collection })
            }
            Target::LoginUser => json!({ "kind": "login_user" }),
        };
        let fields: Map<String, Value> =
            self.fields.iter().map(|(name, expression)| (name.clone(), json!(expression.source()))).collect();
        let mut document = json!({
            "name": self.name,
            "source": self.source.word(),
            "target": target,
            "identifier": self.identifier.source(),
            "fields": fields,
            "required": self.required,
        });
        if let Some(rejoin) = &self.rejoin {
            document["rejoin"] = json!(rejoin.source());
        }
        if self.resolves_manager {
            document["resolve"] = json!(MANAGER);
        }
        if !self.filter.is_open() {
            document["filter"] = self.filter.document();
        }
        if !self.roles.is_empty() {
            let role = |rule: &RoleRule| json!({ "group": rule.group, "role": rule.role });
            document["roles"] = self.roles.iter().map(role).collect();
        }
        if let Some(preset) = self.preset.as_deref().and_then(preset) {
            preset.mark(&mut document);
        }
        document
    }

    /// The people whom a mapping of departments counts: a mapping of its own, which keeps of everybody admitted the
    /// department. `None` for a mapping that reads people itself.
    pub(super) fn people_counted(&self) -> Option<Mapping> {
        if self.source != Source::Departments {
            return None;
        }
        let (identifier, department) =
            (Expression::compile("id").ok()?, Expression::compile("profile.department").ok()?);
        Some(Mapping {
            preset: None,
            name: people_of(&self.name),
            source: Source::PeopleOfDepartments,
            target: Target::Record { entity: "Person".to_owned(), collection: format!("People of {}", self.name) },
            filter: self.filter.clone(),
            identifier,
            rejoin: None,
            resolves_manager: false,
            fields: BTreeMap::from([("department".to_owned(), department)]),
            required: BTreeSet::new(),
            roles: Vec::new(),
        })
    }

    /// What a department should be in the directory, given Okta's clock when its people were counted.
    pub fn desired_department(&self, department: &Department, counted: Time) -> Result<Desired, Rejection> {
        let object = department.object();
        let over = |expression: &Expression| expression.evaluate_object(&object);
        let identifier = plain_text("identifier", over(&self.identifier))?;
        let fields =
            self.fields(over).map_err(|rejection| Rejection { identifier: Some(identifier.clone()), ..rejection })?;
        Ok(Desired {
            id: department.id.clone(),
            okta_status: DERIVED.to_owned(),
            source_created: Department::CREATED,
            source_updated: counted,
            standing: department.standing(),
            content: Some(Content { identifier, claim: None, rejoin: None, role: None, fields, manager: None }),
            scope: Scope::OfObject,
        })
    }

    fn content(&self, object: &Object, memberships: &Memberships) -> Result<Content, Rejection> {
        let identifier = plain_text("identifier", self.identifier.evaluate(object))?;
        if identifier.is_empty() {
            let message = format!("identifier: `{}` is null or empty", self.identifier.source());
            return Err(Rejection::new(RejectionReason::MissingIdentifier, message));
        }
        let content = self.fields(|expression| expression.evaluate(object)).and_then(|mut fields| {
            let claim = self.claims_identifiers().then(|| Claim::on(&identifier));
            let rejoin = self.rejoin(object)?;
            let role = role_of(&self.roles, memberships);
            let manager = if self.resolves_manager { take_manager(&mut fields)? } else { None };
            let content = Content { identifier: identifier.clone(), claim, rejoin, role, fields, manager };
            check_size(&content).map(|()| content)
        });
        content.map_err(|rejection| Rejection { identifier: Some(identifier), ..rejection })
    }

    /// What the person is known by when hired again; nothing where the attribute is empty.
    fn rejoin(&self, object: &Object) -> Result<Option<Claim>, Rejection> {
        let Some(rejoin) = &self.rejoin else { return Ok(None) };
        let text = plain_text("rejoin", rejoin.evaluate(object))?;
        Ok((!text.is_empty()).then(|| Claim::on(&text)))
    }

    fn fields(&self, over: impl Fn(&Expression) -> Result<Value, String>) -> Result<Map<String, Value>, Rejection> {
        let mut fields = Map::new();
        for (name, expression) in &self.fields {
            let value = over(expression).map_err(|message| {
                Rejection::new(RejectionReason::ExpressionFailed, format!("fields.{name}: {message}"))
            })?;
            if self.required.contains(name) && is_blank(&value) {
                let message = format!("fields.{name}: required, but `{}` is null or empty", expression.source());
                return Err(Rejection::new(RejectionReason::MissingRequired, message));
            }
            fields.insert(name.clone(), value);
        }
        Ok(fields)
    }
}

/// What an expression that tells people apart gives: a trimmed text, empty for null.
fn plain_text(key: &str, value: Result<Value, String>) -> Result<String, Rejection> {
    let failed = |message: String| Rejection::new(RejectionReason::ExpressionFailed, format!("{key}: {message}"));
    let text = match value.map_err(failed)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null => String::new(),
        other @ (Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            return Err(failed(format!("expected a string or a number, not {}", type_of(&other))));
        }
    };
    if text.len() > LONGEST_IDENTIFIER {
        let message = format!("{key}: {} bytes; at most {LONGEST_IDENTIFIER} fit", text.len());
        return Err(Rejection::new(RejectionReason::TooLarge, message));
    }
    Ok(text)
}

/// What the manager is known by, in place of which the field waits to be filled in.
fn take_manager(fields: &mut Map<String, Value>) -> Result<Option<String>, Rejection> {
    let Some(field) = fields.get_mut(MANAGER) else { return Ok(None) };
    let manager = plain_text("fields.manager", Ok(field.take()))?;
    Ok((!manager.is_empty()).then_some(manager))
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn check_size(content: &Content) -> Result<(), Rejection> {
    let size = serde_json::to_string(content).map_or(usize::MAX, |text| text.len());
    if size <= LARGEST_CONTENT {
        return Ok(());
    }
    let message = format!("the record would have {size} bytes; at most {LARGEST_CONTENT} fit");
    Err(Rejection::new(RejectionReason::TooLarge, message))
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;
