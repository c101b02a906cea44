//! I/O in: Okta's API.
mod error;
pub use error::OktaError;

/// A credential (stand-in).
#[derive(Clone)]
pub struct Token(#[allow(dead_code, reason = "stand-in")] String);
impl Token {
    /// Of a text.
    pub fn new(text: String) -> Token {
        Token(text)
    }
}
impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(…)")
    }
}
