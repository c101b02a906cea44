//! A page to come, as short as a checkpoint wants it.
//!
//! A request repeats the attributes that it asks for, and those follow from the mappings: what a checkpoint keeps leaves
//! them out.

use super::PageRequest;
use super::query::fields;
use crate::model::Attributes;

impl PageRequest {
    /// The request without the attributes it asks for; [`PageRequest::resume`] makes it whole again.
    pub fn cursor(&self) -> String {
        let kept: Vec<String> = self
            .parameters()
            .filter(|(name, _)| *name != "fields")
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        format!("{}?{}", self.path(), kept.join("&"))
    }

    /// The request that a cursor stands for.
    pub fn resume(cursor: &str, attributes: &Attributes) -> PageRequest {
        let request = PageRequest::encoded(cursor.to_owned());
        match fields(attributes) {
            Some(fields) => request.with("fields", &fields),
            None => request,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leaves_the_attributes_out_and_gets_them_back() {
        let attributes = Attributes { profile: ["email".to_owned()].into(), ..Attributes::default() };
        let request = PageRequest::users_created(None, None, &attributes);
        let cursor = request.cursor();
        assert!(!cursor.contains("fields="), "{cursor}");
        let again = PageRequest::resume(&cursor, &attributes);
        assert_eq!(again.parameter("fields"), request.parameter("fields"));
        assert_eq!(again.parameter("search"), request.parameter("search"));
    }
}
