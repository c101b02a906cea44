//! Services: what Okta says of an application, with who is assigned to it and how it is used, for expressions to read.
//!
//! Beside the keys of Okta's object, which stay as they are, an application gets those of ours, all in snake case. Null is
//! "not known": nobody could read it.
//!
//! | key | what |
//! | --- | --- |
//! | `assigned_users`, `assigned_groups` | how many people, and how many groups, are assigned to it |
//! | `dormant_users` | to how many more an account in it is left that they cannot use now |
//! | `last_used` | when anybody last signed on to it; null where nobody did since `observed_since` |
//! | `users_7_days`, `users_30_days`, `users_90_days` | how many people signed on to it within so many days |
//! | `idle_users` | how many of the assigned people did not within 90 days |
//! | `observed_since` | from when on its use is known |

use serde_json::{Value, json};

use super::assignment::{Access, Assignment};
use super::usage::{Use, WINDOW};
use crate::model::{Object, Time};

/// What an application is completed with, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Service {
    /// Its people, if they were ever listed.
    pub people: Option<Headcounts>,
    /// Its groups, if they were.
    pub groups: Option<u64>,
    /// Its use and since when it is known, if it is.
    pub used: Option<(Use, Time)>,
}

/// How many people an application has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Headcounts {
    /// Assigned.
    pub assigned: u64,
    /// Left with an account that they cannot use now.
    pub dormant: u64,
    /// Assigned, and did not sign on within the window.
    pub idle: u64,
}

impl Headcounts {
    /// Counts somebody by their assignment and their last sign-on.
    pub fn count(&mut self, assignment: &Assignment, last: Option<Time>, now: Time) {
        match assignment.status.access() {
            Access::Granted => {
                self.assigned += 1;
                self.idle += u64::from(last.is_none_or(|last| last < now.before(WINDOW)));
            }
            Access::Dormant => self.dormant += 1,
            Access::None => {}
        }
    }
}

impl Service {
    /// An application with what is known of its people and its use.
    pub fn complete(&self, app: Object) -> Object {
        let (people, used) = (self.people, self.used.map(|(used, _)| used));
        let mut json = app.json.clone();
        let known: [(&str, Value); 9] = [
            ("assigned_users", json!(people.map(|people| people.assigned))),
            ("assigned_groups", json!(self.groups)),
            ("dormant_users", json!(people.map(|people| people.dormant))),
            ("last_used", json!(used.and_then(|used| used.last))),
            ("users_7_days", json!(used.map(|used| used.within_7_days))),
            ("users_30_days", json!(used.map(|used| used.within_30_days))),
            ("users_90_days", json!(used.map(|used| used.within_90_days))),
            // Without a look at the log everybody would seem idle.
            ("idle_users", json!(people.filter(|_| used.is_some()).map(|people| people.idle))),
            ("observed_since", json!(self.used.map(|(_, since)| since))),
        ];
        if let Value::Object(object) = &mut json {
            object.extend(known.map(|(key, value)| (key.to_owned(), value)));
        }
        app.saying(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::app::{Assigned, AssignmentStatus};
    use crate::model::{ObjectKind, RawObject, decode_object};

    const APP: &str = r#"{"id":"0oa1","name":"bookmark","label":"Wiki","status":"ACTIVE",
        "created":"2026-01-01T00:00:00.000Z","lastUpdated":"2026-01-01T00:00:00.000Z","signOnMode":"BOOKMARK"}"#;

    fn completed(service: Service) -> Value {
        let app = decode_object(ObjectKind::App, &RawObject::intact(APP)).unwrap();
        service.complete(app).json
    }

    #[test]
    fn what_is_not_known_is_null_and_not_zero() {
        let unknown = completed(Service::default());
        let people = Some(Headcounts { assigned: 3, dormant: 1, idle: 3 });
        let unseen = completed(Service { people, groups: Some(2), used: None });
        for key in ["last_used", "users_7_days", "users_30_days", "users_90_days", "idle_users", "observed_since"] {
            assert_eq!((&unknown[key], &unseen[key]), (&Value::Null, &Value::Null), "{key}");
        }
        assert_eq!((&unknown["assigned_users"], &unknown["label"]), (&Value::Null, &json!("Wiki")));
        assert_eq!((&unseen["assigned_users"], &unseen["assigned_groups"]), (&json!(3), &json!(2)));
        let since: Time = "2026-08-01T00:00:00Z".parse().unwrap();
        let unused = completed(Service { people, groups: None, used: Some((Use::default(), since)) });
        assert_eq!((&unused["last_used"], &unused["users_90_days"]), (&Value::Null, &json!(0)));
        assert_eq!((&unused["idle_users"], &unused["observed_since"]), (&json!(3), &json!("2026-08-01T00:00:00.000Z")));
    }

    #[test]
    fn who_may_use_it_and_does_not_is_idle() {
        let now: Time = "2026-11-20T12:00:00Z".parse().unwrap();
        let of = |status| Assignment { since: None, how: Assigned::Directly, status };
        let mut people = Headcounts::default();
        people.count(&of(AssignmentStatus::Active), Some(now.before(WINDOW)), now);
        people.count(&of(AssignmentStatus::Staged), None, now);
        people.count(&of(AssignmentStatus::Unknown), Some(Time::EPOCH), now);
        people.count(&of(AssignmentStatus::Suspended), None, now);
        people.count(&of(AssignmentStatus::Deprovisioned), None, now);
        assert_eq!(people, Headcounts { assigned: 3, dormant: 1, idle: 2 });
    }
}
