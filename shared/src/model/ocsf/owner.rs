//! Whose device it is. OCSF: "the identity of the service or user account that owns the endpoint or was last logged
//! into it", so that the last holder is the owner of a device whose links Okta has cut.

use serde_json::{Value, json};

use super::fields::{Fields, said};

/// The device's owner, or null. What the schema has no place for stays in `holder`, `holders` and `last_holder`.
pub(super) fn owner(fields: &mut Fields) -> Value {
    leave_other_holders(fields);
    match holder(fields) {
        // The last holder stays whole beside it: since when it is the last one, only `unmapped` can say.
        Value::Null => user(fields.get("last_holder")).0,
        owner => owner,
    }
}

/// The holder is one of the holders: a list of nobody else says nothing more.
fn leave_other_holders(fields: &mut Fields) {
    let alone = fields.get("holders").and_then(Value::as_array).filter(|holders| holders.len() == 1);
    if alone.is_some_and(|alone| alone.first() == fields.get("holder")) {
        fields.leave("holders", Value::Null);
    }
}

fn holder(fields: &mut Fields) -> Value {
    let (owner, rest) = user(fields.get("holder"));
    if !owner.is_null() {
        fields.leave("holder", rest);
    }
    owner
}

/// A user and what of the holder is left; null for a holder whom neither id nor login names.
fn user(holder: Option<&Value>) -> (Value, Value) {
    let Some(holder) = holder.and_then(Value::as_object) else { return (Value::Null, Value::Null) };
    let mut holder = Fields::of(holder);
    let (uid, name) = (holder.text("id"), holder.text("login"));
    if uid.is_none() && name.is_none() {
        return (Value::Null, Value::Null);
    }
    let user = said(json!({
        "uid": uid,
        "name": name,
        "full_name": holder.text("name"),
        "email_addr": holder.text_if("email", is_email),
    }));
    (user, holder.rest())
}

/// OCSF's `email_t`, which is narrower than what Okta accepts.
fn is_email(text: &str) -> bool {
    let is_label = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let is_local = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+,-./=?^_`{|}~".contains(letter);
    let Some((local, domain)) = text.split_once('@') else { return false };
    let Some((first, rest)) = domain.split_once('.') else { return false };
    let parts = [local, first, rest];
    parts.iter().all(|part| !part.is_empty())
        && local.chars().all(is_local)
        && first.chars().all(is_label)
        && rest.chars().all(|letter| is_label(letter) || letter == '.')
}
