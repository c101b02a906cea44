use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{LARGEST_CONTENT, Mapping, Source, Target};
use crate::model::samples::{decoded, user_object, user_of_status, user_with};
use crate::model::{Expression, Filter, Kind, Memberships, Reason, RejectionReason};

fn mapping(identifier: &str, fields: &[(&str, &str)], required: &[&str]) -> Mapping {
    let compiled = |source: &str| Expression::compile(source).unwrap();
    Mapping {
        preset: None,
        name: "people".to_owned(),
        source: Source::Users,
        target: Target::Record { entity: "Person".to_owned(), collection: "Okta users".to_owned() },
        filter: Filter::default(),
        identifier: compiled(identifier),
        rejoin: None,
        resolves_manager: false,
        fields: fields.iter().map(|(name, source)| ((*name).to_owned(), compiled(source))).collect::<BTreeMap<_, _>>(),
        required: required.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(),
        roles: Vec::new(),
    }
}

#[test]
fn a_user_becomes_the_desired_record() {
    let mapping = mapping(
        "profile.email",
        &[("name", "profile.firstName"), ("phone", "profile.mobilePhone"), ("none", "nothing")],
        &["name"],
    );
    let desired = mapping.desired(&decoded(&user_object()), &Memberships::default()).unwrap();
    assert_eq!(mapping.kind(), Kind::Record);
    assert_eq!((desired.id.as_str(), desired.okta_status.as_str()), ("00uys2o7gqpDHlusr1d7", "ACTIVE"));
    assert_eq!(desired.source_created.to_string(), "2026-05-15T17:24:32.000Z");
    assert_eq!(desired.source_updated.to_string(), "2026-05-15T17:24:44.000Z");
    assert_eq!(desired.standing, None);
    let content = desired.content.unwrap();
    assert_eq!((content.identifier.as_str(), content.role), ("ada@acme.example", None));
    assert_eq!(Value::Object(content.fields), json!({ "name": "Ada", "phone": null, "none": null }));
}

#[test]
fn the_standing_follows_the_status() {
    let mapping = mapping("id", &[("f", "id")], &[]);
    for (status, standing) in [
        ("ACTIVE", None),
        ("PROVISIONED", None),
        ("RECOVERY", None),
        ("PASSWORD_EXPIRED", None),
        ("LOCKED_OUT", None),
        ("BRAND_NEW", None),
        ("SUSPENDED", Some(Reason::Suspended)),
        ("STAGED", Some(Reason::Pending)),
        ("DEPROVISIONED", Some(Reason::Deactivated)),
    ] {
        let desired = mapping.desired(&user_of_status(status), &Memberships::default()).unwrap();
        assert_eq!((desired.standing, desired.okta_status.as_str()), (standing, status));
        assert!(desired.content.is_some(), "{status}");
    }
}

#[test]
fn whom_the_filter_leaves_out_is_not_computed() {
    let mut mapping = mapping("abs(id)", &[("f", "id")], &[]);
    mapping.filter.statuses = Some(BTreeSet::from(["STAGED".to_owned()]));
    let desired = mapping.desired(&user_of_status("SUSPENDED"), &Memberships::default()).unwrap();
    assert_eq!((desired.standing, desired.content), (Some(Reason::Suspended), None));
}

#[test]
fn identifiers_are_texts() {
    use RejectionReason::{ExpressionFailed, MissingIdentifier, TooLarge};
    for (value, expected) in [
        (json!("ada"), Ok("ada")),
        (json!(" ada\n"), Ok("ada")),
        (json!(9_007_199_254_740_993_u64), Ok("9007199254740993")),
        (json!(1.5), Ok("1.5")),
        (json!(null), Err(MissingIdentifier)),
        (json!(""), Err(MissingIdentifier)),
        (json!(" \t"), Err(MissingIdentifier)),
        (json!(true), Err(ExpressionFailed)),
        (json!(["ada"]), Err(ExpressionFailed)),
        (json!({}), Err(ExpressionFailed)),
        (json!("ä".repeat(513)), Err(TooLarge)),
    ] {
        let found = mapping("profile.key", &[("f", "id")], &[])
            .desired(&user_with(json!({ "key": value })), &Memberships::default());
        let found = found.map(|desired| desired.content.unwrap().identifier).map_err(|rejection| {
            assert_eq!(rejection.identifier, None);
            assert!(rejection.message.starts_with("identifier: "), "{}", rejection.message);
            rejection.reason
        });
        assert_eq!(found, expected.map(str::to_owned), "{value}");
    }
}

#[test]
fn required_fields_must_not_be_blank() {
    for (value, missing) in [
        (json!(null), true),
        (json!(""), true),
        (json!(" \n"), true),
        (json!([]), true),
        (json!({}), false),
        (json!(0), false),
        (json!(false), false),
        (json!("x"), false),
        (json!([null]), false),
    ] {
        let mapping = mapping("id", &[("a", "id"), ("b", "profile.key")], &["a", "b"]);
        let found = mapping.desired(&user_with(json!({ "key": value })), &Memberships::default());
        assert_eq!(found.is_err(), missing, "{value}");
        if let Err(rejection) = found {
            assert_eq!(rejection.reason, RejectionReason::MissingRequired);
            assert_eq!(rejection.message, "fields.b: required, but `profile.key` is null or empty");
            assert_eq!(rejection.identifier.as_deref(), Some("00uys2o7gqpDHlusr1d7"));
        }
    }
}

#[test]
fn a_failed_expression_names_its_field_and_no_value() {
    let rejection = mapping("id", &[("a", "id"), ("full", "join(' ', profile.email)")], &[])
        .desired(&user_with(json!({})), &Memberships::default())
        .unwrap_err();
    assert_eq!(rejection.reason, RejectionReason::ExpressionFailed);
    assert_eq!(rejection.message, "fields.full: join(): argument 2 should be array[string], but is string");
    assert_eq!(rejection.identifier.as_deref(), Some("00uys2o7gqpDHlusr1d7"));
    let rejection = mapping("abs(profile.email)", &[("a", "id")], &[])
        .desired(&user_with(json!({})), &Memberships::default())
        .unwrap_err();
    assert_eq!(rejection.message, "identifier: abs(): argument 1 should be number, but is string");
}

#[test]
fn a_record_that_would_not_fit_is_too_large() {
    let mapping = mapping("id", &[("a", "profile.key"), ("b", "profile.key")], &[]);
    let fits =
        mapping.desired(&user_with(json!({ "key": "x".repeat(LARGEST_CONTENT / 2 - 200) })), &Memberships::default());
    assert!(fits.is_ok());
    let rejection = mapping
        .desired(&user_with(json!({ "key": "x".repeat(LARGEST_CONTENT / 2 + 1) })), &Memberships::default())
        .unwrap_err();
    assert_eq!(rejection.reason, RejectionReason::TooLarge);
    assert_eq!(rejection.identifier.as_deref(), Some("00uys2o7gqpDHlusr1d7"));
}

#[test]
fn somebody_deactivated_is_mapped_like_everybody() {
    let mapping = mapping("id", &[("title", "profile.title")], &["title"]);
    assert_eq!(
        mapping.desired(&user_of_status("DEPROVISIONED"), &Memberships::default()).unwrap_err().reason,
        RejectionReason::MissingRequired
    );
}
