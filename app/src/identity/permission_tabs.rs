//! The tabs that the pages of people share with those of policies.

use leptos::prelude::*;

use crate::ui::{Tab, Tabs};

/// Links to the sides of permission; one is on that of people.
#[component]
pub(super) fn PermissionTabs() -> impl IntoView {
    let tab = |label: &str, href: &str| Tab {
        label: label.to_owned(),
        href: href.to_owned(),
        count: None,
        current: href == "/people",
    };
    let tabs = vec![
        tab("Policies", "/policies"),
        tab("Roles", "/roles"),
        tab("Who may", "/may"),
        tab("People", "/people"),
        tab("Audit log", "/audit"),
    ];
    view! { <div class="mb-5"><Tabs label="Permission" tabs/></div> }
}
