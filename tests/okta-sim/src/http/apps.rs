//! `/api/v1/apps` (Okta: Applications): lists, and applications by id.
//!
//! Without `includeNonDeleted` a list leaves inactive applications out, as the specification has it,
//! unless its `filter` asks for a status or an id.

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::users::{found, understood};
use super::{app_groups, app_users};
use crate::expression::{Case, Dialect, Expression, Field, holds, literals};
use crate::org::{App, AppStatus, Org};
use crate::role::Role;

/// Answers whatever is asked under `/apps`.
pub(super) fn answer(ask: &Ask<'_>, org: &Org) -> Option<Result<Answer, Answer>> {
    if *ask.role == Role::NoApps {
        return Some(Err(Answer::forbidden()));
    }
    let rest: Vec<&str> = ask.segments.iter().skip(3).map(String::as_str).collect();
    let app = |id: &str| visible(ask, org, id);
    Some(match rest.as_slice() {
        [] => list(ask, org),
        [id] => app(id).map(|app| Answer::value(&object(ask, org, app))),
        [id, "users"] => app(id).and_then(|app| app_users::list(ask, org, app)),
        [id, "users", user] => app(id).and_then(|app| app_users::one(ask, org, app, user)),
        [id, "groups"] => app(id).and_then(|app| app_groups::list(ask, org, app)),
        _ => return None,
    })
}

/// `/api/v1/groups/{id}/apps`: the applications that a group is assigned to.
pub(super) fn of_group(ask: &Ask<'_>, org: &Org, group: &str) -> Result<Answer, Answer> {
    page(ask, org, ask.page_size(20, 200)?, |app| app.has_group(group))
}

/// `/api/v1/users/{id}/appLinks`: what someone sees on the dashboard. Hidden applications are missing.
pub(super) fn links_of_user(ask: &Ask<'_>, org: &Org, user: &str) -> Result<Answer, Answer> {
    let user = found(ask, org, user)?;
    let assigned = |app: &&App| org.assignment(&user.id, &app.id).is_some();
    let shown = org.apps().iter().filter(|app| app.status == AppStatus::Active && !app.hidden).filter(assigned);
    let links = shown.enumerate().map(|(place, app)| {
        json!({
            "id": user.id, "label": app.label, "linkUrl": format!("{}/home/{}/{}/30", ask.base, app.name, app.id),
            "logoUrl": format!("{}/img/logos/{}.png", ask.base, app.name), "appName": app.name,
            "appInstanceId": app.id, "appAssignmentId": app.assignment_id(&user.id), "credentialsSetup": false,
            "hidden": false, "sortOrder": place,
        })
    });
    Ok(Answer::values(links, Vec::new()))
}

fn list(ask: &Ask<'_>, org: &Org) -> Result<Answer, Answer> {
    for name in ["search", "sortBy"] {
        if ask.parameter(name).is_some() {
            return Err(Answer::validation(name, "The parameter is not supported here."));
        }
    }
    let filter = ask.parameter("filter").map(|text| understood(text, Dialect::AppFilter)).transpose()?;
    let names = |property| filter.as_ref().is_some_and(|filter| !literals(filter, property).is_empty());
    let shows_inactive = ask.parameter("includeNonDeleted") == Some("true") || names("status") || names("id");
    let prefix = ask.parameter("q").map(str::to_lowercase);
    let begins = |text: &str| prefix.as_ref().is_none_or(|prefix| text.to_lowercase().starts_with(prefix.as_str()));
    let expanded = expanded_user(ask, filter.as_ref())?;
    let limit = ask.page_size(20, 200)?;
    let mut answer = page(ask, org, limit, |app| {
        (shows_inactive || app.status == AppStatus::Active)
            && (begins(&app.name) || begins(&app.label))
            && matches(filter.as_ref(), org, app)
    })?;
    if let Some(user) = expanded {
        answer.amend_items(|app| {
            let id = app["id"].as_str().unwrap_or_default().to_owned();
            let embedded = org.app(&id).zip(org.assignment(user, &id));
            if let Some((found, assignment)) = embedded {
                app["_embedded"] = json!({"user": app_users::object(ask, found, &assignment)});
            }
        });
    }
    Ok(answer)
}

/// A page of applications in order of id.
fn page(ask: &Ask<'_>, org: &Org, limit: usize, wanted: impl Fn(&App) -> bool) -> Result<Answer, Answer> {
    let after = ask.paging_position()?.unwrap_or_default();
    let mut rest = org.apps().iter().filter(|app| app.id > after && ask.role.sees(&app.id) && wanted(app));
    let shown: Vec<&App> = rest.by_ref().take(limit).collect();
    let next = shown.last().filter(|_| rest.next().is_some());
    let links = ask.links(limit, next.map(|app| app.id.as_str()));
    Ok(Answer::values(shown.iter().map(|app| object(ask, org, app)), links))
}

fn visible<'a>(ask: &Ask<'_>, org: &'a Org, id: &str) -> Result<&'a App, Answer> {
    org.app(id).filter(|app| ask.role.sees(&app.id)).ok_or_else(|| Answer::not_found(id, "AppInstance"))
}

fn object(ask: &Ask<'_>, org: &Org, app: &App) -> Value {
    let mut object = app.json(ask.base);
    object["orn"] = format!("orn:okta:idp:{}:apps:{}:{}", org.id(), app.name, app.id).into();
    if ask.parameter("useOptimization") == Some("true")
        && let Value::Object(map) = &mut object
    {
        // Which properties it keeps is not documented: these are what everyone needs.
        map.retain(|key, _| !matches!(key.as_str(), "accessibility" | "credentials" | "settings"));
    }
    object
}

/// The user of `expand=user/{id}`, which goes with a filter for the same user alone.
fn expanded_user<'a>(ask: &'a Ask<'_>, filter: Option<&Expression>) -> Result<Option<&'a str>, Answer> {
    let Some(expand) = ask.parameter("expand") else {
        return Ok(None);
    };
    let filtered = filter.map(|filter| literals(filter, "user.id")).unwrap_or_default();
    expand
        .strip_prefix("user/")
        .filter(|user| filtered == [*user])
        .map(Some)
        .ok_or_else(|| Answer::validation("expand", "expand must be user/{id}, with a filter for the same user."))
}

fn matches(filter: Option<&Expression>, org: &Org, app: &App) -> bool {
    filter.is_none_or(|filter| holds(filter, Case::Sensitive, &|property| field(filter, org, app, property)))
}

fn field<'a>(filter: &'a Expression, org: &Org, app: &'a App, property: &str) -> Field<'a> {
    let those = |is_assigned: &dyn Fn(&str) -> bool| {
        let named = literals(filter, property).into_iter().filter(|id| is_assigned(id));
        Field::Many(named.map(Field::Exact).collect())
    };
    match property {
        "id" => Field::Exact(&app.id),
        "status" => Field::Text(app.status.as_str().into()),
        "name" => Field::Text(app.name.as_str().into()),
        // Those of the ids asked for that are assigned: the others are nobody's business here.
        "user.id" => those(&|id| org.assignment(id, &app.id).is_some()),
        "group.id" => those(&|id| app.has_group(id)),
        "credentials.signing.kid" => {
            Field::from(app.json("").pointer("/credentials/signing/kid").cloned().unwrap_or_default())
        }
        "settings.slo.enabled" => Field::Boolean(false),
        _ => Field::Absent,
    }
}
