//! The languages, as tables.

use std::collections::BTreeSet;

use super::*;

fn object(property: &str) -> Field<'static> {
    match property {
        "id" => Field::Exact("00uAb"),
        "status" => Field::Text("ACTIVE".into()),
        "created" => Field::Millisecond(1_700_000_000_000),
        "profile.department" => Field::Text("R&D (\"new\")".into()),
        "profile.login" => Field::Text("Ada@acme.example".into()),
        "profile.desk" => Field::Number(12.0),
        "profile.remote" => Field::Boolean(true),
        "profile.skills" => Field::from(serde_json::json!(["rust", "sql"])),
        _ => Field::Absent,
    }
}

#[test]
fn expressions_hold_or_do_not() {
    for (text, folded, sensitive) in [
        (r#"status eq "ACTIVE""#, true, true),
        (r#"status eq "active""#, true, false),
        (r#"id eq "00uab""#, false, false),
        (r#"(status lt "ACTIVE" or status gt "ACTIVE")"#, false, false),
        (r#"profile.login sw "ada""#, true, false),
        (r#"profile.login co "@acme""#, true, true),
        (r#"profile.department eq "R&D (\"new\")""#, true, true),
        (r#"profile.desk gt 9"#, true, true),
        (r#"profile.desk lt "100""#, true, true),
        (r#"profile.remote eq true"#, true, true),
        (r#"profile.skills eq "SQL""#, true, false),
        (r#"profile.title pr"#, false, false),
        (r#"not (profile.title pr)"#, true, true),
        (r#"status pr and profile.title pr or status pr"#, true, true),
        (r#"status pr and (profile.title pr or profile.desk pr)"#, true, true),
        (r#"created ge "2023-11-14T22:13:20.000Z" and created lt "2023-11-14T22:13:21Z""#, true, true),
        (r#"created gt "2023-11-14T22:13:20.000Z""#, false, false),
        (r#"STATUS eq "ACTIVE""#, false, false),
        (r#"status EQ "ACTIVE" AND status PR"#, true, true),
    ] {
        let expression = parse(text).unwrap();
        assert_eq!(holds(&expression, Case::Folded, &object), folded, "{text}, folded");
        assert_eq!(holds(&expression, Case::Sensitive, &object), sensitive, "{text}, sensitive");
    }
}

#[test]
fn what_is_no_expression_is_refused() {
    for text in [
        "",
        "status",
        "status eq",
        "status is \"x\"",
        "status eq \"x",
        "(status pr",
        "status pr)",
        "status pr and",
        "status eq ACTIVE",
        "\"x\" eq status",
        "status pr status pr",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(parse(&"(".repeat(10_000)).is_err());
    assert!(parse(&format!("{}status pr", "not ".repeat(100_000))).is_err());
}

#[test]
fn endpoints_take_their_own_languages() {
    use Dialect::{GroupFilter, GroupSearch, LogFilter, UserFilter, UserSearch};
    let time = r#""2026-11-20T10:00:00.000Z""#;
    for (text, taken) in [
        ("status pr".to_owned(), vec![UserSearch, LogFilter]),
        (format!("lastUpdated ge {time}"), vec![UserSearch, UserFilter, GroupSearch, LogFilter]),
        (format!("lastMembershipUpdated gt {time}"), vec![GroupSearch, GroupFilter, LogFilter]),
        (format!("created lt {time}"), vec![UserSearch, GroupSearch, LogFilter]),
        ("created lt \"yesterday\"".to_owned(), vec![]),
        ("profile.department eq \"x\"".to_owned(), vec![UserSearch, GroupSearch, LogFilter]),
        ("profile.login eq \"x\"".to_owned(), vec![UserSearch, UserFilter, GroupSearch, LogFilter]),
        ("profile.department co \"x\"".to_owned(), vec![LogFilter]),
        ("profile.lastName co \"x\"".to_owned(), vec![UserSearch, LogFilter]),
        ("status ne \"ACTIVE\"".to_owned(), vec![LogFilter]),
        ("not status eq \"ACTIVE\"".to_owned(), vec![LogFilter]),
        ("lastLogin pr".to_owned(), vec![LogFilter]),
        (format!("published gt {time}"), vec![]),
    ] {
        let expression = parse(&text).unwrap();
        for dialect in [UserSearch, UserFilter, GroupSearch, GroupFilter, LogFilter] {
            let is_taken = check(&expression, dialect).is_ok();
            assert_eq!(is_taken, taken.contains(&dialect), "{text} by {dialect:?}");
        }
    }
}

#[test]
fn bounds_come_from_conjunctions_alone() {
    let bounds = |text: &str| Bounds::of(&parse(text).unwrap());
    let slice = bounds(r#"created ge "1970-01-01T00:00:10Z" and (created lt "1970-01-01T00:00:20Z" and status pr)"#);
    assert_eq!(slice.created, Span { from: 10, to: 20 });
    assert!(!slice.last_updated.is_bounded());
    let either = bounds(r#"created ge "1970-01-01T00:00:10Z" or status pr"#);
    assert_eq!(either, Bounds::NONE);
    let named = parse(r#"id eq "a" or (id eq "b" and status pr)"#).unwrap();
    assert_eq!(equalities(&named, "id"), Some(BTreeSet::from(["a", "b"])));
    let open = parse(r#"id eq "a" or status pr"#).unwrap();
    assert_eq!(equalities(&open, "id"), None);
}
