//! `/api/v1/devices` and the devices of a user (Okta: List all devices, List all users for a device).
//!
//! Lists come from the index and may lag; reads by id are live.

use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::users::{found, understood};
use crate::expression::{Case, Dialect, Expression, Field, equalities, holds};
use crate::id::Id;
use crate::org::{Device, Feature, Org, User};
use crate::role::Role;

/// What a list embeds of the users of each device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expand {
    Nothing,
    User,
    UserSummary,
}

/// Answers whatever is asked under `/devices`.
pub(super) fn answer(ask: &Ask<'_>, org: &mut Org) -> Option<Result<Answer, Answer>> {
    let rest: Vec<&str> = ask.segments.iter().skip(3).map(String::as_str).collect();
    if let Err(refused) = admitted(ask, org) {
        return Some(Err(refused));
    }
    Some(match rest.as_slice() {
        [] => list(ask, org),
        [id] => visible(ask, org, id, "Device").map(|device| Answer::value(&one(ask, device))),
        [id, "users"] => visible(ask, org, id, "GenericUDObject").map(|device| {
            let entries = users(ask, org, device, Expand::User);
            Answer::values(entries, Vec::new())
        }),
        _ => return None,
    })
}

/// `/api/v1/users/{id}/devices`: the links of someone, each with the whole device.
pub(super) fn of_user(ask: &Ask<'_>, org: &Org, user: &str) -> Result<Answer, Answer> {
    admitted(ask, org)?;
    let user = found(ask, org, user)?;
    let links = org.devices().filter(|device| ask.role.sees(&device.id)).filter_map(|device| {
        let link = device.links.iter().find(|link| link.user == user.id)?;
        Some(json!({
            "created": crate::clock::written(link.created),
            "deviceUserId": device_user_id(&user.id),
            "device": device.json(ask.base),
        }))
    });
    Ok(Answer::values(links, Vec::new()))
}

fn admitted(ask: &Ask<'_>, org: &Org) -> Result<(), Answer> {
    if !org.has(Feature::Devices) {
        return Err(Answer::no_such_feature());
    }
    match *ask.role == Role::NoDevices {
        true => Err(Answer::forbidden()),
        false => Ok(()),
    }
}

fn list(ask: &Ask<'_>, org: &mut Org) -> Result<Answer, Answer> {
    for name in ["filter", "q", "sortBy", "sortOrder"] {
        if ask.parameter(name).is_some() {
            return Err(Answer::validation(name, "The parameter is not supported here."));
        }
    }
    let expression = ask.parameter("search").map(|text| understood(text, Dialect::DeviceSearch)).transpose()?;
    let limit = ask.page_size(200, 200)?;
    let expand = Expand::of(ask)?;
    let after = match ask.position()? {
        Some(position) => Id::parse(&position).ok_or_else(Answer::invalid_cursor)?,
        None => Id::FIRST,
    };
    let named = expression.as_ref().and_then(|expression| equalities(expression, "id"));
    let fleet = org.searchable_devices();
    let wanted =
        |device: &&std::sync::Arc<Device>| ask.role.sees(&device.id) && matches(expression.as_ref(), device.as_ref());
    // Whoever names devices gets them without a look at all the others.
    let mut shown: Vec<_> = match named {
        Some(ids) => {
            let named = ids.into_iter().filter(|id| *id > after.as_str()).filter_map(|id| fleet.get(id));
            named.filter(wanted).take(limit + 1).cloned().collect()
        }
        None => fleet.after(after).filter(wanted).take(limit + 1).cloned().collect(),
    };
    let has_more = shown.len() > limit;
    shown.truncate(limit);
    let next = shown.last().filter(|_| has_more).map(|device| device.id.clone());
    let objects = shown.iter().map(|device| listed(ask, org, device, expand));
    Ok(Answer::values(objects, ask.links(limit, next.as_deref())))
}

fn listed(ask: &Ask<'_>, org: &Org, device: &Device, expand: Expand) -> Value {
    let mut object = device.json(ask.base);
    if expand != Expand::Nothing {
        object["_embedded"] = json!({"users": users(ask, org, device, expand)});
    }
    object
}

/// A device read by id says what reported it. That it does is recorded, but not how it looks.
fn one(ask: &Ask<'_>, device: &Device) -> Value {
    let mut object = device.json(ask.base);
    object["_embedded"] = json!({"originatedFrom": {"name": "Okta Verify"}});
    object
}

/// The entries of a device's users, as they are now.
fn users(ask: &Ask<'_>, org: &Org, device: &Device, expand: Expand) -> Vec<Value> {
    let links = device.links.iter().filter(|link| ask.role.sees(&link.user));
    let shown = |user: &User| match expand {
        Expand::UserSummary => user.summary(ask.base),
        Expand::User | Expand::Nothing => user.json(ask.base),
    };
    links.filter_map(|link| Some(link.json(shown(org.user(&link.user)?)))).collect()
}

fn visible<'a>(ask: &Ask<'_>, org: &'a Org, id: &str, kind: &str) -> Result<&'a Device, Answer> {
    org.device(id).filter(|device| ask.role.sees(&device.id)).ok_or_else(|| Answer::not_found(id, kind))
}

/// The id of the pair, which nothing else uses.
fn device_user_id(user: &str) -> String {
    user.replacen("00u", "dus", 1)
}

fn matches(expression: Option<&Expression>, device: &Device) -> bool {
    expression.is_none_or(|expression| holds(expression, Case::Folded, &|property| field(device, property)))
}

fn field<'a>(device: &'a Device, property: &str) -> Field<'a> {
    match property {
        "id" => Field::Exact(&device.id),
        "status" => Field::Text(device.status.as_str().into()),
        "lastUpdated" => Field::Millisecond(device.last_updated.as_millisecond()),
        _ => {
            property.strip_prefix("profile.").and_then(|name| device.attribute(name)).map_or(Field::Absent, Field::from)
        }
    }
}

impl Expand {
    fn of(ask: &Ask<'_>) -> Result<Self, Answer> {
        match ask.parameter("expand") {
            None => Ok(Self::Nothing),
            Some("user") => Ok(Self::User),
            Some("userSummary") => Ok(Self::UserSummary),
            Some(_) => Err(Answer::validation("expand", "expand must be user or userSummary.")),
        }
    }
}
