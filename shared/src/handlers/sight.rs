//! What a credential sees of an org: the group that no org lacks, the mapped ones, and whether a list's end is one.

use super::interruption::{Interruption, blind};
use crate::directory::Directory;
use crate::error::{Error, Fate};
use crate::groups::{Groups, Resolved};
use crate::model::Connection;
use crate::okta::{Everyone, Okta, OktaError, Page, PageRequest};

/// The group Everyone is in every org: a credential that may list groups and does not see it sees only part of the org.
/// Gives whether it is seen, and its size.
pub(super) async fn everyone(okta: &Okta) -> Result<(bool, Option<u64>), Interruption> {
    match okta.everyone().await? {
        Everyone::Visible { users } => Ok((true, users)),
        Everyone::NotThere => Err(blind(
            "The group Everyone is not there, and no org lacks it: the credential sees only part of the org.",
        )),
        Everyone::NotPermitted(_) => Ok((false, None)),
    }
}

/// Reads a page of a list of people. One without anybody that ends the list is also what a role gets that was taken its
/// sight in the middle of it, and some have it back before anybody looks around. So it is believed when the credential
/// sees the org, and then gets nobody once more.
pub(super) async fn page_of_people(okta: &Okta, asked: &PageRequest) -> Result<Page, Interruption> {
    let page = okta.page(asked).await?;
    if !page.objects.is_empty() || page.next.is_some() {
        return Ok(page);
    }
    if !okta.sees_the_org().await? {
        return Err(blind(
            "Okta's list of people has ended without anybody, and the credential sees nothing of the org.",
        ));
    }
    Ok(okta.page(asked).await?)
}

/// Whether a list can be taken up by key only.
pub(super) fn is_cursor_lost(interruption: &Interruption) -> bool {
    matches!(interruption, Interruption::Error(Error::Okta(OktaError::CursorLost(_))))
}

/// Makes sure that a credential sees somebody of people who are known to be active; without any, nothing can be told.
pub(super) async fn see_anybody(okta: &Okta, witnesses: &[String]) -> Result<(), Interruption> {
    for witness in witnesses {
        match okta.user(witness).await {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => {}
            Err(error) if error.fate() == Fate::OfOneRecord => {}
            Err(error) => return Err(error.into()),
        }
    }
    match witnesses.is_empty() {
        true => Ok(()),
        false => Err(blind(format!("People who are known to be active are out of sight: {}.", witnesses.join(", ")))),
    }
}

/// Looks for the mapped groups. A credential that sees no groups at all is another matter than a group that is missing,
/// and where no mapping is left to work on, there is nothing to do.
pub(super) async fn find_groups(
    okta: &Okta,
    directory: &Directory,
    connection: &Connection,
) -> Result<Resolved, Interruption> {
    let resolved = Groups::resolve(okta, directory, connection).await?;
    if !resolved.groups.broken().is_empty() {
        everyone(okta).await?;
    }
    match resolved.groups.broken().values().next() {
        Some(problem) if resolved.groups.broken().len() == connection.mappings.len() => {
            Err(Error::Problem(problem.clone(), Fate::Fatal).into())
        }
        _ => Ok(resolved),
    }
}
