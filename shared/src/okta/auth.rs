//! How a request is signed with the credential.
//!
//! Every attempt is signed anew, repeated ones too: an API token would not need it, but a proof of
//! possession is good for one request only. The credential goes to the connection's own host, and never
//! into a log, an error or a `Debug` text.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use sha2::{Digest, Sha256};

use super::OktaError;
use crate::model::Token;

/// Puts this attempt's credential into the headers.
pub(super) fn sign(token: &Token, headers: &mut HeaderMap) -> Result<(), OktaError> {
    let unusable = || OktaError::Unusable {
        why: "the stored API token is empty or holds characters that no token has".to_owned(),
    };
    let secret = token.secret();
    if secret.is_empty() || secret.contains(char::is_whitespace) {
        return Err(unusable());
    }
    let mut value = HeaderValue::from_str(&format!("SSWS {secret}")).map_err(|_| unusable())?;
    value.set_sensitive(true);
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// Tells one credential from another without holding it: Okta gives each its own ceiling.
pub(super) fn fingerprint(token: &Token) -> [u8; 32] {
    Sha256::digest(token.secret().as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(text: &str) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        sign(&Token::new(text.to_owned()), &mut headers).ok().map(|()| headers)
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
}
