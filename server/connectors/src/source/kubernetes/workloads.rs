//! From workloads to documents: what is said by their labels and annotations.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use domain::catalog::Severity;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use services::catalog::{clusters::ClusterTarget, ports::Remark};

/// How many workloads that are misread are named.
const REMARKS: usize = 50;

/// Annotations of these are taken over, for the pages and tools that read them.
const TAKEN: [&str; 9] = [
    "argocd",
    "backstage.io",
    "github.com",
    "gitlab.com",
    "grafana",
    "jira",
    "pagerduty.com",
    "sentry.io",
    "sonarqube.org",
];

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: String,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
}

/// Something that runs.
#[derive(Debug, Clone)]
pub(super) struct Workload {
    pub(super) kind: String,
    pub(super) metadata: Metadata,
}

impl Workload {
    /// What an annotation or a label of `causeway.dev/` says.
    fn own(&self, key: &str) -> Option<&str> {
        self.said(&format!("causeway.dev/{key}"))
    }

    fn said(&self, key: &str) -> Option<&str> {
        let Metadata { labels, annotations, .. } = &self.metadata;
        let text = annotations.get(key).or_else(|| labels.get(key)).map(|text| text.trim());
        text.filter(|text| !text.is_empty())
    }

    fn entity_name(&self) -> Option<&str> {
        self.own("name")
            .or_else(|| self.said("backstage.io/kubernetes-id"))
            .or_else(|| self.said("app.kubernetes.io/name"))
    }

    fn is_resource(&self) -> bool {
        self.own("kind").is_some_and(|kind| kind.eq_ignore_ascii_case("resource"))
    }

    /// What it says it is, if that is nothing a cluster can declare.
    fn unknown_kind(&self) -> Option<&str> {
        self.own("kind").filter(|kind| !["resource", "component"].iter().any(|known| kind.eq_ignore_ascii_case(known)))
    }

    fn usual_type(&self) -> &'static str {
        match (self.is_resource(), self.kind.as_str()) {
            (true, _) => "database",
            (false, "CronJob") => "job",
            (false, _) => "service",
        }
    }

    fn place(&self) -> String {
        format!("{} {}/{}", self.kind, self.metadata.namespace, self.metadata.name)
    }
}

/// One document for each thing that workloads name, by path. Several workloads that name the same are one thing.
pub(super) fn documents(target: &ClusterTarget, mut workloads: Vec<Workload>) -> BTreeMap<String, Bytes> {
    workloads.sort_by_cached_key(Workload::place);
    let mut things: BTreeMap<String, Vec<Workload>> = BTreeMap::new();
    for workload in workloads {
        let Some(name) = workload.entity_name() else { continue };
        let kind = if workload.is_resource() { "resource" } else { "component" };
        let namespace = workload.own("namespace").unwrap_or("default");
        let path = format!("{kind}/{namespace}/{name}");
        things.entry(path).or_default().push(workload);
    }
    things.into_iter().map(|(path, workloads)| (path, document(target, &workloads))).collect()
}

/// What workloads say and what is not understood.
pub(super) fn misread(workloads: &[Workload]) -> Vec<Remark> {
    let named = workloads.iter().filter(|workload| workload.entity_name().is_some());
    let unknown = named.filter_map(|workload| Some((workload, workload.unknown_kind()?))).take(REMARKS);
    unknown
        .map(|(workload, kind)| Remark {
            about: workload.place(),
            severity: Severity::Warning,
            message: format!(
                "`causeway.dev/kind: {kind}` is not understood, so it is taken as a Component; write `Component` or `Resource`"
            ),
            keeps: Vec::new(),
        })
        .collect()
}

fn document(target: &ClusterTarget, workloads: &[Workload]) -> Bytes {
    // The first that says something is taken at its word.
    let own = |key: &str| workloads.iter().find_map(|workload| workload.own(key));
    let said = |key: &str| workloads.iter().find_map(|workload| workload.said(key));
    let name = workloads.iter().find_map(Workload::entity_name).unwrap_or_default();
    let is_resource = workloads.iter().any(Workload::is_resource);
    let mut annotations: Map<String, Value> = Map::new();
    for (key, value) in workloads.iter().flat_map(|workload| &workload.metadata.annotations) {
        let prefix = key.split('/').next().unwrap_or_default();
        let is_ours = key.starts_with("backstage.io/managed-by") || key == "backstage.io/orphan";
        if TAKEN.contains(&prefix) && !is_ours {
            annotations.entry(key.clone()).or_insert_with(|| value.clone().into());
        }
    }
    let namespaces: BTreeSet<&str> = workloads.iter().map(|workload| workload.metadata.namespace.as_str()).collect();
    annotations.entry("backstage.io/kubernetes-id").or_insert_with(|| name.into());
    if let (1, Some(namespace)) = (namespaces.len(), namespaces.first()) {
        annotations.entry("backstage.io/kubernetes-namespace").or_insert_with(|| (*namespace).into());
    }
    annotations.entry("backstage.io/kubernetes-cluster").or_insert_with(|| target.name.clone().into());
    let places: Vec<String> = workloads.iter().map(Workload::place).collect();
    annotations.insert("causeway.dev/workloads".into(), places.join(", ").into());
    let mut metadata = json!({ "name": name, "annotations": annotations });
    if let Some(namespace) = own("namespace") {
        metadata["namespace"] = namespace.into();
    }
    for (field, text) in
        [("title", own("title")), ("description", own("description").or_else(|| said("kubernetes.io/description")))]
    {
        if let Some(text) = text {
            metadata[field] = text.into();
        }
    }
    let tags: Vec<&str> = own("tags").into_iter().flat_map(|tags| tags.split(',')).map(str::trim).collect();
    if !tags.is_empty() {
        metadata["tags"] = json!(tags);
    }
    let mut spec = Map::new();
    let usual = workloads.first().map_or("service", Workload::usual_type);
    spec.insert("type".into(), own("type").unwrap_or(usual).into());
    if !is_resource {
        let lifecycle = if target.lifecycle.is_empty() { "production" } else { &target.lifecycle };
        spec.insert("lifecycle".into(), own("lifecycle").unwrap_or(lifecycle).into());
    }
    // Without one, the document is rejected, and the reason is shown.
    if let Some(owner) = own("owner").or(Some(target.owner.as_str()).filter(|owner| !owner.is_empty())) {
        spec.insert("owner".into(), owner.into());
    }
    if let Some(system) = own("system").or_else(|| said("app.kubernetes.io/part-of")) {
        spec.insert("system".into(), system.into());
    }
    for (field, key) in
        [("dependsOn", "depends-on"), ("providesApis", "provides-apis"), ("consumesApis", "consumes-apis")]
    {
        let words: Vec<&str> = own(key)
            .into_iter()
            .flat_map(|words| words.split(','))
            .map(str::trim)
            .filter(|word| !word.is_empty())
            .collect();
        if !words.is_empty() && (field == "dependsOn" || !is_resource) {
            spec.insert(field.into(), json!(words));
        }
    }
    let kind = if is_resource { "Resource" } else { "Component" };
    let document = json!({ "apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec });
    format!("{document:#}\n").into()
}
