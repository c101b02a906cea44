//! Claims that may have come free: whoever waits for one goes down the line again, in the same run.

use futures::TryStreamExt;

use super::interruption::Interruption;
use crate::directory::Wake;
use crate::line::{Line, Person};
use crate::model::Outcome;
use crate::reconcile::Source;
use crate::sync::{Landing, Met};

/// How often it is looked for claims that came free by what was done about others.
const ROUNDS: usize = 20;

/// Looks at every claim that was let go of since somebody last looked, and gives where those who waited ended. Whoever
/// gets one may let go of another: so it goes on until nobody does.
///
/// # Errors
/// Retryable or fatal, of Okta or the directory; what was not looked at is left to the next run.
pub(crate) async fn wake(line: &Line) -> Result<Vec<Landing>, Interruption> {
    let mut landings = Vec::new();
    for _ in 0..ROUNDS {
        let (mut wakes, mut any) = (line.directory.wakes(&line.connection.name), false);
        while let Some(wake) = wakes.try_next().await? {
            any = true;
            for id in line.directory.waiting(&line.connection.name, &wake.mapping, &wake.claim).await? {
                landings.extend(look_again(line, &wake, &id).await?);
            }
            line.directory.finish_wake(&line.lease, &wake).await?;
        }
        if !any {
            break;
        }
    }
    Ok(landings)
}

async fn look_again(line: &Line, wake: &Wake, id: &str) -> Result<Vec<Landing>, Interruption> {
    let landings = match line.read_again(id).await? {
        Person::Here(object) => line.page(&[object], Source::ReadById, Met::Again).await?,
        // Nobody there to wait.
        Person::NotVisible => Vec::new(),
        Person::Withheld(_) => return Ok(Vec::new()),
    };
    let waits_on = landings.iter().any(|landing| {
        let is_theirs = line.connection.mappings[landing.mapping].name == wake.mapping;
        is_theirs && landing.outcome == Some(Outcome::Unsynced)
    });
    if !waits_on {
        line.directory.stop_waiting(&line.lease, &wake.mapping, &wake.claim, id).await?;
    }
    Ok(landings)
}
