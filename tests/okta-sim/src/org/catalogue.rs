//! The people of an org, with the orders that lists are paged in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::search_index::Searchable;
use super::user::User;
use crate::id::Id;

/// A place in an order by time: ties are ordered by id, as Okta documents for `sortBy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Epoch seconds.
    pub(crate) second: i64,
    pub(crate) id: Id,
    slot: u32,
}

impl Place {
    /// Before everyone at this second and id, or from this id on.
    pub(crate) fn before(second: i64, id: Id) -> Self {
        Self { second, id, slot: 0 }
    }

    /// After everyone at this second with this id or a smaller one.
    pub(crate) fn after(second: i64, id: Id) -> Self {
        Self { second, id, slot: u32::MAX }
    }
}

/// Which time an order goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeOrder {
    Created,
    LastUpdated,
}

/// The people. Cloning shares them, so that the search index's older view costs only its orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Catalogue {
    slots: Vec<Option<Arc<User>>>,
    by_id: BTreeMap<Id, u32>,
    by_created: BTreeSet<Place>,
    by_updated: BTreeSet<Place>,
    by_login: HashMap<Box<str>, u32>,
}

impl Catalogue {
    /// Many people at once, which builds the orders in bulk.
    pub(crate) fn of(people: Vec<User>) -> Self {
        let mut catalogue =
            Self { slots: people.into_iter().map(|user| Some(Arc::new(user))).collect(), ..Self::default() };
        let mut places = Vec::with_capacity(catalogue.slots.len());
        for (slot, user) in (0u32..).zip(catalogue.slots.iter().flatten()) {
            if let Some([created, updated]) = places_of(user, slot) {
                places.push((created, updated));
                catalogue.by_login.insert(login_key(user), slot);
            }
        }
        catalogue.by_id = places.iter().map(|(place, _)| (place.id, place.slot)).collect();
        catalogue.by_created = places.iter().map(|(created, _)| *created).collect();
        catalogue.by_updated = places.into_iter().map(|(_, updated)| updated).collect();
        catalogue
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &User> {
        self.slots.iter().flatten().map(Arc::as_ref)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Arc<User>> {
        self.at(*self.by_id.get(&Id::parse(id)?)?)
    }

    pub(crate) fn by_login(&self, login: &str) -> Option<&Arc<User>> {
        self.at(*self.by_login.get(login.to_lowercase().as_str())?)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Arc<User>> {
        let slot = self.by_id.remove(&Id::parse(id)?)?;
        self.forget(slot);
        self.slots.get_mut(slot as usize)?.take()
    }

    /// People in order of a time, between two places; reversed by the caller when descending.
    pub(crate) fn in_time_order(
        &self,
        order: TimeOrder,
        (from, to): (Bound<Place>, Bound<Place>),
    ) -> Box<dyn DoubleEndedIterator<Item = &Arc<User>> + '_> {
        let places = match order {
            TimeOrder::Created => &self.by_created,
            TimeOrder::LastUpdated => &self.by_updated,
        };
        if is_empty(&from, &to) {
            return Box::new(std::iter::empty());
        }
        Box::new(places.range((from, to)).filter_map(|place| self.at(place.slot)))
    }

    /// People in order of id, between two ids.
    pub(crate) fn in_id_order(
        &self,
        (from, to): (Bound<Id>, Bound<Id>),
    ) -> Box<dyn DoubleEndedIterator<Item = &Arc<User>> + '_> {
        if is_empty(&from, &to) {
            return Box::new(std::iter::empty());
        }
        Box::new(self.by_id.range((from, to)).filter_map(|(_, slot)| self.at(*slot)))
    }

    fn at(&self, slot: u32) -> Option<&Arc<User>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Takes whoever is in the slot out of the orders.
    fn forget(&mut self, slot: u32) {
        let Some(user) = self.at(slot).cloned() else {
            return;
        };
        if let Some([created, updated]) = places_of(&user, slot) {
            self.by_created.remove(&created);
            self.by_updated.remove(&updated);
        }
        self.by_login.remove(&login_key(&user));
    }
}

impl Searchable for Catalogue {
    type Item = User;

    fn put(&mut self, user: Arc<User>) {
        let Some(id) = Id::parse(&user.id) else {
            return;
        };
        let slot = self.by_id.get(&id).copied();
        let slot = slot.unwrap_or_else(|| u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        self.forget(slot);
        if let Some([created, updated]) = places_of(&user, slot) {
            self.by_created.insert(created);
            self.by_updated.insert(updated);
        }
        self.by_id.insert(id, slot);
        self.by_login.insert(login_key(&user), slot);
        match self.slots.get_mut(slot as usize) {
            Some(place) => *place = Some(user),
            None => self.slots.push(Some(user)),
        }
    }

    fn take_out(&mut self, id: &str) {
        self.remove(id);
    }
}

fn places_of(user: &User, slot: u32) -> Option<[Place; 2]> {
    let id = Id::parse(&user.id)?;
    let place = |at: jiff::Timestamp| Place { second: at.as_second(), id, slot };
    Some([place(user.created), place(user.last_updated)])
}

fn login_key(user: &User) -> Box<str> {
    user.login().to_lowercase().into_boxed_str()
}

/// Whether nothing lies between; the standard maps panic on such a range.
fn is_empty<T: Ord>(from: &Bound<T>, to: &Bound<T>) -> bool {
    match (from, to) {
        (Bound::Included(from), Bound::Included(to)) => from > to,
        (Bound::Included(from), Bound::Excluded(to))
        | (Bound::Excluded(from), Bound::Included(to) | Bound::Excluded(to)) => from >= to,
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
    }
}
