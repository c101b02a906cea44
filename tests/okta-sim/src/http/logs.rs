//! `/api/v1/logs` (Okta: System Log query).
//!
//! A polling request (no `until`, ascending) goes by the time of arrival and always has a `next`
//! link; at the head the same cursor comes back. A bounded request goes by `published` and ends.

use std::ops::Bound::{Excluded, Included, Unbounded};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::answer::Answer;
use super::ask::Ask;
use super::cursor;
use super::listing::Direction;
use super::users::understood;
use crate::clock::shifted;
use crate::expression::{Case, Dialect, Expression, Field, holds};
use crate::org::{Entry, Event, LogOrder, LogPlace, Org, Reading, SIGN_ON};
use crate::role::Role;

/// Events older than this are silently missing.
const RETENTION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What a request asks of the log.
struct Query<'a> {
    ask: &'a Ask<'a>,
    since: Timestamp,
    until: Option<Timestamp>,
    direction: Direction,
    filter: Option<Expression>,
    limit: usize,
    /// The first place not yet looked at.
    from: Option<LogPlace>,
}

/// Answers `GET /api/v1/logs`.
pub(super) fn list(ask: &Ask<'_>, org: &Org) -> Result<Answer, Answer> {
    if *ask.role == Role::NoLog {
        return Err(Answer::forbidden());
    }
    let query = Query::of(ask)?;
    match (query.until, query.direction) {
        (None, Direction::Ascending) => Ok(query.poll(org)),
        _ => Ok(query.bounded(org)),
    }
}

impl<'a> Query<'a> {
    fn of(ask: &'a Ask<'a>) -> Result<Self, Answer> {
        let until = time(ask, "until")?;
        let week_ago = shifted(until.unwrap_or(ask.now), SignedDuration::from_hours(-7 * 24));
        let asked = time(ask, "since")?.unwrap_or(week_ago);
        if asked < shifted(ask.now, SignedDuration::from_hours(-180 * 24)) {
            let cause = "since: must not be earlier than 180 days ago";
            return Err(Answer::error(400, "E0000053", "Invalid filter.", &[cause]));
        }
        let (from, since) = match position(ask)? {
            Some((place, since)) => (Some(place), since),
            None => (None, asked),
        };
        let filter = ask.parameter("filter");
        Ok(Self {
            ask,
            since,
            until,
            direction: match ask.parameter("sortOrder") {
                Some("DESCENDING") => Direction::Descending,
                _ => Direction::Ascending,
            },
            filter: filter.map(|text| understood(text, Dialect::LogFilter)).transpose()?,
            limit: limit(ask)?,
            from,
        })
    }

    fn poll(&self, org: &Org) -> Answer {
        let oldest = shifted(self.ask.now, -RETENTION);
        let mut position = self.from.unwrap_or((self.since, 0));
        let start = position.max((oldest, 0));
        let mut items = Vec::new();
        for (place, entry) in org.log_entries(LogOrder::Arrival, (Included(start), Unbounded), Reading::Forwards) {
            if items.len() >= self.limit || place.0 > self.ask.now {
                break;
            }
            position = (place.0, place.1 + 1);
            if self.wants(org, entry)
                && let Some(event) = org.event_of(entry)
                && event.published >= self.since.max(oldest)
            {
                items.push(event.json());
            }
        }
        let next = self.written(position);
        self.answer(items, Some(next))
    }

    fn bounded(&self, org: &Org) -> Answer {
        let oldest = shifted(self.ask.now, -RETENTION);
        let first = (self.since.max(oldest), 0);
        let last = (self.until.unwrap_or(self.ask.now), usize::MIN);
        let range = match (self.from, self.direction) {
            (None, _) => (Included(first), Excluded(last)),
            (Some(from), Direction::Ascending) => (Included(from.max(first)), Excluded(last)),
            (Some(from), Direction::Descending) => (Included(first), Excluded(from.min(last))),
        };
        let reading = match self.direction {
            Direction::Ascending => Reading::Forwards,
            Direction::Descending => Reading::Backwards,
        };
        let ordered = org.log_entries(LogOrder::Published, range, reading);
        let mut matching = ordered
            .filter(|(place, entry)| org.has_arrived((place.1, *entry), self.ask.now) && self.wants(org, *entry));
        let page: Vec<_> = matching.by_ref().take(self.limit).collect();
        let next = page.last().filter(|_| matching.next().is_some());
        let next = next.map(|(place, _)| match self.direction {
            Direction::Ascending => self.written((place.0, place.1 + 1)),
            Direction::Descending => self.written(*place),
        });
        let events = page.iter().filter_map(|(_, entry)| org.event_of(*entry));
        self.answer(events.map(|event| event.json()).collect(), next)
    }

    fn wants(&self, org: &Org, entry: Entry<'_>) -> bool {
        self.is_in_sight(org, entry)
            && self.filter.as_ref().is_none_or(|filter| {
                holds(filter, Case::Folded, &|property| match entry {
                    Entry::Written(event) => field(event, property),
                    Entry::Past(number) => past_field(org, number, property),
                })
            })
            && self.ask.parameter("q").is_none_or(|keywords| {
                let text = org.event_of(entry).map(|event| event.json().to_string().to_lowercase());
                keywords
                    .to_lowercase()
                    .split_whitespace()
                    .all(|keyword| text.as_ref().is_some_and(|text| text.contains(keyword)))
            })
    }

    fn is_in_sight(&self, org: &Org, entry: Entry<'_>) -> bool {
        self.ask.role.sees_all()
            || org
                .event_of(entry)
                .is_some_and(|event| event.targets.iter().any(|target| self.ask.role.sees(&target.id)))
    }

    /// A cursor without a time of issue: it never expires, and one of the same place is the same.
    fn written(&self, (at, number): LogPlace) -> String {
        let since = self.since.as_millisecond();
        let position = format!("{} {number} {since}", at.as_millisecond());
        cursor::write(&position, self.ask.listing(), None)
    }

    fn answer(&self, items: Vec<Value>, next: Option<String>) -> Answer {
        let own = self.ask.link("self", self.limit, self.ask.parameter("after"));
        let next = next.map(|after| {
            let link = self.ask.link("next", self.limit, Some(&after));
            without_since(&link)
        });
        Answer::values(items, [Some(own), next].into_iter().flatten().collect())
    }
}

/// A `next` link goes without `since`: the cursor knows.
fn without_since(link: &str) -> String {
    let Some((before, rest)) = link.split_once("since=") else {
        return link.to_owned();
    };
    let end = rest.find(['&', '>']).unwrap_or(rest.len());
    let (_, after) = rest.split_at(end);
    match after.strip_prefix('&') {
        Some(after) => format!("{before}{after}"),
        None => format!("{}{after}", before.trim_end_matches('&')),
    }
}

fn position(ask: &Ask<'_>) -> Result<Option<(LogPlace, Timestamp)>, Answer> {
    let Some(position) = ask.position()? else {
        return Ok(None);
    };
    let numbers: Vec<i64> = position.split(' ').filter_map(|part| part.parse().ok()).collect();
    let read = || match numbers.as_slice() {
        [at, number, since] => Some((
            (Timestamp::from_millisecond(*at).ok()?, usize::try_from(*number).ok()?),
            Timestamp::from_millisecond(*since).ok()?,
        )),
        _ => None,
    };
    read().map(Some).ok_or_else(Answer::invalid_cursor)
}

fn time(ask: &Ask<'_>, name: &str) -> Result<Option<Timestamp>, Answer> {
    ask.parameter(name)
        .map(|text| text.parse::<Timestamp>())
        .transpose()
        .map_err(|_| Answer::validation(name, "The time is not valid."))
}

/// Unlike everywhere else `limit=0` is allowed: it makes a cursor.
fn limit(ask: &Ask<'_>) -> Result<usize, Answer> {
    match ask.parameter("limit") {
        Some("0") => Ok(0),
        _ => ask.page_size(100, 1000),
    }
}

fn field<'a>(event: &'a Event, property: &str) -> Field<'a> {
    let of_targets = |pick: fn(&'a crate::org::Party) -> &'a str| {
        Field::Many(event.targets.iter().map(|party| Field::Text(pick(party).into())).collect())
    };
    match property {
        "uuid" => Field::Text(event.uuid.as_str().into()),
        "eventType" => Field::Text(event.event_type.as_str().into()),
        "target.id" => of_targets(|party| &party.id),
        "target.type" => of_targets(|party| &party.kind),
        "actor.id" => Field::Text(event.actor.id.as_str().into()),
        _ => Field::from(below(event.json(), property)),
    }
}

/// A property of a generated sign-on. What filters ask for is answered without writing the event out:
/// there may be a million.
fn past_field<'a>(org: &'a Org, number: usize, property: &str) -> Field<'a> {
    match property {
        "eventType" => Field::Text(SIGN_ON.into()),
        "outcome.result" => Field::Text("SUCCESS".into()),
        "actor.id" => org.history().who(number).map_or(Field::Absent, |(user, _)| Field::Exact(user)),
        "target.id" => org.history().who(number).map_or(Field::Absent, |(user, app)| {
            let assignment = org.app(app).map(|app| Field::Text(app.assignment_id(user).into()));
            Field::Many(std::iter::once(Field::Exact(app)).chain(assignment).collect())
        }),
        _ => {
            let event = org.past_event(number);
            event.map_or(Field::Absent, |event| Field::from(below(event.json(), property)))
        }
    }
}

/// What lies under a dotted path; below an array, under the path in each of its objects.
fn below(value: Value, path: &str) -> Value {
    match value {
        Value::Object(mut map) => match path.split_once('.') {
            Some((key, rest)) => map.remove(key).map_or(Value::Null, |value| below(value, rest)),
            None => map.remove(path).unwrap_or_default(),
        },
        Value::Array(items) => items.into_iter().map(|item| below(item, path)).collect(),
        _ => Value::Null,
    }
}
