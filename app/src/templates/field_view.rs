//! One field of a template's form, drawn.

use domain::{
    letters::capital,
    templates::{Choice, Control, Field, Look, Picker, Problem, TextLook, at_pointer},
};
use leptos::prelude::*;
use serde_json::{Map, Value};

use crate::ui::{self, CheckField, Glyph, Icon, SelectField, TextField};

/// What all fields of a page share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) answers: RwSignal<Map<String, Value>>,
    pub(super) problems: RwSignal<Vec<Problem>>,
    pub(super) pickers: StoredValue<Vec<Picker>>,
}

impl Context {
    /// The answer of a field when it is drawn; from then on the browser keeps it.
    fn answer(self, pointer: &str) -> Option<Value> {
        self.answers.with_untracked(|answers| at_pointer(answers, pointer).cloned())
    }

    fn text(self, pointer: &str) -> String {
        match self.answer(pointer) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text,
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
            Some(other) => other.to_string(),
        }
    }

    fn problem(self, pointer: &str) -> Signal<Option<String>> {
        let pointer = pointer.to_owned();
        Signal::derive(move || {
            self.problems.with(|problems| {
                let own: Vec<String> = problems
                    .iter()
                    .filter(|problem| problem.pointer == pointer)
                    .map(|problem| capital(&problem.message))
                    .collect();
                (!own.is_empty()).then(|| own.join(" · "))
            })
        })
    }

    fn picker(self, filter: &Value) -> Option<Picker> {
        self.pickers.with_value(|pickers| pickers.iter().find(|picker| picker.filter == *filter).cloned())
    }
}

/// What stands below a field: its description, how to fill it in, and what is odd about it.
fn help(field: &Field) -> String {
    let parts = [&field.description, &field.help, &field.note];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// One field.
#[component]
pub(super) fn FieldView(field: Field, context: Context) -> impl IntoView {
    let (name, label) = (field.pointer.clone(), field.label.clone());
    let (help, problem) = (help(&field), context.problem(&field.pointer));
    let required = field.required;
    let placeholder = field.placeholder.clone().unwrap_or_default();
    match field.control.clone() {
        Control::Text { look, max_length, suggestions, .. } => {
            let value = context.text(&name);
            let max_length = max_length.and_then(|most| u32::try_from(most).ok());
            if !suggestions.is_empty() {
                return suggested(&field, context, suggestions, help);
            }
            let (kind, lines) = match &look {
                TextLook::Line(kind) => (input_kind(kind), 1),
                TextLook::Area(lines) => ("text", (*lines).max(2)),
            };
            view! { <TextField name label value help problem required kind lines placeholder nostrip:max_length=max_length/> }.into_any()
        }
        Control::Number { .. } => {
            let value = context.text(&name);
            view! { <TextField name label value help=with_bounds(&field.control, help) problem required kind="number" placeholder/> }.into_any()
        }
        Control::Toggle => {
            let checked = context.answer(&name) == Some(Value::Bool(true));
            view! { <CheckField name label checked help problem/> }.into_any()
        }
        Control::Choice { options, look: Look::Select } => {
            let value = context.text(&name);
            let mut choices = vec![ui::Choice::new("", if required { "Choose" } else { "None" })];
            choices.extend(options.iter().map(|option| ui::Choice::new(&option.text(), &option.label)));
            view! { <SelectField name label choices value help problem required/> }.into_any()
        }
        Control::Choice { options, look: Look::Radio } => choices(&field, context, &options, "radio", help),
        Control::Choices { options } => choices(&field, context, &options, "checkbox", help),
        Control::EntityName => {
            let value = context.text(&name);
            view! { <TextField name label value help problem required placeholder mono=true/> }.into_any()
        }
        Control::Tags => {
            let value = context.text(&name);
            let help = if help.is_empty() { "Separated by commas.".to_owned() } else { help };
            view! { <TextField name label value help problem required placeholder/> }.into_any()
        }
        Control::Entity { filter, multiple, arbitrary, .. } => entity(&field, context, &filter, multiple, arbitrary, help),
        Control::Repository { hosts, owners, repos } => repository(&field, context, &hosts, &owners, &repos, help),
        Control::List { items, min, max, .. } => list(&field, context, items, min, max, help),
        Control::Group { fields } => {
            let fields = fields.into_iter().map(|field| view! { <FieldView field context/> }.into_any());
            fieldset(&field, context, help, fields.collect_view().into_any())
        }
        Control::Secret | Control::Password => view! {
            <div class="flex flex-col gap-1 text-table">
                <span class="font-medium">{label}</span>
                <p class="flex items-center gap-1.5 text-meta text-muted"><Icon glyph=Glyph::Lock class="size-3.5"/>"Asked with the plan, since the answers of this page stand in its address."</p>
            </div>
        }
        .into_any(),
        Control::Hidden { .. } => ().into_any(),
    }
}

/// The types of HTML's `input` that a field can have.
fn input_kind(kind: &str) -> &'static str {
    match kind {
        "email" => "email",
        "url" => "url",
        "date" => "date",
        "time" => "time",
        "color" => "color",
        _ => "text",
    }
}

fn with_bounds(control: &Control, help: String) -> String {
    let Control::Number { minimum, maximum, step, .. } = control else { return help };
    let bounds = match (minimum, maximum) {
        (Some(least), Some(most)) => format!("From {least} to {most}."),
        (Some(least), None) => format!("{least} or more."),
        (None, Some(most)) => format!("{most} or less."),
        (None, None) => String::new(),
    };
    let step = step.map(|step| format!("A multiple of {step}.")).unwrap_or_default();
    [help, bounds, step].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A field of several inputs: its name is that of all of them.
fn fieldset(field: &Field, context: Context, help: String, inner: AnyView) -> AnyView {
    let id = format!("field-{}", field.pointer);
    let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
    let problem = context.problem(&field.pointer);
    let described = {
        let (help_id, problem_id, has_help) = (help_id.clone(), problem_id.clone(), !help.is_empty());
        move || match (problem.with(Option::is_some), has_help) {
            (true, true) => Some(format!("{problem_id} {help_id}")),
            (true, false) => Some(problem_id.clone()),
            (false, true) => Some(help_id.clone()),
            (false, false) => None,
        }
    };
    let optional = !field.required;
    view! {
        <fieldset id=id tabindex="-1" aria-describedby=described class="flex min-w-0 flex-col gap-3 rounded-box border border-base-300 px-4 pt-2 pb-4">
            <legend class="px-1 text-table font-medium">
                {field.label.clone()}
                {optional.then(|| view! { <span class="font-normal text-muted">" · optional"</span> })}
            </legend>
            {(!help.is_empty()).then(|| view! { <p id=help_id class="text-meta text-muted">{help}</p> })}
            {move || wrong(problem_id.clone(), problem.get())}
            {inner}
        </fieldset>
    }
    .into_any()
}

fn wrong(id: String, text: Option<String>) -> Option<impl IntoView> {
    text.map(|text| {
        view! {
            <p id=id role="alert" class="flex items-start gap-1 text-meta text-error">
                <Icon glyph=Glyph::CircleAlert class="size-3.5 mt-px"/>
                <span>{text}</span>
            </p>
        }
    })
}

/// Radio buttons, or boxes to tick.
fn choices(field: &Field, context: Context, options: &[Choice], kind: &'static str, help: String) -> AnyView {
    let chosen = match context.answer(&field.pointer) {
        Some(Value::Array(items)) if kind == "checkbox" => items,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let class = if kind == "radio" {
        "radio radio-primary radio-sm mt-0.5"
    } else {
        "checkbox checkbox-primary checkbox-sm mt-0.5"
    };
    let options = options.iter().enumerate().map(|(at, option)| {
        let id = format!("field-{}-{at}", field.pointer);
        let checked = chosen.contains(&option.value);
        let (name, value, label) = (field.pointer.clone(), option.text(), option.label.clone());
        view! {
            <div class="flex items-start gap-2.5">
                <input id=id.clone() type=kind name=name value=value checked=checked class=class/>
                <label for=id class="text-table">{label}</label>
            </div>
        }
    });
    let inner = view! { <div class="flex flex-wrap gap-x-6 gap-y-2">{options.collect_view()}</div> }.into_any();
    fieldset(field, context, help, inner)
}

/// The label, the problem and the help of an input that the kit has no field for.
fn framed(
    field: &Field,
    context: Context,
    help: String,
    control: impl FnOnce(String, Signal<Option<String>>) -> AnyView,
) -> AnyView {
    let id = format!("field-{}", field.pointer);
    let problem = context.problem(&field.pointer);
    let (help_id, problem_id) = (format!("{id}-help"), format!("{id}-problem"));
    let optional = !field.required;
    let described = {
        let (help_id, problem_id, has_help) = (help_id.clone(), problem_id.clone(), !help.is_empty());
        Signal::derive(move || match (problem.with(Option::is_some), has_help) {
            (true, true) => Some(format!("{problem_id} {help_id}")),
            (true, false) => Some(problem_id.clone()),
            (false, true) => Some(help_id.clone()),
            (false, false) => None,
        })
    };
    let control = control(id.clone(), described);
    view! {
        <div class="flex flex-col gap-1">
            <label for=id class="text-table font-medium">
                {field.label.clone()}
                {optional.then(|| view! { <span class="font-normal text-muted">" · optional"</span> })}
            </label>
            {control}
            {move || wrong(problem_id.clone(), problem.get())}
            {(!help.is_empty()).then(|| view! { <p id=help_id class="text-meta text-muted">{help}</p> })}
        </div>
    }
    .into_any()
}

/// A line of text with answers to begin with.
fn suggested(field: &Field, context: Context, suggestions: Vec<String>, help: String) -> AnyView {
    let options: Vec<(String, String)> = suggestions.into_iter().map(|text| (text, String::new())).collect();
    with_list(field, context, options, help)
}

/// An input with a list of suggestions: what is typed narrows it, and works without a script.
fn with_list(field: &Field, context: Context, options: Vec<(String, String)>, help: String) -> AnyView {
    let (name, value) = (field.pointer.clone(), context.text(&field.pointer));
    let placeholder = field.placeholder.clone().unwrap_or_default();
    let (required, problem) = (field.required, context.problem(&field.pointer));
    framed(field, context, help, move |id, described| {
        let list = format!("{id}-list");
        let options = options.into_iter().map(|(value, label)| view! { <option value=value>{label}</option> });
        view! {
            <input id=id name=name type="text" value=value required=required placeholder=placeholder autocomplete="off" list=list.clone()
                aria-describedby=move || described.get() aria-invalid=move || problem.with(Option::is_some).then_some("true") class="input w-full"/>
            <datalist id=list>{options.collect_view()}</datalist>
        }
        .into_any()
    })
}

/// Entities of the catalog. A short list that takes nothing else is a plain choice.
fn entity(field: &Field, context: Context, filter: &Value, multiple: bool, arbitrary: bool, help: String) -> AnyView {
    let picker = context.picker(filter);
    let total = picker.as_ref().map_or(0, |picker| picker.total);
    let options: Vec<(String, String)> = picker
        .into_iter()
        .flat_map(|picker| picker.options)
        .map(|option| (option.reference.to_string(), option.title))
        .collect();
    let listed = u32::try_from(options.len()).unwrap_or(u32::MAX);
    if multiple {
        let many = if help.is_empty() {
            "Several are separated by commas.".to_owned()
        } else {
            format!("{help} Several are separated by commas.")
        };
        return with_list(field, context, options, many);
    }
    if arbitrary || total > listed || total == 0 {
        let more = if total > listed {
            format!("{help} {listed} of {total} are listed; type the reference of another.")
        } else {
            help
        };
        return with_list(field, context, options, more.trim().to_owned());
    }
    let chosen = context.text(&field.pointer);
    let mut choices = vec![ui::Choice::new("", if field.required { "Choose" } else { "None" })];
    choices.extend(options.iter().map(|(value, label)| ui::Choice::new(value, label)));
    // An answer that is no longer in the list is shown, and refused when it is sent.
    if !chosen.is_empty() && !options.iter().any(|(value, _)| *value == chosen) {
        choices.push(ui::Choice::new(&chosen, &chosen));
    }
    let (name, label, problem, required) =
        (field.pointer.clone(), field.label.clone(), context.problem(&field.pointer), field.required);
    view! { <SelectField name label choices value=chosen help problem required/> }.into_any()
}

/// Where a repository is to stand, in its parts.
fn repository(
    field: &Field,
    context: Context,
    hosts: &[String],
    owners: &[String],
    repos: &[String],
    help: String,
) -> AnyView {
    let given = context.text(&field.pointer);
    let part = |name: &str| {
        let query = given.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let found = query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name));
        found.map(|(_, value)| value.replace("%20", " ")).unwrap_or_default()
    };
    let host = given.split('?').next().unwrap_or_default().to_owned();
    let input = |name: &str, label: &str, value: String, known: &[String]| -> AnyView {
        let (name, label) = (format!("{}/{name}", field.pointer), label.to_owned());
        if known.is_empty() {
            return view! { <TextField name label value required=true/> }.into_any();
        }
        let choices = known.iter().map(|known| ui::Choice::new(known, known)).collect();
        view! { <SelectField name label choices value required=true/> }.into_any()
    };
    let inner = view! {
        <div class="grid gap-3 sm:grid-cols-2">
            {(!hosts.is_empty()).then(|| input("host", "Host", host, hosts))}
            {input("owner", "Owner", part("owner"), owners)}
            {input("repo", "Repository", part("repo"), repos)}
        </div>
    };
    fieldset(field, context, help, inner.into_any())
}

/// A list whose items are added and taken out.
fn list(field: &Field, context: Context, items: Vec<Field>, min: u64, max: Option<u64>, help: String) -> AnyView {
    let count = items.len() as u64;
    let rows = items.into_iter().map(|item| {
        let (pointer, label) = (format!("remove:{}", item.pointer), format!("Remove {}", item.label));
        let removable = count > min;
        view! {
            <li class="flex items-start gap-2">
                <div class="min-w-0 flex-1"><FieldView field=item context/></div>
                {removable.then(|| view! {
                    <button type="submit" name="go" value=pointer formnovalidate class="btn btn-ghost btn-icon mt-5" aria-label=label><Icon glyph=Glyph::Trash/></button>
                })}
            </li>
        }
        .into_any()
    });
    let add = format!("add:{}", field.pointer);
    let words = format!("Add to {}", field.label);
    let full = max.is_some_and(|max| count >= max);
    let inner = view! {
        <ol class="flex flex-col gap-3">{rows.collect_view()}</ol>
        {(!full).then(|| view! {
            <p><button type="submit" name="go" value=add formnovalidate class="btn" aria-label=words><Icon glyph=Glyph::Plus/>"Add"</button></p>
        })}
    };
    fieldset(field, context, help, inner.into_any())
}
