//! Runs as Backstage calls them: tasks.

use domain::runs::{Run, RunSummary};
use serde_json::{Value, json};

/// A task in a list.
pub(super) fn short(run: &RunSummary) -> Value {
    let mut task = plain(run);
    if let Some(approval) = &run.approval {
        task["approval"] = json!(approval.agreement.as_str());
    }
    task
}

fn plain(run: &RunSummary) -> Value {
    let mut task = json!({
        "id": run.id,
        "number": run.number,
        "title": run.title,
        "spec": { "templateInfo": { "entityRef": run.template.to_string() } },
        "status": run.status,
        "createdAt": run.created_at,
        "lastHeartbeatAt": run.ended_at.or(run.started_at),
    });
    if let Some(user) = user_of(&run.created_by) {
        task["createdBy"] = json!(user);
    }
    task
}

/// A task with all that it is made of; `starter` is the entity of whoever started it, if the catalog has it.
pub(super) fn whole(run: &Run, document: &Value, starter: Option<Value>, base_url: &str) -> Value {
    let mut task = short(&run.summary);
    let part = |pointer: &str| document.pointer(pointer).cloned();
    let user = user_of(&run.summary.created_by);
    let user = user.map_or_else(|| json!({}), |user| json!({ "ref": user, "entity": starter }));
    task["spec"] = json!({
        "apiVersion": part("/apiVersion"),
        "parameters": run.values,
        "steps": part("/spec/steps"),
        "output": part("/spec/output"),
        "user": user,
        "templateInfo": {
            "entityRef": run.summary.template.to_string(),
            "baseUrl": base_url,
            "entity": { "metadata": part("/metadata") },
        },
    });
    task["output"] = json!(run.output);
    task["steps"] = run
        .steps
        .iter()
        .map(|step| {
            json!({
                "id": step.id,
                "name": step.name,
                "action": step.action,
                "status": step.status,
                "attempt": step.attempt,
                "startedAt": step.started_at,
                "endedAt": step.ended_at,
                "output": step.output,
                "problem": step.problem,
            })
        })
        .collect();
    if let Some(problem) = &run.summary.problem {
        task["problem"] = json!(problem);
    }
    task
}

/// Who started a run, as a reference; of a program there is none, as in Backstage.
pub(super) fn user_of(starter: &str) -> Option<String> {
    let starter = starter.to_lowercase();
    if starter.starts_with("machine:") {
        return None;
    }
    // Who signed in is known by their whole name; of others, clients are told as of people.
    Some(if starter.starts_with("user:") { starter } else { format!("user:default/{starter}") })
}

/// Who is meant by a reference.
pub(super) fn label_of(reference: &str) -> String {
    reference.strip_prefix("user:default/").unwrap_or(reference).to_owned()
}
