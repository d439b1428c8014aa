//! One value of many, and which of them a filter means.

use serde_json::{Map, Value};

use super::{Attribute, Fault, Filter, Kind, Literal, Problem, Test, document, folded};

/// Whether a filter means this value. What a value does not have is nothing.
pub(super) fn is_meant(filter: &Filter, attribute: &'static Attribute, element: &Value) -> Result<bool, Problem> {
    Ok(match filter {
        Filter::And(all) => {
            for filter in all {
                if !is_meant(filter, attribute, element)? {
                    return Ok(false);
                }
            }
            true
        }
        Filter::Or(any) => {
            for filter in any {
                if is_meant(filter, attribute, element)? {
                    return Ok(true);
                }
            }
            false
        }
        Filter::Not(filter) => !is_meant(filter, attribute, element)?,
        Filter::Present(path) => element.get(part(attribute, &path.name)?.name).is_some(),
        Filter::Compare(path, test, literal) => {
            let part = part(attribute, &path.name)?;
            compares(part, element.get(part.name), *test, literal)
        }
        Filter::Within(path, _) => {
            return Err(Problem::new(Fault::InvalidFilter, format!("`{path}` has no values of its own")));
        }
    })
}

fn part(attribute: &'static Attribute, name: &str) -> Result<&'static Attribute, Problem> {
    let none = || Problem::new(Fault::InvalidFilter, format!("`{}` has no part `{name}`", attribute.name));
    attribute.part(name).ok_or_else(none)
}

fn compares(part: &Attribute, held: Option<&Value>, test: Test, literal: &Literal) -> bool {
    if part.kind == Kind::Flag {
        let (held, wanted) = (held.and_then(Value::as_bool), literal.flag());
        return match test {
            Test::Eq => held == wanted,
            Test::Ne => held != wanted,
            _ => false,
        };
    }
    let held = held.and_then(Value::as_str).map(folded);
    let wanted = literal.text().as_deref().map(folded);
    let both = held.as_deref().zip(wanted.as_deref());
    match test {
        Test::Eq => held == wanted,
        Test::Ne => held != wanted,
        Test::Co => both.is_some_and(|(held, wanted)| held.contains(wanted)),
        Test::Sw => both.is_some_and(|(held, wanted)| held.starts_with(wanted)),
        Test::Ew => both.is_some_and(|(held, wanted)| held.ends_with(wanted)),
        Test::Gt => both.is_some_and(|(held, wanted)| held > wanted),
        Test::Ge => both.is_some_and(|(held, wanted)| held >= wanted),
        Test::Lt => both.is_some_and(|(held, wanted)| held < wanted),
        Test::Le => both.is_some_and(|(held, wanted)| held <= wanted),
    }
}

/// A value that the filter would mean, where it says no more than what is equal to what; `None` for other filters.
pub(super) fn from(filter: &Filter, attribute: &'static Attribute) -> Result<Option<Map<String, Value>>, Problem> {
    let mut element = Map::new();
    let all = match filter {
        Filter::And(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    for filter in all {
        let Filter::Compare(path, Test::Eq, literal) = filter else { return Ok(None) };
        let part = part(attribute, &path.name)?;
        let given = match literal {
            Literal::Text(text) | Literal::Number(text) => Value::from(text.as_str()),
            Literal::Flag(value) => Value::from(*value),
            Literal::Null => Value::Null,
        };
        if let Some(value) = document::one(part, &given)? {
            element.insert(part.name.to_owned(), value);
        }
    }
    Ok(Some(element))
}
