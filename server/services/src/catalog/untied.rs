//! Changes of entities as far as they tell of nothing that is hidden.

use std::collections::HashSet;

use domain::{
    changes::{Change, ChangeKind},
    identity::Caller,
};
use serde_json::Value;

use super::sees_all;
use crate::{
    Result, Services, changes,
    permission::{self, Traits},
};

/// Changes without the ties of entities to those that the caller does not see, or would not have seen when they were there.
pub(crate) async fn untied(services: &Services, caller: &Caller, changes: Vec<Change>) -> Result<Vec<Change>> {
    if sees_all(services, caller).await? {
        return Ok(changes);
    }
    let ties = |state: &Value| -> Vec<String> {
        let relations = state.get("relations").and_then(Value::as_array).into_iter().flatten();
        relations.filter_map(|tie| Some(tie.get("targetRef")?.as_str()?.to_lowercase())).collect()
    };
    let states = changes.iter().flat_map(|change| [&change.before, &change.after]).flatten();
    let named: HashSet<String> = states.flat_map(ties).collect();
    let named: Vec<String> = named.into_iter().collect();
    let seen = changes::entities_named(services, caller, &named).await?;
    let untie = |mut state: Value| {
        if let Some(relations) = state.get_mut("relations").and_then(Value::as_array_mut) {
            relations.retain(|tie| {
                let target = tie.get("targetRef").and_then(Value::as_str);
                target.is_none_or(|target| seen.contains(&target.to_lowercase()))
            });
        }
        state
    };
    let sight = permission::sight(services, caller).await?;
    let untied = changes.into_iter().filter_map(|change| {
        // What a thing was is shown to those who would have seen it then, whoever has its name now.
        let is_hidden = |state: &Value| {
            let is_document = state.get("kind").is_some() && state.get("metadata").is_some();
            let sight = sight.as_ref().filter(|_| is_document);
            sight.is_some_and(|sight| !sight.decide(&Traits::of_document(&change.subject, state)))
        };
        let last = change.after.as_ref().or(change.before.as_ref());
        if last.is_some_and(is_hidden) {
            return None;
        }
        let before = change.before.clone().filter(|before| !is_hidden(before)).map(untie);
        Some(Change { before, after: change.after.clone().map(untie), ..change })
    });
    Ok(untied.collect())
}

/// Changes without those that came to nothing but what is hidden from the caller, such as a tie to another thing.
pub(crate) fn without_empty(changes: Vec<Change>) -> Vec<Change> {
    let is_empty = |change: &Change| {
        let said = |state: &Option<Value>| {
            let mut state = state.clone()?;
            state.get_mut("metadata")?.as_object_mut()?.shift_remove("etag");
            Some(state)
        };
        change.kind == ChangeKind::EntityUpdated.as_str()
            && said(&change.before).is_some_and(|before| said(&change.after) == Some(before))
    };
    changes.into_iter().filter(|change| !is_empty(change)).collect()
}
