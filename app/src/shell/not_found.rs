//! The page for an address that leads nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    AppError,
    ui::{Load, fetch},
};

/// Says that there is no such page; on the server it also sets the status.
#[server(prefix = "/api/portal", output = crate::wire::Json)]
async fn find_nothing() -> Result<(), AppError> {
    let nothing = Err(services::Error::NotFound("there is no such page".to_owned()));
    std::future::ready(crate::ssr::reply(nothing)).await
}

/// There is no such page.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    let nothing = fetch(|| (), |()| find_nothing());
    view! {
        <Title text="No such page"/>
        <Load of=nothing let:nothing>{nothing}</Load>
    }
    .into_any()
}
