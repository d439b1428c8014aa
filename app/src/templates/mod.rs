//! Creating things: the list of templates, the form of one, its plan, and the start of its run.

mod answers_form;
mod create_page;
mod field_view;
mod files_view;
mod functions;
mod plan_view;
mod review_view;
mod template_page;

pub(crate) use create_page::CreatePage;
pub(crate) use template_page::TemplatePage;

/// The address of a template's form with these answers, at `page`.
fn form_address(template: &domain::catalog::EntityRef, answers: &serde_json::Value, page: usize) -> String {
    let answers = domain::templates::in_query(&answers.to_string());
    format!("{}?answers={answers}&page={page}", start_address(template))
}

/// The address of a template's form, with no answer yet.
fn start_address(template: &domain::catalog::EntityRef) -> String {
    format!("/create/{}/{}", template.namespace(), template.name())
}
