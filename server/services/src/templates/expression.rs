//! Expressions of templates: Nunjucks between `${{` and `}}`, evaluated by `minijinja` behind a layer of compatibility.
//!
//! What a template may cost is bounded: its work (fuel), its depth and its output. Nothing it says can panic the server,
//! reach the network or read a file.

mod filters;
mod methods;
mod regex;
mod rewrite;
mod values;

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, syntax::SyntaxConfig};
use rewrite::Marks;
use serde_json::{Map, Value};

/// The work one expression or file may cost; some 64 bytes of output each.
const FUEL: u64 = 400_000;

/// How deep blocks, macros and calls may nest.
const DEPTH: usize = 100;

/// The longest template that is rendered.
pub const LONGEST_TEMPLATE: usize = 2 << 20;

/// How deep the input of a step may nest.
const MAX_INPUT_DEPTH: usize = 64;

static EXPRESSIONS: LazyLock<Environment<'static>> = LazyLock::new(|| environment(Dialect::default()));

/// How a template is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Expressions stand between `{{` and `}}`, and `jsonify` is there, as in Cookiecutter.
    pub cookiecutter: bool,
    /// The line break after a block goes.
    pub trim_blocks: bool,
    /// The white space before a block at the start of a line goes.
    pub lstrip_blocks: bool,
}

/// Why a template could not be rendered, in words for its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The line, from 1.
    pub line: Option<usize>,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for TemplateError {}

/// What expressions can see: `parameters`, `steps`, `user`, `each`, `context`, `environment`, `secrets`, `values`.
#[derive(Debug, Clone, Default)]
pub struct Context(BTreeMap<String, minijinja::Value>);

impl Context {
    /// A context with the answers of a form.
    pub fn new(parameters: &Value) -> Self {
        let mut context = Self::default();
        context.set("parameters", parameters);
        context
    }

    /// Puts `value` under `name`, in place of what was there.
    pub fn set(&mut self, name: &str, value: &Value) {
        self.0.insert(name.to_owned(), values::from_json(value));
    }

    /// Takes away what stands under `name`.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The same context inside one round of `each`.
    #[must_use]
    pub fn with_each(&self, key: &Value, value: &Value) -> Self {
        let mut context = self.clone();
        context.set("each", &serde_json::json!({"key": key, "value": value}));
        context
    }
}

/// A value whose texts were rendered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rendered {
    /// The value; `None` where it came out as nothing, so that its key vanishes.
    pub value: Option<Value>,
    /// The texts that could not be rendered and were left as they are written.
    pub problems: Vec<InputProblem>,
}

/// One text of a step's input that could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputProblem {
    /// Where the text stands, as a JSON pointer into the value.
    pub pointer: String,
    /// What is wrong.
    pub error: TemplateError,
}

/// Renders every text of `input`. A text that is one expression keeps the type of its result; an empty result lets its
/// key vanish; one that fails stays as it is written and is told of.
pub fn render_value(input: &Value, context: &Context) -> Rendered {
    let mut problems = Vec::new();
    let value = render_at(input, context, &mut String::new(), 0, &mut problems);
    Rendered { value, problems }
}

fn render_at(
    input: &Value,
    context: &Context,
    pointer: &mut String,
    depth: usize,
    problems: &mut Vec<InputProblem>,
) -> Option<Value> {
    let length = pointer.len();
    let mut inside = |key: &str, value: &Value, pointer: &mut String| {
        pointer.push('/');
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
        let rendered = render_at(value, context, pointer, depth + 1, problems);
        pointer.truncate(length);
        rendered
    };
    match input {
        _ if depth > MAX_INPUT_DEPTH => {
            let message = format!("nests deeper than {MAX_INPUT_DEPTH} levels; flatten it");
            problems.push(InputProblem { pointer: pointer.clone(), error: TemplateError { line: None, message } });
            Some(input.clone())
        }
        Value::String(text) => match evaluate(text, context) {
            Ok(value) => value,
            Err(error) => {
                problems.push(InputProblem { pointer: pointer.clone(), error });
                Some(input.clone())
            }
        },
        Value::Array(items) => {
            let items = items.iter().enumerate();
            let items = items.map(|(at, item)| inside(&at.to_string(), item, pointer).unwrap_or(Value::Null));
            Some(Value::Array(items.collect()))
        }
        Value::Object(map) => {
            let entries = map.iter().filter_map(|(key, value)| Some((key.clone(), inside(key, value, pointer)?)));
            Some(Value::Object(entries.collect::<Map<_, _>>()))
        }
        other => Some(other.clone()),
    }
}

/// The value of one text: typed if the text is one expression, else a string; `None` if it came out empty.
pub fn evaluate(text: &str, context: &Context) -> Result<Option<Value>, TemplateError> {
    if let Some(expression) = rewrite::whole_expression(text) {
        check_length(text)?;
        let result = EXPRESSIONS
            .compile_expression_owned(expression)
            .and_then(|expression| expression.eval(context.0.clone()))
            .and_then(|value| values::to_json(&value));
        return result.map_err(|error| explain(&error, 1));
    }
    let rendered = render_text(text, context)?;
    Ok((!rendered.is_empty()).then_some(Value::String(rendered)))
}

/// Looks at a text without rendering it: whether it can be read, and whether there are the filters that it names.
///
/// # Errors
/// What is wrong with it.
pub fn check(text: &str) -> Result<(), TemplateError> {
    check_length(text)?;
    let unknown = rewrite::filters(text, Marks::Dollar).into_iter().find(|name| !filters::NAMES.contains(name));
    if let Some(name) = unknown {
        return Err(TemplateError { line: None, message: no_filter(name) });
    }
    if let Some(expression) = rewrite::whole_expression(text) {
        return EXPRESSIONS.compile_expression_owned(expression).map(|_| ()).map_err(|error| explain(&error, 1));
    }
    let source = rewrite::template(text, Marks::Dollar);
    EXPRESSIONS.template_from_named_str("template", &source).map(|_| ()).map_err(|error| explain(&error, 0))
}

/// The text with every expression and block in it rendered.
pub fn render_text(text: &str, context: &Context) -> Result<String, TemplateError> {
    render_in(&EXPRESSIONS, Marks::Dollar, text, context)
}

fn render_in(
    environment: &Environment<'_>,
    marks: Marks,
    text: &str,
    context: &Context,
) -> Result<String, TemplateError> {
    check_length(text)?;
    let source = rewrite::template(text, marks);
    if matches!(source, std::borrow::Cow::Borrowed(_)) && !source.contains("{#") {
        return Ok(text.to_owned());
    }
    environment.render_named_str("template", &source, context.0.clone()).map_err(|error| explain(&error, 0))
}

fn check_length(text: &str) -> Result<(), TemplateError> {
    if text.len() <= LONGEST_TEMPLATE {
        return Ok(());
    }
    let message = format!(
        "the template is {} bytes long, more than the {LONGEST_TEMPLATE} that are rendered; copy it without templating",
        text.len()
    );
    Err(TemplateError { line: None, message })
}

/// Whether a step with this `if` runs: not for `false`, nothing, `""`, `0` and `[]`.
pub fn is_true(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(_) => true,
    }
}

/// Renders files of a skeleton in one dialect.
pub struct Renderer {
    environment: Environment<'static>,
    marks: Marks,
}

impl Renderer {
    /// A renderer for `dialect`.
    pub fn new(dialect: Dialect) -> Self {
        let marks = if dialect.cookiecutter { Marks::Cookiecutter } else { Marks::Dollar };
        Self { environment: environment(dialect), marks }
    }

    /// The text with every expression and block in it rendered.
    pub fn render(&self, text: &str, context: &Context) -> Result<String, TemplateError> {
        render_in(&self.environment, self.marks, text, context)
    }
}

fn environment(dialect: Dialect) -> Environment<'static> {
    let marks = if dialect.cookiecutter { Marks::Cookiecutter } else { Marks::Dollar };
    let mut env = Environment::new();
    let syntax = SyntaxConfig::builder()
        .variable_delimiters(marks.start(), "}}")
        .block_delimiters("{%", "%}")
        .comment_delimiters("{#", "#}")
        .keep_trailing_newline(true)
        .trim_blocks(dialect.trim_blocks)
        .lstrip_blocks(dialect.lstrip_blocks)
        .build()
        .expect("the marks are fixed, differ from each other, and none is empty");
    env.set_syntax(syntax);
    env.set_undefined_behavior(UndefinedBehavior::Chainable);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(DEPTH);
    env.set_debug(false);
    env.set_formatter(|out, _, value| {
        if value.kind() == minijinja::value::ValueKind::Invalid {
            return Err(filters::refused(value.to_string()));
        }
        out.write_str(&values::text(value)).map_err(|_| minijinja::Error::from(ErrorKind::WriteFailure))
    });
    env.set_unknown_method_callback(methods::call);
    env.add_function("__add", filters::add_up);
    env.add_function("__regex", |pattern: String, flags: String| regex::Regex::compile(&pattern, &flags));
    // `debug()` would print all that the template sees, secrets included.
    env.remove_global("debug");
    filters::add(&mut env);
    env
}

/// The engine's error in words for the author of the template. `first` is the line that a single expression stands on.
fn explain(error: &minijinja::Error, first: usize) -> TemplateError {
    let detail = error.detail().unwrap_or_default();
    let message = match error.kind() {
        ErrorKind::OutOfFuel => {
            "does too much work: a loop without end, or far too much output; it was stopped".to_owned()
        }
        ErrorKind::UnknownFilter => {
            let name = detail.strip_prefix("filter ").and_then(|rest| rest.strip_suffix(" is unknown"));
            no_filter(name.unwrap_or(detail))
        }
        ErrorKind::UnknownFunction => format!("there is no function `{}`", detail.trim_end_matches(" is unknown")),
        ErrorKind::UnknownMethod if !detail.is_empty() => format!("{detail}; see the methods in the documentation"),
        ErrorKind::TemplateNotFound => "other templates cannot be included; put the text here".to_owned(),
        kind if detail.is_empty() => kind.to_string(),
        ErrorKind::SyntaxError => format!("cannot be read: {detail}"),
        _ => detail.to_owned(),
    };
    let line = error.line().filter(|&line| line > 0).or((first > 0).then_some(first));
    TemplateError { line, message }
}

fn no_filter(name: &str) -> String {
    match nearest(name, filters::NAMES) {
        Some(known) => format!("there is no filter `{name}`; did you mean `{known}`?"),
        None => format!("there is no filter `{name}`; see the list of filters in the documentation"),
    }
}

/// The one of `known` that `name` was probably meant to be.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let near = known.iter().map(|known| (distance(&lower, &known.to_lowercase()), *known)).min()?;
    (near.0 <= 2.max(name.len() / 3)).then_some(near.1)
}

/// How many letters to add, drop or change to get from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
