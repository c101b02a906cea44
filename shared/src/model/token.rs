//! An Okta credential: never in a log, an error or a `Debug` text.

use std::fmt;

/// An API token of Okta.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Box<str>);

impl Token {
    /// A token as somebody stored it: surrounding blanks and a leading `SSWS` are not part of it.
    pub fn new(text: String) -> Token {
        let bare = text.trim();
        Token(bare.strip_prefix("SSWS ").unwrap_or(bare).trim().into())
    }

    /// The bare token, for who signs with it.
    pub(crate) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn never_shows_itself() {
        assert_eq!(format!("{:?}", Token::new("00secret".to_owned())), "Token(redacted)");
    }
}
