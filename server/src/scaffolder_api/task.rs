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
    json!({
        "id": run.id,
        "number": run.number,
        "title": run.title,
        "spec": { "templateInfo": { "entityRef": run.template.to_string() } },
        "status": run.status,
        "createdAt": run.created_at,
        "lastHeartbeatAt": run.ended_at.or(run.started_at),
        "createdBy": reference_of(&run.created_by),
    })
}

/// A task with all that it is made of; `starter` is the entity of whoever started it, if the catalog has it.
pub(super) fn whole(run: &Run, document: &Value, starter: Option<Value>, base_url: &str) -> Value {
    let mut task = short(&run.summary);
    let part = |pointer: &str| document.pointer(pointer).cloned();
    let user = reference_of(&run.summary.created_by);
    task["spec"] = json!({
        "apiVersion": part("/apiVersion"),
        "parameters": run.values,
        "steps": part("/spec/steps"),
        "output": part("/spec/output"),
        "user": { "ref": user, "entity": starter },
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

/// Who started a run, as a reference.
pub(super) fn reference_of(label: &str) -> String {
    let label = label.to_lowercase();
    // Who signed in is known by their whole name; of others, clients are told as of people.
    if label.starts_with("user:") { label } else { format!("user:default/{label}") }
}

/// Who is meant by a reference.
pub(super) fn label_of(reference: &str) -> String {
    reference.strip_prefix("user:default/").unwrap_or(reference).to_owned()
}
