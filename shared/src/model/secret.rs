//! What a secret of the secret store holds: never in a log, an error or a `Debug` text.

use std::fmt;

/// A credential as somebody stored it: an API token, or a service app's private key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// The text of a secret; the blanks and line ends around it are not part of it.
    pub fn new(text: &str) -> Secret {
        Secret(text.trim().into())
    }

    /// All of it, for who reads a key in it.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The bare API token: a leading `SSWS`, which Okta's examples have, is not part of it.
    pub(crate) fn api_token(&self) -> &str {
        self.0.strip_prefix("SSWS ").unwrap_or(&self.0).trim()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn never_shows_itself() {
        assert_eq!(format!("{:?}", Secret::new("00secret")), "Secret(redacted)");
    }
}
