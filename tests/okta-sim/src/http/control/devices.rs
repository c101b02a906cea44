//! `/sim/devices`: devices from outside.

use serde_json::{Map, Value, json};

use crate::org::{ManagementStatus, NewDevice, Org, ScreenLock};

/// What was changed; `None` is an unknown route.
pub(super) fn change(org: &mut Org, rest: &[&str], body: Map<String, Value>) -> Option<Value> {
    let done = match rest {
        [] => return Some(json!({"id": enroll(org, body)?})),
        [id, "profile"] => set_attributes(org, id, body),
        [id, "users", user, "add"] => org.add_device_user(id, user),
        [id, "users", user, "remove"] => org.remove_device_user(id, user),
        [id, "users", user, "link"] => change_link(org, id, user, &body),
        [id, "signals"] => org.collect_signals(id),
        [id, "suspend"] => org.suspend_device(id),
        [id, "unsuspend"] => org.unsuspend_device(id),
        [id, "deactivate"] => org.deactivate_device(id),
        [id, "activate"] => org.activate_device(id),
        [id, "delete"] => org.delete_device(id),
        [id, "vanish"] => org.vanish_device(id),
        _ => return None,
    };
    done.then(|| json!({"ok": true}))
}

fn enroll(org: &mut Org, mut body: Map<String, Value>) -> Option<String> {
    let mut text = |name: &str| match body.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (user, platform, name) = (text("user")?, text("platform")?, text("name")?);
    let management = text("managementStatus").as_deref().and_then(management);
    let screen_lock = text("screenLockType").as_deref().and_then(screen_lock);
    let mut device = NewDevice { screen_lock, ..NewDevice::new(&platform, &name) };
    device.management = management.unwrap_or(device.management);
    device.profile.extend(body);
    org.enroll_device(&user, device)
}

fn set_attributes(org: &mut Org, id: &str, attributes: Map<String, Value>) -> bool {
    let set = |(name, value): (String, Value)| match value {
        Value::Null => org.unset_device_profile(id, &name),
        value => org.set_device_profile(id, &name, value),
    };
    attributes.into_iter().map(set).fold(false, |any, done| any | done)
}

fn change_link(org: &mut Org, id: &str, user: &str, body: &Map<String, Value>) -> bool {
    let status = body.get("managementStatus").and_then(Value::as_str).and_then(management);
    let is_set = status.is_some_and(|status| org.set_management(id, user, status));
    match body.get("screenLockType") {
        None => is_set,
        Some(lock) => org.set_screen_lock(id, user, lock.as_str().and_then(screen_lock)),
    }
}

fn management(name: &str) -> Option<ManagementStatus> {
    [ManagementStatus::Managed, ManagementStatus::NotManaged].into_iter().find(|status| status.as_str() == name)
}

fn screen_lock(name: &str) -> Option<ScreenLock> {
    [ScreenLock::None, ScreenLock::Passcode, ScreenLock::Biometric].into_iter().find(|lock| lock.as_str() == name)
}
