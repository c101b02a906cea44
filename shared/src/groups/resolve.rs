//! From the groups that mappings name to groups of Okta's.
//!
//! A group that is not found, or found twice, is a fatal problem of the mappings that name it: never an empty group.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;

use super::{Groups, MappedGroup, may_not_see};
use crate::directory::{Directory, ResolvedGroup};
use crate::error::Error;
use crate::model::{Connection, Mapping};
use crate::okta::{Group, Okta};
use crate::report::Problem;

/// What became of looking for the mapped groups.
pub struct Resolved {
    /// The groups.
    pub groups: Groups,
    /// Those found for the first time.
    pub new: Vec<ResolvedGroup>,
    /// What an operator should know: groups that have another name now.
    pub warnings: Vec<String>,
}

impl From<Groups> for Resolved {
    /// Groups of which there is no news.
    fn from(groups: Groups) -> Resolved {
        Resolved { groups, new: Vec::new(), warnings: Vec::new() }
    }
}

/// A group that was looked for.
enum Found {
    Known(Group),
    New(Group),
    Not(&'static str, String),
}

impl Groups {
    /// Looks for every group that the connection's mappings name.
    ///
    /// # Errors
    /// Retryable or fatal, of Okta or the directory. A group that is not found is an error of its mappings alone.
    pub async fn resolve(okta: &Okta, directory: &Directory, connection: &Connection) -> Result<Resolved, Error> {
        let names: BTreeSet<&str> = connection.mappings.iter().flat_map(Mapping::groups).collect();
        let mut resolved = Resolved::from(Groups::none_yet(okta));
        let mut missing: HashMap<&str, (&str, String)> = HashMap::new();
        for name in names {
            match look_for(okta, directory, (&connection.name, name)).await? {
                Found::Known(group) => {
                    if group.name != name && group.id != name {
                        let now = &group.name;
                        resolved
                            .warnings
                            .push(format!("The group {name:?} of the mappings is called {now:?} in Okta now."));
                    }
                    resolved.groups.keep(name, group);
                }
                Found::New(group) => {
                    let (id, is_everyone) = (group.id.clone(), group.is_everyone);
                    resolved.new.push(ResolvedGroup { name: name.to_owned(), id, is_everyone });
                    resolved.groups.keep(name, group);
                }
                Found::Not(slug, why) => drop(missing.insert(name, (slug, why))),
            }
        }
        for mapping in &connection.mappings {
            if let Some((slug, why)) = mapping.groups().into_iter().find_map(|name| missing.get(name)) {
                resolved.groups.broken.insert(mapping.name.clone(), problem(mapping, slug, why));
            }
        }
        Ok(resolved)
    }

    pub(crate) fn none_yet(okta: &Okta) -> Groups {
        Groups {
            groups: Vec::new(),
            broken: BTreeMap::new(),
            roster: Mutex::default(),
            answered: Mutex::default(),
            withheld: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
            begun: okta.now(),
        }
    }

    fn keep(&mut self, configured: &str, group: Group) {
        self.note_answer(&group.id);
        let Group { id, is_everyone, .. } = group;
        self.groups.push(MappedGroup { configured: configured.to_owned(), id, is_everyone });
    }
}

/// By the id that it had before, by its id where it is named by one, and by name.
async fn look_for(okta: &Okta, directory: &Directory, (connection, name): (&str, &str)) -> Result<Found, Error> {
    let kept = directory.resolved_group(connection, name).await?.map(|group| group.id);
    let named_by_id = (kept.is_none() && looks_like_an_id(name)).then(|| name.to_owned());
    if let Some(id) = kept.clone().or(named_by_id) {
        match okta.group(&id).await {
            Ok(Some(group)) if kept.is_some() => return Ok(Found::Known(group)),
            Ok(Some(group)) => return Ok(Found::New(group)),
            Ok(None) if kept.is_some() => {
                let why = format!("the group {name:?} ({id}) is not there any more, or not in the credential's sight");
                return Ok(Found::Not("group-missing", why));
            }
            Ok(None) => {}
            Err(error) if may_not_see(&error) => return Ok(withheld(name, &error)),
            Err(error) => return Err(error.into()),
        }
    }
    let mut found = match okta.groups_named(name).await {
        Ok(found) => found,
        Err(error) if may_not_see(&error) => return Ok(withheld(name, &error)),
        Err(error) => return Err(error.into()),
    };
    Ok(match (found.pop(), found.len()) {
        (Some(group), 0) => Found::New(group),
        (Some(_), more) => Found::Not("group-ambiguous", format!("{} groups are called {name:?}", more + 1)),
        (None, _) => Found::Not("group-missing", format!("no group is called {name:?}")),
    })
}

fn withheld(name: &str, error: &crate::okta::OktaError) -> Found {
    Found::Not("group-withheld", format!("the credential may not see the group {name:?}: {error}"))
}

/// Whether a name may be an id: those of groups begin with `00g` and have twenty characters.
fn looks_like_an_id(name: &str) -> bool {
    name.len() == 20 && name.starts_with("00g") && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn problem(mapping: &Mapping, slug: &str, why: &str) -> Problem {
    let detail = format!("Mapping {} cannot be worked on: {why}. None of its records was touched.", mapping.name);
    let hint = match slug {
        "group-ambiguous" => {
            "Name the group by its id: it is in the address of the group's page in Okta's admin console, under \
             Directory > Groups. Then apply the connection again."
        }
        _ => {
            "Look for the group in Okta's admin console, under Directory > Groups. If it is there, give the credential's \
             account a role that sees it (Security > Administrators); if not, correct the mapping, under another name \
             or id, and apply the connection again."
        }
    };
    Problem::new(slug, "A mapped group cannot be found", detail, hint)
}
