//! `/api/v1/apps/{id}/users` (Okta: Application Users).

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use crate::clock::written;
use crate::id::Id;
use crate::org::{App, Assignment, Org, Status, User};

/// The people assigned to an application, directly or by a group, by id.
pub(super) fn list(ask: &Ask<'_>, org: &Org, app: &App) -> Result<Answer, Answer> {
    let limit = ask.page_size(50, 500)?;
    let after = match ask.paging_position()? {
        Some(position) => Id::parse(&position).ok_or_else(Answer::invalid_paging)?,
        None => Id::FIRST,
    };
    let prefix = ask.parameter("q").map(str::to_lowercase);
    let mut rest = org.assignments_from(app, after).filter(|assignment| {
        ask.role.sees(&assignment.user.id) && prefix.as_ref().is_none_or(|prefix| begins(assignment.user, prefix))
    });
    let shown: Vec<Assignment<'_>> = rest.by_ref().take(limit).collect();
    let next = shown.last().filter(|_| rest.next().is_some());
    let links = ask.links(limit, next.map(|assignment| assignment.user.id.as_str()));
    Ok(Answer::values(shown.iter().map(|assignment| object(ask, app, assignment)), links))
}

/// One person's assignment.
pub(super) fn one(ask: &Ask<'_>, org: &Org, app: &App, user: &str) -> Result<Answer, Answer> {
    org.assignment(user, &app.id)
        .filter(|assignment| ask.role.sees(&assignment.user.id))
        .map(|assignment| Answer::value(&object(ask, app, &assignment)))
        .ok_or_else(|| Answer::not_found(user, "AppUser"))
}

/// The object of an assignment. Its id is the user's.
pub(super) fn object(ask: &Ask<'_>, app: &App, assignment: &Assignment<'_>) -> Value {
    let Assignment { user, created, scope } = assignment;
    let provisions = app.features.iter().any(|feature| feature == "PUSH_NEW_USERS");
    let created = written(*created);
    let mut object = json!({
        "id": user.id,
        "externalId": provisions.then(|| format!("ext-{}", user.id)),
        "created": created, "lastUpdated": created, "statusChanged": created, "passwordChanged": null,
        "scope": scope.as_str(),
        "status": status(user, provisions),
        "syncState": if provisions { "SYNCHRONIZED" } else { "DISABLED" },
        "credentials": {"userName": user.login()},
        "profile": {"name": user.full_name(), "email": user.text("email")},
        "_links": {"app": {"href": format!("{}/api/v1/apps/{}", ask.base, app.id)},
                   "user": {"href": format!("{}/api/v1/users/{}", ask.base, user.id)}},
    });
    if ask.parameter("expand") == Some("user") {
        object["_embedded"] = json!({"user": user.json(ask.base)});
    }
    object
}

/// The assignment's status. Whether Okta ends the assignments of deactivated people at once is not
/// established: here they stay, and say so.
fn status(user: &User, provisions: bool) -> &'static str {
    match user.status {
        Status::Deprovisioned => "DEPROVISIONED",
        Status::Staged => "STAGED",
        _ if provisions => "PROVISIONED",
        _ => "ACTIVE",
    }
}

fn begins(user: &User, prefix: &str) -> bool {
    ["login", "email", "firstName", "lastName"]
        .iter()
        .any(|name| user.text(name).is_some_and(|text| text.to_lowercase().starts_with(prefix)))
}
