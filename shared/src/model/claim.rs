//! Claims: what makes an identifier unique within a mapping.
//!
//! Two identifiers are one when they are equal in lower case and in Unicode's composed form (NFC); diacritics stay.
//! An Okta id needs no claim: Okta itself gives none twice.

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

/// What an identifier is compared by, and what at most one record of a mapping holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Claim(String);

impl Claim {
    /// The claim on an identifier.
    pub fn on(identifier: &str) -> Claim {
        // Lower case first: of some letters it is not composed.
        Claim(ComposingNormalizerBorrowed::new_nfc().normalize(&identifier.to_lowercase()).into_owned())
    }

    /// The claim as it is compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Claim {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Claim;
    use proptest::prelude::*;

    #[test]
    fn case_and_composition_do_not_tell_people_apart_and_diacritics_do() {
        let same =
            [("Ada@Acme.example", "ada@acme.EXAMPLE"), ("Zoë", "zoe\u{308}"), ("ÅNGSTRÖM", "a\u{30a}ngstro\u{308}m")];
        for (one, other) in same {
            assert_eq!(Claim::on(one), Claim::on(other));
        }
        for (one, other) in [("zoe", "zoë"), ("ada", "ada "), ("strasse", "straße")] {
            assert_ne!(Claim::on(one), Claim::on(other));
        }
    }

    proptest! {
        #[test]
        fn a_claim_on_a_claim_is_the_same(identifier: String) {
            let claim = Claim::on(&identifier);
            prop_assert_eq!(Claim::on(claim.as_str()), claim);
        }
    }
}
