use proptest::prelude::*;
use serde_json::{Value, json};

use super::{LARGEST_OBJECT, ObjectKind, decode_object};
use crate::model::samples::user_object;
use crate::model::{RawObject, RejectionReason, Time, peek};

fn with(attribute: &str, value: Value) -> String {
    let mut object = user_object();
    object[attribute] = value;
    object.to_string()
}

fn without(attribute: &str) -> String {
    let mut object = user_object();
    object.as_object_mut().unwrap().remove(attribute);
    object.to_string()
}

const ID: &str = "00uys2o7gqpDHlusr1d7";

#[test]
fn a_user_is_decoded_with_whatever_else_is_there() {
    for text in [
        user_object().to_string(),
        with("somethingNew", json!({ "deep": [1, 2] })),
        with("status", json!("BRAND_NEW")),
        with("lastUpdated", json!("2026-05-15T18:24:44.000001+01:00")),
        without("_links"),
        without("activated"),
    ] {
        let user = decode_object(ObjectKind::User, &RawObject::intact(text.as_str())).unwrap();
        assert_eq!((user.id.as_str(), user.created.to_string().as_str()), (ID, "2026-05-15T17:24:32.000Z"));
        assert_eq!(user.last_updated.to_string(), "2026-05-15T17:24:44.000Z");
        assert_eq!(user.json.to_string(), text);
        assert_eq!(user.json["status"], user.status.as_str());
    }
}

#[test]
fn what_is_not_a_user_says_why_and_keeps_its_id() {
    let surrogate = with("x", json!("@")).replace('@', "\\ud800");
    let cut = user_object().to_string().replace("\"lastUpdated\"", "\"lastUpd");
    for (text, id, message) in [
        ("null".to_owned(), None, "it is not an object"),
        ("[]".to_owned(), None, "it is not an object"),
        ("\"text\"".to_owned(), None, "it is not an object"),
        (String::new(), None, "the object breaks off at line 1, column 0"),
        ("{".to_owned(), None, "the object breaks off at line 1, column 1"),
        (without("id"), None, "`id` is missing"),
        (with("id", json!(7)), None, "`id` is not a string"),
        (with("id", json!("")), None, "`id` is not an id of Okta's"),
        (with("id", json!("a/b")), None, "`id` is not an id of Okta's"),
        (with("id", json!("x".repeat(129))), None, "`id` is not an id of Okta's"),
        (without("status"), Some(ID), "`status` is missing"),
        (with("status", json!(null)), Some(ID), "`status` is not a string"),
        (with("status", json!(" ")), Some(ID), "`status` is not a status word"),
        (with("created", json!("yesterday")), Some(ID), "`created` is not a time in RFC 3339"),
        (without("lastUpdated"), Some(ID), "`lastUpdated` is missing"),
        (with("lastUpdated", json!(1_700_000_000)), Some(ID), "`lastUpdated` is not a string"),
        (without("profile"), Some(ID), "`profile` is not an object"),
        (with("profile", json!("Ada")), Some(ID), "`profile` is not an object"),
        (with("profile", json!(null)), Some(ID), "`profile` is not an object"),
        (surrogate, Some(ID), "the object is not JSON at line 1"),
        (cut, Some(ID), "the object is not JSON at line 1"),
    ] {
        let undecodable = decode_object(ObjectKind::User, &RawObject::intact(text.as_str())).unwrap_err();
        assert_eq!(undecodable.rejection.reason, RejectionReason::Malformed, "{text}");
        assert!(undecodable.rejection.message.starts_with(message), "{text}: {}", undecodable.rejection.message);
        assert_eq!(undecodable.rejection.identifier, None);
        match id {
            Some(id) => assert_eq!(undecodable.id, id, "{text}"),
            None => assert!(undecodable.id.starts_with("malformed-") && undecodable.id.len() == 26, "{text}"),
        }
    }
}

#[test]
fn a_damaged_object_never_becomes_a_record() {
    let damaged = RawObject { text: user_object().to_string().into(), damaged: true };
    let undecodable = decode_object(ObjectKind::User, &damaged).unwrap_err();
    assert_eq!((undecodable.id.as_str(), undecodable.rejection.reason), (ID, RejectionReason::Malformed));
    assert_eq!(undecodable.created, Some("2026-05-15T17:24:32Z".parse::<Time>().unwrap()));
}

#[test]
fn an_object_that_is_too_large_keeps_its_id() {
    let text = with("x", json!("x".repeat(LARGEST_OBJECT)));
    let undecodable = decode_object(ObjectKind::User, &RawObject::intact(text)).unwrap_err();
    assert_eq!((undecodable.id.as_str(), undecodable.rejection.reason), (ID, RejectionReason::TooLarge));
}

#[test]
fn the_same_bad_text_has_the_same_name() {
    let name = |text: &str| decode_object(ObjectKind::User, &RawObject::intact(text)).unwrap_err().id;
    assert_eq!(name("{}"), name("{}"));
    assert_ne!(name("{}"), name("{ }"));
}

#[test]
fn a_peek_reads_what_it_can() {
    let created = "2026-05-15T17:24:32Z".parse::<Time>().ok();
    for (text, id, time) in [
        (r#"{"id":"00u1","created":"2026-05-15T17:24:32.000Z"}"#, Some("00u1"), created),
        (r#"{"created":"2026-05-15T17:24:32.000Z","x":{"id":"no"},"id":"00u1"}"#, Some("00u1"), created),
        (r#"{"x":"\ud800","id":"00u1"}"#, Some("00u1"), None),
        (r#"{"id":"00u1","x":tru"#, Some("00u1"), None),
        (r#"{"id":5,"created":7}"#, None, None),
        (r#"{"id":"\ud800"}"#, None, None),
        (r#"{"id":"0"#, None, None),
        (r#"["id"]"#, None, None),
        ("", None, None),
    ] {
        let found = peek(&RawObject::intact(text));
        assert_eq!((found.id.as_deref(), found.created), (id, time), "{text}");
    }
}

#[test]
fn debugging_shows_no_person() {
    let raw = RawObject::intact(user_object().to_string());
    let shown = format!("{raw:?} {:?}", decode_object(ObjectKind::User, &raw).unwrap());
    assert!(shown.contains(ID) && !shown.contains("ada@") && !shown.contains("Byron"), "{shown}");
}

proptest! {
    #[test]
    fn any_text_is_decoded_or_not_without_a_panic(text in ".{0,80}|[\\[\\]{}\",:a-z0-9\\\\ ]{0,80}", damaged in any::<bool>()) {
        let _ = decode_object(ObjectKind::User, &RawObject { text: text.into(), damaged });
    }

    #[test]
    fn a_user_cut_anywhere_is_malformed(at in 0..500_usize) {
        let text = user_object().to_string();
        let cut: String = text.chars().take(at.min(text.len() - 1)).collect();
        prop_assert_eq!(decode_object(ObjectKind::User, &RawObject::intact(cut)).unwrap_err().rejection.reason, RejectionReason::Malformed);
    }
}
