//! Documents without what ties them to entities that are not seen.

use bytes::Bytes;
use serde_json::Value;

use super::view::View;
use crate::Result;

/// A document as it is sent, without its ties to what this view does not show.
pub(super) fn without(document: &Bytes, view: &View<'_>) -> Result<Bytes> {
    let mut parsed: Value = serde_json::from_slice(document)?;
    if strip(&mut parsed, view) { Ok(Bytes::from(serde_json::to_vec(&parsed)?)) } else { Ok(document.clone()) }
}

/// Takes away ties to what is not shown; whether there were any.
pub(in crate::catalog) fn strip(document: &mut Value, view: &View<'_>) -> bool {
    let Some(relations) = document.get_mut("relations").and_then(Value::as_array_mut) else { return false };
    let before = relations.len();
    relations.retain(|relation| {
        let target = relation.get("targetRef").and_then(Value::as_str);
        target.is_none_or(|target| view.may_name(&target.to_lowercase()))
    });
    relations.len() < before
}
