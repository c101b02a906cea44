//! Devices and the org's device assurance policies.
//!
//! Okta lists devices with their users in them (`expand=userSummary`), so that none needs a call of its own. `search` reads
//! an index that lags; a read by id is fresher, and has the users in a list beside it (Okta's pages "Devices" and "Device
//! Assurance Policies").

use serde_json::{Value, json};

use super::OktaError;
use super::client::Okta;
use super::fault::Fault;
use super::page::Page;
use super::query::{self, PageRequest};
use crate::model::{RawObject, Time};

const DEVICES: &str = "/api/v1/devices";
const POLICIES: &str = "/api/v1/device-assurances";

/// The largest page of devices that Okta gives.
const DEVICES_A_PAGE: &str = "200";

impl PageRequest {
    /// Every device, deactivated ones included, with its users.
    pub fn devices() -> PageRequest {
        devices(&[])
    }

    /// Every device that changed at or after a moment, with its users; and, changed or not, these that are known to be
    /// there.
    pub fn devices_updated_since(since: Time, witnesses: &[String]) -> PageRequest {
        let changed = format!("lastUpdated ge \"{since}\"");
        let witnesses = witnesses.iter().map(|id| format!("id eq {}", query::quoted(id)));
        let conditions: Vec<String> = std::iter::once(changed).chain(witnesses).collect();
        devices(&[("search", &conditions.join(" or "))])
    }
}

fn devices(condition: &[(&str, &str)]) -> PageRequest {
    let always = [("limit", DEVICES_A_PAGE), ("expand", "userSummary")];
    PageRequest::new(DEVICES, &[condition, &always].concat())
}

impl Okta {
    /// One device by id with its users, as Okta has it this moment, in two calls. `None`: deleted, never there, or hidden
    /// from the token.
    ///
    /// # Errors
    /// As for [`Okta::user`].
    pub async fn device(&self, id: &str) -> Result<Option<RawObject>, OktaError> {
        let Some(device) = self.by_id(DEVICES, id).await? else { return Ok(None) };
        let users = PageRequest::new(&format!("{DEVICES}/{}/users", query::path_part(id)), &[]);
        match self.page(&users).await {
            Ok(users) => Ok(Some(with_users(device, &users))),
            // It went between the two calls.
            Err(OktaError::Refused { fault: Fault::NotVisible, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The org's device assurance policies, as they come.
    ///
    /// # Errors
    /// As for [`Okta::page`].
    pub async fn device_assurances(&self) -> Result<Vec<RawObject>, OktaError> {
        Ok(self.page(&PageRequest::new(POLICIES, &[])).await?.objects)
    }

    /// Whether the credential sees any device. An error: it may not list them, or the org lacks the feature.
    ///
    /// # Errors
    /// As for [`Okta::page`].
    pub async fn sees_a_device(&self) -> Result<bool, OktaError> {
        Ok(!self.page(&PageRequest::new(DEVICES, &[("limit", "1")])).await?.objects.is_empty())
    }
}

/// The device as a list would show it. What cannot be read stays as it is: decoding says what is wrong.
fn with_users(device: RawObject, users: &Page) -> RawObject {
    let Ok(mut object) = serde_json::from_str::<Value>(&device.text) else { return device };
    let texts: Vec<&str> = users.objects.iter().map(|user| &*user.text).collect();
    let Ok(links) = serde_json::from_str::<Value>(&format!("[{}]", texts.join(","))) else {
        return RawObject { damaged: true, ..device };
    };
    match object.get_mut("_embedded") {
        Some(Value::Object(embedded)) => drop(embedded.insert("users".to_owned(), links)),
        _ => object["_embedded"] = json!({ "users": links }),
    }
    let damaged = device.damaged || users.objects.iter().any(|user| user.damaged);
    RawObject { text: object.to_string().into(), damaged }
}
