//! The `fields` parameter: `fields=id,status,profile:(login,department)` (Okta: List all users).

use serde_json::{Map, Value};

use super::answer::Answer;
use super::ask::Ask;

/// Which keys of an object are wanted; the id always is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Projection(Vec<Wanted>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Wanted {
    key: String,
    /// The keys wanted below it; `None` is all of them.
    below: Option<Vec<String>>,
}

impl Projection {
    /// The projection that a request asks for, if any.
    pub(super) fn of(ask: &Ask<'_>) -> Result<Option<Self>, Answer> {
        let Some(fields) = ask.parameter("fields") else {
            return Ok(None);
        };
        let refused = || Answer::validation("fields", "The fields parameter is malformed.");
        Self::parse(fields).map(Some).ok_or_else(refused)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut wanted = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find([',', ':']).unwrap_or(rest.len());
            let (key, tail) = rest.split_at(end);
            let (below, tail) = match tail.strip_prefix(":(") {
                Some(inner) => {
                    let (keys, tail) = inner.split_once(')')?;
                    let keys = keys.split(',').map(|key| key.trim().to_owned());
                    (Some(keys.collect()), tail)
                }
                None => (None, tail),
            };
            let key = key.trim().to_owned();
            wanted.push(Wanted { key, below });
            rest = match tail.strip_prefix(',') {
                Some(tail) => tail,
                None if tail.is_empty() => tail,
                None => return None,
            };
        }
        wanted.iter().all(|wanted| !wanted.key.is_empty()).then_some(Self(wanted))
    }

    /// The object with what is wanted of it.
    pub(super) fn apply(&self, object: &[u8]) -> Vec<u8> {
        let Ok(Value::Object(mut whole)) = serde_json::from_slice(object) else {
            return object.to_vec();
        };
        let mut kept = Map::new();
        if let Some(id) = whole.remove("id") {
            kept.insert("id".to_owned(), id);
        }
        for Wanted { key, below } in &self.0 {
            let Some(value) = whole.remove(key) else {
                continue;
            };
            let value = match (below, value) {
                (Some(keys), Value::Object(mut inner)) => {
                    keys.iter().filter_map(|key| Some((key.clone(), inner.remove(key)?))).collect()
                }
                (_, value) => value,
            };
            kept.insert(key.clone(), value);
        }
        Value::Object(kept).to_string().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projection_keeps_the_id_and_what_is_wanted() {
        let object = br#"{"id":"1","status":"ACTIVE","created":"x","profile":{"login":"a","title":"t"}}"#;
        for (fields, kept) in [
            ("status", r#"{"id":"1","status":"ACTIVE"}"#),
            ("id,profile:(login,department)", r#"{"id":"1","profile":{"login":"a"}}"#),
            ("profile:(title),created", r#"{"created":"x","id":"1","profile":{"title":"t"}}"#),
        ] {
            let projection = Projection::parse(fields).unwrap();
            assert_eq!(String::from_utf8(projection.apply(object)).unwrap(), kept);
        }
        assert_eq!(Projection::parse("profile:(login"), None);
        assert_eq!(Projection::parse("profile:(login)x"), None);
    }
}
