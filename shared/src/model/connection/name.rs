//! Names of connections, mappings and secrets.

/// Checks the name of a connection or a mapping: it becomes part of keys and of URLs.
pub(super) fn check(name: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
    let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    if starts_well && name.len() <= 64 && name.bytes().all(allowed) {
        return Ok(());
    }
    Err("expected 1 to 64 lower-case letters, digits, hyphens, underscores and dots, the first a letter or a digit"
        .to_owned())
}

/// Whether a text can be the name of a connection or a mapping.
pub fn is_name(text: &str) -> bool {
    check(text).is_ok()
}

/// Checks a secret's name; the message never quotes it, because it may be the secret itself.
pub(super) fn check_secret(name: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
    if name.starts_with("arn:") {
        return Err("expected the secret's name, not its ARN".to_owned());
    }
    if looks_like_token(name) {
        return Err(
            "this looks like the API token itself: store it in a secret, and give the secret's name here".to_owned()
        );
    }
    if (1..=512).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err("expected a secret's name: 1 to 512 letters, digits and characters of /_+=.@-".to_owned())
}

/// Okta's API tokens have 42 characters and begin with two zeros.
fn looks_like_token(name: &str) -> bool {
    name.len() == 42 && name.starts_with("00") && !name.contains('/')
}
