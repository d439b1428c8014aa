//! Agreeing to a run before it does anything.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The annotation of a template whose runs wait until someone agrees to them.
pub const APPROVAL: &str = "causeway.dev/approval";

/// Whether someone has agreed to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// It waits for someone who may agree.
    Waiting,
    /// Someone agreed.
    Approved,
    /// Someone refused.
    Refused,
    /// The run was cancelled before anyone decided.
    Withdrawn,
}

impl Agreement {
    /// The name as it stands in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The agreement that is called so.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Approved, Self::Refused, Self::Withdrawn].into_iter().find(|known| known.as_str() == name)
    }
}

/// What was decided about a run whose template asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Whether someone agreed.
    pub agreement: Agreement,
    /// Who decided.
    pub by: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// What they said.
    pub note: Option<String>,
}

/// Whether the runs of a template wait for approval. What the annotation says wrongly counts as yes: nothing should happen
/// unasked because of a slip of the pen.
pub fn needs_approval(template: &Value) -> bool {
    said(template).is_some_and(|said| said.as_str() != Some("none"))
}

/// What is wrong with what a template says about approval.
pub fn approval_mistake(template: &Value) -> Option<String> {
    let said = said(template)?;
    let is_known = said.as_str().is_some_and(|said| ["required", "none"].contains(&said));
    (!is_known).then(|| format!("is `required` or `none`, not {said}; until then its runs wait for approval"))
}

fn said(template: &Value) -> Option<&Value> {
    template.get("metadata")?.get("annotations")?.get(APPROVAL)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_asks_for_approval_by_its_annotation() {
        let with = |value: &Value| json!({ "metadata": { "annotations": { APPROVAL: value } } });
        for (value, waits, is_right) in [
            (json!("required"), true, true),
            (json!("none"), false, true),
            (json!("requird"), true, false),
            (json!("None"), true, false),
            (json!(false), true, false),
        ] {
            let template = with(&value);
            assert_eq!(needs_approval(&template), waits, "{value}");
            assert_eq!(approval_mistake(&template).is_none(), is_right, "{value}");
        }
        assert!(!needs_approval(&json!({})) && approval_mistake(&json!({})).is_none());
    }

    #[test]
    fn an_agreement_reads_back_as_itself() {
        for agreement in [Agreement::Waiting, Agreement::Approved, Agreement::Refused] {
            assert_eq!(Agreement::named(agreement.as_str()), Some(agreement));
        }
    }
}
