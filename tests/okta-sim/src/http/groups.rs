//! `/api/v1/groups` and the groups of a user (Okta: List all groups, List all member users).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::Answer;
use super::apps;
use super::ask::Ask;
use super::users::{found, objects, understood};
use crate::expression::{Case, Dialect, Expression, Field, holds};
use crate::id::Id;
use crate::org::{Group, GroupKind, Org};
use crate::role::Role;

/// Answers whatever is asked under `/groups`.
pub(super) fn answer(ask: &Ask<'_>, org: &Org) -> Option<Result<Answer, Answer>> {
    if *ask.role == Role::NoGroups {
        return Some(Err(Answer::forbidden()));
    }
    let rest: Vec<&str> = ask.segments.iter().skip(3).map(String::as_str).collect();
    Some(match rest.as_slice() {
        [] => list(ask, org),
        [id] => visible(ask, org, id).map(|group| Answer::value(&object(ask, org, group))),
        [id, "users"] => members(ask, org, id),
        [_, "apps"] if *ask.role == Role::NoApps => Err(Answer::forbidden()),
        [id, "apps"] => visible(ask, org, id).and_then(|group| apps::of_group(ask, org, &group.id)),
        _ => return None,
    })
}

fn list(ask: &Ask<'_>, org: &Org) -> Result<Answer, Answer> {
    let (expression, case) = match (ask.parameter("search"), ask.parameter("filter")) {
        (Some(_), Some(_)) => {
            let summary = "The 'search' and 'filter' parameters cannot be used together.";
            return Err(Answer::error(400, "E0000033", summary, &[]));
        }
        (Some(search), None) => (Some(understood(search, Dialect::GroupSearch)?), Case::Folded),
        (None, Some(filter)) => (Some(understood(filter, Dialect::GroupFilter)?), Case::Sensitive),
        (None, None) => (None, Case::Folded),
    };
    let prefix = ask.parameter("q").map(str::to_lowercase);
    let matching = org.groups().filter(|group| {
        is_visible(ask, group)
            && matches(expression.as_ref(), case, group)
            && prefix.as_ref().is_none_or(|prefix| group.name.to_lowercase().starts_with(prefix.as_str()))
    });
    match prefix {
        // Not pageable.
        Some(_) => {
            let limit = ask.page_size(300, 300)?;
            let found = matching.take(limit).map(|group| object(ask, org, group));
            Ok(Answer::values(found, ask.links(limit, None)))
        }
        None => page(ask, org, ask.page_size(200, 10_000)?, matching),
    }
}

/// The groups of someone, Everyone included, by id.
pub(super) fn of_user(ask: &Ask<'_>, org: &Org, user: &str) -> Result<Answer, Answer> {
    if *ask.role == Role::NoGroups {
        return Err(Answer::forbidden());
    }
    let user = found(ask, org, user)?;
    let joined = org.groups().filter(|group| is_visible(ask, group) && org.is_member(&user.id, &group.id));
    page(ask, org, ask.page_size(200, 10_000)?, joined)
}

/// A page of groups in order of id.
fn page<'a>(ask: &Ask<'_>, org: &Org, limit: usize, groups: impl Iterator<Item = &'a Group>) -> Result<Answer, Answer> {
    let after = ask.position()?.unwrap_or_default();
    let mut rest = groups.filter(|group| group.id > after);
    let shown: Vec<&Group> = rest.by_ref().take(limit).collect();
    let next = shown.last().filter(|_| rest.next().is_some());
    let links = ask.links(limit, next.map(|group| group.id.as_str()));
    Ok(Answer::values(shown.iter().map(|group| object(ask, org, group)), links))
}

/// The members of a group, whatever their status.
fn members(ask: &Ask<'_>, org: &Org, group: &str) -> Result<Answer, Answer> {
    let group = visible(ask, org, group)?;
    let limit = ask.page_size(1000, 1000)?;
    let after = match ask.position()? {
        Some(position) => Id::parse(&position).ok_or_else(Answer::invalid_cursor)?,
        None => Id::FIRST,
    };
    let mut rest = org.members_from(&group.id, after).filter(|user| ask.role.sees(&user.id));
    let shown: Vec<_> = rest.by_ref().take(limit).cloned().collect();
    let next = shown.last().filter(|_| rest.next().is_some());
    let links = ask.links(limit, next.map(|user| user.id.as_str()));
    Ok(Answer::list(objects(ask, &shown)?, links))
}

fn visible<'a>(ask: &Ask<'_>, org: &'a Org, id: &str) -> Result<&'a Group, Answer> {
    org.group(id).filter(|group| is_visible(ask, group)).ok_or_else(|| Answer::not_found(id, "UserGroup"))
}

/// Whether the role sees a group. Only a role that sees everything sees Everyone.
fn is_visible(ask: &Ask<'_>, group: &Group) -> bool {
    ask.role.sees(&group.id) && (ask.role.sees_all() || group.kind != GroupKind::BuiltIn)
}

fn matches(expression: Option<&Expression>, case: Case, group: &Group) -> bool {
    expression.is_none_or(|expression| holds(expression, case, &|property| field(group, property)))
}

fn field<'a>(group: &'a Group, property: &str) -> Field<'a> {
    let time = |at: Timestamp| Field::Millisecond(at.as_millisecond());
    match property {
        "id" => Field::Exact(&group.id),
        "type" => Field::Text(group.kind.as_str().into()),
        "created" => time(group.created),
        "lastUpdated" => time(group.last_updated),
        "lastMembershipUpdated" => time(group.last_membership_updated),
        "profile.name" => Field::Text(group.name.as_str().into()),
        "profile.description" => match &group.description {
            Some(description) => Field::Text(description.as_str().into()),
            None => Field::Absent,
        },
        _ => Field::Absent,
    }
}

fn object(ask: &Ask<'_>, org: &Org, group: &Group) -> Value {
    let mut object = group.json(ask.base);
    let wants_stats = ask.parameter("expand").is_some_and(|expand| expand.split(',').any(|part| part == "stats"));
    if wants_stats && let Value::Object(map) = &mut object {
        let stats = json!({
            "usersCount": org.member_count(&group.id), "appsCount": org.apps().iter().filter(|app| app.has_group(&group.id)).count(),
            "groupPushMappingsCount": 0, "hasAdminPrivlege": false,
        });
        map.insert("_embedded".to_owned(), json!({"stats": stats}));
    }
    object
}
