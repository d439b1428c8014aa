//! Servers that speak for themselves, in place of a definition: where each answers.

use std::fmt::Write as _;

use prose::escape;
use services::domain::catalog::Entity;

use super::detail::linked;

/// How many servers are shown.
const MOST: usize = 100;

/// Where an API answers that has `remotes`; nothing for any other.
pub(super) fn html(entity: &Entity) -> Option<String> {
    let remotes = entity.document.pointer("/spec/remotes")?.as_array().filter(|remotes| !remotes.is_empty())?;
    let mut out = String::from(
        "<section class=\"surface mb-4 min-w-0 overflow-clip\"><h2 class=\"px-4 py-3 text-body font-semibold\">Where it answers</h2>\
         <p class=\"px-4 pb-3 text-table text-muted\">Servers of this type say themselves what they can do, once somebody asks them.</p>\
         <ul class=\"px-4 pb-3 text-table\">",
    );
    for remote in remotes.iter().take(MOST) {
        let said = |key: &str| remote.get(key).and_then(|value| value.as_str()).unwrap_or_default();
        let _ = write!(
            out,
            "<li class=\"flex flex-wrap gap-x-3 py-1\"><code class=\"font-mono text-meta leading-5 break-all\">{}</code><span class=\"text-muted break-words\">{}</span></li>",
            linked(said("url")),
            escape(said("type"))
        );
    }
    if remotes.len() > MOST {
        let _ = write!(out, "<li class=\"py-1 text-muted\">and {} more</li>", remotes.len() - MOST);
    }
    out.push_str("</ul></section>");
    Some(out)
}

/// What to do about an API that says nothing.
pub(super) fn nothing(entity: &Entity) -> String {
    let code = |text: &str| format!("<code class=\"font-mono\">{text}</code>");
    let (title, words) = match entity.text("/spec/type") {
        Some("mcp-server" | "ai-model-server") => {
            ("It does not say where it answers", format!("List its servers in {}.", code("spec.remotes")))
        }
        _ => (
            "It has no definition",
            format!("Put the definition into {}, or refer to a file with {}.", code("spec.definition"), code("$text")),
        ),
    };
    format!(
        "<div class=\"surface px-4 py-10 text-center\"><p class=\"text-body font-medium\">{title}</p>\
         <p class=\"mt-2 text-table text-muted\">{words}</p></div>"
    )
}
