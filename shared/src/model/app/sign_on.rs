//! Sign-ons: what an event of Okta's System Log says of the use of an application.

use serde::Deserialize;

use crate::model::raw::is_object_id;
use crate::model::{RawObject, Time, Unreadable};

/// Somebody signed on to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOn {
    /// When, by Okta's clock.
    pub at: Time,
    /// Whose: the user's id.
    pub user: String,
    /// The application's id. An event names one; were there more, each was used.
    pub apps: Vec<String>,
}

/// An event as far as it matters here; Okta promises little of the rest of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    published: Time,
    event_type: String,
    #[serde(default)]
    outcome: Option<EventOutcome>,
    #[serde(default)]
    actor: Option<Party>,
    #[serde(default)]
    target: Option<Vec<Party>>,
}

#[derive(Deserialize)]
struct EventOutcome {
    #[serde(default)]
    result: Option<String>,
}

#[derive(Deserialize)]
struct Party {
    #[serde(default)]
    id: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

impl Party {
    /// The id, if it is one of such an object.
    fn id_of(&self, kind: &str) -> Option<&str> {
        let id = self.id.as_deref().filter(|id| is_object_id(id));
        id.filter(|_| self.kind.as_deref() == Some(kind))
    }
}

impl SignOn {
    /// The event's type.
    pub const EVENT: &'static str = "user.authentication.sso";

    /// The sign-on that an event tells of; `None` when it tells of none, or of one that failed: Okta writes those, too.
    ///
    /// # Errors
    /// When it is no event, or one without time or type.
    pub fn of(event: &RawObject) -> Result<Option<SignOn>, Unreadable> {
        let event: Event = serde_json::from_str(&event.text).map_err(|_| Unreadable)?;
        let result = event.outcome.and_then(|outcome| outcome.result);
        if event.event_type != SignOn::EVENT || result.as_deref() != Some("SUCCESS") {
            return Ok(None);
        }
        // Whoever signs on is the actor: the target of the type AppUser has the id of the assignment. Targets go by their
        // type, for their order varies.
        let user = event.actor.as_ref().and_then(|actor| actor.id_of("User"));
        let targets = event.target.unwrap_or_default();
        let apps: Vec<String> =
            targets.iter().filter_map(|target| target.id_of("AppInstance")).map(str::to_owned).collect();
        let sign_on =
            user.filter(|_| !apps.is_empty()).map(|user| SignOn { at: event.published, user: user.to_owned(), apps });
        Ok(sign_on)
    }
}

#[cfg(test)]
mod tests {
    use super::SignOn;
    use crate::model::{RawObject, Time, Unreadable};

    const ADA: &str = r#""actor":{"id":"00u1","type":"User","displayName":null}"#;
    const SUCCESS: &str = r#""outcome":{"result":"SUCCESS","reason":null}"#;
    const WIKI: &str = r#"{"id":"0oa1","type":"AppInstance","detailEntry":{"signOnModeType":"SAML_2_0"}}"#;
    const ASSIGNMENT: &str = r#"{"id":"0ua1","type":"AppUser","alternateId":"unknown"}"#;

    fn event(event_type: &str, rest: &[&str]) -> RawObject {
        let rest = rest.join(",");
        RawObject::intact(format!(
            r#"{{"uuid":"e1","published":"2026-11-20T10:00:00.353Z","eventType":"{event_type}","version":0,{rest}}}"#
        ))
    }

    fn targets(targets: &[&str]) -> String {
        format!(r#""target":[{}]"#, targets.join(","))
    }

    fn of(rest: &[&str]) -> Option<SignOn> {
        SignOn::of(&event(SignOn::EVENT, rest)).unwrap()
    }

    #[test]
    fn who_and_what_go_by_type_whatever_the_order() {
        let at: Time = "2026-11-20T10:00:00.353Z".parse().unwrap();
        let expected = Some(SignOn { at, user: "00u1".to_owned(), apps: vec!["0oa1".to_owned()] });
        for order in [&[WIKI, ASSIGNMENT][..], &[ASSIGNMENT, WIKI], &[WIKI]] {
            assert_eq!(of(&[ADA, SUCCESS, &targets(order)]), expected, "{order:?}");
        }
    }

    #[test]
    fn what_failed_or_names_no_application_or_no_person_is_no_use() {
        let wiki = targets(&[WIKI]);
        for outcome in ["FAILURE", "DENY", "CHALLENGE", "UNKNOWN", "ALLOW"] {
            assert_eq!(of(&[ADA, &format!(r#""outcome":{{"result":"{outcome}"}}"#), &wiki]), None, "{outcome}");
        }
        for rest in [
            &[ADA, &wiki][..],
            &[ADA, r#""outcome":null"#, &wiki],
            &[ADA, r#""outcome":{"result":null}"#, &wiki],
            &[ADA, SUCCESS],
            &[ADA, SUCCESS, r#""target":null"#],
            &[ADA, SUCCESS, &targets(&[ASSIGNMENT])],
            &[ADA, SUCCESS, &targets(&[r#"{"type":"AppInstance"}"#, r#"{"id":"../users","type":"AppInstance"}"#])],
            &[SUCCESS, &wiki],
            &[r#""actor":null"#, SUCCESS, &wiki],
            &[r#""actor":{"id":"0oa9","type":"PublicClientApp"}"#, SUCCESS, &wiki],
            &[r#""actor":{"id":null,"type":"User"}"#, SUCCESS, &wiki],
        ] {
            assert_eq!(of(rest), None, "{rest:?}");
        }
        assert_eq!(SignOn::of(&event("user.session.start", &[ADA, SUCCESS, &wiki])), Ok(None));
    }

    #[test]
    fn what_is_no_event_cannot_be_read() {
        for text in ["{}", "[]", "null", r#"{"published":"yesterday","eventType":"user.authentication.sso"}"#] {
            assert_eq!(SignOn::of(&RawObject::intact(text)), Err(Unreadable), "{text}");
        }
    }
}
