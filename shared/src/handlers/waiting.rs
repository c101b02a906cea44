//! Claims that may have come free: whoever waits for one goes down the line again, in the same run.

use futures::TryStreamExt;

use super::interruption::Interruption;
use crate::directory::Wake;
use crate::line::{ById, Line};
use crate::model::Outcome;
use crate::reconcile::Source;
use crate::sync::{Landing, Met};

/// Looks at every claim that was let go of since somebody last looked, and gives where those who waited ended.
///
/// # Errors
/// Retryable or fatal, of Okta or the directory; what was not looked at is left to the next run.
pub(crate) async fn wake(line: &Line) -> Result<Vec<Landing>, Interruption> {
    let mut landings = Vec::new();
    let mut wakes = line.directory.wakes(&line.connection.name);
    while let Some(wake) = wakes.try_next().await? {
        for id in line.directory.waiting(&line.connection.name, &wake.mapping, &wake.claim).await? {
            landings.extend(look_again(line, &wake, &id).await?);
        }
        line.directory.finish_wake(&line.lease, &wake).await?;
    }
    Ok(landings)
}

async fn look_again(line: &Line, wake: &Wake, id: &str) -> Result<Vec<Landing>, Interruption> {
    // Its mapping was taken out of the connection: nobody waits under it any more.
    let Some(mapping) = line.connection.mapping(&wake.mapping) else { return Ok(Vec::new()) };
    let objects = mapping.source.objects();
    let landings = match line.read_again(objects, id).await? {
        ById::Here(object) => line.page((objects, &[object]), Source::ReadById, Met::Again).await?,
        // Nobody there to wait.
        ById::NotVisible => Vec::new(),
        ById::Withheld(_) => return Ok(Vec::new()),
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
