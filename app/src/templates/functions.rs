//! What the pages ask the server for.

use std::collections::BTreeMap;

use domain::{
    catalog::{EntityRef, EntitySummary},
    templates::{Answers, Review, Wizard},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::AppError;

/// Every template, and whether the one who looks may start runs of it.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_templates() -> Result<Vec<(EntitySummary, bool)>, AppError> {
    use services::{identity::Permission, permission, templates};

    use crate::ssr::{caller, reply, services};

    let (services, caller) = (services(), caller());
    let found = reply(templates::list(&services, &caller).await)?;
    let references: Vec<EntityRef> = found.iter().map(|template| template.reference.clone()).collect();
    let may = reply(permission::may_each(&services, &caller, Permission::StartRun, &references).await)?;
    Ok(found.into_iter().zip(may).collect())
}

/// The form of a template, with what is worth knowing before it is filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TemplateView {
    /// The form.
    pub(super) wizard: Wizard,
    /// Why the one who looks may not start runs of it, as HTML; empty for whoever may.
    pub(super) may_not: String,
    /// Who has to agree to a run before it does anything, as HTML; empty where nobody has to.
    pub(super) waits: String,
}

/// The form of a template, where the query of the address has it.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn get_template(template: EntityRef, query: String) -> Result<TemplateView, AppError> {
    use services::{
        identity::{Permission, Target},
        templates,
    };

    use crate::ssr::{approval, caller, may_not, reply, services};

    let (services, caller) = (services(), caller());
    let wizard = reply(templates::wizard(&services, &caller, &template, &query).await)?;
    let target = Target::Template(&template);
    let may_not = reply(may_not("start runs of this template", Permission::StartRun, target).await)?;
    let by = reply(templates::approvers(&services, &caller, &template).await)?;
    Ok(TemplateView { wizard, may_not, waits: by.map(|by| approval::ahead(&template, &by)).unwrap_or_default() })
}

/// What the answers of a page mean, while they are typed.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn review_answers(template: EntityRef, page: u32, answers: Answers) -> Result<Review, AppError> {
    use crate::ssr::{caller, reply, services};

    reply(services::templates::review(&services(), &caller(), &template, page, &answers.0).await)
}

/// Starts the run that the plan showed, and leads to its page. `late` holds what was asked with the plan, by JSON pointer.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
pub(super) async fn start_run(
    template: EntityRef,
    answers: Answers,
    #[server(default)] late: BTreeMap<String, String>,
    #[server(default)] secrets: BTreeMap<String, String>,
) -> Result<(), AppError> {
    use services::runs::{NewRun, start};

    use crate::ssr::{caller, reply, services};

    let name = |pointer: &str| pointer.trim_start_matches('/').to_owned();
    let given = |(pointer, value): (String, String)| (!value.is_empty()).then(|| (name(&pointer), value.into()));
    let mut values = answers.0;
    values.extend(late.into_iter().filter_map(given));
    let secrets = secrets.into_iter().filter_map(given).collect();
    let started = start(&services(), &caller(), NewRun { template, values, secrets }).await;
    let run = reply(started.map_err(services::Error::from))?;
    leptos_axum::redirect(&format!("/runs/{}", run.summary.number));
    Ok(())
}
