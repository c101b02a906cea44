//! A sighting: what one mapping makes of one object of a page. Decode, filter and map come together here, purely.

use super::{
    Desired, Mapping, Memberships, Object, ObjectKind, RawObject, Rejection, Time, Undecodable, decode_object,
};

/// An object of a page, decoded as far as it could be.
pub type Decoded = Result<Object, Undecodable>;

/// Decodes the objects of a page, which are to be of a kind; an object met twice in it counts once, the later copy.
pub fn decode(kind: ObjectKind, objects: &[RawObject]) -> Vec<Decoded> {
    let mut at = std::collections::HashMap::with_capacity(objects.len());
    let mut decoded: Vec<Decoded> = Vec::with_capacity(objects.len());
    for object in objects {
        let object = decode_object(kind, object);
        match at.entry(id(&object).to_owned()) {
            std::collections::hash_map::Entry::Occupied(place) => decoded[*place.get()] = object,
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(decoded.len());
                decoded.push(object);
            }
        }
    }
    decoded
}

/// The id of an object, or the made-up one of an object that has none.
pub fn id(decoded: &Decoded) -> &str {
    match decoded {
        Ok(object) => &object.id,
        Err(undecodable) => &undecodable.id,
    }
}

/// What one mapping makes of one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// The object's id, or a made-up one where it has none.
    pub id: String,
    /// What Okta says the record should be; `None` when the object could not be decoded.
    pub desired: Option<Desired>,
    /// Why there can be no record of it, if so; `desired` then has no content.
    pub rejection: Option<Rejection>,
}

impl Sighting {
    /// Filters and maps a decoded object, given the mapped groups that it is in.
    pub fn of(mapping: &Mapping, decoded: &Decoded, memberships: &Memberships) -> Sighting {
        let object = match decoded {
            Ok(object) => object,
            Err(undecodable) => {
                let rejection = Some(undecodable.rejection.clone());
                return Sighting { id: undecodable.id.clone(), desired: None, rejection };
            }
        };
        match mapping.desired(object, memberships) {
            Ok(desired) => Sighting { id: object.id.clone(), desired: Some(desired), rejection: None },
            Err(rejection) => {
                // What cannot be mapped still has a status, and a leaver is one all the same.
                let desired = Desired {
                    id: object.id.clone(),
                    okta_status: object.status.clone(),
                    source_created: object.created,
                    source_updated: object.last_updated,
                    standing: object.standing(),
                    content: None,
                    scope: mapping.scope(object, memberships),
                };
                Sighting { id: object.id.clone(), desired: Some(desired), rejection: Some(rejection) }
            }
        }
    }

    /// Where its record is kept, if it can have one: `created` and id.
    pub fn key(&self) -> Option<(Time, String)> {
        self.desired.as_ref().map(|desired| (desired.source_created, self.id.clone()))
    }

    /// The identifier, as far as it could be computed.
    pub fn identifier(&self) -> Option<&str> {
        let mapped = self.desired.as_ref().and_then(|desired| desired.content.as_ref());
        let rejected = || self.rejection.as_ref().and_then(|rejection| rejection.identifier.as_deref());
        mapped.map(|content| content.identifier.as_str()).or_else(rejected)
    }
}
