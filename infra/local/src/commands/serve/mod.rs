//! `serve`: all jobs at their schedules, and how they stand; other commands go through this process meanwhile.

mod board;
mod interrupts;
mod screen;

use std::path::Path;
use std::time::Duration;

use rollcall::serving::{Serving, Wanted};
use tokio::time::MissedTickBehavior;

use self::board::Board;
use self::interrupts::Interrupts;
use self::screen::Screen;
use crate::cli::ServeArguments;
use crate::failure::{Failure, Status};
use crate::session::Session;

/// How often it is looked how the jobs stand.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// For so long runs may come to where they can be taken up.
const END_WITHIN: Duration = Duration::from_secs(10);

pub(super) async fn run(session: &mut Session, arguments: &ServeArguments) -> Result<Status, Failure> {
    let directory = session.directory("rollcall serve")?.to_owned();
    let mut interrupts = Interrupts::new()?;
    let tick = (!arguments.no_schedules).then(|| Duration::from_millis(arguments.tick));
    let serving = Serving::start(&directory, Wanted { port: arguments.port, tick }).await?;
    introduce(&directory, &serving, tick.is_some());
    let watched = tokio::select! {
        watched = watch(session, &serving) => watched,
        () = interrupts.next() => Ok(()),
    };
    let under_way = serving.under_way();
    if under_way > 0 {
        let runs = if under_way == 1 { "1 run" } else { &format!("{under_way} runs") };
        eprintln!("Ending. {runs} may come to a checkpoint within {} s; Ctrl-C ends at once.", END_WITHIN.as_secs());
    }
    serving.end(END_WITHIN, interrupts.next()).await;
    watched.map(|()| Status::Done)
}

/// Says on stderr where everything is.
fn introduce(directory: &Path, serving: &Serving, keeps_schedules: bool) {
    let dynamodb = serving.dynamodb_url();
    let schedules =
        if keeps_schedules { "Schedules are looked at every minute." } else { "No job is started by its schedule." };
    eprintln!(
        "Serving {} on {} (process {}). {schedules} Ctrl-C ends it.\n\
         DynamoDB for other tools: {dynamodb}, for instance\n  \
         AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION=local \\\n  \
         aws dynamodb scan --table-name {} --endpoint-url {dynamodb}",
        directory.display(),
        serving.http_url(),
        std::process::id(),
        rollcall::stack::tables().directory,
    );
}

/// Shows how the jobs stand, for ever.
async fn watch(session: &mut Session, serving: &Serving) -> Result<(), Failure> {
    let mut board = Board::default();
    let screen = Screen::of(session);
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        match board.look(&serving.context).await {
            Ok(ended) => ended.iter().try_for_each(|run| screen.tell(&mut session.out, run))?,
            // The next look is a second away; whatever is wrong, the runs tell it too.
            Err(error) => tracing::warn!("how the jobs stand could not be read: {error}"),
        }
        screen.show(&board);
    }
}
