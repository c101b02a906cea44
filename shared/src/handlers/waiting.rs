//! Claims that may have come free: whoever waits for one goes down the line again, in the same run.

use futures::TryStreamExt;

use super::interruption::Interruption;
use crate::directory::Wake;
use crate::line::{ById, Line};
use crate::model::{ObjectKind, Outcome};
use crate::reconcile::Source;
use crate::sync::{Landing, Met};

/// How often it is looked for claims that came free by what was done about others.
const ROUNDS: usize = 20;

/// Looks at every claim that was let go of since somebody last looked, and gives where those who waited ended. Whoever
/// gets one may let go of another: so it goes on until nobody does. Claims of mappings that read other objects than `of` are
/// left to the jobs that read them, which know what else those depend on.
///
/// # Errors
/// Retryable or fatal, of Okta or the directory; what was not looked at is left to the next run.
pub(crate) async fn wake(line: &Line, of: &[ObjectKind]) -> Result<Vec<Landing>, Interruption> {
    let mut landings = Vec::new();
    for _ in 0..ROUNDS {
        let (mut wakes, mut any) = (line.directory.wakes(&line.connection.name), false);
        while let Some(wake) = wakes.try_next().await? {
            // Of a mapping that was taken out of the connection nobody waits any more.
            let mapping = line.connection.mapping(&wake.mapping);
            if mapping.is_some_and(|mapping| !of.contains(&mapping.source.objects())) {
                continue;
            }
            let mut is_told = true;
            for id in line.directory.waiting(&line.connection.name, &wake.mapping, &wake.claim).await? {
                match look_again(line, &wake, &id).await? {
                    Some(landed) => landings.extend(landed),
                    None => is_told = false,
                }
            }
            if is_told {
                line.directory.finish_wake(&line.lease, &wake).await?;
                any = true;
            }
        }
        if !any {
            break;
        }
    }
    Ok(landings)
}

/// Where somebody who waited ended; `None` when nobody can tell whether they are there.
async fn look_again(line: &Line, wake: &Wake, id: &str) -> Result<Option<Vec<Landing>>, Interruption> {
    let Some(mapping) = line.connection.mapping(&wake.mapping) else { return Ok(Some(Vec::new())) };
    let objects = mapping.source.objects();
    let Some(found) = line.read_in_sight(objects, id).await? else { return Ok(None) };
    let landings = match found {
        ById::Here(object) => line.page((objects, &[object]), Source::ReadById, Met::Again).await?,
        // Nobody there to wait.
        ById::NotVisible => Vec::new(),
        ById::Withheld(_) => return Ok(Some(Vec::new())),
    };
    let waits_on = landings.iter().any(|landing| {
        let is_theirs = line.connection.mappings[landing.mapping].name == wake.mapping;
        is_theirs && landing.outcome == Some(Outcome::Unsynced)
    });
    if !waits_on {
        line.directory.stop_waiting(&line.lease, &wake.mapping, &wake.claim, id).await?;
    }
    Ok(Some(landings))
}
