//! What of an object mappings read, so that Okta is asked for no more.

use std::collections::BTreeSet;

use jmespath::ast::Ast;

use super::limits::parts_of;

/// What Okta leaves in an object beside the profile and what every object is asked for.
const OTHER_ATTRIBUTES: [&str; 8] =
    ["_links", "activated", "credentials", "lastLogin", "passwordChanged", "realmId", "statusChanged", "type"];

/// The parts of an object that mappings read; when in doubt, more than they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attributes {
    /// Whether the whole profile is needed, whatever `profile` names.
    pub whole_profile: bool,
    /// Attributes of the profile by name: letters, digits and underscores only, never empty.
    pub profile: BTreeSet<String>,
    /// Attributes beside the profile by name: letters, digits and underscores only.
    pub top: BTreeSet<String>,
}

/// What a record cannot be without, whatever is mapped. The login is there so that there always is a profile.
impl Default for Attributes {
    fn default() -> Attributes {
        Attributes {
            whole_profile: false,
            profile: BTreeSet::from(["login".to_owned()]),
            top: ["id", "status", "created", "lastUpdated"].map(str::to_owned).into(),
        }
    }
}

/// What a part of an expression is applied to.
#[derive(Clone, Copy)]
enum Place {
    /// The object.
    Object,
    /// The object's profile.
    Profile,
    /// Something that is asked for already, or computed from it.
    Within,
}

impl Attributes {
    /// Nothing at all.
    pub(super) fn none() -> Attributes {
        Attributes { whole_profile: false, profile: BTreeSet::new(), top: BTreeSet::new() }
    }

    /// Adds what an expression reads of the object that it is applied to.
    pub(super) fn add(&mut self, expression: &Ast) {
        let result = self.walk(expression, Place::Object);
        self.whole(result);
    }

    /// Notes what a part of an expression reads at a place, and says where its result lies.
    ///
    /// Whatever does something else with a place than stepping into it reads all of it.
    fn walk(&mut self, part: &Ast, place: Place) -> Place {
        match part {
            Ast::Identity { .. } => place,
            Ast::Field { name, .. } => self.step(name, place),
            Ast::Subexpr { lhs, rhs, .. } => {
                let left = self.walk(lhs, place);
                self.walk(rhs, left)
            }
            Ast::Literal { .. } => Place::Within,
            // Neither the object nor the profile is an array, so there is nothing to read.
            Ast::Index { .. } | Ast::Slice { .. } => Place::Within,
            Ast::Projection { lhs, rhs, .. } => {
                self.all([lhs.as_ref()], place);
                self.all([rhs.as_ref()], Place::Within)
            }
            // Functions apply expressions to the elements of an array, which another argument has read.
            Ast::Expref { ast, .. } => self.all([ast.as_ref()], Place::Within),
            Ast::Not { .. }
            | Ast::Flatten { .. }
            | Ast::ObjectValues { .. }
            | Ast::Or { .. }
            | Ast::And { .. }
            | Ast::Comparison { .. }
            | Ast::Condition { .. }
            | Ast::MultiList { .. }
            | Ast::MultiHash { .. }
            | Ast::Function { .. } => self.all(parts_of(part), place),
        }
    }

    /// Walks parts whose results are used as such.
    fn all<'a>(&mut self, parts: impl IntoIterator<Item = &'a Ast>, place: Place) -> Place {
        for part in parts {
            let result = self.walk(part, place);
            self.whole(result);
        }
        Place::Within
    }

    fn step(&mut self, name: &str, place: Place) -> Place {
        match place {
            Place::Object if name == "profile" => return Place::Profile,
            Place::Object if is_plain(name) => drop(self.top.insert(name.to_owned())),
            // Okta has no such attribute: there is nothing to ask for.
            Place::Object => {}
            Place::Profile if is_plain(name) => drop(self.profile.insert(name.to_owned())),
            // A name that a list of attributes could not carry.
            Place::Profile => self.whole_profile = true,
            Place::Within => {}
        }
        Place::Within
    }

    fn whole(&mut self, place: Place) {
        match place {
            Place::Object => {
                self.whole_profile = true;
                self.top.extend(OTHER_ATTRIBUTES.map(str::to_owned));
            }
            Place::Profile => self.whole_profile = true,
            Place::Within => {}
        }
    }
}

fn is_plain(name: &str) -> bool {
    (1..=128).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
