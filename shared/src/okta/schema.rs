//! The org's user schema: which attributes its profiles may have (Okta's pages "Schemas" and "User types").

use serde_json::Value;

use super::OktaError;
use super::attempt::Ask;
use super::client::Okta;
use super::fault::Subject;
use super::page;
use super::query::{PageRequest, path_part};
use crate::model::{RawObject, UserSchema};

/// What the token sees of the user schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schemas {
    /// The attributes of every type of user.
    Known(UserSchema),
    /// Types or schemas may not be read; why.
    NotPermitted(String),
}

impl Okta {
    /// The attributes that profiles may have, for each type of user: one call, and one for each type.
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses for another reason than that the credential may not read schemas.
    pub async fn user_schema(&self) -> Result<Schemas, OktaError> {
        match self.types_and_schemas().await {
            Ok(schema) => Ok(Schemas::Known(schema)),
            Err(error) if error.is_not_permitted() => Ok(Schemas::NotPermitted(error.to_string())),
            Err(error) => Err(error),
        }
    }

    async fn types_and_schemas(&self) -> Result<UserSchema, OktaError> {
        let mut types: Vec<(String, String)> = Vec::new();
        let mut next = Some(PageRequest::new("/api/v1/meta/types/user", &[]));
        while let Some(request) = next {
            let page = self.page(&request).await?;
            types.extend(page.objects.iter().filter_map(name_and_schema));
            next = page.next;
        }
        if types.is_empty() {
            types.push(("user".to_owned(), "default".to_owned()));
        }
        let mut schema = UserSchema::default();
        for (name, id) in types {
            let request = PageRequest::new(&format!("/api/v1/meta/schemas/user/{}", path_part(&id)), &[]);
            let ask = Ask { request, subject: Subject::Object };
            let attributes = self.ask(ask, |_, received| page::object(received).map(|raw| object(&raw))).await?;
            schema.types.insert(name, UserSchema::attributes_of(&attributes));
        }
        Ok(schema)
    }
}

/// A type's name and the id of its schema, the end of the link that leads there.
fn name_and_schema(user_type: &RawObject) -> Option<(String, String)> {
    let user_type = object(user_type);
    let link = user_type["_links"]["schema"]["href"].as_str()?;
    let id = link.rsplit('/').next().filter(|id| !id.bytes().all(|byte| byte == b'.'))?;
    Some((user_type["name"].as_str().unwrap_or(id).to_owned(), id.to_owned()))
}

fn object(raw: &RawObject) -> Value {
    serde_json::from_str(&raw.text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_leads_to_its_schema() {
        let of = |text: &str| name_and_schema(&RawObject { text: text.into(), damaged: false });
        let linked =
            |href: &str| format!(r#"{{"name":"contractor","_links":{{"schema":{{"rel":"schema","href":"{href}"}}}}}}"#);
        let found = of(&linked("https://acme.okta.com/api/v1/meta/schemas/user/osc1"));
        assert_eq!(found, Some(("contractor".to_owned(), "osc1".to_owned())));
        assert_eq!(of(&linked("https://acme.okta.com/api/v1/..")), None);
        assert_eq!(of(r#"{"name":"contractor"}"#), None);
    }
}
