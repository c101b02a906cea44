//! Invocations: who works in which process, and what came of it.

use std::time::Duration;

use rollcall_shared::handlers::{Event, Response, delta_sync, deprovisioning, device_collection, full_import};
use rollcall_shared::model::Job;
use rollcall_shared::report::RunReport;
use rollcall_shared::{Context, Error};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::deployment::CONNECTION;

/// An invocation of a job.
pub(crate) struct Invocation {
    pub(crate) job: Job,
    pub(crate) process: usize,
    /// What it is called in the schedule.
    pub(crate) name: String,
    pub(crate) handle: JoinHandle<Result<RunReport, Error>>,
}

/// Invokes a job, which has so long if something ends it.
pub(crate) fn invoke(context: Context, job: Job, within: Option<Duration>) -> JoinHandle<Result<RunReport, Error>> {
    tokio::spawn(async move { run(&context, job, within).await })
}

/// The same, to its end.
pub(crate) async fn run(context: &Context, job: Job, within: Option<Duration>) -> Result<RunReport, Error> {
    let deadline = within.map(|within| Instant::now() + within);
    let event = Event { connection: Some(CONNECTION.to_owned()), deadline, ..Event::default() };
    let response = match job {
        Job::FullImport => Box::pin(full_import::handle(context, event)).await?,
        Job::DeltaSync => Box::pin(delta_sync::handle(context, event)).await?,
        Job::Deprovisioning => Box::pin(deprovisioning::handle(context, event)).await?,
        Job::DeviceCollection => Box::pin(device_collection::handle(context, event)).await?,
        Job::ServiceDiscovery => panic!("{} is not simulated", job.name()),
    };
    match response {
        Response::Run(report) => Ok(*report),
        Response::Started(_) => panic!("an event with a connection starts no others"),
    }
}
