//! JSON to attributes and back: in itself, and through the database.

use aws_sdk_dynamodb::types::AttributeValue;
use proptest::prelude::*;
use serde_json::{Map, Number, Value, json};

use super::{NOON, creation, directory, lease, place, time};
use crate::directory::attribute::{Unfit, from_attribute, to_attribute};
use crate::directory::{Written, keys};

fn numbers() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e125..1e125f64).prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number)),
        (-1.0..1.0f64).prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::Number)),
    ]
}

fn documents() -> impl Strategy<Value = Value> {
    let leaves = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        numbers(),
        any::<String>().prop_map(Value::from),
    ];
    leaves.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".{1,8}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Equal but for the notation of whole numbers.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}

proptest! {
    #[test]
    fn json_comes_back(document in documents()) {
        let read = from_attribute(&to_attribute(&document).unwrap());
        prop_assert!(same(&document, &read), "{document} came back as {read}");
    }

    #[test]
    fn every_integer_comes_back_exactly(signed in any::<i64>(), unsigned in any::<u64>()) {
        for number in [Value::from(signed), Value::from(unsigned)] {
            prop_assert_eq!(from_attribute(&to_attribute(&number).unwrap()), number);
        }
    }

    #[test]
    fn keys_of_different_names_differ(one in names(), other in names()) {
        let key = |(connection, mapping, id): &(String, String, String)| {
            (keys::record(connection, mapping, time(NOON), id), keys::unsynced(connection, mapping, id))
        };
        prop_assert_eq!(one == other, key(&one).0 == key(&other).0);
        prop_assert_eq!(one == other, key(&one).1 == key(&other).1);
    }
}

fn names() -> impl Strategy<Value = (String, String, String)> {
    ("[a#%23]{1,4}", "[a#%23]{1,4}", "[a#%23]{1,4}")
}

#[test]
fn what_dynamodb_cannot_hold_is_refused() {
    let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!({ "a": inner }));
    for (value, unfit) in [
        (json!(1e126), Unfit::Number),
        (json!([-1e200]), Unfit::Number),
        (json!({ "a": 1e-131 }), Unfit::Number),
        (nested(32), Unfit::TooDeep),
        (json!([{ "": 1 }]), Unfit::EmptyKey),
    ] {
        assert_eq!(to_attribute(&value), Err(unfit), "{value}");
    }
    for value in [json!(9.99e125), json!(1e-130), json!(-0.0), nested(31)] {
        assert!(same(&from_attribute(&to_attribute(&value).unwrap()), &value), "{value}");
    }
}

#[test]
fn any_notation_of_a_number_is_read() {
    for (text, value) in [("1E2", json!(100)), ("1.0", json!(1)), ("-0.0", json!(0)), ("1e25", json!(1e25))] {
        assert_eq!(from_attribute(&AttributeValue::N(text.to_owned())), value);
    }
    let set = AttributeValue::Ns(vec!["1".to_owned(), "2.5".to_owned()]);
    assert_eq!(from_attribute(&set), json!([1, 2.5]));
}

#[test]
fn ids_spread_evenly_over_the_shards() {
    let mut shards = std::collections::HashMap::<String, u32>::new();
    for number in 0..64_000 {
        *shards.entry(keys::record_shard("a", "b", &format!("00u{number:07}x5d7"))).or_default() += 1;
    }
    assert_eq!(shards.len(), 64);
    assert!(shards.values().all(|count| (800..1_200).contains(count)), "{shards:?}");
}

#[tokio::test]
async fn numbers_and_nesting_survive_the_database() {
    let directory = directory().await;
    let lease = lease(&directory, "run-1").await;
    let deepest = (0..30).fold(json!("leaf"), |inner, _| json!([inner]));
    let fields = json!({
        "numbers": [i64::MIN, u64::MAX, 0.1, 1e-130, 9.99e125, 123_456_789.123_456_78, f64::EPSILON, 1e25, -5e-324 * 0.0],
        "deepest": deepest,
        "texts": ["", " ", "\u{0}", "\u{10ffff}", "line\nline"],
        "empty": { "map": {}, "list": [] },
    });
    let mut change = creation("00u1", NOON);
    let fields: Map<String, Value> = fields.as_object().unwrap().clone();
    change.content.as_mut().unwrap().fields = fields.clone();
    assert_eq!(directory.write(&lease, &place(), &change, time(NOON)).await.unwrap(), Written::Done);
    let record = directory.record("acme", "employees", "00u1").await.unwrap().unwrap();
    assert!(same(&Value::Object(record.fields.clone()), &Value::Object(fields)), "{:?}", record.fields);
}
