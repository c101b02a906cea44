//! The devices of an org, in the order that lists are paged in.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;

use super::device::Device;
use super::search_index::Searchable;
use crate::id::Id;

/// The devices by id. Cloning shares them, so that the search index's older view is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fleet(BTreeMap<Id, Arc<Device>>);

impl Fleet {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Device> {
        self.0.values().map(Arc::as_ref)
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Device>> {
        self.0.get(&Id::parse(id)?)
    }

    /// The devices with ids greater than `after`, by id.
    pub(crate) fn after(&self, after: Id) -> impl Iterator<Item = &Arc<Device>> {
        self.0.range((Excluded(after), Unbounded)).map(|(_, device)| device)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Arc<Device>> {
        self.0.remove(&Id::parse(id)?)
    }
}

impl Searchable for Fleet {
    type Item = Device;

    fn put(&mut self, device: Arc<Device>) {
        if let Some(id) = Id::parse(&device.id) {
            self.0.insert(id, device);
        }
    }

    fn take_out(&mut self, id: &str) {
        self.remove(id);
    }
}
