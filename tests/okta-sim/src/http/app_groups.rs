//! `/api/v1/apps/{id}/groups` (Okta: Application Groups).

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use crate::clock::{second, written};
use crate::org::{App, Group, GroupAssignment, Org};
use crate::role::Role;

/// The groups assigned to an application, by id.
pub(super) fn list(ask: &Ask<'_>, org: &Org, app: &App) -> Result<Answer, Answer> {
    if *ask.role == Role::NoGroups {
        return Err(Answer::forbidden());
    }
    // Pages are of 20 at least, but for the simulator's own cap.
    let limit = ask.page_size(20, 200)?.max(20.min(ask.options.page_size_cap));
    let after = ask.paging_position()?.unwrap_or_default();
    let prefix = ask.parameter("q").map(str::to_lowercase).unwrap_or_default();
    let mut rest = app
        .groups()
        .filter_map(|(id, assignment)| Some((org.group(id)?, assignment)))
        .filter(|(group, _)| group.id > after && ask.role.sees(&group.id))
        .filter(|(group, _)| group.name.to_lowercase().starts_with(&prefix));
    let shown: Vec<(&Group, GroupAssignment)> = rest.by_ref().take(limit).collect();
    let next = shown.last().filter(|_| rest.next().is_some());
    let links = ask.links(limit, next.map(|(group, _)| group.id.as_str()));
    Ok(Answer::values(shown.iter().map(|(group, assignment)| object(ask, app, (group, *assignment))), links))
}

fn object(ask: &Ask<'_>, app: &App, (group, assignment): (&Group, GroupAssignment)) -> Value {
    let own = format!("{}/api/v1/apps/{}", ask.base, app.id);
    let mut object = json!({
        "id": group.id,
        "lastUpdated": written(second(assignment.second)),
        "priority": assignment.priority,
        "profile": {},
        "_links": {"app": {"href": own}, "self": {"href": format!("{own}/groups/{}", group.id)},
                   "group": {"href": format!("{}/api/v1/groups/{}", ask.base, group.id)}},
    });
    match ask.parameter("expand") {
        Some("group") => object["_embedded"] = json!({"group": group.json(ask.base)}),
        Some("metadata") => object["_embedded"] = json!({"metadata": {"credentials": {}, "profile": {}}}),
        _ => {}
    }
    object
}
