//! The document of an entity, and where it came from.

use leptos::prelude::*;

use super::{entity_reader::ReaderSide, views::Origin};

#[component]
pub(super) fn YamlSide(html: String, origin: Origin) -> impl IntoView {
    let source =
        origin.source.map(|(id, target)| view! { "Declared by " <a href=format!("/sources/{id}")>{target}</a> });
    let location =
        origin.location.map(|location| view! { ", in " <code class="font-mono text-meta">{location}</code> });
    let view =
        origin.view.map(|href| view! { " · " <a href=href rel="external noopener noreferrer">"see the file"</a> });
    let edit = origin.edit.map(|href| view! { " · " <a href=href rel="external noopener noreferrer">"edit it"</a> });
    view! {
        <p class="prose-links mb-3 text-table text-muted break-words">{source}{location}{view}{edit}</p>
        <ReaderSide html/>
    }
}
