//! Templates: documents of `scaffolder.backstage.io/v1beta3`, their forms, their expressions and their plans.

pub mod answers;
pub mod expression;
mod lint;
mod pickers;
mod plan;
pub mod repo_url;
pub mod skeleton;
pub(crate) mod user;
mod wizard;

use answers::{Checked, Scope};
use domain::{
    catalog::{Condition, Direction, EntityRef, EntitySummary, Filter, Order, Query},
    identity::{Caller, Permission, Target},
    runs::needs_approval,
    templates::Template,
};
pub(crate) use lint::lint;
pub use plan::plan;
use serde_json::{Map, Value, json};
use skeleton::File;
pub use wizard::{pick, review, wizard};

use crate::{Error, Result, Services, catalog, identity::may, permission};

/// How many templates are listed at most.
const MOST: u32 = 500;

/// Every template, by title.
pub async fn list(services: &Services, caller: &Caller) -> Result<Vec<EntitySummary>> {
    may(services, caller, Permission::ReadRuns, Target::Any).await?;
    let query = Query {
        filter: Filter::all(vec![Condition::equals("kind", "template")]),
        order: vec![Order::by("metadata.title", Direction::Asc)],
        limit: Some(MOST),
        ..Query::default()
    };
    let page = catalog::query(services, caller, &query).await?;
    Ok(page.items.iter().map(domain::catalog::Entity::summary).collect())
}

/// One template.
///
/// # Errors
/// [`Error::Rejected`] tells all that is wrong with its document.
pub async fn get(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Template> {
    may(services, caller, Permission::ReadRuns, Target::Template(reference)).await?;
    if reference.kind() != "template" {
        return Err(Error::NotFound(format!("`{reference}` is not a template; templates are listed under `/create`")));
    }
    let entity = catalog::entity(services, caller, reference).await?;
    read(&entity.document)
}

/// Who has to agree to a run of the template before it does anything, in words; `None` where nobody has to.
pub async fn approvers(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Option<String>> {
    may(services, caller, Permission::ReadRuns, Target::Template(reference)).await?;
    if !needs_approval(&catalog::entity(services, caller, reference).await?.document) {
        return Ok(None);
    }
    permission::approvers(services, caller, reference, None).await.map(Some)
}

/// Reads the document of a template.
///
/// # Errors
/// [`Error::Rejected`] tells all that is wrong with it.
pub fn read(document: &Value) -> Result<Template> {
    Template::parse(document).map_err(|error| Error::Rejected(format!("the template cannot be used: {error}")))
}

/// The questions of a template, in the shape of Backstage's `parameter-schema`.
pub async fn parameter_schema(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Value> {
    may(services, caller, Permission::ReadRuns, Target::Template(reference)).await?;
    let entity = catalog::entity(services, caller, reference).await?;
    let template = read(&entity.document)?;
    let pages = template.pages.iter().map(|page| {
        let mut shown = json!({ "title": page.title, "schema": page.schema });
        if let Some(description) = &page.description {
            shown["description"] = json!(description);
        }
        shown
    });
    let mut schema = json!({ "title": template.title, "steps": pages.collect::<Vec<_>>() });
    if let Some(description) = &template.description {
        schema["description"] = json!(description);
    }
    for (key, pointer) in [
        ("presentation", "/spec/presentation"),
        ("ui:options", "/metadata/ui:options"),
        ("EXPERIMENTAL_formDecorators", "/spec/EXPERIMENTAL_formDecorators"),
    ] {
        if let Some(value) = entity.document.pointer(pointer) {
            schema[key] = value.clone();
        }
    }
    Ok(schema)
}

/// Checks answers against the template's questions and the catalog, and fills in defaults.
pub async fn check_answers(
    services: &Services,
    caller: &Caller,
    template: &Template,
    answers: &Map<String, Value>,
    scope: Scope,
) -> Result<Checked> {
    may(services, caller, Permission::ReadRuns, Target::Any).await?;
    let mut checked = answers::check(template, answers, scope);
    let found = pickers::missing(services, caller, template, &checked.values, scope).await?;
    checked.problems.extend(found.problems);
    Ok(checked)
}

/// The files that `url` means in the template: `./skeleton`, or the address of a folder in a Git repository.
pub async fn files(services: &Services, caller: &Caller, template: &EntityRef, url: &str) -> Result<Vec<File>> {
    let files = catalog::folder(services, caller, template, url).await?;
    Ok(files
        .into_iter()
        .map(|file| File { path: file.path, content: file.content, executable: file.executable })
        .collect())
}
