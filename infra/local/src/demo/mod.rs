//! `demo`: the story for a newcomer, on a simulated org, with nothing left behind.
//!
//! It runs the production handlers, tells what they did, and checks what it tells: whether the directory is what
//! the org makes it, it works out for itself.

mod chapters;
mod check;
mod devices;
mod scene;
mod tell;

use std::time::Instant;

use crate::cli::DemoArguments;
use crate::failure::{Failure, Status};
use crate::output::numbers::span;
use crate::session::Session;
use scene::Scene;
use tell::Teller;

/// Tells the whole story. It fails when one of its claims does not hold.
pub(crate) async fn run(session: &mut Session, arguments: &DemoArguments) -> Result<Status, Failure> {
    session.directory("rollcall demo")?;
    let began = Instant::now();
    let mut teller = Teller::new(session);
    let mut scene = Scene::set(arguments).await?;
    chapters::an_org_and_a_connection(&mut teller, &scene).await?;
    chapters::the_org_arrives(&mut teller, &scene).await?;
    chapters::nothing_changed(&mut teller, &scene).await?;
    chapters::some_people_leave(&mut teller, &mut scene).await?;
    chapters::somebody_moves(&mut teller, &mut scene).await?;
    devices::what_people_have_in_hand(&mut teller, &scene).await?;
    chapters::too_many_leave(&mut teller, &mut scene).await?;
    chapters::the_view_is_lost(&mut teller, &scene).await?;
    let failed = teller.failed_claims();
    if failed == 0 {
        teller.chapter("What next")?;
        teller.say(WHAT_NEXT)?;
        teller.say(&format!("\nThe demo took {}; nothing of it is left.", span(began.elapsed())))?;
    } else {
        eprintln!("error: {failed} of the demo's claims did not hold; they are marked with ✗ above.");
    }
    scene.end().await;
    Ok(if failed == 0 { Status::Done } else { Status::Failed })
}

const WHAT_NEXT: &str = "\
With an org of your own: write a connection like the one above, with your org's URL, then
  rollcall apply connection.json --token-env OKTA_TOKEN
  rollcall verify acme
  rollcall preview acme
  rollcall sync acme full-import
  rollcall list acme people --format csv
  rollcall serve        (every job at its schedule, and how they stand)";
