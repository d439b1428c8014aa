//! A page of questions. It is a plain form that the browser sends by itself; a script only makes it quicker: fields appear as
//! the answers they depend on are given, and what the answers mean is told as they are typed.

use domain::{
    catalog::EntityRef,
    templates::{
        Answers, Control, Field, Problem, Wizard, WizardPage, add_item, decode, fields, remove_item, with_defaults,
    },
};
use leptos::{ev, prelude::*, task::spawn_local};
use serde_json::{Map, Value};
use wasm_bindgen::JsCast;

use super::{
    field_view::{Context, FieldView},
    form_address,
    functions::review_answers,
    review_view::ReviewView,
    start_address,
};
use crate::ui::{Glyph, Icon, PageHead, ProblemNote};

/// How long after the last key the answers are looked at.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(400);

/// For browsers without a script: shows the questions that the answers so far make appear. It is a text, because a browser
/// with a script sees no elements inside of `noscript`, and the page could not be brought to life.
const UPDATE: &str = r#"<button type="submit" name="go" value="stay" class="btn">Update the questions</button>"#;

/// A page of questions, and beside it what the answers mean. Who may not start a run reads the questions, and answers none: that
/// would be for nothing.
#[component]
pub(super) fn AnswersForm(wizard: Wizard, page: WizardPage, may_start: bool) -> impl IntoView {
    let base = wizard.answers.as_object().cloned().unwrap_or_default();
    let schema = StoredValue::new(page.schema);
    let answers = RwSignal::new(base.clone());
    let problems = RwSignal::new(page.problems);
    let review = RwSignal::new(page.review);
    let shown = Memo::new(move |_| schema.with_value(|schema| answers.with(|answers| fields(schema, answers))));
    let base = StoredValue::new(base);
    let look = reviewer(wizard.template.clone(), page.at, answers, review);
    let read = move |form: &web_sys::HtmlFormElement| {
        let pairs = sent(form);
        schema.with_value(|schema| base.with_value(|base| decode(schema, base, &pairs)))
    };
    let on_input = move |event: ev::Event| {
        let target = event.target();
        let name = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok()?.get_attribute("name"));
        let form = event.current_target().and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok());
        if let (Some(name), Some(form)) = (name, form) {
            problems.update(|problems| problems.retain(|problem| !is_about(problem, &name)));
            let next = read(&form);
            answers.set(schema.with_value(|schema| welcome(schema, next)));
            look();
        }
    };
    // Items come and go without a round trip; without a script the same buttons send the form.
    let on_press = move |event: ev::SubmitEvent| {
        let pressed = event.submitter().and_then(|button| button.get_attribute("value")).unwrap_or_default();
        let form = event.current_target().and_then(|form| form.dyn_into::<web_sys::HtmlFormElement>().ok());
        let (Some((verb, pointer)), Some(form)) = (pressed.split_once(':'), form) else { return };
        event.prevent_default();
        let mut next = read(&form);
        match verb {
            "add" => schema.with_value(|schema| add_item(schema, &mut next, pointer)),
            _ => remove_item(&mut next, pointer),
        }
        answers.set(next);
    };
    let context = Context { answers, problems, pickers: StoredValue::new(page.pickers) };
    let at = usize::try_from(page.at).unwrap_or(0);
    let is_last = at + 1 == wizard.pages.len();
    let next =
        if is_last { wizard.labels.review.clone().unwrap_or_else(|| "Show the plan".into()) } else { "Next".into() };
    let back = wizard.labels.back.clone().unwrap_or_else(|| "Back".into());
    let title = wizard.title.clone();
    let heading = wizard.pages.get(at).cloned().unwrap_or_default();
    let answer = page.description.or_else(|| wizard.description.clone()).unwrap_or_default();
    let action = start_address(&wizard.template);
    let carried = wizard.answers.to_string();
    let start = form_address(&wizard.template, &Value::Object(Map::new()), 0);
    focus_first(problems);
    let deeds = if may_start {
        view! {
            <button type="submit" name="go" value="next" class="btn btn-primary">{next}</button>
            {if at > 0 {
                view! { <button type="submit" name="go" value="back" formnovalidate class="btn">{back}</button> }.into_any()
            } else {
                view! { <a class="btn" href="/create">"Cancel"</a> }.into_any()
            }}
            <noscript inner_html=UPDATE></noscript>
        }
        .into_any()
    } else {
        let to = |page: usize| form_address(&wizard.template, &wizard.answers, page);
        let before = at.checked_sub(1).map_or_else(|| "/create".to_owned(), to);
        let after = (!is_last).then(|| view! { <a class="btn" href=to(at + 1)>"Next questions"</a> });
        view! { {after}<a class="btn" href=before>"Back"</a> }.into_any()
    };
    view! {
        <div class="grid max-w-5xl gap-x-10 gap-y-6 lg:grid-cols-[minmax(0,40rem)_minmax(0,1fr)]">
            <div class="min-w-0">
                <PageHead title=format!("{title}: {heading}") answer=move || answer.clone()/>
                <form method="get" action=action novalidate on:input=on_input.clone() on:change=on_input on:submit=on_press class="flex flex-col gap-5">
                    <fieldset class="contents" disabled=!may_start>
                        // The Enter key presses the first button of a form, which must not be one that removes an item.
                        <button type="submit" name="go" value="next" class="hidden" tabindex="-1" aria-hidden="true"></button>
                        <input type="hidden" name="answers" value=carried/>
                        <input type="hidden" name="at" value=page.at/>
                        {move || general(&problems.get()).map(|text| view! { <ProblemNote text/> })}
                        <For each=move || shown.get() key=key let:field>
                            <FieldView field context/>
                        </For>
                    </fieldset>
                    <div class="flex flex-wrap gap-2 border-t border-base-300 pt-5">{deeds}</div>
                </form>
            </div>
            {may_start.then(|| view! {
                <aside class="min-w-0 lg:pt-16" aria-label="What the answers mean">
                    <ReviewView review shown/>
                    <p class="mt-6 flex gap-1.5 text-meta text-muted">
                        <Icon glyph=Glyph::Info class="size-3.5 mt-px"/>
                        <span class="prose-links">"Nothing is created before you have seen the plan. The answers stand in the address of this page; "<a href=start>"start again"</a>"."</span>
                    </p>
                </aside>
            })}
        </div>
    }
}

/// What makes a field another one, so that it is drawn anew: where it stands, and how many items it has.
fn key(field: &Field) -> String {
    let items = match &field.control {
        Control::List { items, .. } => items.len(),
        Control::Group { fields } => fields.len(),
        Control::Choice { options, .. } | Control::Choices { options } => options.len(),
        _ => 0,
    };
    let inner: String = match &field.control {
        Control::List { items: fields, .. } | Control::Group { fields } => fields.iter().map(key).collect(),
        _ => String::new(),
    };
    format!("{} {} {items} {inner}", field.pointer, field.required)
}

/// Fields that have just appeared begin with their defaults; those that were emptied stay empty. What is not drawn yet has
/// just appeared: one choice is told twice, as input and as change, before the page is drawn again.
fn welcome(schema: &Value, mut answers: Map<String, Value>) -> Map<String, Value> {
    let filled = with_defaults(schema, &answers);
    for field in fields(schema, &filled) {
        let name = field.pointer[1..].replace("~1", "/").replace("~0", "~");
        let is_new = document().get_element_by_id(&format!("field-{}", field.pointer)).is_none();
        if let (true, false, Some(default)) = (is_new, answers.contains_key(&name), filled.get(&name)) {
            answers.insert(name, default.clone());
        }
    }
    answers
}

/// The problem that is about no field in particular.
fn general(problems: &[Problem]) -> Option<String> {
    let all: Vec<&str> =
        problems.iter().filter(|problem| problem.pointer.is_empty()).map(|problem| problem.message.as_str()).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

fn is_about(problem: &Problem, name: &str) -> bool {
    problem.pointer == name || name.strip_prefix(&problem.pointer).is_some_and(|rest| rest.starts_with('/'))
}

/// The names and texts of a form's fields.
fn sent(form: &web_sys::HtmlFormElement) -> Vec<(String, String)> {
    let Ok(data) = web_sys::FormData::new_with_form(form) else { return Vec::new() };
    let entries = js_sys::try_iter(data.as_ref()).ok().flatten();
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let pair = js_sys::Array::from(&entry.ok()?);
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
        })
        .filter(|(name, _)| name.starts_with('/'))
        .collect()
}

/// Asks what the answers mean, a moment after the last one was given.
fn reviewer(
    template: EntityRef,
    page: u32,
    answers: RwSignal<Map<String, Value>>,
    review: RwSignal<domain::templates::Review>,
) -> impl Fn() + Clone + 'static {
    let asked = StoredValue::new(0_u32);
    move || {
        asked.update_value(|asked| *asked += 1);
        let (mine, template) = (asked.get_value(), template.clone());
        set_timeout(
            move || {
                if asked.try_get_value() != Some(mine) {
                    return;
                }
                let given = Answers(answers.get_untracked());
                spawn_local(async move {
                    let found = review_answers(template, page, given).await;
                    if let (Ok(found), Some(true)) = (found, asked.try_get_value().map(|now| now == mine)) {
                        review.try_set(found);
                    }
                });
            },
            PAUSE,
        );
    }
}

/// Leads to the first field that is wrong, once the page is alive.
fn focus_first(problems: RwSignal<Vec<Problem>>) {
    Effect::new(move |done: Option<()>| {
        if done.is_some() {
            return;
        }
        let wrong = problems.with_untracked(|problems| problems.first().map(|problem| problem.pointer.clone()));
        let field = wrong.and_then(|pointer| document().get_element_by_id(&format!("field-{pointer}")));
        if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = field.focus();
        }
    });
}
