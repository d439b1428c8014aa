//! The check of answers against the schemas of a template's pages, with messages for the one who fills in the form.

use std::collections::BTreeSet;

use domain::templates::{Control, Field, Page, Problem, Template, at_pointer, fields, late_fields, with_defaults};
use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::{Map, Value};

/// The longest that answers may be together, as JSON.
pub const LONGEST: usize = 256 << 10;

/// Answers that were checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// The answers of fields that are there, with defaults.
    pub values: Map<String, Value>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
}

/// Which answers are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of one page of the form.
    Page(usize),
    /// All that stand in the form; passwords come later, with the start of the run.
    Form,
    /// All of them.
    All,
}

/// Checks `answers`. All pages see all answers, as conditions of one page may look at another.
pub fn check(template: &Template, answers: &Map<String, Value>, scope: Scope) -> Checked {
    let mut values = answers.clone();
    for page in &template.pages {
        values = with_defaults(&page.schema, &values);
    }
    let mut problems = Vec::new();
    if serde_json::to_string(answers).map_or(0, |text| text.len()) > LONGEST {
        let message = format!("the answers are longer than {} KiB together; shorten them", LONGEST >> 10);
        return Checked { values, problems: vec![Problem { pointer: String::new(), message }] };
    }
    refuse_unknown(template, answers, &mut problems);
    let shown: Vec<Vec<Field>> = template.pages.iter().map(|page| fields(&page.schema, &values)).collect();
    // An answer to a field that is no longer there, because another answer changed, is not an answer.
    let names: BTreeSet<&str> = shown.iter().flatten().map(|field| field.pointer.as_str()).collect();
    values.retain(|name, _| names.contains(format!("/{}", escaped(name)).as_str()));
    for (at, page) in template.pages.iter().enumerate() {
        if matches!(scope, Scope::Page(wanted) if wanted != at) {
            continue;
        }
        let later: Vec<Field> = late_fields(&shown[at])
            .into_iter()
            .filter(|field| scope != Scope::All || matches!(field.control, Control::Secret))
            .collect();
        check_page(page, &shown[at], &values, &later, &mut problems);
    }
    Checked { values, problems }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The names of all questions, whatever the answers.
fn questions(template: &Template) -> BTreeSet<&str> {
    let mut known = BTreeSet::new();
    for page in &template.pages {
        declared(&page.schema, 0, &mut known);
    }
    known
}

/// Drops answers to questions that are not asked: the template may have changed while its form was filled in.
pub(super) fn forget_unknown(template: &Template, answers: &mut Map<String, Value>) {
    let known = questions(template);
    answers.retain(|name, _| known.contains(name.as_str()));
}

/// Answers to questions that no page asks, under any condition.
fn refuse_unknown(template: &Template, answers: &Map<String, Value>, problems: &mut Vec<Problem>) {
    let known = questions(template);
    for name in answers.keys().filter(|name| !known.contains(name.as_str())) {
        let pointer = format!("/{}", escaped(name));
        let message = format!("the template `{}` asks no question named `{name}`; leave it out", template.name);
        problems.push(Problem { pointer, message });
    }
}

fn declared<'a>(schema: &'a Value, depth: usize, names: &mut BTreeSet<&'a str>) {
    if depth > 12 {
        return;
    }
    let part = |key: &str| schema.get(key);
    names.extend(part("properties").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str()));
    for key in ["allOf", "anyOf", "oneOf"] {
        for part in part(key).and_then(Value::as_array).into_iter().flatten() {
            declared(part, depth + 1, names);
        }
    }
    for key in ["then", "else", "if"] {
        if let Some(part) = part(key) {
            declared(part, depth + 1, names);
        }
    }
    for key in ["dependencies", "definitions", "$defs"] {
        for (_, part) in part(key).and_then(Value::as_object).into_iter().flatten() {
            declared(part, depth + 1, names);
        }
    }
}

fn check_page(page: &Page, shown: &[Field], values: &Map<String, Value>, later: &[Field], problems: &mut Vec<Problem>) {
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft7)
        .should_validate_formats(true)
        .offline()
        .build(&page.schema);
    let validator = match validator {
        Ok(validator) => validator,
        Err(error) => {
            let message = format!(
                "the template's page `{}` cannot be checked: {error} (at `{}`); its owner must mend it",
                page.title,
                error.instance_path()
            );
            problems.push(Problem { pointer: String::new(), message });
            return;
        }
    };
    let instance = Value::Object(values.clone());
    for error in validator.iter_errors(&instance) {
        explain(&error, problems);
    }
    problems.retain(|problem| !later.iter().any(|field| field.pointer == problem.pointer));
    require_repositories(shown, values, problems);
    let mut seen = BTreeSet::new();
    problems.retain(|problem| seen.insert((problem.pointer.clone(), problem.message.clone())));
}

/// A repository's place is a text of several parts; the schema sees only the text.
fn require_repositories(shown: &[Field], values: &Map<String, Value>, problems: &mut Vec<Problem>) {
    for field in shown {
        let Control::Repository { hosts, .. } = &field.control else { continue };
        let Some(text) = at_pointer(values, &field.pointer).and_then(Value::as_str) else { continue };
        let message = match super::repo_url::RepoUrl::parse(text) {
            Err(error) => error.to_string(),
            Ok(url) if url.owner.is_none() && url.workspace.is_none() => "needs an owner".to_owned(),
            Ok(url) if !hosts.is_empty() && !hosts.contains(&url.host) => {
                format!("`{}` is not one of the hosts {}", url.host, hosts.join(", "))
            }
            Ok(_) => continue,
        };
        problems.push(Problem { pointer: field.pointer.clone(), message });
    }
}

/// An error of the validator in words for the one who answers, beside the field that it is about.
fn explain(error: &ValidationError<'_>, problems: &mut Vec<Problem>) {
    let pointer = error.instance_path().as_str().to_owned();
    let message = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            problems
                .push(Problem { pointer: format!("{pointer}/{}", escaped(name)), message: "needs an answer".into() });
            return;
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context }
            if !context.is_empty() =>
        {
            let meant = context.iter().find(|branch| !branch.iter().any(|error| chooses(error)));
            if let Some(branch) = meant {
                for error in branch {
                    explain(error, problems);
                }
                return;
            }
            "fits none of the alternatives; change it or an answer it depends on".to_owned()
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            "fits several alternatives, and must fit one; change it or an answer it depends on".to_owned()
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                let pointer = format!("{pointer}/{}", escaped(name));
                problems.push(Problem { pointer, message: "is not asked for; leave it out".into() });
            }
            return;
        }
        ValidationErrorKind::Pattern { pattern } => format!("must match the pattern {pattern}"),
        ValidationErrorKind::MinLength { limit } => format!("needs at least {}", count(*limit, "character")),
        ValidationErrorKind::MaxLength { limit } => format!("may have at most {}", count(*limit, "character")),
        ValidationErrorKind::MinItems { limit } => format!("needs at least {}", count(*limit, "item")),
        ValidationErrorKind::MaxItems { limit } => format!("may have at most {}", count(*limit, "item")),
        ValidationErrorKind::Minimum { limit } => format!("must be {limit} or more"),
        ValidationErrorKind::Maximum { limit } => format!("must be {limit} or less"),
        ValidationErrorKind::ExclusiveMinimum { limit } => format!("must be more than {limit}"),
        ValidationErrorKind::ExclusiveMaximum { limit } => format!("must be less than {limit}"),
        ValidationErrorKind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}"),
        ValidationErrorKind::UniqueItems => "has the same item twice; remove one".to_owned(),
        ValidationErrorKind::Constant { expected_value } => format!("must be {expected_value}"),
        ValidationErrorKind::Format { format } => format!("is not {}", format_name(format)),
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().into_iter().flatten().map(|option| match option {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            format!("must be one of {}", options.collect::<Vec<_>>().join(", "))
        }
        ValidationErrorKind::Type { kind } => format!("must be {}", type_names(kind)),
        _ => error.to_string(),
    };
    problems.push(Problem { pointer, message });
}

/// Whether an error says that an alternative is not the one that was meant.
fn chooses(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. })
}

fn count(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn format_name(format: &str) -> &str {
    match format {
        "email" => "an e-mail address",
        "uri" | "url" => "an address such as `https://example.com`",
        "date" => "a date such as `2026-10-14`",
        "date-time" => "a moment such as `2026-10-14T12:00:00Z`",
        "time" => "a time such as `12:00:00Z`",
        "hostname" => "a host's name",
        "uuid" => "a UUID",
        _ => "in the format that is asked for",
    }
}

fn type_names(kind: &jsonschema::error::TypeKind) -> String {
    let name = |name: String| match name.as_str() {
        "string" => "a text".to_owned(),
        "number" => "a number".to_owned(),
        "integer" => "a whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => "a list".to_owned(),
        "object" => "an object".to_owned(),
        _ => name,
    };
    match kind {
        jsonschema::error::TypeKind::Single(kind) => name(kind.to_string()),
        jsonschema::error::TypeKind::Multiple(kinds) => {
            kinds.iter().map(|kind| name(kind.to_string())).collect::<Vec<_>>().join(" or ")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn template() -> Template {
        Template::parse(&json!({
            "apiVersion": "scaffolder.backstage.io/v1beta3", "kind": "Template", "metadata": {"name": "rust-service"},
            "spec": {"type": "service", "steps": [], "parameters": [
                {"title": "What", "required": ["name", "owner"], "properties": {
                    "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]*$", "minLength": 3, "maxLength": 8},
                    "owner": {"type": "string", "ui:field": "OwnerPicker"},
                    "mail": {"type": "string", "format": "email"},
                    "look": {"type": "string", "enum": ["a", "b"], "default": "a"},
                    "token": {"type": "string", "ui:field": "Secret"},
                    "repoUrl": {"type": "string", "ui:field": "RepoUrlPicker"},
                }},
                {"title": "Where", "required": ["port", "password"], "properties": {
                    "port": {"type": "integer", "minimum": 1024, "default": 8080},
                    "storage": {"type": "string", "enum": ["none", "cache"], "default": "none"},
                    "password": {"type": "string", "ui:widget": "password"},
                }, "dependencies": {"storage": {"oneOf": [
                    {"properties": {"storage": {"enum": ["none"]}}},
                    {"properties": {"storage": {"enum": ["cache"]}, "size": {"type": "integer", "multipleOf": 64}}, "required": ["size"]},
                ]}}},
            ]},
        }))
        .unwrap()
    }

    fn told(answers: Value, scope: Scope) -> String {
        let checked = check(&template(), answers.as_object().unwrap(), scope);
        checked.problems.iter().map(|p| format!("{} {}", p.pointer, p.message)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_problem_stands_beside_its_field() {
        let answers = json!({"name": "A", "mail": "x", "look": "c", "port": "many", "storage": "cache", "extra": 1, "repoUrl": "github.com?repo=x"});
        insta::assert_snapshot!(told(answers, Scope::All), @"
        /extra the template `rust-service` asks no question named `extra`; leave it out
        /owner needs an answer
        /name needs at least 3 characters
        /name must match the pattern ^[a-z][a-z0-9-]*$
        /mail is not an e-mail address
        /look must be one of a, b
        /repoUrl needs an owner
        /password needs an answer
        /port must be a whole number
        /size needs an answer
        ");
        insta::assert_snapshot!(told(json!({"name": "quay", "owner": "harbour", "storage": "cache", "size": 65}), Scope::Form), @"/size must be a multiple of 64");
    }

    #[test]
    fn a_page_is_checked_for_itself() {
        insta::assert_snapshot!(told(json!({}), Scope::Page(0)), @"
        /name needs an answer
        /owner needs an answer
        ");
        assert_eq!(told(json!({}), Scope::Page(1)), "");
    }

    #[test]
    fn defaults_are_filled_in_and_answers_without_a_field_fall_away() {
        let answers = json!({"name": "quay", "owner": "harbour", "size": 64});
        let checked = check(&template(), answers.as_object().unwrap(), Scope::Form);
        assert_eq!(checked.problems, []);
        assert_eq!(
            Value::Object(checked.values),
            json!({"name": "quay", "owner": "harbour", "look": "a", "port": 8080, "storage": "none"})
        );
    }

    #[test]
    fn a_broken_schema_is_the_owners_to_mend() {
        let mut template = template();
        template.pages[0].schema["properties"]["name"]["pattern"] = json!("[");
        let problems = check(&template, &Map::new(), Scope::Page(0)).problems;
        assert!(problems[0].message.starts_with("the template's page `What` cannot be checked"), "{problems:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]

        #[test]
        fn no_answers_make_it_panic(name in ".{0,12}", port in any::<i64>(), storage in "(none|cache|x)", extra in "[a-z/~]{1,4}") {
            let answers = json!({"name": name, "port": port, "storage": storage, extra: [null, {"a": name}]});
            let _ = told(answers, Scope::All);
        }
    }
}
