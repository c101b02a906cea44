//! From words to an expression: `or` binds weaker than `and`, `and` weaker than `not`.

use super::lexer::{Token, words};
use super::{Comparison, Expression, Literal, Operator};

/// How deep parentheses and negations may nest.
const DEPTH: usize = 64;

/// Parses an expression; the error says what is wrong.
pub(crate) fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { tokens: words(text)?.into_iter().peekable(), depth: 0 };
    let expression = parser.any_of()?;
    match parser.tokens.next() {
        None => Ok(expression),
        Some(token) => Err(format!("unexpected {token:?}")),
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn any_of(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.all_of()?];
        while self.takes_word("or") {
            parts.push(self.all_of()?);
        }
        Ok(single(parts, Expression::Or))
    }

    fn all_of(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.term()?];
        while self.takes_word("and") {
            parts.push(self.term()?);
        }
        Ok(single(parts, Expression::And))
    }

    fn term(&mut self) -> Result<Expression, String> {
        if self.takes_word("not") {
            let inner = self.nested(Self::term)?;
            return Ok(Expression::Not(Box::new(inner)));
        }
        match self.tokens.next() {
            Some(Token::Open) => {
                let inner = self.nested(Self::any_of)?;
                match self.tokens.next() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err("a parenthesis is not closed".to_owned()),
                }
            }
            Some(Token::Word(property)) => self.condition(property),
            Some(token) => Err(format!("unexpected {token:?}")),
            None => Err("the expression ends too early".to_owned()),
        }
    }

    fn nested(&mut self, parse: impl FnOnce(&mut Self) -> Result<Expression, String>) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("the expression is too complex".to_owned());
        }
        let inner = parse(self)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn condition(&mut self, property: String) -> Result<Expression, String> {
        let Some(Token::Word(word)) = self.tokens.next() else {
            return Err(format!("{property} lacks an operator"));
        };
        if word.eq_ignore_ascii_case("pr") {
            return Ok(Expression::Present(property));
        }
        let operator = operator(&word).ok_or_else(|| format!("the operator {word} is not supported"))?;
        let literal = match self.tokens.next() {
            Some(Token::Quoted(text)) => Literal::new(text),
            Some(Token::Word(word)) if is_bare_literal(&word) => Literal::new(word),
            _ => return Err(format!("{property} {word} lacks a value")),
        };
        Ok(Expression::Compare(Comparison { property, operator, literal }))
    }

    fn takes_word(&mut self, wanted: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted))).is_some()
    }
}

fn operator(word: &str) -> Option<Operator> {
    Some(match word.to_ascii_lowercase().as_str() {
        "eq" => Operator::Equal,
        "ne" => Operator::NotEqual,
        "sw" => Operator::StartsWith,
        "ew" => Operator::EndsWith,
        "co" => Operator::Contains,
        "gt" => Operator::Greater,
        "ge" => Operator::GreaterOrEqual,
        "lt" => Operator::Less,
        "le" => Operator::LessOrEqual,
        _ => return None,
    })
}

/// Numbers and booleans stand without quotes.
fn is_bare_literal(word: &str) -> bool {
    word.parse::<f64>().is_ok() || matches!(word, "true" | "false" | "null")
}

fn single(mut parts: Vec<Expression>, several: impl FnOnce(Vec<Expression>) -> Expression) -> Expression {
    match (parts.pop(), parts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            parts.extend(last);
            several(parts)
        }
    }
}
