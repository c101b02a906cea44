//! To come.
use crate::cli::DemoArguments;
use crate::failure::{Failure, Status};
use crate::session::Session;
pub(crate) async fn run(_session: &mut Session, _arguments: &DemoArguments) -> Result<Status, Failure> {
    Err(Failure::usage("to come", ""))
}
