//! Values in place of others.

use jmespath::ast::Ast;
use jmespath::{Rcvar, Variable};

use super::Made;
use super::arguments::{Arguments, null};

/// `default(x, y)`: `y` in place of null and of a blank text. Other than with `||`, `false` and empty lists stay.
pub(super) fn default(arguments: &Arguments<'_>) -> Made {
    let blank = match arguments.get(0).map(|value| value.as_ref()) {
        None | Some(Variable::Null) => true,
        Some(Variable::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    };
    Ok(arguments.any(usize::from(blank)))
}

/// `lookup(x, table[, otherwise])`: what an object has under the key `x`; `otherwise`, else null, when it has no such
/// key. A key that is the same but for case and white space around it will do when none is the very same.
pub(super) fn lookup(arguments: &Arguments<'_>) -> Made {
    let table = arguments.get(1).and_then(|table| table.as_object()).ok_or_else(|| arguments.mistyped(1, "object"))?;
    let otherwise = || arguments.get(2).map_or_else(null, Rcvar::clone);
    let key = match arguments.get(0).map(|value| value.as_ref()) {
        None | Some(Variable::Null) => return Ok(otherwise()),
        Some(Variable::String(text)) => text.clone(),
        Some(Variable::Number(number)) => number.to_string(),
        Some(Variable::Bool(boolean)) => boolean.to_string(),
        Some(_) => return Err(arguments.mistyped(0, "string|number|boolean")),
    };
    let similar = || {
        let folded = fold(&key);
        table.iter().find(|(known, _)| fold(known) == folded).map(|(_, value)| value)
    };
    Ok(table.get(&key).or_else(similar).map_or_else(otherwise, Rcvar::clone))
}

/// Checks a table that is written out in a call.
pub(super) fn check(arguments: &[Ast]) -> Result<(), String> {
    match arguments.get(1) {
        Some(Ast::Literal { value, .. }) if !value.is_object() => {
            Err(r#"argument 2 should be a table in backticks, such as `{"EMEA": "Europe"}`"#.to_owned())
        }
        _ => Ok(()),
    }
}

fn fold(key: &str) -> String {
    key.trim().to_lowercase()
}
