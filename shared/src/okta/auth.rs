//! The credential, and how a request is signed with it.
//!
//! Every attempt is signed anew, repeated ones too: an API token would not need it, but a proof of
//! possession is good for one request only. The credential goes to the connection's own host, and never
//! into a log, an error or a `Debug` text.

use std::fmt;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use super::OktaError;

/// An API token of Okta.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Box<str>);

impl Token {
    /// A token as somebody stored it: surrounding blanks and a leading `SSWS` are not part of it.
    pub fn new(text: String) -> Token {
        let bare = text.trim();
        Token(bare.strip_prefix("SSWS ").unwrap_or(bare).trim().into())
    }

    /// Puts this attempt's credential into the headers.
    pub(super) fn sign(&self, headers: &mut HeaderMap) -> Result<(), OktaError> {
        let unusable = || OktaError::Unusable {
            why: "the stored API token is empty or holds characters that no token has".to_owned(),
        };
        if self.0.is_empty() || self.0.contains(char::is_whitespace) {
            return Err(unusable());
        }
        let mut value = HeaderValue::from_str(&format!("SSWS {}", self.0)).map_err(|_| unusable())?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    /// Tells one credential from another without holding it: Okta gives each its own ceiling.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(text: &str) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        Token::new(text.to_owned()).sign(&mut headers).ok().map(|()| headers)
    }

    #[test]
    fn signs_what_people_paste() {
        for text in ["00abc", " 00abc\n", "SSWS 00abc"] {
            let headers = signed(text).unwrap();
            assert_eq!(headers[AUTHORIZATION], "SSWS 00abc");
            assert!(!format!("{headers:?}").contains("00abc"));
        }
    }

    #[test]
    fn refuses_what_is_no_token() {
        for text in ["", "  ", "two words", "line\nbreak", "bell\u{7}"] {
            assert!(signed(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn never_shows_itself() {
        assert_eq!(format!("{:?}", Token::new("00secret".to_owned())), "Token(redacted)");
    }
}
