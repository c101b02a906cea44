//! What an error is called and what to do about it: the words an administrator reads.

use super::fault::{Fault, Throttle};
use super::{NoAnswer, OktaError};

/// A kind of problem in words.
pub(super) struct Words {
    /// The last part of the problem's URI.
    pub slug: &'static str,
    /// The kind of problem.
    pub title: &'static str,
    /// What to do next.
    pub hint: &'static str,
}

const fn words(slug: &'static str, title: &'static str, hint: &'static str) -> Words {
    Words { slug, title, hint }
}

const WAIT: &str = "Nothing to do: the next run resumes where this one stopped. If it lasts, see status.okta.com.";

impl OktaError {
    pub(super) fn words(&self) -> Words {
        match self {
            OktaError::Refused { fault, .. } => fault.words(),
            OktaError::NoAnswer { how, .. } => how.words(),
            OktaError::CursorLost(_) => {
                words("okta-cursor-lost", "Okta no longer knows the page", "Nothing to do: the listing starts again.")
            }
            OktaError::BadLink { .. } => words(
                "okta-bad-link",
                "Okta's link to the next page cannot be followed",
                "Check that the connection's URL is the org's own, with no proxy that rewrites answers. If it is, \
                 report the error to Okta with the request's id.",
            ),
            OktaError::DeadlineReached { .. } => {
                words("okta-deadline", "Out of time", "Nothing to do: the next invocation goes on from here.")
            }
            OktaError::CredentialUnread { .. } => words(
                "okta-credential-unread",
                "The credential could not be read again",
                "Make sure that Rollcall may read the secret that the connection names.",
            ),
            OktaError::Unusable { .. } => words(
                "okta-unusable-connection",
                "The connection cannot be used as it is",
                "Correct the connection or its credential and store it again with `rollcall apply`.",
            ),
        }
    }
}

impl NoAnswer {
    fn words(self) -> Words {
        match self {
            NoAnswer::NameUnknown => words(
                "okta-host-unknown",
                "The org's host name is not known",
                "Check the spelling of `okta.url` in the connection; it is the address of the org without `-admin`, \
                 such as https://acme.okta.com. If it is right, check name resolution where Rollcall runs.",
            ),
            NoAnswer::Certificate => words(
                "okta-certificate",
                "The host's certificate is not trusted",
                "Check `okta.url` in the connection. If a proxy inspects traffic, exempt the org's host from it; a \
                 custom domain needs a valid certificate in Okta at Customizations > Brands > Domains.",
            ),
            NoAnswer::Unreachable => words(
                "okta-unreachable",
                "Okta could not be reached",
                "Check that Rollcall may connect to the org's host on port 443. The next run resumes where this one stopped.",
            ),
            NoAnswer::TimedOut => words("okta-timeout", "Okta did not answer in time", WAIT),
            NoAnswer::Unreadable => words("okta-unreadable", "Okta's answer was cut short or could not be read", WAIT),
        }
    }
}

impl Fault {
    fn words(self) -> Words {
        match self {
            Fault::Throttled(throttle) => throttle.words(),
            Fault::InvalidToken => INVALID_TOKEN,
            Fault::AccessTokenRefused => ACCESS_TOKEN_REFUSED,
            Fault::ClientRefused => CLIENT_REFUSED,
            Fault::NotAServiceApp => NOT_A_SERVICE_APP,
            Fault::ProofRefused => PROOF_REFUSED,
            Fault::NonceWanted => NONCE_WANTED,
            Fault::FeatureMissing => FEATURE_MISSING,
            Fault::RoleTooSmall => ROLE_TOO_SMALL,
            Fault::ScopeMissing => SCOPE_MISSING,
            Fault::PathUnknown => PATH_UNKNOWN,
            Fault::UnknownOrg => UNKNOWN_ORG,
            Fault::OrgDeactivated => ORG_DEACTIVATED,
            Fault::NotVisible => NOT_VISIBLE,
            Fault::Withheld => WITHHELD,
            Fault::TooHeavy => TOO_HEAVY,
            Fault::Unavailable => UNAVAILABLE,
            Fault::Redirected => REDIRECTED,
            Fault::Rejected => REJECTED,
        }
    }
}

impl Throttle {
    fn words(self) -> Words {
        match self {
            Throttle::Ceiling => words(
                "okta-rate-limit",
                "Okta's rate limit is used up",
                "Something else uses the org's rate limit too. Lower what else runs at this hour, or raise the \
                 share of the token (Security > API > Tokens in Okta's admin console) or of the service app (its tab \
                 Application rate limits). The next run resumes.",
            ),
            Throttle::Concurrency => words(
                "okta-concurrency-limit",
                "Too many requests to the org at once",
                "Other clients of the org have many requests open. The next run resumes where this one stopped.",
            ),
            Throttle::Edge => words("okta-throttled", "Okta refuses requests for a while", WAIT),
        }
    }
}

const INVALID_TOKEN: Words = words(
    "okta-invalid-token",
    "The API token is wrong, expired, revoked, or its creator was deactivated",
    "Create a new token at Security > API > Tokens in Okta's admin console, signed in as a service \
                 account with the Read-only Administrator role, and store it with `rollcall apply`. If the token is \
                 tied to network zones, check that Rollcall calls from one of them.",
);

const ACCESS_TOKEN_REFUSED: Words = words(
    "okta-access-token-refused",
    "Okta refuses the service app's access token, a new one too",
    "Check in Okta's admin console at Applications > the app that it is active, and at Admin roles that it has one. If \
     the app is tied to network zones, check that Rollcall calls from one of them.",
);

const CLIENT_REFUSED: Words = words(
    "okta-client-refused",
    "Okta does not accept the service app's signature",
    "Compare with Okta's admin console, Applications > the app > General: `okta.auth.client_id` is its Client ID, the app \
     is active, `Public key / Private key` is chosen, and among its active public keys is the one that belongs to the \
     stored private key, with its Key ID (`okta.auth.key_id`, or `kid` in a JWK). Store another key with `rollcall apply`. \
     If the app is tied to network zones, check that Rollcall calls from one of them; if all of this is right, the clock \
     where Rollcall runs.",
);

const NOT_A_SERVICE_APP: Words = words(
    "okta-not-a-service-app",
    "The app may not ask for access tokens of its own",
    "Create an app of the kind API Services in Okta's admin console, at Applications > Create App Integration, and give \
     its Client ID as `okta.auth.client_id`.",
);

const PROOF_REFUSED: Words = words(
    "okta-proof-refused",
    "Okta does not accept the proof of possession",
    "Check the clock where Rollcall runs. If it is right, report the error's code and ids to Rollcall's developers; until \
     then the demand for proofs (DPoP) can be lifted in Okta's admin console, at Applications > the app > General.",
);

const NONCE_WANTED: Words = words(
    "okta-nonce-wanted",
    "Okta keeps asking for another nonce in the proof of possession",
    "The next run tries again. If it lasts, report the error's code and ids to Okta's support.",
);

const FEATURE_MISSING: Words = words(
    "okta-feature-missing",
    "The org does not have this feature",
    "The credential is fine. Ask Okta to enable the feature for the org, or remove the mappings that need it.",
);

const ROLE_TOO_SMALL: Words = words(
    "okta-role-too-small",
    "The credential's administrator role does not permit this",
    "In Okta's admin console, give the Read-only Administrator role to who created the token, at Security > \
     Administrators (a token has its creator's rights), or to the service app, at Applications > the app > Admin roles. If \
     token or app is tied to network zones, check that Rollcall calls from one of them.",
);

const SCOPE_MISSING: Words = words(
    "okta-scope-missing",
    "An OAuth scope is missing",
    "Grant the scope to the service app, in Okta's admin console at Applications > the app > Okta API Scopes.",
);

const PATH_UNKNOWN: Words = words(
    "okta-path-unknown",
    "Okta does not offer this in the org",
    "The org lacks this part of the API, or Okta withdrew it. Remove the mappings that need it, or update Rollcall.",
);

const UNKNOWN_ORG: Words = words(
    "okta-unknown-org",
    "There is no Okta org behind the URL",
    "Check `okta.url` in the connection: it is the address of the org, such as https://acme.okta.com, as \
                 the menu at the top right of Okta's admin console shows it.",
);

const ORG_DEACTIVATED: Words = words(
    "okta-org-deactivated",
    "Okta deactivated this org",
    "Reactivate the org with Okta, or disable the connection.",
);

const NOT_VISIBLE: Words = words(
    "okta-not-visible",
    "Okta does not show this object",
    "It was deleted, or the credential's role does not reach it.",
);

const WITHHELD: Words = words(
    "okta-withheld",
    "This object is kept from the credential",
    "Give who created the token, or the service app, a role that reaches it, such as Read-only Administrator.",
);

const TOO_HEAVY: Words = words("okta-query-too-slow", "The query took Okta too long", WAIT);

const UNAVAILABLE: Words = words("okta-unavailable", "Okta cannot answer now", WAIT);

const REDIRECTED: Words = words(
    "okta-redirected",
    "The host sends requests elsewhere",
    "Set `okta.url` in the connection to the org's own address; the credential is not sent on to another.",
);

const REJECTED: Words = words(
    "okta-rejected",
    "Okta does not accept the request",
    "This is probably an error in Rollcall: report it with the error's code and ids.",
);
