//! What an error answer means: one row of Okta's table of error codes for each way to act on it.
//!
//! Codes and their meaning: developer.okta.com, "Errors and error codes". The code decides where there is
//! one, else the status; texts never do.

use super::answer::Answer;
use crate::error::Fate;

/// What an error answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The API token is wrong, expired, revoked or its creator's no longer.
    InvalidToken,
    /// Okta takes a service app's access token no longer.
    AccessTokenRefused,
    /// Okta does not know the service app, or its signature: unknown, inactive, another key, a wrong clock.
    ClientRefused,
    /// The client may not ask for access tokens in this way.
    NotAServiceApp,
    /// The token endpoint wants a proof of possession, or a proof is not accepted.
    ProofRefused,
    /// A proof of possession has to have the nonce that the answer gives.
    NonceWanted,
    /// The org, or the token's role, does not have the feature behind this endpoint; the token is fine.
    FeatureMissing,
    /// The token's role does not reach this endpoint.
    RoleTooSmall,
    /// The OAuth scope is missing.
    ScopeMissing,
    /// Okta does not know, or no longer serves, the path.
    PathUnknown,
    /// There is no org behind the URL.
    UnknownOrg,
    /// Okta deactivated the org.
    OrgDeactivated,
    /// Okta does not show the object: deleted, never there, or hidden from the token's role.
    NotVisible,
    /// This one object is kept from the token.
    Withheld,
    /// Too many requests.
    Throttled(Throttle),
    /// The query took too long; a smaller page may not.
    TooHeavy,
    /// Okta cannot answer now.
    Unavailable,
    /// Okta sends the request elsewhere, where the credential must not go.
    Redirected,
    /// Okta does not accept the request.
    Rejected,
}

/// The kinds of 429 (developer.okta.com, "Rate limits").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Throttle {
    /// The bucket's ceiling: it is open again after its reset.
    Ceiling,
    /// Too many of the org's requests at once: its limit reads 0.
    Concurrency,
    /// A proxy or the edge: no rate headers.
    Edge,
}

/// What a request was about; the same answer means another thing for a list than for one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// A page of a list.
    List,
    /// One object by its id.
    Object,
    /// What Okta tells everybody, asked without the credential.
    Public,
    /// A service app's access token.
    TokenEndpoint,
}

impl Fault {
    /// Reads the meaning of an error answer; `throttle` says which kind a 429 is.
    pub(super) fn of(answer: &Answer, subject: Subject, throttle: Throttle) -> Fault {
        if let Some(fault) = Fault::of_code(answer, throttle).or_else(|| Fault::of_challenge(answer)) {
            return fault;
        }
        match answer.status {
            300..=399 => Fault::Redirected,
            401 | 403 if subject == Subject::TokenEndpoint => Fault::ClientRefused,
            401 => Fault::InvalidToken,
            403 if answer.missing_scope.is_some() => Fault::ScopeMissing,
            403 if subject == Subject::Object => Fault::Withheld,
            403 => Fault::RoleTooSmall,
            404 if answer.code.is_none() => Fault::UnknownOrg,
            405 | 410 => Fault::PathUnknown,
            429 => Fault::Throttled(throttle),
            504 => Fault::TooHeavy,
            408 | 500 | 502..=599 => Fault::Unavailable,
            _ => Fault::Rejected,
        }
    }

    /// The codes that say more than the status does.
    fn of_code(answer: &Answer, throttle: Throttle) -> Option<Fault> {
        Some(match answer.code.as_deref()? {
            "E0000005" | "E0000011" => Fault::InvalidToken,
            "E0000015" => Fault::FeatureMissing,
            "E0000008" | "E0000022" | "E0000026" | "E0000215" => Fault::PathUnknown,
            "E0000260" => Fault::OrgDeactivated,
            "E0000007" | "E0000048" | "E0000153" => Fault::NotVisible,
            "E0000152" => Fault::Withheld,
            "E0000047" => Fault::Throttled(throttle),
            "E0000009" => Fault::TooHeavy,
            "E0000010" | "E0000100" | "E0000112" | "E0000145" | "E0000181" | "E0000239" => Fault::Unavailable,
            code => return Fault::of_oauth_code(code),
        })
    }

    /// The codes of the token endpoint (RFC 6749, section 5.2; RFC 9449). Okta answers `consent_required` where the app was
    /// granted none of the scopes.
    fn of_oauth_code(code: &str) -> Option<Fault> {
        Some(match code {
            "invalid_client" | "access_denied" => Fault::ClientRefused,
            "unauthorized_client" | "unsupported_grant_type" => Fault::NotAServiceApp,
            "invalid_scope" | "consent_required" => Fault::ScopeMissing,
            "invalid_dpop_proof" => Fault::ProofRefused,
            "use_dpop_nonce" => Fault::NonceWanted,
            "temporarily_unavailable" | "server_error" => Fault::Unavailable,
            _ => return None,
        })
    }

    /// What the API says about proofs of possession; it says so in a header.
    fn of_challenge(answer: &Answer) -> Option<Fault> {
        match answer.challenge.as_deref()? {
            "use_dpop_nonce" => Some(Fault::NonceWanted),
            "invalid_dpop_proof" => Some(Fault::ProofRefused),
            _ => None,
        }
    }

    /// Whether Okta says that this credential may not, or this org cannot, read what was asked.
    pub(super) fn is_not_permitted(self) -> bool {
        match self {
            Fault::FeatureMissing
            | Fault::RoleTooSmall
            | Fault::ScopeMissing
            | Fault::PathUnknown
            | Fault::Withheld => true,
            Fault::InvalidToken
            | Fault::AccessTokenRefused
            | Fault::ClientRefused
            | Fault::NotAServiceApp
            | Fault::ProofRefused
            | Fault::NonceWanted
            | Fault::UnknownOrg
            | Fault::OrgDeactivated
            | Fault::NotVisible
            | Fault::Throttled(_)
            | Fault::TooHeavy
            | Fault::Unavailable
            | Fault::Redirected
            | Fault::Rejected => false,
        }
    }

    /// What becomes of the run, or of the object.
    pub fn fate(self) -> Fate {
        match self {
            Fault::Throttled(_) | Fault::TooHeavy | Fault::Unavailable => Fate::Retryable,
            Fault::NotVisible | Fault::Withheld => Fate::OfOneRecord,
            Fault::InvalidToken
            | Fault::AccessTokenRefused
            | Fault::ClientRefused
            | Fault::NotAServiceApp
            | Fault::ProofRefused
            | Fault::NonceWanted
            | Fault::FeatureMissing
            | Fault::RoleTooSmall
            | Fault::ScopeMissing
            | Fault::PathUnknown
            | Fault::UnknownOrg
            | Fault::OrgDeactivated
            | Fault::Redirected
            | Fault::Rejected => Fate::Fatal,
        }
    }
}
