//! The definition of an API.

use leptos::prelude::*;

use crate::ui::{CodeBlock, Empty, Glyph};

#[component]
pub(super) fn ApiSide(language: String, definition: String) -> impl IntoView {
    if definition.trim().is_empty() {
        return view! {
            <div class="surface">
                <Empty glyph=Glyph::Plug title="It has no definition"><p>"Put the definition into `spec.definition`, or refer to a file with `$text`."</p></Empty>
            </div>
        }
        .into_any();
    }
    let lines = definition.lines().count();
    let name = match language.as_str() {
        "openapi" => "OpenAPI",
        "asyncapi" => "AsyncAPI",
        "graphql" => "GraphQL",
        "grpc" => "gRPC",
        other => other,
    };
    let label = format!("{name} · {lines} lines");
    view! { <CodeBlock text=definition language=label/> }.into_any()
}
