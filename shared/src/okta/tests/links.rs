use url::Url;

use super::super::links::*;
use super::super::query::PageRequest;

#[test]
fn next_is_found_however_the_links_are_written() {
    let own = "<https://a/x?limit=1,2>; rel=\"self\"";
    for (values, expected) in [
        (&[][..], None),
        (&[own], None),
        (&[own, "<https://a/y>; rel=\"next\""], Some("https://a/y")),
        (&["<https://a/x?limit=1,2>; rel=\"self\", <https://a/y?f=1,2>; rel=\"next\""], Some("https://a/y?f=1,2")),
        (&["<https://a/y>;rel=next,<https://a/x>;rel=self"], Some("https://a/y")),
        (&["<https://a/y>; title=\"a, <b>; rel=self\"; REL = \"prev NEXT\""], Some("https://a/y")),
        (&["<https://a/x>; title=\"rel=next\"; rel=\"self\" , <https://a/y>; rel=\"next\""], Some("https://a/y")),
        (&["<https://a/x>; rel=\"nextish\""], None),
        (&["<https://a/x"], None),
        (&["<>; rel=\"next\""], Some("")),
        (&["nonsense; rel=next", "<https://a/x>; rel=\"unclosed"], None),
        (&["<https://a/x>; ;; rel=\"next\""], Some("https://a/x")),
    ] {
        assert_eq!(next_address(values.iter().copied()), expected, "{values:?}");
    }
}

fn followed(base: &str, asked: &str, address: &str) -> Result<String, String> {
    let base = Url::parse(base).unwrap();
    follow(address, &PageRequest::encoded(asked.to_owned()), &base).map(|next| next.as_str().to_owned())
}

#[test]
fn links_are_rebased_and_keep_the_first_request_whole() {
    let base = "https://acme.okta.com";
    let asked = "/api/v1/users?search=status+pr&limit=200&fields=id,profile:(login)&after=1";
    let lost = "&search=status+pr&fields=id,profile:(login)";
    for (address, expected) in [
        ("https://acme.okta.com/api/v1/users?after=2&limit=100", format!("after=2&limit=100{lost}")),
        ("https://acme-admin.okta.com/api/v1/users?after=2&limit=100", format!("after=2&limit=100{lost}")),
        ("http://ACME.okta.com/api/v1/users?after=2&limit=100", format!("after=2&limit=100{lost}")),
        ("/api/v1/users?after=2&limit=100", format!("after=2&limit=100{lost}")),
        ("?after=2&limit=200&search=x&fields=id", "after=2&limit=200&search=x&fields=id".to_owned()),
    ] {
        // A relative link is relative to the base; a bare query would lose the path, and is refused.
        let expected = if address.starts_with('?') { None } else { Some(format!("/api/v1/users?{expected}")) };
        assert_eq!(followed(base, asked, address).ok(), expected, "{address}");
    }
    let admin = followed("https://acme-admin.okta.com", "/p?a=1", "https://acme.okta.com/p?after=2");
    assert_eq!(admin.unwrap(), "/p?after=2&a=1");
}

#[test]
fn the_log_does_not_get_since_beside_a_cursor() {
    let asked = "/api/v1/logs?since=S&until=U&limit=1000";
    let next = followed("https://acme.okta.com", asked, "https://acme.okta.com/api/v1/logs?after=1");
    assert_eq!(next.unwrap(), "/api/v1/logs?after=1&until=U&limit=1000");
}

#[test]
fn links_elsewhere_are_refused() {
    for (base, address) in [
        ("https://acme.okta.com", "https://evil.example/api/v1/users?after=2"),
        ("https://acme.okta.com", "https://acme.okta.com@evil.example/api/v1/users?after=2"),
        ("https://acme.okta.com", "//evil.example/api/v1/users?after=2"),
        ("https://acme.okta.com", "https://acme.okta.com:8443/api/v1/users?after=2"),
        ("https://acme.okta.com", "https://acme.okta.com.evil.example/api/v1/users?after=2"),
        ("https://acme.okta.com", "https://acme.evil-admin.okta.com/api/v1/users?after=2"),
        ("https://acme.okta.com", "https://acme.okta.com/api/v1/groups?after=2"),
        ("https://acme.okta.com", "https://acme.okta.com/api/v1/users/../apps?after=2"),
        ("https://acme.okta.com", "data:text/plain,hello"),
        ("https://acme.okta.com", "https://"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8002/api/v1/users?after=2"),
    ] {
        assert!(followed(base, "/api/v1/users?limit=2", address).is_err(), "{address}");
    }
}

#[test]
fn a_page_is_known_again() {
    for (one, other, same) in [
        ("/p?limit=2&search=a+b", "/p?search=a%20b&limit=2", true),
        ("/p?limit=2", "/p?limit=2&after=1", false),
        ("/p?limit=2&after=1", "/p?after=1&limit=2&x=y", true),
        ("/p?limit=2&after=1", "/p?after=2&limit=2", false),
        ("/p?limit=2", "/q?limit=2", false),
    ] {
        let request = |text: &str| PageRequest::encoded(text.to_owned());
        assert_eq!(same_page(&request(one), &request(other)), same, "{one} {other}");
    }
}
