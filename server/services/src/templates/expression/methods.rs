//! Methods of JavaScript's strings, arrays and numbers that templates call.

use minijinja::{Error, ErrorKind, State, Value, value::ValueKind};

use super::{
    filters::{bounded, length, refused, replaced},
    regex::Regex,
    values,
};

/// Calls `method` of `value`; unknown ones are left to the engine, whose message names them.
pub(super) fn call(_state: &mut State, value: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    if method == "toString" {
        return Ok(Value::from(values::text(value)));
    }
    if let Some(regex) = value.downcast_object_ref::<Regex>() {
        return match method {
            "test" => Ok(Value::from(regex.is_match(&text(arguments, 0)))),
            "exec" => Ok(regex.matches(&text(arguments, 0))),
            _ => Err(Error::from(ErrorKind::UnknownMethod)),
        };
    }
    match value.kind() {
        ValueKind::String => string(value.as_str().unwrap_or_default(), method, arguments),
        ValueKind::Seq | ValueKind::Iterable => list(value, method, arguments),
        ValueKind::Number if method == "toFixed" => to_fixed(value, arguments),
        ValueKind::Map if method == "hasOwnProperty" => {
            Ok(Value::from(!value.get_attr(&text(arguments, 0))?.is_undefined()))
        }
        // `.length` is rewritten to a call, and a map may have an entry of that name.
        ValueKind::Map if method == "length" => value.get_attr("length"),
        ValueKind::Undefined | ValueKind::None if method == "length" => Ok(Value::UNDEFINED),
        ValueKind::Undefined | ValueKind::None => {
            Err(refused(format!("`.{method}()` is called on a value that is not set; guard it with `if` or `default`")))
        }
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn text(arguments: &[Value], at: usize) -> String {
    arguments.get(at).map(values::text).unwrap_or_default()
}

fn integer(arguments: &[Value], at: usize) -> Option<i64> {
    let value = arguments.get(at)?;
    value.as_i64().or_else(|| values::text(value).trim().parse().ok())
}

/// A place in `0..=length`, where a negative number counts from the end.
fn place(at: Option<i64>, length: usize, otherwise: usize) -> usize {
    let Some(at) = at else { return otherwise };
    let from_end = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
    if at < 0 { length.saturating_sub(from_end) } else { from_end.min(length) }
}

/// A place in `0..=length`, where a negative number is the start.
fn clamped(at: Option<i64>, length: usize, otherwise: usize) -> usize {
    at.map_or(otherwise, |at| usize::try_from(at).unwrap_or(0).min(length))
}

fn string(this: &str, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    let regex = arguments.first().and_then(|first| first.downcast_object_ref::<Regex>());
    let first = || text(arguments, 0);
    Ok(match method {
        "length" => Value::from(this.encode_utf16().count()),
        "toUpperCase" | "toLocaleUpperCase" => Value::from(this.to_uppercase()),
        "toLowerCase" | "toLocaleLowerCase" => Value::from(this.to_lowercase()),
        "trim" => Value::from(this.trim()),
        "trimStart" | "trimLeft" => Value::from(this.trim_start()),
        "trimEnd" | "trimRight" => Value::from(this.trim_end()),
        "includes" => Value::from(this.contains(&first())),
        "startsWith" => Value::from(this.starts_with(&first())),
        "endsWith" => Value::from(this.ends_with(&first())),
        "indexOf" => index(this, this.find(&first())),
        "lastIndexOf" => index(this, this.rfind(&first())),
        "search" => index(this, regex.map_or_else(|| this.find(&first()), |regex| regex.find(this))),
        "match" => match regex {
            Some(regex) => regex.matches(this),
            None => Regex::compile(&first(), "")?
                .downcast_object_ref::<Regex>()
                .map_or(Value::UNDEFINED, |r| r.matches(this)),
        },
        "split" => split(this, regex, arguments),
        "replace" | "replaceAll" => {
            if let Some(regex) = regex {
                Value::from(regex.replace(this, &text(arguments, 1))?)
            } else {
                let most = if method == "replace" { 1 } else { usize::MAX };
                Value::from(replaced(this, &first(), &text(arguments, 1), most)?)
            }
        }
        "concat" => Value::from(arguments.iter().fold(this.to_owned(), |out, next| out + &values::text(next))),
        "repeat" => {
            let count = clamped(integer(arguments, 0), usize::MAX, 0);
            bounded(this.len().saturating_mul(count))?;
            Value::from(this.repeat(count))
        }
        "padStart" | "padEnd" => Value::from(pad(this, method == "padStart", arguments)?),
        "charAt" | "at" | "slice" | "substring" | "substr" => part(this, method, arguments),
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

/// A place in bytes as JavaScript counts it; −1 where there is none.
fn index(this: &str, at: Option<usize>) -> Value {
    Value::from(at.and_then(|at| i64::try_from(this[..at].chars().count()).ok()).unwrap_or(-1))
}

fn split(this: &str, regex: Option<&Regex>, arguments: &[Value]) -> Value {
    if let Some(regex) = regex {
        return regex.split(this);
    }
    let most = clamped(integer(arguments, 1), usize::MAX, usize::MAX);
    let between = match arguments.first() {
        None => return Value::from(vec![Value::from(this)]),
        Some(between) => values::text(between),
    };
    if between.is_empty() {
        return Value::from(this.chars().take(most).map(|c| Value::from(c.to_string())).collect::<Vec<_>>());
    }
    Value::from(this.split(between.as_str()).take(most).map(Value::from).collect::<Vec<_>>())
}

fn pad(this: &str, start: bool, arguments: &[Value]) -> Result<String, Error> {
    let width = clamped(integer(arguments, 0), usize::MAX, 0);
    let filler = arguments.get(1).map_or_else(|| " ".to_owned(), values::text);
    bounded(width)?;
    let missing = width.saturating_sub(this.chars().count());
    let filler: String = filler.chars().cycle().take(missing).collect();
    Ok(if start { filler + this } else { this.to_owned() + &filler })
}

fn part(this: &str, method: &str, arguments: &[Value]) -> Value {
    let characters: Vec<char> = this.chars().collect();
    let length = characters.len();
    let (first, second) = (integer(arguments, 0), integer(arguments, 1));
    let (from, to) = match method {
        "charAt" => {
            let at = clamped(first, length, 0);
            (at, (at + 1).min(length))
        }
        "at" => {
            let at = place(first, length, 0);
            (at, (at + 1).min(length))
        }
        "slice" => (place(first, length, 0), place(second, length, length)),
        "substr" => {
            let from = place(first, length, 0);
            (from, from.saturating_add(clamped(second, length, length)).min(length))
        }
        _ => {
            let (a, b) = (clamped(first, length, 0), clamped(second, length, length));
            (a.min(b), a.max(b))
        }
    };
    Value::from(characters.get(from..to.max(from)).unwrap_or_default().iter().collect::<String>())
}

fn list(this: &Value, method: &str, arguments: &[Value]) -> Result<Value, Error> {
    if method == "length" {
        return Ok(Value::from(length(this)));
    }
    let items: Vec<Value> = this.try_iter()?.checked().collect::<Result<_, _>>()?;
    let position = |item: &Value| items.iter().position(|other| other == item);
    Ok(match method {
        "includes" => Value::from(arguments.first().and_then(position).is_some()),
        "indexOf" => {
            Value::from(arguments.first().and_then(position).and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
        }
        "join" => {
            let between = arguments.first().map_or_else(|| ",".to_owned(), values::text);
            let texts: Vec<String> = items.iter().map(values::text).collect();
            bounded(texts.iter().map(|text| text.len().saturating_add(between.len())).sum())?;
            Value::from(texts.join(&between))
        }
        "slice" => {
            let from = place(integer(arguments, 0), items.len(), 0);
            let to = place(integer(arguments, 1), items.len(), items.len());
            Value::from(items.get(from..to.max(from)).unwrap_or_default().to_vec())
        }
        "concat" => {
            let mut all = items;
            for argument in arguments {
                match argument.kind() {
                    ValueKind::Seq | ValueKind::Iterable => {
                        all.extend(argument.try_iter()?.checked().collect::<Result<Vec<_>, _>>()?);
                    }
                    _ => all.push(argument.clone()),
                }
            }
            Value::from(all)
        }
        "reverse" => Value::from(items.into_iter().rev().collect::<Vec<_>>()),
        "at" => items.get(place(integer(arguments, 0), items.len(), 0)).cloned().unwrap_or(Value::UNDEFINED),
        "push" | "map" | "filter" | "find" | "forEach" | "reduce" | "some" | "every" => {
            return Err(refused(format!(
                "`.{method}()` of a list is not supported; use a `for` block, or the filters `map`, `select` and `selectattr`"
            )));
        }
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

fn to_fixed(this: &Value, arguments: &[Value]) -> Result<Value, Error> {
    let digits = clamped(integer(arguments, 0), 100, 0);
    Ok(Value::from(format!("{:.digits$}", f64::try_from(this.clone())?)))
}
