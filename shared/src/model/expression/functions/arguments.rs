//! What a transform is given, and what it may give back.

use jmespath::{ErrorReason, Rcvar, RuntimeError, Variable};

use super::Made;
use crate::model::expression::subject::LARGEST;

/// The arguments of a call; there are as many as the function takes.
pub(super) struct Arguments<'a>(pub(super) &'a [Rcvar]);

impl<'a> Arguments<'a> {
    /// An argument, if it was given.
    pub(super) fn get(&self, position: usize) -> Option<&'a Rcvar> {
        self.0.get(position)
    }

    /// An argument; null if it was not given.
    pub(super) fn any(&self, position: usize) -> Rcvar {
        self.get(position).map_or_else(null, Rcvar::clone)
    }

    /// A text that is transformed; `None` for null.
    pub(super) fn subject(&self) -> Result<Option<&'a str>, ErrorReason> {
        match self.get(0).map(|value| value.as_ref()) {
            None | Some(Variable::Null) => Ok(None),
            Some(_) => self.text(0).map(Some),
        }
    }

    /// A text that has to be there.
    pub(super) fn text(&self, position: usize) -> Result<&'a str, ErrorReason> {
        match self.get(position).map(|value| value.as_ref()) {
            Some(Variable::String(text)) if text.len() <= LARGEST => Ok(text),
            Some(Variable::String(_)) => Err(too_large()),
            _ => Err(self.mistyped(position, "string")),
        }
    }

    /// A whole number, if the argument was given.
    pub(super) fn whole(&self, position: usize) -> Result<Option<i64>, ErrorReason> {
        let Some(value) = self.get(position) else { return Ok(None) };
        let number = value.as_number().filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
        number.map(|number| Some(number as i64)).ok_or_else(|| self.mistyped(position, "a whole number"))
    }

    /// An argument is of another type than it should be.
    pub(super) fn mistyped(&self, position: usize, expected: &str) -> ErrorReason {
        let actual = self.get(position).map_or_else(|| "missing".to_owned(), |value| value.get_type().to_string());
        ErrorReason::Runtime(RuntimeError::InvalidType { expected: expected.to_owned(), actual, position })
    }
}

/// Null.
pub(super) fn null() -> Rcvar {
    Rcvar::new(Variable::Null)
}

/// A text as a result.
pub(super) fn text(text: impl Into<String>) -> Made {
    let text = text.into();
    if text.len() <= LARGEST { Ok(Rcvar::new(Variable::String(text))) } else { Err(too_large()) }
}

/// What is wrong with an argument, types aside; never quotes it.
pub(super) fn failure(message: impl Into<String>) -> ErrorReason {
    ErrorReason::Parse(message.into())
}

/// The text would fit no record.
pub(super) fn too_large() -> ErrorReason {
    failure("the text is larger than a record can be")
}
