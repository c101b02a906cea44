//! What an expression reads, so that no more of an object is converted for it: most expressions read one attribute.

use jmespath::ast::Ast;
use serde_json::Value;

use super::Attributes;

/// What the library is not given as it is, or not at all (`Subject::of`).
const SPECIAL: [&str; 3] = ["_embedded", "_links", "transitioningToStatus"];

/// How much of an object an expression reads.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reads {
    /// One value, and gives it back as it is: the names that lead to it.
    Value(Vec<String>),
    /// These attributes.
    Part(Attributes),
    /// It may be anything.
    Whole,
}

impl Reads {
    pub(super) fn of(tree: &Ast) -> Reads {
        let is_special = |name: &str| SPECIAL.contains(&name);
        match path(tree) {
            Some(names) if names.first().is_some_and(|name| is_special(name)) => return Reads::Whole,
            Some(names) => return Reads::Value(names),
            None => {}
        }
        let mut attributes = Attributes::none();
        attributes.add(tree);
        if attributes.whole_profile || attributes.top.iter().any(|name| is_special(name)) {
            return Reads::Whole;
        }
        Reads::Part(attributes)
    }
}

/// The value that names lead to; null when it is not there.
pub(super) fn value_at<'a>(object: &'a Value, names: &[String]) -> &'a Value {
    names.iter().try_fold(object, |value, name| value.get(name)).unwrap_or(&Value::Null)
}

/// The names of an expression that only steps into an object.
fn path(tree: &Ast) -> Option<Vec<String>> {
    match tree {
        Ast::Field { name, .. } => Some(vec![name.clone()]),
        Ast::Subexpr { lhs, rhs, .. } => {
            let mut names = path(lhs)?;
            names.extend(path(rhs)?);
            Some(names)
        }
        _ => None,
    }
}
