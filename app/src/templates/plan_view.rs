//! The plan: what will happen, before it happens.

use domain::templates::{Effect, LateQuestion, PlannedStep, Verdict, Wizard, WizardPlan};
use leptos::{form::ActionForm, prelude::*};
use leptos_meta::Title;

use super::{files_view::FilesView, form_address, functions::StartRun, review_view::CheckList};
use crate::ui::{Glyph, Icon, ProblemNote};

/// What a run would do, and the button that starts it, for whoever may.
#[component]
pub(super) fn PlanView(wizard: Wizard, plan: WizardPlan, may_start: bool) -> impl IntoView {
    let (shown_file, late, plan) = (plan.file, plan.late, plan.plan);
    let back = match wizard.pages.len().checked_sub(1) {
        Some(last) => form_address(&wizard.template, &wizard.answers, last),
        None => "/create".to_owned(),
    };
    let here = form_address(&wizard.template, &wizard.answers, wizard.pages.len());
    let steps =
        plan.steps.iter().enumerate().map(|(at, step)| {
            view! { <PlannedStepView at step=step.clone() shown_file here=here.clone()/> }.into_any()
        });
    let bad = plan.checks.iter().filter(|check| check.verdict == Verdict::Bad).count();
    let answer = match bad {
        0 => {
            "Nothing has been created yet. The plan was made from your answers and the catalog as it is now.".to_owned()
        }
        1 => "Nothing has been created yet. One thing must be mended before it can run.".to_owned(),
        many => format!("Nothing has been created yet. {many} things must be mended before it can run."),
    };
    let (checks, command) = (plan.checks.clone(), plan.command.clone());
    let can_run = plan.can_run();
    view! {
        <Title text=format!("Plan · {}", wizard.title)/>
        <div class="grid gap-x-8 gap-y-8 xl:grid-cols-[minmax(0,1fr)_19rem]">
            <div class="min-w-0">
                <h1 class="text-title font-semibold">"This is what will happen"</h1>
                <p class="mt-0.5 mb-4 text-table text-muted">{answer}</p>
                <ol class="surface divide-y divide-base-300 overflow-clip">{steps.collect_view()}</ol>
            </div>
            <aside class="flex min-w-0 flex-col gap-6 xl:border-l xl:border-base-300 xl:pl-6" aria-label="Checks and start">
                <section>
                    <h2 class="mb-3 text-body font-semibold">"Checks"</h2>
                    {if checks.is_empty() {
                        view! { <p class="text-table text-muted">"Nothing had to be looked at."</p> }.into_any()
                    } else {
                        view! { <CheckList checks/> }.into_any()
                    }}
                </section>
                {if may_start {
                    view! { <StartForm wizard late can_run back/> }.into_any()
                } else {
                    view! { <p><a class="btn" href=back>"Back"</a></p> }.into_any()
                }}
                <section class="text-meta text-muted">
                    <h2 class="mb-1 font-medium">"The same from a terminal"</h2>
                    <code class="block rounded-field bg-base-100 p-2 font-mono break-words whitespace-pre-wrap">{command}</code>
                </section>
            </aside>
        </div>
    }
}

/// What is asked last, and the button.
#[component]
fn StartForm(wizard: Wizard, late: Vec<LateQuestion>, can_run: bool, back: String) -> impl IntoView {
    let start = ServerAction::<StartRun>::new();
    let pending = start.pending();
    let problem = move || start.value().get().and_then(Result::err).map(|error| view! { <ProblemNote text=error/> });
    let late = late.into_iter().map(|field| {
        let kind = if field.secret { "secrets" } else { "late" };
        let (id, name) = (format!("field-{}", field.pointer), format!("{kind}[{}]", field.pointer));
        view! {
            <div class="flex flex-col gap-1">
                <label for=id.clone() class="text-table font-medium">{field.label}</label>
                <input id=id name=name type="password" autocomplete="off" required=field.required class="input w-full"/>
            </div>
        }
    });
    let label = wizard.labels.create.unwrap_or_else(|| "Create".into());
    let (template, answers) = (wizard.template.to_string(), wizard.answers.to_string());
    view! {
        <ActionForm action=start attr:class="flex flex-col gap-3">
            <input type="hidden" name="template" value=template/>
            <input type="hidden" name="answers" value=answers/>
            {late.collect_view()}
            {problem}
            <div class="flex gap-2">
                <button type="submit" class="btn btn-primary flex-1" disabled=move || !can_run || pending.get()>
                    {move || pending.get().then(|| view! { <Icon glyph=Glyph::Loader class="spinning"/> })}
                    {label}
                </button>
                <a class="btn" href=back>"Back"</a>
            </div>
        </ActionForm>
    }
}

fn glyph(step: &PlannedStep) -> Glyph {
    match (&step.effect, step.action.split(':').next().unwrap_or_default()) {
        (Effect::Repository { .. }, _) => Glyph::GitBranch,
        (Effect::Entities { .. }, _) | (_, "catalog") => Glyph::Boxes,
        (_, "fetch") => Glyph::FileText,
        (_, "fs") => Glyph::Folder,
        (_, "debug") => Glyph::MessageSquare,
        _ => Glyph::Workflow,
    }
}

/// One step of the plan; what it leaves behind opens below it.
#[component]
fn PlannedStepView(at: usize, step: PlannedStep, shown_file: Option<u32>, here: String) -> impl IntoView {
    let glyph = glyph(&step);
    let words = if step.verb.is_empty() {
        view! { <span class="font-medium">{step.object.clone()}</span> }.into_any()
    } else {
        view! { {step.verb.clone()}" "<b class="font-semibold">{step.object.clone()}</b> }.into_any()
    };
    let detail = match &step.skipped {
        Some(why) => format!("left out, because {why}"),
        None => step.detail.clone(),
    };
    let warnings = step.warnings.into_iter().map(|warning| {
        view! {
            <p class="mt-1 flex items-start gap-1.5 text-meta text-warning">
                <Icon glyph=Glyph::TriangleAlert class="size-3.5 mt-px"/><span class="min-w-0 break-words">{warning}</span>
            </p>
        }
    });
    let muted = if step.skipped.is_some() { "text-muted" } else { "" };
    let head = view! {
        <span class="w-4 flex-none pt-0.5 text-meta text-muted">{at + 1}</span>
        <span class="flex-none pt-0.5 text-primary"><Icon glyph/></span>
        <span class=format!("min-w-0 flex-1 {muted}")>
            <span class="block text-table break-words">{words}</span>
            <span class="block text-meta text-muted break-words">{detail}</span>
            {warnings.collect_view()}
        </span>
        <span class="flex-none pt-0.5 text-meta text-muted">{step.place}</span>
    };
    let inner = match step.effect {
        Effect::Repository { files, .. } if !files.is_empty() => {
            Some(view! { <FilesView files shown_file here/> }.into_any())
        }
        Effect::Entities { references } if references.len() > 1 => {
            let items = references.into_iter().map(|reference| view! { <li class="font-mono">{reference}</li> });
            Some(view! { <ul class="text-meta text-muted">{items.collect_view()}</ul> }.into_any())
        }
        _ => None,
    };
    match inner {
        Some(inner) => view! {
            <li>
                <details open class="group">
                    <summary class="flex items-start gap-3 px-4 py-3.5">
                        {head}
                        <Icon glyph=Glyph::ChevronRight class="mt-0.5 text-muted transition-transform group-open:rotate-90"/>
                    </summary>
                    <div class="px-4 pb-4 sm:pl-16">{inner}</div>
                </details>
            </li>
        }
        .into_any(),
        None => view! { <li class="flex items-start gap-3 px-4 py-3.5 pr-12">{head}</li> }.into_any(),
    }
}
