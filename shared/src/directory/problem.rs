//! How an error of the directory is told: in a run report, with what to do next, and in an unsynced row.

use super::error::DirectoryError;
use crate::model::Rejection;
use crate::report::Problem;

impl DirectoryError {
    /// The error as a run report tells it.
    pub fn problem(&self) -> Problem {
        let (slug, title) = self.name();
        Problem::new(slug, title, self.to_string(), self.hint())
    }

    /// The rejection that makes the object unsynced, for an error of one record.
    pub fn rejection(&self) -> Option<Rejection> {
        match self {
            DirectoryError::Unstorable { reason, message, .. } => {
                Some(Rejection { reason: *reason, message: message.clone(), identifier: None })
            }
            _ => None,
        }
    }

    fn name(&self) -> (&'static str, &'static str) {
        match self {
            DirectoryError::Throttled { .. } => ("directory-throttled", "The directory asks to slow down"),
            DirectoryError::Unavailable { .. } => ("directory-unavailable", "The directory cannot be reached"),
            DirectoryError::MissingTable { .. } => ("missing-table", "A table does not exist"),
            DirectoryError::Denied { .. } => ("aws-denied", "AWS does not permit an operation"),
            DirectoryError::Credentials { .. } => ("aws-credentials", "AWS credentials are missing or not valid"),
            DirectoryError::Refused { .. } => ("directory-refused", "The directory refused a request"),
            DirectoryError::Unstorable { .. } => ("unstorable-record", "A record cannot be stored"),
            DirectoryError::LeaseLapsed { .. } => ("lease-lapsed", "The right to run the job has lapsed"),
            DirectoryError::Fenced { .. } => ("fenced", "Another invocation has taken the run over"),
            DirectoryError::Contended { .. } => ("contended", "Others kept writing the same item"),
            DirectoryError::Damaged { .. } => ("damaged-item", "An item of a table cannot be read"),
            DirectoryError::BadConnection { .. } => ("bad-connection", "A stored connection is not valid"),
            DirectoryError::BeingRemoved { .. } => ("being-removed", "The connection is being removed"),
            DirectoryError::Secret { .. } => ("bad-secret", "A secret cannot be used"),
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            DirectoryError::Throttled { .. } => {
                "Nothing is lost: the next trigger resumes. If it keeps happening, look at the table's throttled \
                 requests and the account's limits in the CloudWatch console."
            }
            DirectoryError::Unavailable { .. } => {
                "Nothing is lost: the next trigger resumes. If it keeps happening, check the function's network and \
                 the AWS Health dashboard."
            }
            DirectoryError::MissingTable { .. } => {
                "Deploy the stack again, and compare the functions' table names and region with the tables in the \
                 DynamoDB console."
            }
            DirectoryError::Denied { .. } => {
                "Allow the operation on this resource in the function's IAM role, and on its KMS key if it has one."
            }
            DirectoryError::Credentials { .. } => {
                "Check the function's role; on a machine of one's own the environment's AWS credentials and region, \
                 and that the clock is right."
            }
            DirectoryError::Refused { .. } => {
                "Compare the table's keys and index with the template. If they agree, this is a defect: report it."
            }
            DirectoryError::Unstorable { .. } => "Map less of the object, or correct the attribute in Okta.",
            DirectoryError::LeaseLapsed { .. } => {
                "Nothing is lost: the next trigger takes the run up where its checkpoint is."
            }
            DirectoryError::Fenced { .. } => "Nothing to do: the other invocation goes on.",
            DirectoryError::Contended { .. } => "Nothing is lost: the next trigger resumes.",
            DirectoryError::Damaged { .. } => {
                "Restore the item in the DynamoDB console, or delete it: the next full import writes a record anew, a \
                 run has to be started again. Never delete a lease; set its expires_at to 0."
            }
            DirectoryError::BadConnection { .. } => {
                "Correct the connection's document and store it again with `rollcall apply`."
            }
            DirectoryError::BeingRemoved { .. } => {
                "Wait until the removal has ended; if it broke off, send the DELETE again."
            }
            DirectoryError::Secret { .. } => {
                "Store the credential under the name that the connection gives, with `rollcall apply` or as plain \
                 text in the Secrets Manager console."
            }
        }
    }
}
