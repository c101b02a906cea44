use super::super::query::*;
use crate::model::{Attributes, Time};

fn time(text: &str) -> Time {
    text.parse().unwrap()
}

fn attributes(profile: &[&str], top: &[&str]) -> Attributes {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Attributes { whole_profile: false, profile: set(profile), top: set(top) }
}

const FIELDS: &str = "&fields=id,status,created,lastUpdated,profile:(department,login)";

#[test]
fn users_are_sliced_by_creation() {
    let (from, to) = (Some(time("2026-01-01T00:00:00Z")), Some(time("2026-02-01T00:00:00Z")));
    let attributes = attributes(&["login", "department"], &[]);
    for (from, to, search) in [
        (None, None, "status+pr"),
        (from, None, "created+ge+%222026-01-01T00:00:00.000Z%22"),
        (None, to, "created+lt+%222026-02-01T00:00:00.000Z%22"),
        (from, to, "created+ge+%222026-01-01T00:00:00.000Z%22+and+created+lt+%222026-02-01T00:00:00.000Z%22"),
    ] {
        let expected = format!("/api/v1/users?search={search}&sortBy=created&sortOrder=asc&limit=200{FIELDS}");
        assert_eq!(PageRequest::users_created(from, to, &attributes).as_str(), expected);
    }
}

#[test]
fn changes_and_ids_are_asked_by_filter() {
    let attributes = attributes(&["department", "login"], &[]);
    assert_eq!(
        PageRequest::users_updated_since(time("2026-01-01T00:00:00Z"), &[], &attributes).as_str(),
        format!("/api/v1/users?filter=lastUpdated+ge+%222026-01-01T00:00:00.000Z%22&limit=200{FIELDS}")
    );
    assert_eq!(
        PageRequest::users_by_id(&["00u1".to_owned(), "a\"b\\".to_owned()], &attributes).as_str(),
        format!("/api/v1/users?filter=id+eq+%2200u1%22+or+id+eq+%22a%5C%22b%5C%5C%22&limit=200{FIELDS}")
    );
}

#[test]
fn the_largest_request_by_id_is_well_under_8_kb() {
    let ids: Vec<String> = (0..PageRequest::MOST_IDS).map(|n| format!("00uys2o7gqpDHlus{n:04}")).collect();
    let many: Vec<String> = (0..140).map(|n| format!("custom{n:04}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(PageRequest::users_by_id(&ids, &attributes(&many, &[])).as_str().len() < 6_000);
}

#[test]
fn only_what_is_needed_is_asked_for() {
    let fields = |attributes: &Attributes| {
        PageRequest::users_created(None, None, attributes).parameter("fields").map(str::to_owned)
    };
    let long = "x".repeat(1_501);
    for (profile, top, expected) in [
        (&[][..], &[][..], Some("id,status,created,lastUpdated,profile:(login)")),
        (&["email"], &["type", "status"], Some("id,status,created,lastUpdated,type,profile:(email)")),
        (&["employee_ID2"], &[], Some("id,status,created,lastUpdated,profile:(employee_ID2)")),
        (&["odd)name"], &["lastLogin"], Some("id,status,created,lastUpdated,lastLogin,profile")),
        (&[&long], &[], Some("id,status,created,lastUpdated,profile")),
        (&["email"], &["profile"], Some("id,status,created,lastUpdated,profile")),
        (&["email"], &["odd name"], None),
    ] {
        assert_eq!(fields(&attributes(profile, top)).as_deref(), expected);
    }
    let whole = Attributes { whole_profile: true, ..attributes(&["email"], &[]) };
    assert_eq!(fields(&whole).unwrap(), "id,status,created,lastUpdated,profile");
}

#[test]
fn values_are_encoded() {
    let request = PageRequest::new("/p", &[("q", "a+b & c=d/é#?%")]);
    assert_eq!(request.as_str(), "/p?q=a%2Bb+%26+c%3Dd%2F%C3%A9%23%3F%25");
    assert_eq!(path_part("00u/../x?y"), "00u%2F..%2Fx%3Fy");
}

#[test]
fn a_page_is_halved_down_to_ten() {
    let halved = |text: &str| PageRequest::encoded(text.to_owned()).halved().as_str().to_owned();
    assert_eq!(halved("/p?after=a%2Cb&limit=200&x"), "/p?after=a%2Cb&limit=100&x=");
    assert_eq!(halved("/p?limit=15"), "/p?limit=10");
    assert_eq!(halved("/p?limit=10"), "/p?limit=10");
    assert_eq!(halved("/p?limit=1"), "/p?limit=1");
    assert_eq!(halved("/p"), "/p");
}

#[test]
fn a_request_is_stored_as_its_text() {
    let request = PageRequest::new("/api/v1/users", &[("limit", "1")]);
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(text, "\"/api/v1/users?limit=1\"");
    assert_eq!(serde_json::from_str::<PageRequest>(&text).unwrap(), request);
}
