//! The form of a template: a page of questions, or the plan.

use domain::{
    catalog::EntityRef,
    templates::{Wizard, WizardView},
};
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

use super::{
    answers_form::AnswersForm,
    form_address,
    functions::{TemplateView, get_template},
    plan_view::PlanView,
};
use crate::ui::{Load, StepMark, StepState, Steps, fetch};

/// A template's form.
#[component]
pub(crate) fn TemplatePage() -> impl IntoView {
    let params = use_params_map();
    let location = use_location();
    let key = move || {
        let part = |name: &str| params.with(|params| params.get(name).unwrap_or_default());
        (EntityRef::new("template", &part("namespace"), &part("name")), location.search.get())
    };
    let view = fetch(key, |(template, query)| get_template(template, query));
    view! {
        <Load of=view let:view>
            <WizardFrame view/>
        </Load>
    }
    .into_any()
}

/// The steps across, and under them the one that is shown.
#[component]
fn WizardFrame(view: TemplateView) -> impl IntoView {
    let TemplateView { wizard, may_not, waits } = view;
    let steps = marks(&wizard);
    let may_start = may_not.is_empty();
    let (view, waits) = match wizard.view.clone() {
        WizardView::Page(page) => (view! { <AnswersForm wizard page=*page may_start/> }.into_any(), waits),
        // The plan says it among its checks.
        WizardView::Plan(plan) => (view! { <PlanView wizard plan=*plan may_start/> }.into_any(), String::new()),
    };
    view! {
        <div class="px-4 pt-5 pb-16 sm:px-6">
            <Steps steps/>
            {(!may_start).then(|| view! { <p class="note note-info my-4 max-w-5xl text-table break-words" role="note" inner_html=may_not></p> })}
            <p role="note" class="my-3 text-table text-muted break-words empty:hidden" inner_html=waits></p>
            {view}
        </div>
    }
}

/// The pages of the form, the plan, the run. Pages that are done lead back to themselves.
fn marks(wizard: &Wizard) -> Vec<StepMark> {
    let pages = wizard.pages.len();
    let shown = match &wizard.view {
        WizardView::Page(page) => usize::try_from(page.at).unwrap_or(0),
        WizardView::Plan(_) => pages,
    };
    let names = wizard.pages.iter().cloned().chain(["Plan".to_owned(), "Run".to_owned()]);
    names
        .enumerate()
        .map(|(at, name)| StepMark {
            name,
            state: match at.cmp(&shown) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal => StepState::Current,
                std::cmp::Ordering::Greater => StepState::Ahead,
            },
            href: (at < shown).then(|| form_address(&wizard.template, &wizard.answers, at)),
        })
        .collect()
}
