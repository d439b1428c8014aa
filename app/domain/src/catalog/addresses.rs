//! Which addresses that anyone may write are shown as links.

use serde_json::Value;

use super::{FieldPath, Violation};

/// Whether an address may be a link of the portal: of the web or of mail, never a script.
pub fn is_shown(url: &str) -> bool {
    let is_of = |scheme: &str| url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    is_of("https://") || is_of("http://") || is_of("mailto:")
}

/// Addresses of a document that stand in it for people, and are not shown to them.
pub fn unshown(document: &Value) -> Vec<Violation> {
    let Some(metadata) = document.get("metadata") else { return Vec::new() };
    let links = metadata.get("links").and_then(Value::as_array).into_iter().flatten().enumerate();
    let links = links.filter_map(|(at, link)| {
        Some((FieldPath::of("metadata.links").index(at).key("url"), link.get("url")?.as_str()?))
    });
    let annotations = ["backstage.io/view-url", "backstage.io/edit-url"].into_iter().filter_map(|key| {
        let value = metadata.get("annotations")?.get(key)?.as_str()?;
        Some((FieldPath::of("metadata.annotations").key(key), value))
    });
    let wrong = links.chain(annotations).filter(|(_, url)| !is_shown(url) && !url.is_empty());
    let message = "is no http, https or mailto address, so it is not shown as a link; correct it, or remove it";
    wrong.map(|(field, _)| Violation { field, message: message.to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_can_do_no_harm_is_shown() {
        for shown in ["https://a.example", "HTTP://a.example", "mailto:quay@a.example"] {
            assert!(is_shown(shown), "{shown}");
        }
        for hidden in ["javascript:alert(1)", "data:text/html,x", "//a.example", " https://a.example", "", "ü"] {
            assert!(!is_shown(hidden), "{hidden}");
        }
    }

    #[test]
    fn what_is_not_shown_is_told_at_its_field() {
        let document = json!({ "metadata": {
            "links": [{ "url": "https://a.example" }, { "url": "javascript:alert(1)" }],
            "annotations": { "backstage.io/view-url": "data:x", "other": "javascript:x" },
        } });
        let told: Vec<String> = unshown(&document).iter().map(|wrong| wrong.field.to_string()).collect();
        assert_eq!(told, ["metadata.links[1].url", "metadata.annotations[\"backstage.io/view-url\"]"]);
        assert_eq!(unshown(&json!({ "metadata": { "links": "x" } })), []);
    }
}
