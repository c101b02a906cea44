//! `/api/v1/users` (Okta: List all users, Retrieve a user, List all groups of a user).

use std::sync::Arc;

use serde_json::json;

use super::answer::Answer;
use super::ask::Ask;
use super::listing::{Direction, Key, Listing, Sort, entity_tag, page};
use super::projection::Projection;
use super::{apps, devices, groups};
use crate::expression::{Bounds, Case, Dialect, Expression, check, equalities, parse};
use crate::org::{Org, Status, User};

/// The most users on a page.
const MAXIMUM: usize = 200;

/// Answers whatever is asked under `/users`.
pub(super) fn answer(ask: &Ask<'_>, org: &mut Org) -> Option<Result<Answer, Answer>> {
    let rest: Vec<&str> = ask.segments.iter().skip(3).map(String::as_str).collect();
    Some(match rest.as_slice() {
        [] => list(ask, org),
        ["me"] => Ok(owner(ask)),
        [id] => one(ask, org, id),
        [id, "groups"] => groups::of_user(ask, org, id),
        [id, "appLinks"] => apps::links_of_user(ask, org, id),
        [id, "devices"] => devices::of_user(ask, org, id),
        _ => return None,
    })
}

fn list(ask: &Ask<'_>, org: &mut Org) -> Result<Answer, Answer> {
    match (ask.parameter("search"), ask.parameter("filter"), ask.parameter("q")) {
        (Some(_), Some(_), _) => {
            let summary = "The 'search' and 'filter' parameters cannot be used together.";
            Err(Answer::error(400, "E0000033", summary, &[]))
        }
        (Some(search), None, _) => searched(ask, org, search),
        (None, Some(filter), _) => filtered(ask, org, filter),
        (None, None, Some(prefix)) => found_by_name(ask, org, prefix),
        (None, None, None) => unfiltered(ask, org),
    }
}

/// `search`: any property, any case, sorted, and only as fresh as the index.
fn searched(ask: &Ask<'_>, org: &mut Org, search: &str) -> Result<Answer, Answer> {
    let expression = understood(search, Dialect::UserSearch)?;
    let limit = ask.page_size(MAXIMUM, MAXIMUM)?;
    let listing = Listing {
        expression: Some(&expression),
        case: Case::Folded,
        sort: sort_of(ask, &expression)?,
        direction: direction_of(ask)?,
        after: after(ask)?,
        limit,
        admits: &|user| ask.role.sees(&user.id),
    };
    let (users, next) = page(org.searchable(), &listing);
    shown(ask, &users, limit, next)
}

/// `filter`: few properties, exact case, and always current.
fn filtered(ask: &Ask<'_>, org: &Org, filter: &str) -> Result<Answer, Answer> {
    let expression = understood(filter, Dialect::UserFilter)?;
    let limit = ask.page_size(MAXIMUM, MAXIMUM)?;
    let listing = Listing {
        expression: Some(&expression),
        case: Case::Sensitive,
        sort: natural_sort(&expression),
        direction: Direction::Ascending,
        after: after(ask)?,
        limit,
        admits: &|user| ask.role.sees(&user.id),
    };
    let (users, next) = page(org.people(), &listing);
    shown(ask, &users, limit, next)
}

/// No parameter: everyone but the deactivated.
fn unfiltered(ask: &Ask<'_>, org: &Org) -> Result<Answer, Answer> {
    let limit = ask.page_size(MAXIMUM, MAXIMUM)?;
    let listing = Listing {
        expression: None,
        case: Case::Sensitive,
        sort: Sort::Id,
        direction: Direction::Ascending,
        after: after(ask)?,
        limit,
        admits: &|user| user.status != Status::Deprovisioned && ask.role.sees(&user.id),
    };
    let (users, next) = page(org.people(), &listing);
    shown(ask, &users, limit, next)
}

/// `q`: a prefix of first name, last name or mail; no paging, and without the deactivated.
fn found_by_name(ask: &Ask<'_>, org: &Org, prefix: &str) -> Result<Answer, Answer> {
    let limit = ask.page_size(10, MAXIMUM)?;
    let prefix = prefix.to_lowercase();
    let begins = |user: &User, name: &str| user.text(name).is_some_and(|text| text.to_lowercase().starts_with(&prefix));
    let listing = Listing {
        expression: None,
        case: Case::Folded,
        sort: Sort::Id,
        direction: Direction::Ascending,
        after: None,
        limit,
        admits: &|user| {
            user.status != Status::Deprovisioned
                && ask.role.sees(&user.id)
                && ["firstName", "lastName", "email"].iter().any(|name| begins(user, name))
        },
    };
    let (users, _) = page(org.people(), &listing);
    shown(ask, &users, limit, None)
}

/// Reads an expression and checks that the endpoint takes it.
pub(super) fn understood(text: &str, dialect: Dialect) -> Result<Expression, Answer> {
    let expression = parse(text).map_err(|cause| Answer::invalid_search(&cause))?;
    check(&expression, dialect).map_err(|cause| Answer::invalid_search(&cause))?;
    Ok(expression)
}

fn sort_of(ask: &Ask<'_>, expression: &Expression) -> Result<Sort, Answer> {
    Ok(match ask.parameter("sortBy") {
        None => natural_sort(expression),
        Some("created") => Sort::Created,
        Some("lastUpdated") => Sort::LastUpdated,
        Some("id") => Sort::Id,
        Some(property @ ("status" | "activated" | "statusChanged" | "type.id")) => Sort::Property(property.to_owned()),
        Some(property) if property.starts_with("profile.") => Sort::Property(property.to_owned()),
        Some(property) => {
            let cause = format!("Cannot sort by {property}.");
            return Err(Answer::invalid_search(&cause));
        }
    })
}

/// The order when none is asked for: Okta documents none, so it is whichever is cheapest.
fn natural_sort(expression: &Expression) -> Sort {
    let bounds = Bounds::of(expression);
    if equalities(expression, "id").is_some() {
        Sort::Id
    } else if bounds.last_updated.is_bounded() && !bounds.created.is_bounded() {
        Sort::LastUpdated
    } else {
        Sort::Created
    }
}

fn direction_of(ask: &Ask<'_>) -> Result<Direction, Answer> {
    match ask.parameter("sortOrder").map(str::to_lowercase).as_deref() {
        None | Some("asc" | "ascending") => Ok(Direction::Ascending),
        Some("desc" | "descending") => Ok(Direction::Descending),
        Some(_) => Err(Answer::validation("sortOrder", "sortOrder must be asc or desc.")),
    }
}

fn after(ask: &Ask<'_>) -> Result<Option<Key>, Answer> {
    ask.position()?.map(|position| Key::from_position(&position).ok_or_else(Answer::invalid_cursor)).transpose()
}

/// A page of users as the request wants them.
fn shown(ask: &Ask<'_>, users: &[Arc<User>], limit: usize, next: Option<Key>) -> Result<Answer, Answer> {
    let items = objects(ask, users)?;
    let next = next.map(|key| key.to_position());
    Ok(Answer::list(items, ask.links(limit, next.as_deref())))
}

/// The objects of these people, projected if the request says so.
pub(super) fn objects(ask: &Ask<'_>, users: &[Arc<User>]) -> Result<Vec<Vec<u8>>, Answer> {
    let projection = Projection::of(ask)?;
    let object = |user: &Arc<User>| {
        let mut text = Vec::with_capacity(1024);
        user.write(&mut text, ask.base, ask.credentials);
        match &projection {
            Some(projection) => projection.apply(&text),
            None => text,
        }
    };
    Ok(users.iter().map(object).collect())
}

/// A live read by id, login, or the part of the login before the `@` where that is unambiguous.
fn one(ask: &Ask<'_>, org: &Org, name: &str) -> Result<Answer, Answer> {
    let user = found(ask, org, name)?;
    let mut answer = Answer::one(objects(ask, std::slice::from_ref(&user))?.concat());
    answer.headers.push(("etag", entity_tag(&user)));
    Ok(answer)
}

/// Someone in sight, or a 404.
pub(super) fn found(ask: &Ask<'_>, org: &Org, name: &str) -> Result<Arc<User>, Answer> {
    let people = org.people();
    let by_short_name = || {
        let prefix = format!("{}@", name.to_lowercase());
        let mut having = org.users().filter(|user| user.login().to_lowercase().starts_with(&prefix));
        let first = having.next().filter(|_| !looks_like_an_id(name))?;
        having.next().is_none().then(|| people.get(&first.id)).flatten()
    };
    people
        .get(name)
        .or_else(|| people.by_login(name))
        .or_else(|| if looks_like_an_id(name) || name.contains('@') { None } else { by_short_name() })
        .filter(|user| ask.role.sees(&user.id))
        .cloned()
        .ok_or_else(|| Answer::not_found(name, "User"))
}

fn looks_like_an_id(name: &str) -> bool {
    name.len() == 20 && name.starts_with("00u")
}

/// The token's owner. It is not one of the org's people, so that those are only whom a test put
/// there, and whatever its role it may read itself.
fn owner(ask: &Ask<'_>) -> Answer {
    let id = "00uTokenOwner0000001d7";
    Answer::value(&json!({
        "id": id, "status": "ACTIVE", "created": "2016-01-01T00:00:00.000Z", "activated": null,
        "statusChanged": null, "lastLogin": null, "lastUpdated": "2016-01-01T00:00:00.000Z",
        "passwordChanged": null,
        "profile": {"login": "service@acme.example", "email": "service@acme.example",
                    "firstName": "Service", "lastName": "Account"},
        "credentials": {"password": {}, "provider": {"type": "OKTA", "name": "OKTA"}},
        "_links": {"self": {"href": format!("{}/api/v1/users/{id}", ask.base)}},
    }))
}
