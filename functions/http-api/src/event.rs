//! API Gateway's event, made such that it can be read whatever a client sent or an issuer put into a token.

use serde_json::Value;

/// The event with every claim as text, and with a query in which nothing stands that a URI cannot have.
///
/// API Gateway writes claims as text, lists as `[a b]`; one that comes as JSON all the same is written as its JSON text.
#[must_use]
pub fn readable(mut event: Value) -> Value {
    let claims = event.pointer_mut("/requestContext/authorizer/jwt/claims").and_then(Value::as_object_mut);
    for claim in claims.into_iter().flat_map(|claims| claims.values_mut()) {
        if !claim.is_string() {
            *claim = Value::String(claim.to_string());
        }
    }
    if let Some(Value::String(query)) = event.get_mut("rawQueryString") {
        *query = encoded(query);
    }
    event
}

/// A query whose characters beyond those of a URI are written as `%XX` (RFC 3986, 3.4).
fn encoded(query: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&byte);
    query.bytes().fold(String::with_capacity(query.len()), |mut text, byte| {
        if is_plain(byte) {
            text.push(char::from(byte))
        } else {
            text.push_str(&format!("%{byte:02X}"))
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::readable;

    #[test]
    fn claims_are_text_whatever_they_were() {
        let event = json!({ "requestContext": { "authorizer": { "jwt": { "claims": {
            "groups": ["a", "b c"], "exp": 1764000000, "sub": "ada", "aud": "[x y]"
        } } } } });
        let read = readable(event);
        let claims = &read["requestContext"]["authorizer"]["jwt"]["claims"];
        assert_eq!(*claims, json!({ "groups": "[\"a\",\"b c\"]", "exp": "1764000000", "sub": "ada", "aud": "[x y]" }));
    }

    #[test]
    fn a_query_can_be_part_of_a_uri() {
        let read = readable(json!({ "rawQueryString": "since=a b&x=\"ä%20\u{7f}" }));
        assert_eq!(read["rawQueryString"], "since=a%20b&x=%22%C3%A4%20%7F");
        assert_eq!(readable(json!({})), json!({}));
    }
}
