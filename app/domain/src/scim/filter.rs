//! Filters: `userName eq "ada" and not (emails[type eq "work"])`.

use super::{AttributePath, Fault, Problem, shown};

/// The longest filter, in bytes.
const LONGEST: usize = 4_000;
/// How many conditions it has at most.
const MOST: usize = 60;
/// How deep they stand in each other.
const DEEPEST: usize = 20;

/// What is asked of resources, or of one value of many.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these.
    And(Vec<Filter>),
    /// Any of these.
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// The attribute compares so with a value.
    Compare(AttributePath, Test, Literal),
    /// The attribute has a value.
    Present(AttributePath),
    /// One and the same of its values is so.
    Within(AttributePath, Box<Filter>),
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// The same.
    Eq,
    /// Another.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater, later.
    Gt,
    /// Greater or the same.
    Ge,
    /// Less, earlier.
    Lt,
    /// Less or the same.
    Le,
}

/// A value in a filter.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// A number, as it was written.
    Number(String),
    /// Nothing.
    Null,
}

impl Literal {
    /// The value as a text; none for nothing.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text.clone()),
            Self::Flag(value) => Some(value.to_string()),
            Self::Null => None,
        }
    }

    /// The value as yes or no, also where it was written as a text.
    pub fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(value) => Some(*value),
            Self::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }
}

fn wrong(why: impl Into<String>) -> Problem {
    Problem::new(Fault::InvalidFilter, why)
}

impl std::str::FromStr for Filter {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let mut parser = Parser::new(text)?;
        let filter = parser.either(0)?;
        match parser.next_token()? {
            None => Ok(filter),
            Some(token) => Err(wrong(format!("`{}` follows the end of the filter", token.shown()))),
        }
    }
}

/// Reads a path with a filter, such as `emails[type eq "work"].value`, and what stands around it.
pub(super) fn with_brackets(text: &str) -> Result<(String, Option<Filter>, Option<String>), Problem> {
    let path = |why: String| Problem::new(Fault::InvalidPath, why);
    let Some((name, rest)) = text.split_once('[') else { return Ok((text.trim().to_owned(), None, None)) };
    let mut parser = Parser::new(rest)?;
    let filter = parser.either(0)?;
    if parser.next_token()? != Some(Token::Close(']')) {
        return Err(path(format!("`{}` has no `]`", shown(text))));
    }
    let rest = parser.rest().trim();
    let part = match rest.strip_prefix('.') {
        Some(part) => Some(part.to_owned()),
        None if rest.is_empty() => None,
        None => return Err(path(format!("`{}` follows `]`", shown(rest)))),
    };
    Ok((name.trim().to_owned(), Some(filter), part))
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Quoted(String),
    Open(char),
    Close(char),
}

impl Token {
    fn shown(&self) -> String {
        match self {
            Self::Word(text) | Self::Quoted(text) => shown(text),
            Self::Open(bracket) | Self::Close(bracket) => bracket.to_string(),
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    count: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, Problem> {
        if text.len() > LONGEST {
            return Err(wrong(format!("the filter is longer than {LONGEST} bytes; ask for less at a time")));
        }
        Ok(Self { text, at: 0, count: 0 })
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn next_token(&mut self) -> Result<Option<Token>, Problem> {
        self.at += self.rest().len() - self.rest().trim_start().len();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(None) };
        let (token, length) = match first {
            '(' | '[' => (Token::Open(first), 1),
            ')' | ']' => (Token::Close(first), 1),
            '"' => {
                let end = quoted_end(rest).ok_or_else(|| wrong("a text has no end; write it in double quotes"))?;
                let text = serde_json::from_str(&rest[..end])
                    .map_err(|error| wrong(format!("`{}` is no text: {error}", shown(&rest[..end]))))?;
                (Token::Quoted(text), end)
            }
            _ => {
                let end =
                    rest.find(|letter: char| letter.is_whitespace() || "()[]\"".contains(letter)).unwrap_or(rest.len());
                (Token::Word(rest[..end].to_owned()), end)
            }
        };
        self.at += length;
        Ok(Some(token))
    }

    fn peek_word(&mut self, word: &str) -> Result<bool, Problem> {
        let at = self.at;
        let is_it = matches!(self.next_token()?, Some(Token::Word(text)) if text.eq_ignore_ascii_case(word));
        if !is_it {
            self.at = at;
        }
        Ok(is_it)
    }

    fn either(&mut self, depth: usize) -> Result<Filter, Problem> {
        let mut all = vec![self.both(depth)?];
        while self.peek_word("or")? {
            all.push(self.both(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::Or(all) })
    }

    fn both(&mut self, depth: usize) -> Result<Filter, Problem> {
        let mut all = vec![self.one(depth)?];
        while self.peek_word("and")? {
            all.push(self.one(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::And(all) })
    }

    fn one(&mut self, depth: usize) -> Result<Filter, Problem> {
        if depth >= DEEPEST {
            return Err(wrong(format!("brackets stand in each other more than {DEEPEST} deep")));
        }
        self.count += 1;
        if self.count > MOST {
            return Err(wrong(format!("the filter has more than {MOST} conditions")));
        }
        match self.next_token()? {
            Some(Token::Open('(')) => self.until(')', depth),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("not") => match self.next_token()? {
                Some(Token::Open('(')) => Ok(Filter::Not(Box::new(self.until(')', depth)?))),
                _ => Err(wrong("`not` needs brackets: `not (active eq true)`")),
            },
            Some(Token::Word(word)) => self.condition(&word, depth),
            Some(token) => Err(wrong(format!("a condition begins with an attribute, not with `{}`", token.shown()))),
            None => Err(wrong("a condition is missing; write for example `userName eq \"ada\"`")),
        }
    }

    fn until(&mut self, close: char, depth: usize) -> Result<Filter, Problem> {
        let filter = self.either(depth + 1)?;
        match self.next_token()? {
            Some(Token::Close(bracket)) if bracket == close => Ok(filter),
            _ => Err(wrong(format!("a `{close}` is missing"))),
        }
    }

    fn condition(&mut self, word: &str, depth: usize) -> Result<Filter, Problem> {
        let path = AttributePath::read(word, Fault::InvalidFilter)?;
        let how = match self.next_token()? {
            Some(Token::Open('[')) => {
                let within = self.until(']', depth)?;
                // What stands right behind it is a part of the same element: `emails[type eq "work"].value eq "x"`.
                if !self.rest().starts_with('.') {
                    return Ok(Filter::Within(path, Box::new(within)));
                }
                self.at += 1;
                let Some(Token::Word(part)) = self.next_token()? else {
                    return Err(wrong(format!("`{path}[…].` names no part; write for example `.value`")));
                };
                let part = self.condition(&part, depth + 1)?;
                return Ok(Filter::Within(path, Box::new(Filter::And(vec![within, part]))));
            }
            Some(Token::Word(word)) => word.to_lowercase(),
            _ => return Err(wrong(format!("`{path}` is compared with nothing; write for example `{path} eq \"x\"`"))),
        };
        let how = match how.as_str() {
            "pr" => return Ok(Filter::Present(path)),
            "eq" => Test::Eq,
            "ne" => Test::Ne,
            "co" => Test::Co,
            "sw" => Test::Sw,
            "ew" => Test::Ew,
            "gt" => Test::Gt,
            "ge" => Test::Ge,
            "lt" => Test::Lt,
            "le" => Test::Le,
            other => {
                let known = "eq, ne, co, sw, ew, gt, ge, lt, le, pr";
                return Err(wrong(format!("`{}` is none of {known}", shown(other))));
            }
        };
        let value = match self.next_token()? {
            Some(Token::Quoted(text)) => Literal::Text(text),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("true") => Literal::Flag(true),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("false") => Literal::Flag(false),
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("null") => Literal::Null,
            Some(Token::Word(word)) if word.parse::<f64>().is_ok_and(f64::is_finite) => Literal::Number(word),
            _ => return Err(wrong(format!("`{path}` is compared with no value; write texts in double quotes"))),
        };
        Ok(Filter::Compare(path, how, value))
    }
}

/// Where a text in double quotes ends, the quote included.
fn quoted_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Filter, Problem> {
        text.parse()
    }

    #[test]
    fn and_binds_closer_than_or_and_case_does_not_count() {
        let said = format!("{:?}", read(r#"userName Eq "a" OR active eq TRUE And NOT (externalId pr)"#).unwrap());
        assert!(
            said.starts_with("Or([Compare(") && said.contains("And([Compare(") && said.contains("Not(Present("),
            "{said}"
        );
        let within = read(r#"emails[type eq "work" and value co "@x"]"#).unwrap();
        assert!(matches!(within, Filter::Within(path, inner) if path.is("emails") && matches!(*inner, Filter::And(_))));
        // As Entra ID asks where people are matched by their address.
        let behind = read(r#"emails[type eq "work"].value eq "a@x""#).unwrap();
        assert_eq!(behind, read(r#"emails[type eq "work" and value eq "a@x"]"#).unwrap());
        let among = read(r#"emails[type eq "work"].value eq "a@x" and active eq true"#).unwrap();
        assert!(matches!(among, Filter::And(all) if all.len() == 2));
        assert!(read(r#"emails[type eq "work"]. eq "a""#).is_err() && read(r#"emails[type eq "work"]value"#).is_err());
    }

    #[test]
    fn a_schema_may_stand_before_a_name_and_a_text_may_hold_anything() {
        let Filter::Compare(path, Test::Eq, value) =
            read(r#"urn:ietf:params:scim:schemas:core:2.0:User:name.familyName eq "a \"b\" ] é""#).unwrap()
        else {
            panic!("it compares");
        };
        assert!(path.is("name.familyname"));
        assert_eq!(value.text().unwrap(), "a \"b\" ] é");
        let Filter::Present(path) = read(&format!("{}:department pr", super::super::ENTERPRISE)).unwrap() else {
            panic!("it asks whether there is one");
        };
        assert!(path.is_enterprise && path.name == "department");
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        for text in [
            "",
            " ",
            "userName",
            "userName eq",
            "userName is \"a\"",
            "userName eq a",
            "userName eq \"a",
            "(userName pr",
            "userName pr)",
            "not userName pr",
            "userName pr and",
            "eq eq",
            "emails[type eq \"work\"",
            "ü eq 1",
            "userName eq \"a\" userName eq \"b\"",
            "a.b.c eq 1",
            "\"a\" eq \"b\"",
        ] {
            let problem = read(text).unwrap_err();
            assert_eq!(problem.fault, Fault::InvalidFilter, "{text}");
        }
        assert!(read(&"(".repeat(3_000)).unwrap_err().message.contains("deep"));
        let many = vec!["active pr"; 100].join(" or ");
        assert!(read(&many).unwrap_err().message.contains("conditions"));
        assert!(read(&"x".repeat(5_000)).unwrap_err().message.contains("bytes"));
    }

    #[test]
    fn a_path_may_hold_a_filter() {
        let (name, filter, part) = with_brackets(r#"emails[type eq "wo]rk"].value"#).unwrap();
        assert_eq!((name.as_str(), part.as_deref()), ("emails", Some("value")));
        assert!(filter.is_some());
        assert_eq!(with_brackets("active").unwrap().0, "active");
        for wrong in [r#"emails[type eq "work""#, "emails[]", r#"emails[type eq "work"]value"#] {
            assert!(with_brackets(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reading(text in "[a-c \"()\\[\\]\\\\.:éeqandortpr0-9]{0,60}") {
            let _ = read(&text);
            let _ = with_brackets(&text);
        }
    }
}
