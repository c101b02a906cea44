//! The devices of a generated org.
//!
//! Who has one is random; some have several, and a few devices have two users, or none.

use fastrand::Rng;

use super::hardware;
use crate::clock::second;
use crate::id::new_id;
use crate::org::{Device, DeviceLink, DeviceStatus, ManagementStatus, Org, Profile, ScreenLock, Status};

const DAY: i64 = 24 * 3600;

/// Adds this many devices. All of their times are older than a day.
pub(crate) fn generate(org: &mut Org, count: usize) {
    let now = org.now().as_second();
    let mut rng = org.rng().fork();
    let owners: Vec<String> =
        org.users().filter(|user| user.status == Status::Active).map(|user| user.id.clone()).collect();
    for number in 0..count {
        let device = device(&owners, now, number, &mut rng);
        org.store_device(device);
    }
}

fn device(owners: &[String], now: i64, number: usize, rng: &mut Rng) -> Device {
    let status = match rng.u16(0..1000) {
        0..60 => DeviceStatus::Deactivated,
        60..90 => DeviceStatus::Suspended,
        _ => DeviceStatus::Active,
    };
    let created = now - 2 * DAY - (rng.f64().powf(1.5) * (1500 * DAY) as f64) as i64;
    let newest = now - DAY - 60;
    // Signals come in at each sign-in: most devices were heard of lately.
    let quiet = rng.f64().powi(4) * (newest - created) as f64;
    let updated = newest - quiet as i64;
    let platform = hardware::platform(number, rng);
    let links = match status {
        DeviceStatus::Deactivated => Vec::new(),
        _ => links(owners, created, platform, rng),
    };
    Device {
        id: new_id(rng, "guo"),
        status,
        created: second(created),
        last_updated: second(updated),
        links,
        profile: Profile::of(&hardware::profile(platform, number, rng)),
    }
}

fn links(owners: &[String], created: i64, platform: &str, rng: &mut Rng) -> Vec<DeviceLink> {
    let count = match rng.u8(0..100) {
        0..4 => 0,
        4..97 => 1,
        _ => 2,
    };
    let is_managed = rng.u8(0..100) < if matches!(platform, "WINDOWS" | "MACOS") { 80 } else { 40 };
    let mut links: Vec<DeviceLink> = Vec::new();
    for _ in 0..count {
        let Some(user) = rng.choice(owners).filter(|user| links.iter().all(|link| link.user != **user)) else {
            continue;
        };
        links.push(DeviceLink {
            user: user.clone(),
            created: second(created),
            management: if is_managed { ManagementStatus::Managed } else { ManagementStatus::NotManaged },
            screen_lock: match rng.u8(0..100) {
                0..15 => None,
                15..20 => Some(ScreenLock::None),
                20..50 => Some(ScreenLock::Passcode),
                _ => Some(ScreenLock::Biometric),
            },
        });
    }
    links
}
