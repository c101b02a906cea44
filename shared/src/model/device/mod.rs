//! Devices: what Okta says of one, with what follows from it, for expressions to read.
//!
//! Okta's object has the hardware in `profile` and the users in `_embedded.users`. Beside its own keys, which stay as they
//! are, a device gets those of ours, all in snake case:
//!
//! | key | what |
//! | --- | --- |
//! | `holders` | who has it now, the latest link first: `id` (that of the person's records), `login`, `email`, `name`, `since`, `managed`, `screen_lock` |
//! | `holder` | the first of them; null when nobody has it |
//! | `last_holder` | who had it last and has it no more, with `until`; kept when Okta cuts the link |
//! | `trust` | `registered`, `managed`, `secure_hardware`, `disk_encrypted`, `jailbroken`, `screen_lock`; null is "Okta does not say" |
//! | `assurance` | a verdict for each of the org's device assurance policies for this platform: `id`, `name`, `verdict` (`met`, `not_met`, `unknown`), `reasons`; null when the policies could not be read |

mod assurance;
mod custody;
mod trust;
mod version;

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

pub use self::assurance::Policies;
use self::custody::links;
pub use self::custody::{Custody, Former, Holder};
use super::{Object, Reason, Rejection, Time};

/// What a device is completed with, beside what its own object says.
#[derive(Debug, Clone)]
pub struct Background<'a> {
    /// Who held it when it was last looked at.
    pub custody: Custody,
    /// The org's policies, if they could be read.
    pub policies: Option<&'a Policies>,
    /// Okta's clock.
    pub now: Time,
}

/// A device with what follows from it; and who holds it, and held it last, as of now.
///
/// # Errors
/// When its list of users is not what Okta documents: leaving somebody out of it would say that they gave the device back.
pub fn complete(device: Object, background: Background<'_>) -> Result<(Object, Custody), Rejection> {
    let Background { custody, policies, now } = background;
    let links = links(&device)?;
    let custody = match &links {
        Some(links) => custody.after(links, cut_at(&device, now)),
        None => custody,
    };
    // What Okta does not say has not changed.
    let links = links.unwrap_or_else(|| custody.holders.iter().map(custody::Link::known).collect());
    let mut json = device.json.clone();
    json["holders"] = links.iter().map(custody::Link::value).collect();
    json["holder"] = links.first().map_or(Value::Null, custody::Link::value);
    json["last_holder"] = json!(custody.last);
    json["trust"] = trust::trust(&device, &links);
    json["assurance"] = policies.map_or(Value::Null, |policies| policies.verdicts(&device, &links));
    Ok((device.saying(json), custody))
}

/// When links that are gone were cut. Okta cuts all of a device's when it is deactivated, which moves its `lastUpdated`; of
/// the others it says nothing, and all that is known is that they are gone by now.
fn cut_at(device: &Object, now: Time) -> Time {
    if device.standing() == Some(Reason::Deactivated) { device.last_updated.min(now) } else { now }
}
