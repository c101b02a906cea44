//! Expressions: JMESPath, compiled once, evaluated over one object at a time.
//!
//! What an expression is allowed to be is decided when it is compiled (`limits`), so that evaluating it on any
//! object whatever ends quickly and never panics. Error messages speak of types and positions; they never quote
//! the object.

mod attributes;
mod functions;
mod limits;
mod reads;
mod subject;

use std::fmt;

use jmespath::{Context, ErrorReason, JmespathError, RuntimeError};
use serde_json::Value;

pub use attributes::Attributes;
use reads::Reads;
pub(super) use subject::Subject;

use super::Object;

/// A compiled expression.
#[derive(Clone, PartialEq)]
pub struct Expression {
    compiled: jmespath::Expression<'static>,
    reads: Reads,
}

impl Expression {
    /// Compiles an expression; the message says what is wrong with it, on one line.
    pub fn compile(source: &str) -> Result<Expression, String> {
        limits::check_text(source)?;
        let compiled = functions::RUNTIME.compile(source).map_err(|error| {
            let (place, reason) = (error.offset + 1, reason_of(&error.reason));
            format!("not a JMESPath expression: {reason}, at character {place}")
        })?;
        limits::check_tree(compiled.as_ast())?;
        let reads = Reads::of(compiled.as_ast());
        Ok(Expression { compiled, reads })
    }

    /// The expression as it was written.
    pub fn source(&self) -> &str {
        self.compiled.as_str()
    }

    /// The expression's value for an object; what is absent is null.
    pub fn evaluate(&self, object: &Object) -> Result<Value, String> {
        match &self.reads {
            Reads::Value(names) => subject::storable_value(reads::value_at(&object.json, names)),
            Reads::Part(attributes) => self.evaluate_over(&Subject::part(&object.json, attributes)),
            Reads::Whole => self.evaluate_over(object.subject()),
        }
    }

    /// The value over what is no object of Okta's, such as a department; errors are as for users.
    pub(super) fn evaluate_object(&self, object: &Value) -> Result<Value, String> {
        self.evaluate_over(&Subject::of(object))
    }

    /// Adds what the expression has to read of an object.
    pub fn attributes(&self, attributes: &mut Attributes) {
        attributes.add(self.compiled.as_ast());
    }

    fn evaluate_over(&self, subject: &Subject) -> Result<Value, String> {
        let mut context = Context::new(self.source(), &functions::RUNTIME);
        let result = jmespath::interpret(subject.variable(), self.compiled.as_ast(), &mut context)
            .map_err(|error| self.failure(&error))?;
        subject::value_of(&result)
    }

    /// Names the function that failed beside the reason: the error only has the place of its parenthesis.
    fn failure(&self, error: &JmespathError) -> String {
        let before = self.source().get(..error.offset).unwrap_or_default().trim_end();
        let start = before.rfind(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let function = before.get(start.map_or(0, |at| at + 1)..).unwrap_or_default();
        match function {
            "" => reason_of(&error.reason),
            name => format!("{name}(): {}", reason_of(&error.reason)),
        }
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Expression({:?})", self.source())
    }
}

fn reason_of(reason: &ErrorReason) -> String {
    match reason {
        ErrorReason::Parse(message) => readable(message),
        ErrorReason::Runtime(error) => match error {
            RuntimeError::InvalidType { expected, actual, position } => {
                format!("argument {} should be {expected}, but is {}", position + 1, elaborate(expected, actual))
            }
            RuntimeError::InvalidReturnType { expected, actual, position, .. } => {
                let expected = expected.replace("expression->", "").replace('|', " or ");
                format!("argument {} should give {expected} for each element, but gives {actual}", position + 1)
            }
            RuntimeError::TooManyArguments { .. }
            | RuntimeError::NotEnoughArguments { .. }
            | RuntimeError::UnknownFunction(_)
            | RuntimeError::InvalidSlice => readable(&error.to_string()),
        },
    }
}

/// An array of the wrong elements is called `array` like any other.
fn elaborate(expected: &str, actual: &str) -> String {
    match (expected.contains("array["), actual) {
        (true, "array") => "an array with other elements".to_owned(),
        (true | false, other) => other.to_owned(),
    }
}

/// The compiler's message in one line and without the names of its own parts.
fn readable(message: &str) -> String {
    let message = message
        .replace("Unexpected nud token -- found Eof", "the expression ends too early")
        .replace("Unexpected nud token", "unexpected token")
        .replace("Unexpected led token", "unexpected token")
        .replace("found Eof", "found the end");
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
