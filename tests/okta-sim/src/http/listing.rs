//! Pages of people: from a position in an order, as far as the page goes.
//!
//! Where the order is one that the catalogue keeps, a page costs what it holds; otherwise whoever
//! could match is gathered and sorted anew for every page.

use std::ops::Bound::{self, Excluded, Included};
use std::sync::Arc;

use crate::clock::written;
use crate::expression::{Bounds, Case, Expression, Field, Span, equalities, holds};
use crate::id::Id;
use crate::org::{Catalogue, Place, TimeOrder, User};

/// What to list, in which order, from where.
pub(super) struct Listing<'a> {
    pub(super) expression: Option<&'a Expression>,
    pub(super) case: Case,
    pub(super) sort: Sort,
    pub(super) direction: Direction,
    pub(super) after: Option<Key>,
    pub(super) limit: usize,
    pub(super) admits: &'a dyn Fn(&User) -> bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Created,
    LastUpdated,
    Id,
    /// Any other property.
    Property(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

/// Someone's position in an order; ties are ordered by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    value: SortValue,
    id: Id,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortValue {
    Absent,
    Second(i64),
    Text(String),
}

type People<'a> = Box<dyn Iterator<Item = &'a Arc<User>> + 'a>;

/// One page, and the position to go on from when there is more.
pub(super) fn page(people: &Catalogue, listing: &Listing<'_>) -> (Vec<Arc<User>>, Option<Key>) {
    let matching = |user: &&Arc<User>| listing.matches(user);
    let mut users: Vec<Arc<User>> = match listing.in_order(people) {
        Some(ordered) => ordered.filter(matching).take(listing.limit + 1).cloned().collect(),
        None => listing.sorted(listing.candidates(people).filter(matching)),
    };
    let has_more = users.len() > listing.limit;
    users.truncate(listing.limit);
    let next = users.last().filter(|_| has_more).and_then(|user| listing.key(user));
    (users, next)
}

impl Listing<'_> {
    fn matches(&self, user: &User) -> bool {
        (self.admits)(user) && self.expression.is_none_or(|it| holds(it, self.case, &|property| field(user, property)))
    }

    fn bounds(&self) -> Bounds {
        self.expression.map_or(Bounds::NONE, Bounds::of)
    }

    /// Those who could match, in the order asked for and from the position on, where the catalogue
    /// keeps that order.
    fn in_order<'a>(&self, people: &'a Catalogue) -> Option<People<'a>> {
        if self.names_people() {
            return None;
        }
        let bounds = self.bounds();
        let ordered = match self.sort {
            Sort::Created if bounds.created.is_bounded() || !bounds.last_updated.is_bounded() => {
                people.in_time_order(TimeOrder::Created, self.places(bounds.created, bounds.ids))
            }
            Sort::LastUpdated if bounds.last_updated.is_bounded() || !bounds.created.is_bounded() => {
                let places = self.places(bounds.last_updated, bounds.ids);
                people.in_time_order(TimeOrder::LastUpdated, places)
            }
            Sort::Id => people.in_id_order(self.ids(bounds.ids)),
            Sort::Created | Sort::LastUpdated | Sort::Property(_) => return None,
        };
        Some(match self.direction {
            Direction::Ascending => ordered,
            Direction::Descending => Box::new(ordered.rev()),
        })
    }

    /// Those who could match, in no order: by name, by the narrower index, or all.
    fn candidates<'a>(&self, people: &'a Catalogue) -> People<'a> {
        if let Some(ids) = self.expression.and_then(|it| equalities(it, "id")) {
            let found: Vec<_> = ids.into_iter().filter_map(|id| people.get(id)).collect();
            return Box::new(found.into_iter());
        }
        if let Some(logins) = self.expression.and_then(|it| equalities(it, "profile.login")) {
            let found: Vec<_> = logins.into_iter().filter_map(|login| people.by_login(login)).collect();
            return Box::new(found.into_iter());
        }
        let bounds = self.bounds();
        let (order, span) = match bounds.last_updated.is_bounded() {
            true => (TimeOrder::LastUpdated, bounds.last_updated),
            false => (TimeOrder::Created, bounds.created),
        };
        let from = Place::before(span.from, Id::FIRST);
        let to = Place::after(span.to, Id::LAST);
        people.in_time_order(order, (Included(from), Included(to)))
    }

    /// Whether the expression names its people one by one.
    fn names_people(&self) -> bool {
        self.expression.is_some_and(|it| equalities(it, "id").is_some() || equalities(it, "profile.login").is_some())
    }

    fn sorted<'a>(&self, people: impl Iterator<Item = &'a Arc<User>>) -> Vec<Arc<User>> {
        let mut keyed: Vec<(Key, &Arc<User>)> = people
            .filter_map(|user| Some((self.key(user)?, user)))
            .filter(|(key, _)| {
                self.after.as_ref().is_none_or(|after| match self.direction {
                    Direction::Ascending => key > after,
                    Direction::Descending => key < after,
                })
            })
            .collect();
        keyed.sort_by(|(one, _), (other, _)| match self.direction {
            Direction::Ascending => one.cmp(other),
            Direction::Descending => other.cmp(one),
        });
        let page = keyed.into_iter().take(self.limit + 1);
        page.map(|(_, user)| Arc::clone(user)).collect()
    }

    /// The stretch of an order by time that can match. Within a single second the ids narrow it too.
    fn places(&self, span: Span, ids: (Id, Id)) -> (Bound<Place>, Bound<Place>) {
        let (first, last) = match span.from == span.to {
            true => ids,
            false => (Id::FIRST, Id::LAST),
        };
        let from = Place::before(span.from, first);
        let to = Place::after(span.to, last);
        let Some(Key { value: SortValue::Second(second), id }) = self.after else {
            return (Included(from), Included(to));
        };
        match self.direction {
            Direction::Ascending => (Excluded(from.max(Place::after(second, id))), Included(to)),
            Direction::Descending => (Included(from), Excluded(to.min(Place::before(second, id)))),
        }
    }

    fn ids(&self, (first, last): (Id, Id)) -> (Bound<Id>, Bound<Id>) {
        match (&self.after, self.direction) {
            (None, _) => (Included(first), Included(last)),
            (Some(after), Direction::Ascending) if after.id >= first => (Excluded(after.id), Included(last)),
            (Some(_), Direction::Ascending) => (Included(first), Included(last)),
            (Some(after), Direction::Descending) => (Included(first), Excluded(after.id.min(last))),
        }
    }

    fn key(&self, user: &User) -> Option<Key> {
        let value = match &self.sort {
            Sort::Created => SortValue::Second(user.created.as_second()),
            Sort::LastUpdated => SortValue::Second(user.last_updated.as_second()),
            Sort::Id => SortValue::Absent,
            Sort::Property(property) => match field(user, property) {
                Field::Text(text) => SortValue::Text(text.to_lowercase()),
                Field::Exact(text) => SortValue::Text(text.to_owned()),
                Field::Millisecond(at) => SortValue::Second(at.div_euclid(1000)),
                Field::Number(number) => SortValue::Text(format!("{number:020.6}")),
                Field::Boolean(boolean) => SortValue::Text(boolean.to_string()),
                Field::Absent | Field::Many(_) => SortValue::Absent,
            },
        };
        let id = Id::parse(&user.id)?;
        Some(Key { value, id })
    }
}

impl Key {
    /// The key as a cursor holds it.
    pub(super) fn to_position(&self) -> String {
        let id = self.id.as_str();
        match &self.value {
            SortValue::Absent => format!("{id}-"),
            SortValue::Second(second) => format!("{id}s{second}"),
            SortValue::Text(text) => format!("{id}t{text}"),
        }
    }

    pub(super) fn from_position(position: &str) -> Option<Self> {
        let id = Id::parse(position.get(..20)?)?;
        let value = match position.get(20..21)? {
            "s" => SortValue::Second(position.get(21..)?.parse().ok()?),
            "t" => SortValue::Text(position.get(21..)?.to_owned()),
            _ => SortValue::Absent,
        };
        Some(Self { value, id })
    }
}

/// What someone has under a property of the expression language.
pub(super) fn field<'a>(user: &'a User, property: &str) -> Field<'a> {
    let time = |at: Option<jiff::Timestamp>| at.map_or(Field::Absent, |at| Field::Millisecond(at.as_millisecond()));
    match property {
        "id" => Field::Exact(&user.id),
        "status" => Field::Text(user.status.as_str().into()),
        "type.id" => Field::Exact(&user.type_id),
        "created" => time(Some(user.created)),
        "activated" => time(user.activated),
        "statusChanged" => time(user.status_changed),
        "lastUpdated" => time(Some(user.last_updated)),
        _ => property.strip_prefix("profile.").and_then(|name| user.attribute(name)).map_or(Field::Absent, Field::from),
    }
}

/// A weak validator of someone's object.
pub(super) fn entity_tag(user: &User) -> String {
    format!("W/\"{}\"", written(user.last_updated))
}
