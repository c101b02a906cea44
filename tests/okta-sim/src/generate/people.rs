//! The people of a generated org.

use std::sync::Arc;

use fastrand::Rng;
use jiff::Timestamp;
use serde::Serialize;

use super::names::{FIRST, LAST};
use super::work;
use crate::id::new_id;
use crate::org::{Org, Profile, Provider, Status, User};

/// The custom attributes of the schema, with their types.
pub(crate) const CUSTOM_ATTRIBUTES: [(&str, &str); 6] = [
    ("badgeNumber", "string"),
    ("deskNumber", "integer"),
    ("fullTimeShare", "number"),
    ("remote", "boolean"),
    ("skills", "array"),
    ("floors", "array"),
];

const DAY: i64 = 24 * 3600;

/// A profile to be serialized; what is unset is left out, but for the two that Okta shows as null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Draft<'a> {
    login: &'a str,
    email: &'a str,
    first_name: &'a str,
    last_name: &'a str,
    mobile_phone: Option<String>,
    second_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    department: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    employee_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    desk_number: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_time_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remote: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skills: Option<Vec<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    floors: Option<Vec<u8>>,
}

/// What generation remembers from one person to the next.
struct Population {
    now: i64,
    /// The second of the bulk import.
    imported: i64,
    /// How many people have each combination of first and last name.
    namesakes: Vec<u32>,
    /// Names and employee numbers of the first few hundred: they manage the others.
    managers: Vec<(String, String)>,
    type_id: Arc<str>,
    realm_id: Arc<str>,
}

/// Makes the people. All of their times are older than a day.
pub(super) fn generate(org: &mut Org, count: usize) -> Vec<User> {
    let now = org.now().as_second();
    let mut population = Population {
        now,
        imported: now - 6 * 365 * DAY - 4321,
        namesakes: vec![0; FIRST.len() * LAST.len()],
        managers: Vec::new(),
        type_id: Arc::clone(org.type_id()),
        realm_id: Arc::clone(org.realm_id()),
    };
    let rng = org.rng();
    (0..count).map(|number| population.person(number, count, rng)).collect()
}

impl Population {
    fn person(&mut self, number: usize, count: usize, rng: &mut Rng) -> User {
        let status = status(number, count, rng);
        let created = self.created(number, rng);
        let newest = self.now - DAY - 60;
        let mut later =
            |from: Option<i64>, share: f64| from.map(|from| from + ((newest - from) as f64 * share * rng.f64()) as i64);
        let activated = Some(created).filter(|_| status != Status::Staged);
        let activated = later(activated, 0.001);
        let changed = match status {
            Status::Active => activated,
            Status::Staged => None,
            _ => later(activated, 1.0),
        };
        let settled = changed.or(activated).unwrap_or(created);
        let updated = later(Some(settled), 1.0).unwrap_or(settled);
        let has_signed_in = !matches!(status, Status::Staged | Status::Provisioned);
        let signed_in = later(activated.filter(|_| has_signed_in), 1.0);
        let password = later(activated.filter(|_| has_signed_in), 0.5).map(|at| at.min(updated));
        let is_quiet = rng.u8(0..10) < 3;
        User {
            id: new_id(rng, "00u"),
            status,
            created: second(created),
            // Some people were never activated in so many words, the org's creator among them.
            activated: activated.filter(|_| number != 0).map(second),
            status_changed: changed.map(second),
            last_login: signed_in.map(second),
            last_updated: second(if is_quiet { settled } else { updated }),
            password_changed: password.map(|at| second(if is_quiet { at.min(settled) } else { at })),
            provider: match rng.u8(0..10) {
                0..6 => Provider::Okta,
                6..9 => Provider::ActiveDirectory,
                _ => Provider::Federation,
            },
            type_id: Arc::clone(&self.type_id),
            realm_id: rng.bool().then(|| Arc::clone(&self.realm_id)),
            profile: self.profile(number, rng),
        }
    }

    /// Over ten years, more in the later ones; a fifth came in one second.
    fn created(&self, number: usize, rng: &mut Rng) -> i64 {
        match number % 5 {
            3 => self.imported,
            _ => {
                let age = rng.f64().powf(1.6) * (3650 * DAY) as f64;
                self.now - 2 * DAY - age as i64
            }
        }
    }

    fn profile(&mut self, number: usize, rng: &mut Rng) -> Profile {
        let (one, other) = (rng.usize(..FIRST.len()), rng.usize(..LAST.len()));
        let ((first, first_ascii), (last, last_ascii)) = (FIRST[one], LAST[other]);
        let namesake = self.namesakes.get_mut(one * LAST.len() + other);
        let tail = namesake.map_or(0, |count| {
            *count += 1;
            *count
        });
        let tail = match tail {
            1 => String::new(),
            tail => tail.to_string(),
        };
        let login = format!("{first_ascii}.{last_ascii}{tail}@acme.example");
        let shared_mail = match rng.u8(0..100) {
            0 => Some("reception@acme.example"),
            1 => Some("warehouse@acme.example"),
            _ => None,
        };
        let employee_number = (rng.u8(0..100) < 88).then(|| format!("{:06}", number + 1));
        if self.managers.len() < 300 {
            let name = format!("{first} {last}");
            self.managers.extend(employee_number.clone().map(|number| (name, number)));
        }
        let manager = rng.choice(&self.managers).filter(|_| number > 0 && rng.u8(0..100) < 80);
        let city = work::city(rng);
        Profile::of(&Draft {
            email: shared_mail.unwrap_or(&login),
            login: &login,
            first_name: first,
            last_name: last,
            mobile_phone: now_and_then(rng, 40, |rng| format!("+44 7700 {:06}", rng.u32(..1_000_000))),
            second_email: now_and_then(rng, 5, |_| format!("{first_ascii}.{last_ascii}@mail.example")),
            display_name: now_and_then(rng, 35, |_| format!("{first} {last}")),
            department: work::department(rng).map(|department| work::as_typed(department, rng)),
            title: work::title(rng),
            employee_number,
            manager: manager.map(|(name, _)| name.as_str()),
            manager_id: manager.map(|(_, number)| number.as_str()),
            city: city.map(|(city, _)| city),
            country_code: city.map(|(_, country)| country),
            badge_number: now_and_then(rng, 30, |rng| format!("B-{:05}", rng.u32(..100_000))),
            desk_number: now_and_then(rng, 20, |rng| rng.u16(1..900)),
            full_time_share: now_and_then(rng, 15, |rng| f64::from(rng.u8(2..=10)) / 10.0),
            remote: now_and_then(rng, 30, Rng::bool),
            skills: now_and_then(rng, 10, |rng| rng.choose_multiple(work::SKILLS, 2)),
            floors: now_and_then(rng, 5, |rng| vec![rng.u8(1..9), 12]),
        })
    }
}

/// Mostly active. In an org that is large enough, everyone's status occurs.
fn status(number: usize, count: usize, rng: &mut Rng) -> Status {
    if count >= 16
        && let Some(status) = Status::ALL.get(number)
    {
        return *status;
    }
    match rng.u16(0..1000) {
        0..80 => Status::Deprovisioned,
        80..95 => Status::Suspended,
        95..110 => Status::Staged,
        110..130 => Status::Provisioned,
        130..135 => Status::Recovery,
        135..155 => Status::PasswordExpired,
        155..160 => Status::LockedOut,
        _ => Status::Active,
    }
}

fn now_and_then<T>(rng: &mut Rng, percent: u8, make: impl FnOnce(&mut Rng) -> T) -> Option<T> {
    (rng.u8(0..100) < percent).then(|| make(rng))
}

fn second(at: i64) -> Timestamp {
    Timestamp::from_second(at).unwrap_or_default()
}
