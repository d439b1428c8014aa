//! Kubernetes clusters: what runs there, as components and resources, by the labels and annotations of the workloads.
//!
//! A thin client over the list calls of the API: only metadata is asked for, page by page, and nothing is ever written.

mod access;
mod kept;
#[cfg(test)]
mod tests;
mod workloads;

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use domain::catalog::Severity;
use reqwest::{StatusCode, header, redirect};
use secrecy::ExposeSecret;
use serde::Deserialize;
use services::catalog::{
    clusters::ClusterTarget,
    ports::{Begin, FileInfo, OpenSource, Place, ReadProblem, Remark},
};
use url::Url;

pub use self::access::{Cluster, Way};
use self::{
    access::Access,
    kept::{Kept, Listed},
    workloads::Workload,
};
use super::{
    address::Guard,
    web::{body, unreachable},
};

/// How long one page may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How large one page may be.
const PAGE: u64 = 64 * 1024 * 1024;

/// How many workloads of one kind and namespace are taken.
const MOST: usize = 50_000;

/// Metadata is all that is needed, and a tenth of what a workload says.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";

/// What `kubectl` notes for itself.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Opens clusters of the configuration.
#[derive(Debug)]
pub(super) struct Clusters {
    guard: Guard,
    known: HashMap<String, Cluster>,
    /// What was listed last.
    kept: Kept,
}

#[derive(Debug, Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    /// The API server writes null where there are none.
    #[serde(default)]
    items: Option<Vec<Item>>,
}

#[derive(Debug, Default, Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    next: String,
}

#[derive(Debug, Deserialize)]
struct Item {
    metadata: workloads::Metadata,
}

impl Clusters {
    /// `cache` is the folder in which is kept what was listed.
    pub(super) fn new(clusters: Vec<Cluster>, guard: Guard, cache: PathBuf) -> Self {
        let known = clusters.into_iter().map(|cluster| (cluster.name.clone(), cluster)).collect();
        Self { known, guard, kept: Kept::new(cache) }
    }

    /// Opens the cluster that a target means.
    pub(super) async fn open(&self, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let target = ClusterTarget::parse(target).map_err(ReadProblem::Refused)?;
        let Some(cluster) = self.known.get(&target.name).cloned() else {
            return Err(ReadProblem::Refused(format!(
                "there is no cluster `{0}`; add `[clusters.{0}]` to the configuration, or name another",
                target.name
            )));
        };
        let access = tokio::task::spawn_blocking(move || cluster.access()).await;
        let access =
            access.map_err(|error| ReadProblem::Unreachable(format!("reading the disk failed: {error}")))??;
        let client = self.client(&access).await?;
        let namespaces: Vec<Option<&str>> = if target.namespaces.is_empty() {
            vec![None]
        } else {
            target.namespaces.iter().map(|name| Some(name.as_str())).collect()
        };
        // A name may mean another cluster by now.
        let key = format!("{} {}", access.server, target.target());
        let before = self.kept.before(&key).await;
        let (mut listed, mut remarks) = (Listed::new(), Vec::new());
        let mut is_any = false;
        for kind in &target.kinds {
            for namespace in &namespaces {
                let part = (kind.clone(), namespace.map(str::to_owned));
                match list(&client, &access, (kind, *namespace), &target.selector).await {
                    Ok(items) => {
                        is_any = true;
                        let workloads = items.into_iter().map(|Item { mut metadata }| {
                            // It holds the whole workload once more, and says nothing here.
                            metadata.annotations.remove(LAST_APPLIED);
                            Workload { kind: kind.clone(), metadata }
                        });
                        listed.insert(part, workloads.collect());
                    }
                    // One thing may be made of workloads of several kinds: without some of them it would be another one.
                    Err(problem) => match (before.get(&part), problem) {
                        (Some(workloads), problem) => {
                            listed.insert(part, workloads.clone());
                            remarks.push(Remark { keeps: Vec::new(), ..unlisted(kind, *namespace, &problem) });
                        }
                        (None, problem @ ReadProblem::Unreachable(_)) => return Err(problem),
                        (None, problem) => remarks.push(unlisted(kind, *namespace, &problem)),
                    },
                }
            }
        }
        // If nothing could be listed, the cluster is what cannot be read.
        if let (false, Some(remark)) = (is_any, remarks.first()) {
            return Err(ReadProblem::Unreachable(remark.message.clone()));
        }
        self.kept.remember(key, &listed).await;
        // In the order of the kinds and namespaces.
        let parts = target.kinds.iter().flat_map(|kind| namespaces.iter().map(move |namespace| (kind, namespace)));
        let found: Vec<Workload> = parts
            .filter_map(|(kind, namespace)| listed.remove(&(kind.clone(), namespace.map(str::to_owned))))
            .flatten()
            .collect();
        let looked_at = found.len();
        let counted = |count: usize, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
        let misread = workloads::misread(&target, &found);
        let files = workloads::documents(&target, found);
        remarks.push(Remark {
            about: "@workloads".into(),
            severity: Severity::Info,
            message: format!(
                "{} become {}; those that name none by `causeway.dev/name`, `backstage.io/kubernetes-id` \
                 or `app.kubernetes.io/name` are left out",
                counted(looked_at, "workload"),
                counted(files.len(), "thing")
            ),
            keeps: Vec::new(),
        });
        remarks.extend(misread);
        let paths = files.iter().map(|(path, _)| path.clone()).collect();
        Ok(Arc::new(State { name: target.name, paths, files: files.into_iter().collect(), remarks }))
    }

    async fn client(&self, access: &Access) -> Result<reqwest::Client, ReadProblem> {
        let addresses = self.guard.vet(&access.server).await?;
        let mut client = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .user_agent(concat!("causeway/", env!("CARGO_PKG_VERSION")));
        if let Some(name) = access.server.domain() {
            client = client.resolve_to_addrs(name, &addresses);
        }
        if !access.authorities.is_empty() {
            client = client.tls_certs_only(access.authorities.clone());
        }
        if let Some(identity) = &access.identity {
            client = client.identity(identity.clone());
        }
        client
            .build()
            .map_err(|error| ReadProblem::Refused(format!("the cluster's certificates cannot be used: {error}")))
    }
}

/// Where workloads of a kind are listed.
fn path(kind: &str, namespace: Option<&str>) -> String {
    let (group, plural) = match kind {
        "CronJob" => ("batch", "cronjobs"),
        "DaemonSet" => ("apps", "daemonsets"),
        "StatefulSet" => ("apps", "statefulsets"),
        _ => ("apps", "deployments"),
    };
    let namespace = namespace.map(|name| format!("namespaces/{name}/")).unwrap_or_default();
    format!("apis/{group}/v1/{namespace}{plural}")
}

async fn list(
    client: &reqwest::Client,
    access: &Access,
    (kind, namespace): (&str, Option<&str>),
    selector: &str,
) -> Result<Vec<Item>, ReadProblem> {
    let mut items = Vec::new();
    let mut next = String::new();
    loop {
        let path = path(kind, namespace);
        let mut url = access.server.join(&path).map_err(|error| ReadProblem::Refused(format!("`{path}`: {error}")))?;
        {
            let mut query = url.query_pairs_mut();
            query.append_pair("limit", "500");
            if !selector.is_empty() {
                query.append_pair("labelSelector", selector);
            }
            if !next.is_empty() {
                query.append_pair("continue", &next);
            }
        }
        let page = page(client, access, &url).await?;
        items.extend(page.items.unwrap_or_default());
        next = page.metadata.next;
        if next.is_empty() {
            return Ok(items);
        }
        if items.len() > MOST {
            return Err(ReadProblem::Refused(format!(
                "there are more than {MOST} of `{kind}`; name namespaces, or a selector"
            )));
        }
    }
}

async fn page(client: &reqwest::Client, access: &Access, url: &Url) -> Result<Page, ReadProblem> {
    let mut request = client.get(url.clone()).timeout(PATIENCE).header(header::ACCEPT, METADATA);
    if let Some(token) = &access.token {
        request = request.bearer_auth(token.expose_secret());
    }
    let response = request.send().await.map_err(|error| unreachable(url, &error))?;
    let status = response.status();
    let shown = format!("{}{}", access.server.origin().ascii_serialization(), url.path());
    match status {
        status if status.is_success() => {}
        StatusCode::UNAUTHORIZED => {
            return Err(ReadProblem::Refused(format!("`{shown}` refuses the credential; {}", access.mend)));
        }
        StatusCode::FORBIDDEN => {
            return Err(ReadProblem::Refused(format!(
                "`{shown}` may not be listed with this credential; give its account a role with the verb `list` there, or \
                 leave it out by `kinds` or `namespaces`"
            )));
        }
        StatusCode::GONE => {
            return Err(ReadProblem::Unreachable(format!("`{shown}` changed while it was read; sync again")));
        }
        status => return Err(ReadProblem::Unreachable(format!("`{shown}` answers {status}"))),
    }
    let content = body(url, response, PAGE).await?;
    serde_json::from_slice(&content)
        .map_err(|error| ReadProblem::Unreachable(format!("`{shown}`: not what the API promises: {error}")))
}

/// Workloads that may not be listed, and of which nothing is known: what they said before stands, and since one thing may be made of
/// workloads of several kinds, so does all the rest that is gone.
fn unlisted(kind: &str, namespace: Option<&str>, problem: &ReadProblem) -> Remark {
    let about = namespace.map_or_else(|| format!("@{kind}"), |name| format!("@{name} {kind}"));
    let message = format!("{problem}; what was declared there before stands");
    Remark { about, severity: Severity::Warning, message, keeps: vec![String::new()] }
}

struct State {
    name: String,
    /// Those that have been there longest first.
    paths: Vec<String>,
    files: HashMap<String, Bytes>,
    remarks: Vec<Remark>,
}

#[async_trait]
impl OpenSource for State {
    fn revision(&self) -> Option<String> {
        None
    }

    fn begin(&self) -> Begin {
        Begin::Named(self.paths.clone())
    }

    fn folder(&self) -> String {
        String::new()
    }

    fn resolve(&self, _from: &str, target: &str) -> Result<String, ReadProblem> {
        Err(ReadProblem::Refused(format!("`{target}`: a cluster has no files; write a whole address")))
    }

    async fn find(&self, pattern: &str) -> Result<Vec<String>, ReadProblem> {
        Err(ReadProblem::Refused(format!("`{pattern}`: a cluster has no files")))
    }

    async fn list(&self, folder: &str) -> Result<Vec<FileInfo>, ReadProblem> {
        Err(ReadProblem::Refused(format!("`{folder}`: a cluster has no files")))
    }

    async fn read(&self, path: &str, _limit: u64) -> Result<Bytes, ReadProblem> {
        let gone = || ReadProblem::Missing(format!("`{path}` is not in the cluster `{}`", self.name));
        self.files.get(path).cloned().ok_or_else(gone)
    }

    fn place(&self, path: &str) -> Place {
        Place { kind: "kubernetes", target: format!("{}/{path}", self.name), view: None, edit: None, folder: None }
    }

    fn remarks(&self) -> Vec<Remark> {
        self.remarks.clone()
    }
}
