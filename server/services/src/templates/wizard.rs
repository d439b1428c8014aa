//! Going through a template's form, page by page, with the answers in the address: no script is needed, the browser's
//! back button works, and a half-filled form can be sent to a colleague.

use domain::{
    catalog::{Condition, EntityRef, Filter, Query},
    identity::{Caller, Permission, Target},
    templates::{
        Answers, Check, Control, LateQuestion, NotAnswers, Page, Picker, PickerOption, Review, Template, Verdict,
        Wizard, WizardPage, WizardPlan, WizardView, add_item, at_pointer, decode, fields, late_fields, picker_filters,
        remove_item, with_defaults,
    },
};
use serde_json::{Map, Value};

use super::{
    answers::{Scope, forget_unknown},
    check_answers, get, pickers, plan,
};
use crate::{Error, Result, Services, catalog, identity::may};

/// The longest address of a page of the form.
const LONGEST: usize = 60_000;

/// What a person pressed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Go {
    /// To the next page, if the answers of this one hold.
    Next,
    /// To the page before, whatever the answers.
    Back,
    /// Nowhere; the fields that depend on others are looked at again.
    Stay,
    /// Adds an item to a list.
    Add(String),
    /// Takes an item out of a list.
    Remove(String),
}

/// What stood in the address.
#[derive(Debug, Default)]
struct Sent {
    answers: Map<String, Value>,
    /// The page whose fields were sent.
    at: Option<usize>,
    /// The page that was asked for.
    page: Option<usize>,
    go: Option<Go>,
    file: Option<u32>,
    fields: Vec<(String, String)>,
}

/// The form of a template as the address `query` has it.
pub async fn wizard(services: &Services, caller: &Caller, reference: &EntityRef, query: &str) -> Result<Wizard> {
    may(services, caller, Permission::ReadRuns, Target::Template(reference)).await?;
    let template = get(services, caller, reference).await?;
    let sent = read(query)?;
    let pages = template.pages.len();
    let mut answers = sent.answers.clone();
    forget_unknown(&template, &mut answers);
    let mut shown = sent.page.unwrap_or(0).min(pages);
    let mut problems = Vec::new();
    if let Some((at, page)) = sent.at.and_then(|at| Some((at, template.pages.get(at)?))) {
        answers = decode(&page.schema, &answers, &sent.fields);
        shown = at;
        match sent.go.as_ref().unwrap_or(&Go::Next) {
            Go::Next => {
                let checked = check_answers(services, caller, &template, &answers, Scope::Page(at)).await?;
                problems = checked.problems;
                shown = if problems.is_empty() { at + 1 } else { at };
            }
            Go::Back => shown = at.saturating_sub(1),
            Go::Stay => {}
            Go::Add(pointer) => add_item(&page.schema, &mut answers, pointer),
            Go::Remove(pointer) => remove_item(&mut answers, pointer),
        }
    }
    if shown >= pages {
        let checked = check_answers(services, caller, &template, &answers, Scope::Form).await?;
        // A page before may have been skipped, or the catalog may have moved since.
        match checked.problems.first() {
            Some(first) if pages > 0 => {
                shown = page_of(&template, &checked.values, &first.pointer);
                problems = checked.problems;
            }
            _ => {
                let view = planned(services, caller, reference, &template, &answers, sent.file).await?;
                return Ok(whole(reference, template, answers, view));
            }
        }
    }
    let page = &template.pages[shown];
    let filled = with_defaults(&page.schema, &answers);
    // The first problem is the one that a person is led to.
    let asked = fields(&page.schema, &filled);
    problems.sort_by_key(|problem| asked.iter().position(|field| problem.pointer.starts_with(&field.pointer)));
    let view = WizardPage {
        at: u32::try_from(shown).unwrap_or(u32::MAX),
        description: page.description.clone(),
        schema: page.schema.clone(),
        pickers: offered(services, caller, page).await?,
        review: reviewed(services, caller, &template, shown, &filled).await?,
        problems,
    };
    Ok(whole(reference, template, filled, WizardView::Page(Box::new(view))))
}

/// What the answers of a page mean, while they are typed.
pub async fn review(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    page: u32,
    answers: &Map<String, Value>,
) -> Result<Review> {
    may(services, caller, Permission::ReadRuns, Target::Template(reference)).await?;
    let template = get(services, caller, reference).await?;
    let page = usize::try_from(page).unwrap_or(usize::MAX);
    if page >= template.pages.len() {
        return Err(Error::NotFound(format!("`{reference}` has no page {}", page.saturating_add(1))));
    }
    reviewed(services, caller, &template, page, answers).await
}

/// The entities that a picker offers for a text.
pub async fn pick(services: &Services, caller: &Caller, filter: &Value, text: &str) -> Result<Picker> {
    let (options, total) = pickers::options(services, caller, filter, text).await?;
    let options = options.into_iter().map(|option| PickerOption { reference: option.reference, title: option.title });
    Ok(Picker { filter: filter.clone(), options: options.collect(), total })
}

fn whole(reference: &EntityRef, template: Template, answers: Map<String, Value>, view: WizardView) -> Wizard {
    Wizard {
        template: reference.clone(),
        title: template.title,
        description: template.description,
        pages: template.pages.into_iter().map(|page| page.title).collect(),
        labels: template.labels,
        answers: Value::Object(answers),
        view,
    }
}

/// Reads the query of an address: `answers`, `at`, `page`, `go`, `file`, and fields by their JSON pointers.
fn read(query: &str) -> Result<Sent> {
    if query.len() > LONGEST {
        return Err(Error::Rejected(
            "the answers are too long for an address; shorten them, or start the run from a terminal".into(),
        ));
    }
    let mut sent = Sent::default();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "answers" => {
                let Answers(answers) = value.parse().map_err(|error: NotAnswers| Error::Rejected(error.to_string()))?;
                sent.answers = answers;
            }
            "at" => sent.at = value.parse().ok(),
            "page" => sent.page = value.parse().ok(),
            "file" => sent.file = value.parse().ok(),
            "go" => {
                sent.go = Some(match value.split_once(':') {
                    Some(("add", pointer)) => Go::Add(pointer.to_owned()),
                    Some(("remove", pointer)) => Go::Remove(pointer.to_owned()),
                    _ if value == "back" => Go::Back,
                    _ if value == "stay" => Go::Stay,
                    _ => Go::Next,
                });
            }
            name if name.starts_with('/') => sent.fields.push((name.to_owned(), value.into_owned())),
            _ => {}
        }
    }
    Ok(sent)
}

/// The page whose field a problem is about; the first if it is about none.
fn page_of(template: &Template, values: &Map<String, Value>, pointer: &str) -> usize {
    let top = pointer.split('/').nth(1).unwrap_or_default();
    let has = |page: &Page| fields(&page.schema, values).iter().any(|field| field.pointer[1..] == *top);
    template.pages.iter().position(has).unwrap_or(0)
}

async fn planned(
    services: &Services,
    caller: &Caller,
    reference: &EntityRef,
    template: &Template,
    answers: &Map<String, Value>,
    file: Option<u32>,
) -> Result<WizardView> {
    let plan = plan(services, caller, reference, answers).await?;
    let empty = Map::new();
    let values = plan.values.as_object().unwrap_or(&empty);
    let late = template.pages.iter().flat_map(|page| late_fields(&fields(&page.schema, values)));
    let late = late.map(|field| LateQuestion {
        secret: matches!(field.control, Control::Secret),
        pointer: field.pointer,
        label: field.label,
        required: field.required,
    });
    let late = late.collect();
    Ok(WizardView::Plan(Box::new(WizardPlan { plan, late, file })))
}

async fn offered(services: &Services, caller: &Caller, page: &Page) -> Result<Vec<Picker>> {
    let mut offered = Vec::new();
    for filter in picker_filters(&page.schema).iter().take(20) {
        offered.push(pick(services, caller, filter, "").await?);
    }
    Ok(offered)
}

/// Answers that name what is to be.
const NAMES: [&str; 6] = ["/name", "/component_id", "/componentId", "/component", "/appName", "/projectName"];

async fn reviewed(
    services: &Services,
    caller: &Caller,
    template: &Template,
    page: usize,
    answers: &Map<String, Value>,
) -> Result<Review> {
    let mut review = Review::default();
    let checked = check_answers(services, caller, template, answers, Scope::Page(page)).await?;
    let shown = fields(&template.pages[page].schema, &checked.values);
    // What was not answered yet is not wrong yet.
    let is_given = |pointer: &str| at_pointer(answers, pointer).is_some();
    review.problems = checked.problems.into_iter().filter(|problem| is_given(&problem.pointer)).collect();
    for field in &shown {
        let name = at_pointer(answers, &field.pointer).and_then(Value::as_str).filter(|name| !name.is_empty());
        let is_name = NAMES.contains(&field.pointer.as_str()) || matches!(field.control, Control::EntityName);
        let is_wrong = review.problems.iter().any(|problem| problem.pointer == field.pointer);
        if let (Some(name), true, false) = (name, is_name, is_wrong) {
            review.checks.push(name_check(services, caller, name).await?);
        }
    }
    let picked = pickers::missing(services, caller, template, &checked.values, Scope::Page(page)).await?;
    for (label, reference) in picked.found {
        review.checks.push(Check {
            verdict: Verdict::Good,
            text: format!("{label} {} is in the catalog", reference.short()),
            remedy: None,
        });
    }
    for (label, text) in picked.warnings {
        review.checks.push(Check {
            verdict: Verdict::Warning,
            text: format!("{label} {text} is not in the catalog"),
            remedy: Some("Check the spelling, or go on if it comes later.".to_owned()),
        });
    }
    Ok(review)
}

/// Whether something in the catalog has this name.
async fn name_check(services: &Services, caller: &Caller, name: &str) -> Result<Check> {
    let query = Query {
        filter: Filter::all(vec![Condition::equals("metadata.name", name)]),
        limit: Some(5),
        ..Query::default()
    };
    let found = catalog::query(services, caller, &query).await?;
    Ok(match found.items.first() {
        None => Check { verdict: Verdict::Good, text: format!("The name {name} is free in the catalog"), remedy: None },
        Some(taken) => Check {
            verdict: Verdict::Warning,
            text: format!("{} has the name {name}", taken.reference),
            remedy: Some("Choose another name, unless it is of another kind.".to_owned()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_nonsense_is_told() {
        let sent = read("answers=%7B%22a%22%3A1%7D&at=1&go=add%3A%2Fports&%2Fname=x+y&other=1").unwrap();
        assert_eq!((sent.at, sent.go), (Some(1), Some(Go::Add("/ports".into()))));
        assert_eq!(sent.fields, [("/name".to_owned(), "x y".to_owned())]);
        assert_eq!(sent.answers["a"], 1);
        for wrong in ["answers=%7B", "answers=%5B%5D"] {
            assert!(matches!(read(wrong), Err(Error::Rejected(_))), "{wrong}");
        }
        assert!(read(&"x".repeat(LONGEST + 1)).is_err());
    }
}
