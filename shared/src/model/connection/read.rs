//! Reading a connection's document, the mappings aside.

use std::collections::BTreeMap;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde_json::Value;

use super::faults::Faults;
use super::section::{Section, integer, shown, text, type_of};
use super::{Connection, GuardLimits, OktaLink, OrgUrl, Schedule, auth, mappings, name};
use crate::model::Job;

const DEFAULT_RATE_BUDGET: u8 = 80;

/// Reads the document; `None` only if there are faults.
pub(super) fn connection(document: &Value, faults: &mut Faults) -> Option<Connection> {
    let mut section = Section::open(document, "", faults)?;
    let name =
        section.text("name", faults).and_then(|text| faults.note("name", name::check(text)).map(|()| text.to_owned()));
    let okta = section.required("okta", faults).and_then(|value| okta(value, "okta", faults));
    let enabled = section.optional("enabled").map_or(Some(true), |value| boolean(value, "enabled", faults));
    let schedules = section
        .optional("schedules")
        .map_or_else(|| Some(BTreeMap::new()), |value| schedules(value, "schedules", faults));
    let timezone =
        section.optional("timezone").map_or_else(|| Some(TimeZone::UTC), |value| time_zone(value, "timezone", faults));
    let rate_budget_percent = section
        .optional("rate_budget_percent")
        .map_or(Some(DEFAULT_RATE_BUDGET), |value| rate_budget(value, "rate_budget_percent", faults));
    let guard =
        section.optional("guard").map_or_else(|| Some(GuardLimits::default()), |value| guard(value, "guard", faults));
    let mappings = section.required("mappings", faults).and_then(|value| mappings::read(value, "mappings", faults));
    section.close(faults);
    Some(Connection {
        name: name?,
        okta: okta?,
        enabled: enabled?,
        schedules: schedules?,
        timezone: timezone?,
        rate_budget_percent: rate_budget_percent?,
        guard: guard?,
        mappings: mappings?,
    })
}

fn okta(value: &Value, path: &str, faults: &mut Faults) -> Option<OktaLink> {
    let mut section = Section::open(value, path, faults)?;
    let url = section.text("url", faults).and_then(|text| faults.note(&section.at("url"), OrgUrl::parse(text)));
    let auth = section.required("auth", faults).and_then(|value| auth::read(value, &section.at("auth"), faults));
    let event_hook = match section.optional("event_hook") {
        Some(value) => Some(event_hook(value, &section.at("event_hook"), faults)?),
        None => None,
    };
    section.close(faults);
    Some(OktaLink { url: url?, auth: auth?, event_hook })
}

/// The secret of an event hook.
fn event_hook(value: &Value, path: &str, faults: &mut Faults) -> Option<String> {
    let mut section = Section::open(value, path, faults)?;
    let secret = auth::secret(&mut section, faults);
    section.close(faults);
    secret
}

fn boolean(value: &Value, path: &str, faults: &mut Faults) -> Option<bool> {
    if !value.is_boolean() {
        faults.add(path, format!("expected true or false, not {}", type_of(value)));
    }
    value.as_bool()
}

fn schedules(value: &Value, path: &str, faults: &mut Faults) -> Option<BTreeMap<Job, Schedule>> {
    let mut section = Section::open(value, path, faults)?;
    let mut schedules = BTreeMap::new();
    for job in Job::ALL {
        if let Some(value) = section.optional(job.name()) {
            let at = section.at(job.name());
            let checked = text(value, &at, faults).and_then(|text| faults.note(&at, Schedule::parse(text)));
            checked.map(|schedule| schedules.insert(job, schedule));
        }
    }
    section.close(faults);
    Some(schedules)
}

fn time_zone(value: &Value, path: &str, faults: &mut Faults) -> Option<TimeZone> {
    let name = text(value, path, faults)?;
    let bundled = TimeZoneDatabase::bundled();
    let database = if bundled.is_definitively_empty() { jiff::tz::db() } else { &bundled };
    let known = database.get(name).ok().filter(|zone| !zone.is_unknown() && zone.iana_name().is_some());
    if known.is_none() {
        faults.add(path, "unknown time zone; expected a name of the IANA database, such as `Europe/London` or `UTC`");
    }
    known
}

fn rate_budget(value: &Value, path: &str, faults: &mut Faults) -> Option<u8> {
    integer(value, path, (1, 100), faults).and_then(|percent| u8::try_from(percent).ok())
}

fn guard(value: &Value, path: &str, faults: &mut Faults) -> Option<GuardLimits> {
    let default = GuardLimits::default();
    let mut section = Section::open(value, path, faults)?;
    let number = match section.optional("max_deactivations") {
        Some(value) => integer(value, &section.at("max_deactivations"), (0, u64::MAX), faults),
        None => Some(default.max_deactivations),
    };
    let share = match section.optional("max_deactivations_percent") {
        Some(value) => percent(value, &section.at("max_deactivations_percent"), faults),
        None => Some(default.max_deactivations_percent),
    };
    section.close(faults);
    Some(GuardLimits { max_deactivations: number?, max_deactivations_percent: share? })
}

/// A share, to the thousandth: finer ones would not come back from the stored document as they were.
fn percent(value: &Value, path: &str, faults: &mut Faults) -> Option<f64> {
    let number = value.as_f64().filter(|number| (0.0..=100.0).contains(number));
    let Some(number) = number else {
        faults.add(path, format!("expected a number from 0 to 100, not {}", shown(value)));
        return None;
    };
    let rounded = (number * 1_000.0).round() / 1_000.0;
    if (rounded - number).abs() > 1e-9 {
        faults.add(path, "has more than three decimal places");
        return None;
    }
    Some(rounded)
}
