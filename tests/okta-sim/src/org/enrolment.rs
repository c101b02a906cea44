//! Devices come and go, and change (Okta: Devices).
//!
//! What Okta does not document is decided here so that a client must look for itself: a device
//! whose user is taken away keeps its `lastUpdated`, and deactivation and the deletion of a user cut
//! links without `device.user.remove`.

use std::sync::Arc;

use serde_json::Value;

use super::search_index::{Change, Searchable as _};
use super::{Device, DeviceLink, DeviceStatus, ManagementStatus, NewDevice, Org, Party, Profile, ScreenLock};
use crate::clock::whole_second;
use crate::id::new_id;

impl Org {
    /// Someone sets up Okta Verify on a device that Okta has not seen yet. Returns its id.
    pub fn enroll_device(&mut self, user: &str, new: NewDevice) -> Option<String> {
        let actor = self.user(user).map(Party::user)?;
        let now = whole_second(self.now());
        let link = DeviceLink {
            user: user.to_owned(),
            created: now,
            management: new.management,
            screen_lock: new.screen_lock,
        };
        let device = Device {
            id: new_id(&mut self.rng, "guo"),
            status: DeviceStatus::Active,
            created: now,
            last_updated: now,
            links: vec![link],
            profile: Profile::of(&new.profile),
        };
        let id = device.id.clone();
        let target = Party { detail: Some(device.detail_entry()), ..Party::device(&device) };
        let shown = device.log_json();
        self.store_device(device);
        self.log_with_device(actor, "device.enrollment.create", vec![target], shown);
        Some(id)
    }

    /// Sets any attribute of a device's profile, as signals do that are collected at sign-in: no event.
    pub fn set_device_profile(&mut self, id: &str, key: &str, value: impl Into<Value>) -> bool {
        let value = value.into();
        self.signal(id, |device| device.profile.set(key, Some(value)))
    }

    /// Takes an attribute of a device's profile away: Okta leaves out what it does not know.
    pub fn unset_device_profile(&mut self, id: &str, key: &str) -> bool {
        self.signal(id, |device| device.profile.set(key, None))
    }

    /// Signals of a device are collected at a sign-in, and nothing is new: `lastUpdated` moves alone.
    pub fn collect_signals(&mut self, id: &str) -> bool {
        self.signal(id, |_| ())
    }

    /// A device gets another version of its operating system.
    pub fn update_os(&mut self, id: &str, version: &str) -> bool {
        self.set_device_profile(id, "osVersion", version)
    }

    /// Someone adds an account to Okta Verify on a device: `false` when they already use it, or it
    /// is deactivated.
    pub fn add_device_user(&mut self, id: &str, user: &str) -> bool {
        let (Some(device), Some(person)) = (self.device(id), self.user(user).map(Party::user)) else {
            return false;
        };
        let is_linked = device.links.iter().any(|link| link.user == user);
        if is_linked || device.status == DeviceStatus::Deactivated {
            return false;
        }
        let management = device.links.first().map_or(ManagementStatus::NotManaged, |link| link.management);
        let created = whole_second(self.now());
        let link = DeviceLink { user: user.to_owned(), created, management, screen_lock: None };
        self.signal(id, |device| device.links.push(link)) && self.log_link(id, person, "device.user.add")
    }

    /// Someone does not use a device any more; the device stays.
    pub fn remove_device_user(&mut self, id: &str, user: &str) -> bool {
        let is_linked = self.device(id).is_some_and(|device| device.links.iter().any(|link| link.user == user));
        let Some(person) = self.user(user).map(Party::user).filter(|_| is_linked) else {
            return false;
        };
        self.amend_device(id, |device| device.links.retain(|link| link.user != user))
            && self.log_link(id, person, "device.user.remove")
    }

    /// A device comes under management in the eyes of one of its users, or leaves it. No event.
    pub fn set_management(&mut self, id: &str, user: &str, management: ManagementStatus) -> bool {
        self.change_link(id, user, |link| link.management = management)
    }

    /// The screen of a device locks otherwise, or it is unknown how. No event.
    pub fn set_screen_lock(&mut self, id: &str, user: &str, lock: Option<ScreenLock>) -> bool {
        self.change_link(id, user, |link| link.screen_lock = lock)
    }

    /// Suspends a device; who uses it stays known.
    pub fn suspend_device(&mut self, id: &str) -> bool {
        self.shift_device(id, DeviceStatus::Active, DeviceStatus::Suspended, "device.lifecycle.suspend")
    }

    /// Ends a suspension.
    pub fn unsuspend_device(&mut self, id: &str) -> bool {
        self.shift_device(id, DeviceStatus::Suspended, DeviceStatus::Active, "device.lifecycle.unsuspend")
    }

    /// Deactivates a device, which cuts all of its links.
    pub fn deactivate_device(&mut self, id: &str) -> bool {
        let Some(from) = self.device(id).map(|device| device.status) else {
            return false;
        };
        from != DeviceStatus::Deactivated
            && self.shift_device(id, from, DeviceStatus::Deactivated, "device.lifecycle.deactivate")
    }

    /// Activates a deactivated device; nobody uses it to begin with.
    pub fn activate_device(&mut self, id: &str) -> bool {
        self.shift_device(id, DeviceStatus::Deactivated, DeviceStatus::Active, "device.lifecycle.activate")
    }

    /// Deletes a device, which must be deactivated: 404 from now on.
    pub fn delete_device(&mut self, id: &str) -> bool {
        let Some(device) = self.device(id).filter(|device| device.status == DeviceStatus::Deactivated) else {
            return false;
        };
        let (party, shown) = (Party::device(device), device.log_json());
        self.log_with_device(Party::system(), "device.lifecycle.delete", vec![party], shown);
        self.vanish_device(id)
    }

    /// A device is gone without any trace in the log.
    pub fn vanish_device(&mut self, id: &str) -> bool {
        let is_gone = self.fleet.remove(id).is_some();
        if is_gone {
            self.device_index.note(self.clock.now(), || Change::Remove(id.to_owned()));
        }
        is_gone
    }

    /// Puts a device into any status, without an event and with its links: for what no other method
    /// reaches.
    pub fn set_device_status(&mut self, id: &str, status: DeviceStatus) -> bool {
        self.signal(id, |device| device.status = status)
    }

    /// Stores a device, new or changed, for the live reads now and for the index when it gets there.
    pub(crate) fn store_device(&mut self, device: Device) {
        let device = Arc::new(device);
        self.device_index.note(self.clock.now(), || Change::Put(Arc::clone(&device)));
        self.fleet.put(device);
    }

    /// Cuts the links of someone who is gone.
    pub(super) fn forget_device_user(&mut self, user: &str) {
        let uses = |device: &&Device| device.links.iter().any(|link| link.user == user);
        let ids: Vec<String> = self.fleet.iter().filter(uses).map(|device| device.id.clone()).collect();
        for id in ids {
            self.amend_device(&id, |device| device.links.retain(|link| link.user != user));
        }
    }

    fn shift_device(&mut self, id: &str, from: DeviceStatus, to: DeviceStatus, event: &str) -> bool {
        let Some(device) = self.device(id).filter(|device| device.status == from) else {
            return false;
        };
        let party = Party::device(device);
        self.signal(id, |device| {
            device.status = to;
            if to == DeviceStatus::Deactivated {
                device.links.clear();
            }
        });
        let shown = self.device(id).map(Device::log_json).unwrap_or_default();
        self.log_with_device(Party::system(), event, vec![party], shown);
        true
    }

    fn change_link(&mut self, id: &str, user: &str, change: impl FnOnce(&mut DeviceLink)) -> bool {
        let place = |device: &Device| device.links.iter().position(|link| link.user == user);
        let Some(place) = self.device(id).and_then(place) else {
            return false;
        };
        self.signal(id, |device| device.links.get_mut(place).map(change).unwrap_or_default())
    }

    /// Changes a device as what moves its `lastUpdated`.
    fn signal(&mut self, id: &str, change: impl FnOnce(&mut Device)) -> bool {
        let now = whole_second(self.now());
        self.amend_device(id, |device| {
            change(device);
            device.last_updated = now;
        })
    }

    fn amend_device(&mut self, id: &str, change: impl FnOnce(&mut Device)) -> bool {
        let Some(mut device) = self.device(id).cloned() else {
            return false;
        };
        change(&mut device);
        self.store_device(device);
        true
    }

    /// Notes that a link was made or cut. Which target comes first is not established, so it varies.
    fn log_link(&mut self, id: &str, person: Party, event: &str) -> bool {
        let Some(device) = self.device(id) else {
            return false;
        };
        let (party, shown) = (Party::device(device), device.log_json());
        let targets = match self.rng.bool() {
            true => vec![party, person.clone()],
            false => vec![person.clone(), party],
        };
        self.log_with_device(person, event, targets, shown);
        true
    }
}
