//! The Lambda function of the HTTP endpoint: API Gateway's requests go to the router of [`http_api`], which does the work.
// What the routes do are futures nested more deeply than the compiler follows by default.
#![recursion_limit = "256"]

use http_api::{Endpoint, Gate, RoleGroups, event, router};
use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use lambda_http::{Adapter, Service};
use rollcall_shared::{Context, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let context = Context::from_environment().await?;
    let endpoint = Endpoint::new(context, Gate::ApiGateway(RoleGroups::from_environment().into()));
    let routes = Adapter::from(router(endpoint));
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let mut routes = routes.clone();
        async move {
            let LambdaEvent { payload, context, .. } = event;
            let request = serde_json::from_value(event::readable(payload))?;
            Ok::<_, lambda_http::Error>(routes.call(LambdaEvent::new(request, context)).await?)
        }
    }))
    .await
}
