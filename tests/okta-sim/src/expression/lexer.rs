//! The words of an expression.

/// A word, a quoted string or a parenthesis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Quoted(String),
    Open,
    Close,
}

/// Splits an expression into its words.
pub(super) fn words(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            '(' | ')' => {
                rest.next();
                tokens.push(if next == '(' { Token::Open } else { Token::Close });
            }
            '"' => {
                rest.next();
                tokens.push(Token::Quoted(quoted(&mut rest)?));
            }
            space if space.is_whitespace() => {
                rest.next();
            }
            _ => {
                let mut word = String::new();
                while let Some(letter) = rest.next_if(|letter| is_part_of_word(*letter)) {
                    word.push(letter);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

fn is_part_of_word(letter: char) -> bool {
    !letter.is_whitespace() && !matches!(letter, '(' | ')' | '"')
}

/// The string up to the closing quote, with SCIM's `\"` and `\\`.
fn quoted(rest: &mut impl Iterator<Item = char>) -> Result<String, String> {
    let mut text = String::new();
    while let Some(letter) = rest.next() {
        match letter {
            '"' => return Ok(text),
            '\\' => match rest.next() {
                Some(escaped) => text.push(escaped),
                None => break,
            },
            _ => text.push(letter),
        }
    }
    Err("a quoted string does not end".to_owned())
}
