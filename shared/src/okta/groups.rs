//! The group that no org lacks: Everyone. That it is there, and how large, tells how much of the org the
//! token sees.

use serde_json::Value;

use super::OktaError;
use super::client::Okta;
use super::query::PageRequest;
use crate::model::RawObject;
use crate::report::Problem;

/// What the token sees of the group Everyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Everyone {
    /// The group is there.
    Visible {
        /// How many users it has, deactivated ones included, where Okta says.
        users: Option<u64>,
    },
    /// Groups may be listed, and Everyone is not among them.
    NotThere,
    /// Groups may not be listed; why.
    NotPermitted(Box<Problem>),
}

impl Okta {
    /// Looks for the group Everyone.
    ///
    /// # Errors
    /// Retryable when Okta throttles, fails or is out of reach however often it is asked, or the deadline is too near;
    /// fatal when it refuses for another reason than that the credential may not list groups.
    pub async fn everyone(&self) -> Result<Everyone, OktaError> {
        let parameters = [("filter", "type eq \"BUILT_IN\""), ("expand", "stats"), ("limit", "200")];
        let mut next = Some(PageRequest::new("/api/v1/groups", &parameters));
        while let Some(request) = next {
            let page = match self.page(&request).await {
                Ok(page) => page,
                Err(error) if error.is_not_permitted() => return Ok(Everyone::NotPermitted(Box::new(error.problem()))),
                Err(error) => return Err(error),
            };
            if let Some(users) = page.objects.iter().find_map(everyone) {
                return Ok(Everyone::Visible { users });
            }
            next = page.next;
        }
        Ok(Everyone::NotThere)
    }

    /// Whether the credential sees the org at all: the group that no org lacks or, where it may not list groups, anybody.
    ///
    /// # Errors
    /// As for [`Okta::page`].
    pub async fn sees_the_org(&self) -> Result<bool, OktaError> {
        Ok(match self.everyone().await? {
            Everyone::Visible { .. } => true,
            Everyone::NotThere => false,
            Everyone::NotPermitted(_) => self.first_user().await?.is_some(),
        })
    }
}

/// The size of the group, if this is Everyone.
fn everyone(group: &RawObject) -> Option<Option<u64>> {
    let group: Value = serde_json::from_str(&group.text).ok()?;
    let is_everyone = group["type"] == "BUILT_IN" && group["profile"]["name"] == "Everyone";
    is_everyone.then(|| group["_embedded"]["stats"]["usersCount"].as_u64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_is_found_by_type_and_name() {
        let of = |text: &str| everyone(&RawObject { text: text.into(), damaged: false });
        assert_eq!(of(r#"{"type":"OKTA_GROUP","profile":{"name":"Everyone"}}"#), None);
        assert_eq!(of(r#"{"type":"BUILT_IN","profile":{"name":"Okta Administrators"}}"#), None);
        assert_eq!(of(r#"{"type":"BUILT_IN","profile":{"name":"Everyone"}}"#), Some(None));
        let sized = r#"{"type":"BUILT_IN","profile":{"name":"Everyone"},"_embedded":{"stats":{"usersCount":7}}}"#;
        assert_eq!(of(sized), Some(Some(7)));
        assert_eq!(of("7"), None);
    }
}
