//! Leases lapse by the wall clock, which a storm does not wait for.

use dynoxide::Database;
use rollcall::stack;
use rollcall_shared::model::Job;
use serde_json::{Value, json};

use crate::deployment::CONNECTION;

/// Lets the lease of a job lapse, as if its time had passed; whether there was one that anybody held.
pub(crate) fn lapse(database: &Database, job: Job) -> bool {
    let request = json!({
        "TableName": stack::tables().state,
        "Key": key(job),
        "UpdateExpression": "SET expires_at = :then",
        "ConditionExpression": "expires_at > :then",
        "ExpressionAttributeValues": { ":then": { "N": "1" } },
    });
    database.update_item(serde_json::from_value(request).expect("a request")).is_ok()
}

/// The run of a job that is left unfinished.
pub(crate) fn unfinished(database: &Database, job: Job) -> Option<String> {
    let request = json!({ "TableName": stack::tables().state, "Key": key(job), "ConsistentRead": true });
    let answer = database.get_item(serde_json::from_value(request).expect("a request")).expect("an answer");
    serde_json::to_value(answer).expect("an item")["Item"]["run"]["S"].as_str().map(str::to_owned)
}

fn key(job: Job) -> Value {
    json!({ "pk": { "S": format!("connection#{CONNECTION}") }, "sk": { "S": format!("lease#{}", job.name()) } })
}
