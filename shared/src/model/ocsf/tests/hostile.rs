//! Whatever a record's fields hold, the event is valid and nothing of them is lost.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::okta_device::{Directory, record};
use super::schema::{faults, looks_like};
use crate::model::{Reason, Record, State, Time, device_inventory};

const NAMES: [&str; 26] = [
    "name",
    "platform",
    "os_version",
    "manufacturer",
    "model",
    "serial_number",
    "udid",
    "imei",
    "meid",
    "sid",
    "tpm_public_key_hash",
    "registered",
    "managed",
    "secure_hardware",
    "disk_encryption",
    "disk_encrypted",
    "jailbroken",
    "screen_lock",
    "holder",
    "holders",
    "last_holder",
    "assurance",
    "device",
    "unmapped",
    "status",
    "kosten stelle",
];
const WORDS: [&str; 16] = [
    "WINDOWS",
    "MACOS",
    "IOS",
    "ANDROID",
    "CHROMEOS",
    "VISIONOS",
    "16:2025-09-01",
    ":",
    "",
    " ",
    "iPad13,4",
    "NONE",
    "ada@acme.example",
    "ada@localhost",
    "met",
    "not_met",
];
const KEYS: [&str; 9] = ["id", "login", "email", "name", "since", "managed", "until", "verdict", "reasons"];
const REASONS: [Option<Reason>; 7] = [
    None,
    Some(Reason::Deleted),
    Some(Reason::Missing),
    Some(Reason::Deactivated),
    Some(Reason::Suspended),
    Some(Reason::Pending),
    Some(Reason::OutOfScope),
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![proptest::sample::select(&WORDS[..]).prop_map(str::to_owned), any::<String>()]
}

fn value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        6 => text().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 24, 4, |inner| {
        let members = (proptest::sample::select(&KEYS[..]), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            proptest::collection::vec(members, 0..5)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

fn fields() -> impl Strategy<Value = Map<String, Value>> {
    let name = prop_oneof![9 => proptest::sample::select(&NAMES[..]).prop_map(str::to_owned), 1 => any::<String>()];
    proptest::collection::vec((name, value()), 0..20).prop_map(|fields| fields.into_iter().collect())
}

fn any_record() -> impl Strategy<Value = Record> {
    let times = (any::<i64>(), any::<i64>(), any::<i64>(), any::<i64>());
    (fields(), text(), text(), any::<bool>(), proptest::sample::select(&REASONS[..]), any::<u64>(), times).prop_map(
        |(fields, id, identifier, is_active, reason, revision, (created, updated, first, last))| {
            let device = json!({ "id": id, "status": identifier, "created": Time::EPOCH, "lastUpdated": Time::EPOCH });
            Record {
                fields,
                identifier,
                state: if is_active { State::Active } else { State::Inactive },
                reason,
                revision,
                source_created: Time::from_millis(created),
                source_updated: Time::from_millis(updated),
                first_synced: Time::from_millis(first),
                last_changed: Time::from_millis(last),
                ..record(&device, &Directory::default())
            }
        },
    )
}

/// Everything that is no list and no object, as JSON; not null.
fn leaves(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Value::Object(members) => members.values().for_each(|member| leaves(member, found)),
        scalar => drop(found.insert(scalar.to_string())),
    }
}

/// Okta's words for platforms become the schema's, and Android's versions are taken apart.
fn without_translated(record: &Record) -> Value {
    let mut fields = record.fields.clone();
    let platform = fields.get("platform").and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase();
    if ["WINDOWS", "MACOS", "IOS", "ANDROID", "CHROMEOS"].contains(&platform.as_str()) {
        fields.remove("platform");
    }
    if platform == "ANDROID" && fields.get("os_version").is_some_and(Value::is_string) {
        fields.remove("os_version");
    }
    Value::Object(fields)
}

proptest! {
    #[test]
    fn any_record_gives_a_valid_event(record in any_record()) {
        let event = device_inventory(&record);
        prop_assert_eq!(faults(&event), Vec::<String>::new(), "{}", event);
    }

    #[test]
    fn nothing_that_a_field_says_is_lost(record in any_record()) {
        let (mut told, mut kept) = (BTreeSet::new(), BTreeSet::new());
        leaves(&without_translated(&record), &mut told);
        leaves(&device_inventory(&record), &mut kept);
        let lost: Vec<_> = told.difference(&kept).collect();
        prop_assert!(lost.is_empty(), "{:?}", lost);
    }

    #[test]
    fn an_owner_has_the_address_that_the_schema_accepts(address in "[a-zA0.@!+/ é\n-]{0,4}@?[a0.@-]{0,6}") {
        let device = json!({ "id": "guo1", "status": "ACTIVE", "created": Time::EPOCH, "lastUpdated": Time::EPOCH });
        let mut record = record(&device, &Directory::default());
        record.fields = Map::from_iter([("holder".to_owned(), json!({ "id": "00u1", "email": address }))]);
        let event = device_inventory(&record);
        let place = if looks_like("email_t", &address) { "/device/owner/email_addr" } else { "/unmapped/holder/email" };
        prop_assert_eq!(event.pointer(place), Some(&json!(address)));
    }

    #[test]
    fn what_no_place_is_meant_for_stays_as_it_is(value in value(), name in "x_[a-z]{1,8}") {
        let device = json!({ "id": "guo1", "status": "ACTIVE", "created": Time::EPOCH, "lastUpdated": Time::EPOCH });
        let mut record = record(&device, &Directory::default());
        record.fields = Map::from_iter([(name.clone(), value.clone())]);
        let expected = if value == json!([]) { Value::Null } else { value };
        prop_assert_eq!(&device_inventory(&record)["unmapped"][&name], &expected);
    }
}
