//! From the SDK's errors to [`DirectoryError`]: what may be repeated, and what somebody has to mend.

use std::error::Error;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use super::error::{Call, DirectoryError};

/// Codes by which AWS asks to slow down. The SDK has repeated the call already when one of them arrives here.
const THROTTLING: &[&str] = &[
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// Codes of a failure that is not the request's fault.
const TRANSIENT: &[&str] = &[
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "ReplicatedWriteConflictException",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Codes of a missing permission, on the resource or on the key that encrypts it.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "DecryptionFailure",
    "KMSAccessDeniedException",
    "NotAuthorized",
    "UnauthorizedOperation",
];

/// Codes by which AWS does not accept the credentials themselves.
const CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// The error that a failed call means.
pub(super) fn classify<E>(call: Call, error: &SdkError<E>) -> DirectoryError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let detail = chain(error);
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            by_code(call, error.code().unwrap_or_default(), status, detail)
        }
        // Where no credentials can be found, the SDK says so only in words.
        _ if detail.contains("credential") => DirectoryError::Credentials { call, detail },
        SdkError::ConstructionFailure(_) => DirectoryError::Refused { call, detail },
        _ => DirectoryError::Unavailable { call, detail },
    }
}

fn by_code(call: Call, code: &str, status: u16, detail: String) -> DirectoryError {
    if THROTTLING.contains(&code) || status == 429 {
        DirectoryError::Throttled { call, detail }
    } else if CREDENTIALS.contains(&code) {
        DirectoryError::Credentials { call, detail }
    } else if DENIED.contains(&code) {
        DirectoryError::Denied { call, detail }
    } else if code == "ResourceNotFoundException" {
        DirectoryError::MissingTable { call }
    } else if TRANSIENT.contains(&code) || !(300..500).contains(&status) {
        // Below 300: a success that was cut short, or that something on the way made unreadable.
        DirectoryError::Unavailable { call, detail }
    } else {
        DirectoryError::Refused { call, detail }
    }
}

/// The words of an error and of everything that caused it.
///
/// Never its `Debug` form: that may quote the answer's body, and a secret with it.
fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(": ");
        words.push_str(&error.to_string());
        cause = error.source();
    }
    words
}
