//! From workloads to documents: what is said by their labels and annotations.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use domain::catalog::Severity;
use serde::{Deserialize, Serialize};
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

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: String,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(default, rename = "creationTimestamp")]
    pub(super) created: Option<String>,
}

/// Something that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

    /// What it is a part of: kind, namespace and name.
    fn thing(&self) -> Option<String> {
        let kind = if self.is_resource() { "resource" } else { "component" };
        Some(format!("{kind}/{}/{}", self.own("namespace").unwrap_or("default"), self.entity_name()?))
    }

    /// What it says under one of [`TEXTS`].
    fn text(&self, key: &str) -> Option<&str> {
        self.own(key).or_else(|| match key {
            "description" => self.said("kubernetes.io/description"),
            "system" => self.said("app.kubernetes.io/part-of"),
            _ => None,
        })
    }

    fn place(&self) -> String {
        format!("{} {}/{}", self.kind, self.metadata.namespace, self.metadata.name)
    }
}

/// Fields of a document that are one text, by the words for them.
const TEXTS: [&str; 6] = ["title", "description", "type", "lifecycle", "owner", "system"];

/// Those that are lists.
const LISTS: [&str; 4] = ["tags", "depends-on", "provides-apis", "consumes-apis"];

/// What the workloads of one namespace say of a thing.
struct Share {
    workloads: Vec<Workload>,
    texts: BTreeMap<&'static str, String>,
    lists: BTreeMap<&'static str, Vec<String>>,
}

impl Share {
    fn of(workloads: Vec<Workload>) -> Self {
        // The first that says something is taken at its word; what is counted up comes together.
        let text =
            |key: &'static str| Some((key, workloads.iter().find_map(|workload| workload.text(key))?.to_owned()));
        let list = |key: &'static str| {
            let mut items: Vec<String> = Vec::new();
            for item in workloads.iter().filter_map(|workload| workload.own(key)).flat_map(|words| words.split(',')) {
                let item = item.trim();
                if !item.is_empty() && !items.iter().any(|known| known == item) {
                    items.push(item.to_owned());
                }
            }
            (!items.is_empty()).then_some((key, items))
        };
        let texts = TEXTS.into_iter().filter_map(text).collect();
        let lists = LISTS.into_iter().filter_map(list).collect();
        Self { workloads, texts, lists }
    }

    /// Whether it can be the same thing as one that was there before: whose it is and what it belongs to, as far as it says so, is not
    /// said otherwise there. What it says besides alters nothing.
    fn fits(&self, target: &ClusterTarget, lead: &Self) -> bool {
        let owner = |share: &Self| share.texts.get("owner").map(|owner| plain(owner, "group"));
        let usual = Some(plain(&target.owner, "group")).filter(|owner| !owner.is_empty());
        let system = |share: &Self| share.texts.get("system").map(|system| plain(system, "system"));
        let is_owned_alike = owner(self).is_none_or(|own| owner(lead).or(usual) == Some(own));
        let is_part_alike = system(self).zip(system(lead)).is_none_or(|(own, other)| own == other);
        is_owned_alike && is_part_alike
    }

    /// Since when there is one of its workloads.
    fn since(&self) -> Option<&str> {
        self.workloads.iter().filter_map(|workload| workload.metadata.created.as_deref()).min()
    }
}

/// One document for each thing that workloads name, with its path, those that have been there longest first.
///
/// Workloads that name the same are one thing within a namespace, and across namespaces as long as they do not contradict each
/// other about whose it is. Those that do each declare it for themselves, so that what one team writes alters nothing of another's:
/// the first claim stands.
pub(super) fn documents(target: &ClusterTarget, workloads: Vec<Workload>) -> Vec<(String, Bytes)> {
    let claims = claims(target, workloads).into_iter().map(|(path, claim)| {
        let since = claim[0].since().map(str::to_owned);
        let path = format!("{}/{path}", claim[0].workloads[0].metadata.namespace);
        ((since.is_none(), since), path, document(target, &claim))
    });
    let mut documents: Vec<_> = claims.collect();
    documents.sort_by(|(since, path, _), (other, other_path, _)| (since, path).cmp(&(other, other_path)));
    documents.into_iter().map(|(_, path, content)| (path, content)).collect()
}

/// The namespaces that are one thing, for each thing, with those first that have had it longest.
fn claims(target: &ClusterTarget, mut workloads: Vec<Workload>) -> Vec<(String, Vec<Share>)> {
    workloads.sort_by_cached_key(Workload::place);
    let mut things: BTreeMap<String, BTreeMap<String, Vec<Workload>>> = BTreeMap::new();
    for workload in workloads {
        let Some(path) = workload.thing() else { continue };
        things.entry(path).or_default().entry(workload.metadata.namespace.clone()).or_default().push(workload);
    }
    let mut all: Vec<(String, Vec<Share>)> = Vec::new();
    for (path, shares) in things {
        let mut shares: Vec<Share> = shares.into_values().map(Share::of).collect();
        shares.sort_by_cached_key(|share| (share.since().is_none(), share.since().map(str::to_owned)));
        let mut claims: Vec<Vec<Share>> = Vec::new();
        for share in shares {
            match claims.iter_mut().find(|claim| share.fits(target, &claim[0])) {
                Some(claim) => claim.push(share),
                None => claims.push(vec![share]),
            }
        }
        all.extend(claims.into_iter().map(|claim| (path.clone(), claim)));
    }
    all
}

/// What workloads say and what is not understood, or not taken.
pub(super) fn misread(target: &ClusterTarget, workloads: &[Workload]) -> Vec<Remark> {
    let named = workloads.iter().filter(|workload| workload.entity_name().is_some());
    let unknown = named.filter_map(|workload| Some((workload, workload.unknown_kind()?))).take(REMARKS);
    let unknown = unknown
        .map(|(workload, kind)| Remark {
            about: workload.place(),
            severity: Severity::Warning,
            message: format!(
                "`causeway.dev/kind: {kind}` is not understood, so it is taken as a Component; write `Component` or `Resource`"
            ),
            keeps: Vec::new(),
        });
    unknown.chain(contradictions(workloads)).chain(passed_over(target, workloads)).collect()
}

/// What a namespace says of a thing that is said otherwise where it has been longer.
fn passed_over(target: &ClusterTarget, workloads: &[Workload]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for (_, claim) in claims(target, workloads.to_vec()) {
        let (lead, others) = claim.split_first().expect("a claim is somebody's");
        for share in others {
            let texts = TEXTS.into_iter().filter(|key| !["owner", "system"].contains(key)).filter_map(|key| {
                let (said, stands) = (share.texts.get(key)?, lead.texts.get(key)?);
                (said != stands).then_some(key)
            });
            let sorted = |share: &Share, key: &str| {
                share.lists.get(key).map(|items| items.iter().cloned().collect::<BTreeSet<_>>())
            };
            let lists = LISTS.into_iter().filter(|key| {
                sorted(share, key).is_some_and(|said| sorted(lead, key).is_none_or(|stands| said != stands))
            });
            let keys: Vec<&str> = texts.chain(lists).collect();
            if keys.is_empty() || remarks.len() == REMARKS {
                continue;
            }
            remarks.push(Remark {
                about: share.workloads[0].place(),
                severity: Severity::Info,
                message: format!(
                    "its {} not taken: `{}` is the same thing and has been there longer, so it is as that says",
                    match keys.as_slice() {
                        [key] => format!("{key} is"),
                        keys => format!("{} are", keys.join(", ")),
                    },
                    lead.workloads[0].place()
                ),
                keeps: Vec::new(),
            });
        }
    }
    remarks
}

/// A reference in its shortest spelling, as far as one kind is usual where it stands.
fn plain(reference: &str, kind: &str) -> String {
    let reference = reference.trim().to_lowercase();
    let reference = reference.strip_prefix(&format!("{kind}:")).unwrap_or(&reference);
    reference.strip_prefix("default/").unwrap_or(reference).to_owned()
}

/// What workloads of one namespace say of the same thing, and another there says otherwise.
fn contradictions(workloads: &[Workload]) -> Vec<Remark> {
    let mut sorted: Vec<&Workload> = workloads.iter().collect();
    sorted.sort_by_cached_key(|workload| workload.place());
    let mut said: HashMap<(String, &str, &str), (&Workload, &str)> = HashMap::new();
    let mut remarks = Vec::new();
    for workload in sorted {
        let Some(thing) = workload.thing() else { continue };
        for key in TEXTS {
            let Some(text) = workload.text(key) else { continue };
            let place = (thing.clone(), workload.metadata.namespace.as_str(), key);
            let (first, stands) = *said.entry(place).or_insert((workload, text));
            if stands == text || remarks.len() == REMARKS {
                continue;
            }
            remarks.push(Remark {
                about: workload.place(),
                severity: Severity::Warning,
                message: format!(
                    "its {key} `{text}` is not taken: `{}` names the same thing and says `{stands}`; let both say the same, or \
                     give one another `causeway.dev/name`",
                    first.place()
                ),
                keeps: Vec::new(),
            });
        }
    }
    remarks
}

/// The document of a thing: as those who named it first say, who stand first.
fn document(target: &ClusterTarget, shares: &[Share]) -> Bytes {
    let lead = &shares[0];
    let own = |key: &str| lead.texts.get(key).map(String::as_str);
    let list = |key: &str| lead.lists.get(key);
    let first = &lead.workloads[0];
    let (name, is_resource) = (first.entity_name().unwrap_or_default(), first.is_resource());
    let mut annotations: Map<String, Value> = Map::new();
    for (key, value) in lead.workloads.iter().flat_map(|workload| &workload.metadata.annotations) {
        let prefix = key.split('/').next().unwrap_or_default();
        let is_ours = key.starts_with("backstage.io/managed-by") || key == "backstage.io/orphan";
        if TAKEN.contains(&prefix) && !is_ours {
            annotations.entry(key.clone()).or_insert_with(|| value.clone().into());
        }
    }
    annotations.entry("backstage.io/kubernetes-id").or_insert_with(|| name.into());
    if shares.len() == 1 {
        let namespace = first.metadata.namespace.clone();
        annotations.entry("backstage.io/kubernetes-namespace").or_insert_with(|| namespace.into());
    }
    annotations.entry("backstage.io/kubernetes-cluster").or_insert_with(|| target.name.clone().into());
    let all = || shares.iter().flat_map(|share| &share.workloads);
    let mut places: Vec<String> = all().map(Workload::place).collect();
    places.sort();
    annotations.insert("causeway.dev/workloads".into(), places.join(", ").into());
    let mut metadata = json!({ "name": name, "annotations": annotations });
    if let Some(namespace) = first.own("namespace") {
        metadata["namespace"] = namespace.into();
    }
    for field in ["title", "description"] {
        if let Some(text) = own(field) {
            metadata[field] = text.into();
        }
    }
    if let Some(tags) = list("tags") {
        metadata["tags"] = json!(tags);
    }
    let usual = match is_resource {
        true => "database",
        false if all().all(|workload| workload.kind == "CronJob") => "job",
        false => "service",
    };
    let mut spec = Map::new();
    spec.insert("type".into(), own("type").unwrap_or(usual).into());
    if !is_resource {
        let lifecycle = if target.lifecycle.is_empty() { "production" } else { &target.lifecycle };
        spec.insert("lifecycle".into(), own("lifecycle").unwrap_or(lifecycle).into());
    }
    // Without one, the document is rejected, and the reason is shown.
    if let Some(owner) = own("owner").or(Some(target.owner.as_str()).filter(|owner| !owner.is_empty())) {
        spec.insert("owner".into(), owner.into());
    }
    if let Some(system) = own("system") {
        spec.insert("system".into(), system.into());
    }
    for (field, key) in
        [("dependsOn", "depends-on"), ("providesApis", "provides-apis"), ("consumesApis", "consumes-apis")]
    {
        if let Some(words) = list(key).filter(|_| field == "dependsOn" || !is_resource) {
            spec.insert(field.into(), json!(words));
        }
    }
    let kind = if is_resource { "Resource" } else { "Component" };
    let document = json!({ "apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec });
    format!("{document:#}\n").into()
}
