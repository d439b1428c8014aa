//! Fields of a form: label, help and problem belong to the field, for everyone.

use leptos::prelude::*;

use super::{Glyph, Icon};

/// One choice of a select field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
}

impl Choice {
    /// A choice that is read as something else than it is sent.
    pub fn new(value: &str, label: &str) -> Self {
        Self { value: value.to_owned(), label: label.to_owned() }
    }
}

/// A form that was not carried out, whose page is shown again: its fields hold what was sent. Only the server lends one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resent {
    /// The address of the page.
    pub page: String,
    /// What was filled in, by name.
    pub fields: Vec<(String, String)>,
}

/// Whether the page is shown again because its form was not carried out.
pub(crate) fn is_again() -> bool {
    !cfg!(target_arch = "wasm32") && use_context::<Resent>().is_some()
}

/// What stands in a field at first: what was sent, if anything was.
pub(crate) fn at_first(name: &str, value: String) -> String {
    // The browser takes a field over as it is.
    if cfg!(target_arch = "wasm32") {
        return value;
    }
    let sent = use_context::<Resent>()
        .and_then(|Resent { fields, .. }| fields.into_iter().find_map(|(known, sent)| (known == name).then_some(sent)));
    sent.unwrap_or(value)
}

/// A line, or a few lines, of text.
///
/// - `name`: what it is sent as; `label`; `value`: what stands in it at first; `help`: one sentence below; `problem`: what is wrong
///   with it, if anything; `required`; `pattern`: a regular expression; `kind`: `text`, `number`, `email`, `url`, `password`, `date`;
///   `lines`: more than one makes it an area; `mono`: for code and paths; `placeholder`; `max_length`.
#[component]
#[expect(clippy::too_many_arguments, reason = "a field is told apart by many small things")]
pub fn TextField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] problem: Signal<Option<String>>,
    #[prop(optional)] required: bool,
    #[prop(optional, into)] pattern: Option<String>,
    #[prop(default = "text")] kind: &'static str,
    #[prop(default = 1)] lines: u32,
    #[prop(optional)] mono: bool,
    #[prop(optional, into)] placeholder: String,
    #[prop(optional)] max_length: Option<u32>,
) -> impl IntoView {
    let value = at_first(&name, value);
    let id = field_id(&name);
    let described = described_by(&id, &help, problem);
    let face = if mono { "font-mono" } else { "" };
    let invalid = move || problem.with(Option::is_some).then_some("true");
    let control = if lines > 1 {
        view! {
            <textarea
                id=id.clone() name=name rows=lines required=required placeholder=placeholder maxlength=max_length
                aria-describedby=described aria-invalid=invalid class=format!("textarea w-full {face}")
            >
                {value}
            </textarea>
        }
        .into_any()
    } else {
        view! {
            <input
                id=id.clone() name=name type=kind value=value required=required pattern=pattern placeholder=placeholder
                maxlength=max_length autocomplete="off" aria-describedby=described aria-invalid=invalid
                class=format!("input w-full {face}")
            />
        }
        .into_any()
    };
    frame(id, label, required, help, problem, control)
}

/// One of several values.
///
/// - `name`, `label`, `help`, `problem`, `required`: as in [`TextField`]; `choices`: in order; `value`: the one chosen at first.
#[component]
pub fn SelectField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    choices: Vec<Choice>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] problem: Signal<Option<String>>,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    let value = at_first(&name, value);
    let id = field_id(&name);
    let described = described_by(&id, &help, problem);
    let options = choices
        .into_iter()
        .map(|choice| view! { <option value=choice.value.clone() selected=choice.value == value>{choice.label}</option> })
        .collect_view();
    let invalid = move || problem.with(Option::is_some).then_some("true");
    let control = view! {
        <select id=id.clone() name=name required=required aria-describedby=described aria-invalid=invalid class="select w-full">
            {options}
        </select>
    }
    .into_any();
    frame(id, label, required, help, problem, control)
}

/// A yes or no.
///
/// - `name`: sent with the value `true` when it is on; `label`, `help`, `problem`: as in [`TextField`]; `checked`: on at first.
#[component]
pub fn CheckField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(optional)] checked: bool,
    #[prop(optional, into)] help: String,
    #[prop(optional, into)] problem: Signal<Option<String>>,
) -> impl IntoView {
    let id = field_id(&name);
    let described = described_by(&id, &help, problem);
    let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
    view! {
        <div class="flex items-start gap-2.5">
            <input id=id.clone() type="checkbox" name=name value="true" checked=checked aria-describedby=described class="checkbox checkbox-primary checkbox-sm mt-0.5"/>
            <div class="min-w-0">
                <label for=id class="text-table font-medium">{label}</label>
                {(!help.is_empty()).then(|| view! { <p id=help_id class="text-meta text-muted">{help}</p> })}
                {problem_line(problem_id, problem)}
            </div>
        </div>
    }
}

fn field_id(name: &str) -> String {
    format!("field-{name}")
}

fn described_by(
    id: &str,
    help: &str,
    problem: Signal<Option<String>>,
) -> impl Fn() -> Option<String> + Send + Sync + 'static {
    let help = (!help.is_empty()).then(|| format!("{id}-help"));
    let wrong = format!("{id}-problem");
    move || {
        let wrong = problem.with(Option::is_some).then(|| wrong.clone());
        match (wrong, help.clone()) {
            (Some(wrong), Some(help)) => Some(format!("{wrong} {help}")),
            (wrong, help) => wrong.or(help),
        }
    }
}

fn frame(
    id: String,
    label: String,
    required: bool,
    help: String,
    problem: Signal<Option<String>>,
    control: AnyView,
) -> AnyView {
    let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
    view! {
        <div class="flex flex-col gap-1">
            <label for=id class="text-table font-medium">
                {label}
                {(!required).then(|| view! { <span class="font-normal text-muted">" · optional"</span> })}
            </label>
            {control}
            {problem_line(problem_id, problem)}
            {(!help.is_empty()).then(|| view! { <p id=help_id class="text-meta text-muted">{help}</p> })}
        </div>
    }
    .into_any()
}

fn problem_line(id: String, problem: Signal<Option<String>>) -> impl IntoView {
    move || {
        let id = id.clone();
        problem.get().map(|text| {
            view! {
                <p id=id role="alert" class="flex items-start gap-1 text-meta text-error">
                    <Icon glyph=Glyph::CircleAlert class="size-3.5 mt-px"/>
                    <span>{text}</span>
                </p>
            }
        })
    }
}
