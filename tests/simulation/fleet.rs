//! What happens to devices meanwhile: people get them, give them back and update them; administrators suspend, deactivate and
//! delete them.

use okta_sim::{Device, DeviceStatus, NewDevice, Org};

use crate::change::{Administrator, is_here};

/// Platforms of devices.
const PLATFORMS: [&str; 4] = ["MACOS", "WINDOWS", "IOS", "ANDROID"];

/// A device that is called after its number.
pub(crate) fn device(number: usize) -> NewDevice {
    NewDevice::new(PLATFORMS[number % PLATFORMS.len()], &format!("d{number:02}")).with("osVersion", "15.6.1")
}

impl Administrator {
    /// Changes something about a device; says what.
    pub(crate) fn change_device(&mut self, org: &mut Org) -> Option<String> {
        match self.rng.u8(0..8) {
            0 => self.enrol(org),
            1 => self.on_device(org, DeviceStatus::Active, "gets another system", |org, id| org.update_os(id, "15.7")),
            2 => self.give_back(org),
            3 => self.hand_over(org),
            4 => self.on_device(org, DeviceStatus::Active, "is suspended", Org::suspend_device),
            5 => self.on_device(org, DeviceStatus::Suspended, "is no longer suspended", Org::unsuspend_device),
            6 => self.on_device(org, DeviceStatus::Active, "is deactivated", Org::deactivate_device),
            _ if self.rng.bool() => {
                self.on_device(org, DeviceStatus::Deactivated, "is activated again", Org::activate_device)
            }
            _ => self.on_device(org, DeviceStatus::Deactivated, "is deleted", Org::delete_device),
        }
    }

    fn pick_device(&mut self, org: &Org, wanted: impl Fn(&Device) -> bool) -> Option<Device> {
        let mut found: Vec<&Device> = org.devices().filter(|device| wanted(device)).collect();
        found.sort_by(|one, other| one.id.cmp(&other.id));
        (!found.is_empty()).then(|| found[self.rng.usize(..found.len())].clone())
    }

    fn on_device(
        &mut self,
        org: &mut Org,
        status: DeviceStatus,
        what: &str,
        act: fn(&mut Org, &str) -> bool,
    ) -> Option<String> {
        let device = self.pick_device(org, |device| device.status == status)?;
        act(org, &device.id).then(|| format!("device {} {what}", device.name()))
    }

    fn enrol(&mut self, org: &mut Org) -> Option<String> {
        let user = self.pick(org, &is_here)?;
        let new = device(org.devices().count());
        let id = org.enroll_device(&user.id, new)?;
        Some(format!("device {} is new", org.device(&id)?.name()))
    }

    fn give_back(&mut self, org: &mut Org) -> Option<String> {
        let device = self.pick_device(org, |device| !device.links.is_empty())?;
        let user = &device.links.first()?.user;
        org.remove_device_user(&device.id, user).then(|| format!("device {} is given back", device.name()))
    }

    fn hand_over(&mut self, org: &mut Org) -> Option<String> {
        let device = self.pick_device(org, |device| device.status == DeviceStatus::Active)?;
        let user = self.pick(org, &is_here)?;
        org.add_device_user(&device.id, &user.id).then(|| format!("device {} gets a user more", device.name()))
    }
}
