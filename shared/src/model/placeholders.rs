//! PLACEHOLDER until the model branch is merged: take that branch's versions.

use std::collections::BTreeSet;

/// PLACEHOLDER: an org's URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgUrl(String);

impl OrgUrl {
    /// PLACEHOLDER: no normalising.
    pub fn parse(text: &str) -> Result<OrgUrl, String> {
        Ok(OrgUrl(text.trim_end_matches('/').to_owned()))
    }

    /// PLACEHOLDER: without trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// PLACEHOLDER: what mappings need of a user beside `id`, `status`, `created` and `lastUpdated`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The whole profile.
    pub whole_profile: bool,
    /// Profile attributes.
    pub profile: BTreeSet<String>,
    /// Top-level properties.
    pub top: BTreeSet<String>,
}
