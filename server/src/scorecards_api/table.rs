//! Results as a table for spreadsheets.

use domain::{
    catalog::EntityRef,
    scorecards::{Card, Judged},
};

/// One line for each entity, in RFC 4180's form.
pub(super) fn csv(card: &Card, items: &[Judged]) -> String {
    let mut text = "entity,title,owner,system,level,since,failing,unknown\r\n".to_owned();
    for judged in items {
        let reference = |of: &Option<EntityRef>| of.as_ref().map(ToString::to_string).unwrap_or_default();
        let fields = [
            judged.entity.to_string(),
            judged.title.clone(),
            reference(&judged.owner),
            reference(&judged.system),
            card.scale.title(judged.standing).to_owned(),
            judged.since.to_rfc3339(),
            judged.failing.to_string(),
            judged.unknown.to_string(),
        ];
        let line: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        text.push_str(&line.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A field that no spreadsheet takes for a formula.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !field.contains([',', '"', '\n', '\r']) {
        field.to_owned()
    } else {
        format!("\"{guard}{}\"", field.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stay_fields() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
