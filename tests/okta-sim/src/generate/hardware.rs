//! What devices say of themselves, platform by platform (Okta: Devices, profile).

use fastrand::Rng;
use serde_json::{Map, Value};

/// Manufacturer and model.
type Model = (&'static str, &'static str);

const WINDOWS: [Model; 5] = [
    ("Dell Inc.", "Latitude 5440"),
    ("LENOVO", "21HDS0N900"),
    ("HP", "HP EliteBook 840 14 inch G10 Notebook PC"),
    ("Microsoft Corporation", "Surface Laptop 5"),
    ("VMware, Inc.", "VMware Virtual Platform"),
];
const MACOS: [Model; 4] =
    [("APPLE", "Mac15,9"), ("APPLE", "MacBookPro18,3"), ("APPLE", "Mac14,2"), ("APPLE", "MacBookAir10,1")];
const IOS: [Model; 4] =
    [("APPLE", "iPhone15,2"), ("APPLE", "iPhone14,5"), ("APPLE", "iPad13,4"), ("APPLE", "iPhone17,1")];
const ANDROID: [Model; 4] =
    [("Google", "Pixel 8"), ("samsung", "SM-S911B"), ("Google", "Pixel 6"), ("Xiaomi", "2201116SG")];
const CHROMEOS: [Model; 2] = [("Acer", "Chromebook Spin 714"), ("HP", "Elite Dragonfly Chromebook")];

const WINDOWS_VERSIONS: [&str; 5] =
    ["10.0.26100.2314", "10.0.22631.4460", "10.0.22621.3007", "10.0.19045.5131", "10.0.18362"];
const MACOS_VERSIONS: [&str; 5] = ["26.1", "15.6.1", "15.5", "14.7.1", "13.6.9"];
const IOS_VERSIONS: [&str; 5] = ["26.1", "18.6.2", "18.5", "17.7.2", "16.7.10"];
/// The version, a colon, the level of the security patch.
const ANDROID_VERSIONS: [&str; 5] =
    ["16:2025-09-01", "15:2025-08-05", "14:2024-11-05", "13:2023-05-05", "12:2022-10-01"];

/// The platforms in the shares that they have; one in 250 is of a platform that nobody has heard of.
pub(super) fn platform(number: usize, rng: &mut Rng) -> &'static str {
    const KNOWN: [&str; 5] = ["WINDOWS", "MACOS", "IOS", "ANDROID", "CHROMEOS"];
    if let Some(platform) = KNOWN.get(number) {
        return platform;
    }
    match rng.u16(0..1000) {
        0..380 => "WINDOWS",
        380..600 => "MACOS",
        600..800 => "IOS",
        800..960 => "ANDROID",
        960..996 => "CHROMEOS",
        _ => "VISIONOS",
    }
}

/// The profile of a device. Whatever is not known is left out.
pub(super) fn profile(platform: &str, number: usize, rng: &mut Rng) -> Map<String, Value> {
    let mut profile = Map::new();
    let mut set = |name: &str, value: Value| {
        profile.insert(name.to_owned(), value);
    };
    set("platform", platform.into());
    set("registered", true.into());
    match platform {
        "WINDOWS" => windows(number, rng, &mut set),
        "MACOS" => macos(rng, &mut set),
        "IOS" => ios(rng, &mut set),
        "ANDROID" => android(rng, &mut set),
        "CHROMEOS" => chromeos(rng, &mut set),
        _ => set("displayName", format!("Device {number}").into()),
    }
    profile
}

fn windows(number: usize, rng: &mut Rng, set: &mut impl FnMut(&str, Value)) {
    let (maker, model) = any(&WINDOWS, rng);
    set("displayName", format!("DESKTOP-{}", letters(rng, 7)).into());
    hardware((maker, model), any(&WINDOWS_VERSIONS, rng), set);
    let serial = match maker {
        "VMware, Inc." => format!("VMware-56 4d {number:02x} 7b"),
        _ => letters(rng, 7),
    };
    set("serialNumber", serial.into());
    let (one, other, third) = (rng.u32(..), rng.u32(..), rng.u32(..));
    set("sid", format!("S-1-5-21-{one}-{other}-{third}-{}", 1001 + rng.u16(..2000)).into());
    if rng.u8(0..10) < 2 {
        set("udid", uuid(rng).into());
    }
    if rng.u8(0..10) < 6 {
        set("tpmPublicKeyHash", hexadecimal(rng, 64).into());
    }
    secured(rng, &["ALL_INTERNAL_VOLUMES", "ALL_INTERNAL_VOLUMES", "SYSTEM_VOLUME", "NONE"], set);
    if rng.u8(0..10) < 2 {
        set("managed", rng.bool().into());
    }
}

fn macos(rng: &mut Rng, set: &mut impl FnMut(&str, Value)) {
    let serial = letters(rng, 10);
    set("displayName", serial.clone().into());
    hardware(any(&MACOS, rng), any(&MACOS_VERSIONS, rng), set);
    set("serialNumber", serial.into());
    set("udid", uuid(rng).into());
    secured(rng, &["ALL_INTERNAL_VOLUMES", "ALL_INTERNAL_VOLUMES", "ALL_INTERNAL_VOLUMES", "NONE"], set);
}

fn ios(rng: &mut Rng, set: &mut impl FnMut(&str, Value)) {
    let (maker, model) = any(&IOS, rng);
    set("displayName", model.split(|letter: char| letter.is_ascii_digit()).next().unwrap_or(model).into());
    hardware((maker, model), any(&IOS_VERSIONS, rng), set);
    set("udid", uuid(rng).into());
    if rng.u8(0..10) < 3 {
        set("serialNumber", letters(rng, 10).into());
        set("imei", digits(rng, 15).into());
    }
    set("authenticatorAppKey", "okta_verify".into());
    secured(rng, &["FULL"], set);
    set("integrityJailbreak", (rng.u8(0..100) == 0).into());
}

fn android(rng: &mut Rng, set: &mut impl FnMut(&str, Value)) {
    let (maker, model) = any(&ANDROID, rng);
    set("displayName", model.into());
    hardware((maker, model), any(&ANDROID_VERSIONS, rng), set);
    match rng.u8(0..10) {
        0..2 => set("imei", digits(rng, 15).into()),
        2 => set("meid", hexadecimal(rng, 14).to_uppercase().into()),
        _ => {}
    }
    secured(rng, &["USER", "FULL", "USER", "NONE"], set);
    if rng.u8(0..10) < 8 {
        set("integrityJailbreak", (rng.u8(0..50) == 0).into());
    }
}

fn chromeos(rng: &mut Rng, set: &mut impl FnMut(&str, Value)) {
    let (maker, model) = any(&CHROMEOS, rng);
    set("displayName", model.into());
    hardware((maker, model), "16093.115.0", set);
    set("serialNumber", letters(rng, 12).into());
}

fn hardware((maker, model): Model, version: &str, set: &mut impl FnMut(&str, Value)) {
    set("manufacturer", maker.into());
    set("model", model.into());
    set("osVersion", version.into());
}

/// How the device is secured, as far as it says so: one in ten does not.
fn secured(rng: &mut Rng, encryption: &[&str], set: &mut impl FnMut(&str, Value)) {
    if rng.u8(0..10) > 0 {
        set("secureHardwarePresent", (rng.u8(0..20) > 0).into());
    }
    if rng.u8(0..10) > 0 {
        set("diskEncryptionType", rng.choice(encryption).copied().into());
    }
}

fn any<T: Copy, const N: usize>(choices: &[T; N], rng: &mut Rng) -> T {
    choices[rng.usize(..N)]
}

fn letters(rng: &mut Rng, count: usize) -> String {
    (0..count).map(|_| rng.alphanumeric().to_ascii_uppercase()).collect()
}

fn digits(rng: &mut Rng, count: usize) -> String {
    (0..count).map(|_| rng.digit(10)).collect()
}

fn hexadecimal(rng: &mut Rng, count: usize) -> String {
    (0..count).map(|_| rng.digit(16)).collect()
}

fn uuid(rng: &mut Rng) -> String {
    crate::id::new_uuid(rng).to_uppercase()
}
