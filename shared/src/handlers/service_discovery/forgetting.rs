//! Forgetting: what is kept of the people and the use of applications that are gone, or that are no services. After the
//! effects: an application whose deactivation waits in the hold keeps everything.
//!
//! Each step can be taken again. What breaks off is found by the next run, because the entry of an application goes last.

use std::collections::HashMap;

use futures::TryStreamExt;

use super::checkpoint::Discovering;
use crate::directory::KeptApp;
use crate::handlers::interruption::Interruption;
use crate::handlers::work::Sheet;
use crate::line::ById;
use crate::model::{ObjectKind, Reason};
use crate::okta::{Deletions, log_reaches_back_to};

/// What the directory says of an application, under all mappings together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// Every record of it is deleted.
    Deleted,
    /// It is out of sight, a person has agreed to that, and nobody can tell that it is deleted.
    Missing,
    /// There is a record that is not gone.
    There,
}

/// Forgets what need not be kept any more.
pub(super) async fn forget(job: &Discovering) -> Result<(), Interruption> {
    let line = &job.line;
    let standings = standings(job).await?;
    let (mut kept, mut strays) = (line.directory.kept_apps(&line.connection.name), Vec::new());
    while let Some(KeptApp { app, is_listed }) = kept.try_next().await? {
        job.in_time()?;
        match standings.get(&app) {
            Some(Standing::There) => {}
            Some(Standing::Deleted) => line.directory.forget_app(&line.lease, &app).await?,
            // Its use is told once by the log, and it may come into sight again.
            Some(Standing::Missing) if is_listed => line.directory.forget_app_people(&line.lease, &app).await?,
            Some(Standing::Missing) => {}
            None if job.work().left_out.contains(&app) => line.directory.forget_app(&line.lease, &app).await?,
            // A service that cannot be mapped, or that a filter leaves out.
            None if job.work().has_met(&app) => {}
            None => strays.push(app),
        }
    }
    forget_strays(job, strays).await
}

/// Applications that the list does not have and that never had a record: the log tells sign-ons to those as well that were
/// deleted before the first run. Only of those that it says were deleted nothing need be known.
async fn forget_strays(job: &Discovering, strays: Vec<String>) -> Result<(), Interruption> {
    if strays.is_empty() {
        return Ok(());
    }
    let line = &job.line;
    let retained = log_reaches_back_to(line.okta.now());
    let Deletions::Known(deletions) = line.okta.deletions(ObjectKind::App, retained).await? else { return Ok(()) };
    for app in strays.iter().filter(|app| deletions.contains_key(*app)) {
        job.in_time()?;
        if let ById::NotVisible = line.read_again(ObjectKind::App, app).await? {
            line.directory.forget_app(&line.lease, app).await?;
        }
    }
    Ok(())
}

async fn standings(job: &Discovering) -> Result<HashMap<String, Standing>, Interruption> {
    let line = &job.line;
    let mut standings: HashMap<String, Standing> = HashMap::new();
    for (_, mapping) in line.connection.mappings_of(ObjectKind::App) {
        let mut records = line.directory.known(&line.connection.name, &mapping.name, None, None);
        while let Some(known) = records.try_next().await? {
            let standing = match known.current.standing {
                Some(Reason::Deleted) => Standing::Deleted,
                Some(Reason::Missing) => Standing::Missing,
                _ => Standing::There,
            };
            let noted = standings.entry(known.id).or_insert(standing);
            *noted = standing.max(*noted);
        }
    }
    Ok(standings)
}
