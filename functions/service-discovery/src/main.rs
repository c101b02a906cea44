//! The Lambda function of the service-discovery: its event goes to [`service_discovery::handle`], which does the work.
// The job is one future, nested more deeply than the compiler follows by default.
#![recursion_limit = "256"]

use lambda_runtime::{Diagnostic, LambdaEvent, run, service_fn};
use rollcall_shared::handlers::{Event, deadline, outcome, service_discovery};
use rollcall_shared::{Context, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    telemetry::start();
    let context = Context::from_environment().await?;
    run(service_fn(async |invocation: LambdaEvent<Event>| {
        let event = Event { deadline: Some(deadline(invocation.context.deadline)), ..invocation.payload };
        // Boxed: a run is futures within futures, deeper than the compiler follows in one type.
        let result = Box::pin(service_discovery::handle(&context, event)).await;
        outcome(result).map_err(|problem| Diagnostic { error_type: problem.kind, error_message: problem.detail })
    }))
    .await
}
