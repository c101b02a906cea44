//! One object of a page, as text: what the Okta client hands over before anything is decoded.

/// One object of a page as text; what it says is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawObject {
    /// The object's JSON text.
    pub text: Box<str>,
    /// Whether it held bytes that were not UTF-8; they were replaced by U+FFFD.
    pub damaged: bool,
}
