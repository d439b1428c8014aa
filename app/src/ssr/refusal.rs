//! What someone is told who may not do a thing, or whose form was not carried out.
//!
//! In place of a deed that is not offered, pages show HTML that is written here: why not, and a link to the page that explains it.
//! All text goes through [`escape`].

use axum::http::StatusCode;
use domain::catalog::EntityRef;
use leptos::prelude::*;
use prose::escape;
use server_fn::error::ServerFnUrlError;
use services::{
    Error, Result,
    catalog::Farewell,
    identity::{Denied, Permission, Target},
};

use super::{RequestContext, access::html::words, caller, services};
use crate::AppError;

/// What an error of a use case is called over HTTP, and what the one who asked is told: the one place that says so for pages, forms
/// and server functions. `request` names the request in the log.
pub fn told(error: Error, request: &str) -> (StatusCode, AppError) {
    let error = match error {
        Error::NotFound(why) => AppError::NotFound(why),
        Error::Conflict(why) => AppError::Conflict(why),
        Error::Rejected(why) => AppError::Rejected(why),
        Error::Denied(denied) => AppError::Denied { why: denied.to_string(), ask: explained_at(&denied) },
        Error::Unavailable { .. } => AppError::Unavailable(error.to_string()),
        Error::Internal(why) => {
            tracing::error!(request_id = request, why, "request failed");
            AppError::Internal(request.to_owned())
        }
    };
    (status(&error), error)
}

fn status(error: &AppError) -> StatusCode {
    match error {
        AppError::NotFound(_) | AppError::Gone { .. } => StatusCode::NOT_FOUND,
        AppError::Conflict(_) => StatusCode::CONFLICT,
        AppError::Rejected(_) => StatusCode::UNPROCESSABLE_ENTITY,
        AppError::Denied { .. } => StatusCode::FORBIDDEN,
        AppError::SignedOut => StatusCode::UNAUTHORIZED,
        AppError::Unavailable(_) => StatusCode::BAD_GATEWAY,
        AppError::Internal(_) | AppError::Unreachable | AppError::Away | AppError::Outdated => {
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

/// Turns the result of a use case into an answer.
pub(crate) fn reply<T>(result: Result<T>) -> std::result::Result<T, AppError> {
    result.map_err(|error| {
        let id = use_context::<RequestContext>().map(|context| context.request_id).unwrap_or_default();
        let (status, error) = told(error, &id);
        if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
            response.set_status(status);
        }
        error
    })
}

/// What is answered where something was and is no more: the status, as for whatever is not there.
pub(crate) fn gone(farewell: Farewell) -> AppError {
    let Farewell { why, before } = farewell;
    let error = AppError::Gone { why, before };
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(status(&error));
    }
    error
}

/// What went wrong with a form, as the query says it of the address that the framework leads its sender to.
pub fn problem_in(query: &str) -> Option<(StatusCode, AppError)> {
    let said = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "__err").last()?.1;
    let error = ServerFnUrlError::<AppError>::decode_err(&said);
    Some((status(&error), error))
}

/// The page that explains a refusal.
pub fn explained_at(denied: &Denied) -> String {
    address(denied.permission, &denied.on)
}

fn address(permission: Permission, on: &str) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("permission", permission.name());
    if !matches!(on, "" | "anything" | "platform") {
        query.append_pair("on", on);
    }
    format!("/may?{}", query.finish())
}

/// The page that says who can do a thing, and whether the one who asks may.
pub(crate) fn question(permission: Permission, target: Target<'_>) -> String {
    address(permission, &target.to_string())
}

/// A link to the page that explains a refusal.
pub(crate) fn link(ask: &str) -> String {
    format!("<a class=\"text-link underline\" href=\"{}\">Who can, and why not I</a>", escape(ask))
}

async fn refused(permission: Permission, target: Target<'_>) -> Result<Option<(String, Vec<String>)>> {
    let (may, why, reasons) = services::permission::why(&services(), &caller(), permission, target).await?;
    Ok((!may).then(|| (why, reasons.iter().take(3).map(ToString::to_string).collect())))
}

/// Why the author of the request may not do a thing, with the policies that are near; nothing if they may.
pub(crate) async fn why_not(permission: Permission, target: Target<'_>) -> Result<Option<String>> {
    let why = refused(permission, target).await?;
    Ok(why.map(|(why, near)| std::iter::once(why).chain(near).collect::<Vec<_>>().join("; ")))
}

fn sentence(deed: &str, why: &str, ask: &str) -> String {
    format!("<span class=\"font-medium\">You may not {}:</span> {}. {}", escape(deed), words(why), link(ask))
}

/// In place of a deed that the author of the request may not do: why not, and where more is told. Empty for whoever may.
pub(crate) async fn may_not(deed: &str, permission: Permission, target: Target<'_>) -> Result<String> {
    let why = why_not(permission, target).await?;
    Ok(why.map(|why| sentence(deed, &why, &question(permission, target))).unwrap_or_default())
}

/// The same beside each row of a list, in fewer words.
pub(crate) async fn may_not_each<T>(
    deed: &str,
    permission: Permission,
    rows: Vec<T>,
    of: impl Fn(&T) -> &EntityRef,
) -> Result<Vec<(T, String)>> {
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let target = Target::Entity(of(&row));
        let why = refused(permission, target).await?;
        let ask = question(permission, target);
        let why = why.map(|(why, _)| sentence(deed, &why, &ask)).unwrap_or_default();
        told.push((row, why));
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_leads_to_the_very_question() {
        let quay = "component:default/quay".parse().unwrap();
        let leads = |permission, target: Target<'_>| address(permission, &target.to_string());
        assert_eq!(
            leads(Permission::ManageSources, Target::Entity(&quay)),
            "/may?permission=manageSources&on=component%3Adefault%2Fquay"
        );
        assert_eq!(leads(Permission::ReadServerFiles, Target::Any), "/may?permission=readServerFiles");
        assert_eq!(leads(Permission::KeepOwn, Target::Own), "/may?permission=keepOwn&on=own");
        assert!(sentence("do `it` <b>", "`x` forbids it", "/may?a=b&c=d").contains("href=\"/may?a=b&amp;c=d\""));
    }
}
