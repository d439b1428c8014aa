//! Where the catalog's files are read: the server's disk, Git repositories, web addresses.

mod address;
mod files;
mod forge;
mod git;
mod kubernetes;
mod web;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use domain::catalog::SourceKind;
use globset::{GlobBuilder, GlobMatcher};
use services::catalog::{
    keys::Keys,
    ports::{Moved, OpenSource, Pushed, ReadProblem, SourceReader},
};
use url::Url;

pub(crate) use self::{
    address::Guard,
    web::{body, client, unreachable},
};
pub use self::{
    files::FilesOnly,
    kubernetes::{Cluster, Way},
};
use self::{
    forge::Forges,
    git::Repositories,
    kubernetes::Clusters,
    web::{Kept, Web},
};

/// What an installation decided about reading from outside.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// Where copies of repositories are kept, and where the embedded Git hosting has its own.
    pub data: PathBuf,
    /// How people reach this installation, without a slash at the end.
    pub base_url: String,
    /// Hosts (`git.internal`, `10.1.2.3:8443`) that may be fetched from although their address is internal.
    pub allow: Vec<String>,
    /// Clusters of the configuration.
    pub clusters: Vec<Cluster>,
}

/// Opens sources of every kind.
#[derive(Debug)]
pub struct Sources {
    forges: Forges,
    clusters: Clusters,
    repositories: Repositories,
    web: Web,
}

impl Sources {
    /// The reader of an installation.
    pub fn new(outbound: Outbound) -> Self {
        let guard = Guard::new(&outbound.allow);
        let forges = Forges::new(outbound.data.join("cache").join("forges"), guard.clone());
        let clusters =
            Clusters::new(outbound.clusters.clone(), guard.clone(), outbound.data.join("cache").join("clusters"));
        let web = Web::new(guard.clone(), Kept::new(outbound.data.join("cache").join("web")));
        Self { repositories: Repositories::new(outbound, guard), forges, clusters, web }
    }
}

#[async_trait]
impl SourceReader for Sources {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.open_with(kind, target, &Keys::none(), &Pushed::new()).await
    }

    async fn open_with(
        &self,
        kind: SourceKind,
        target: &str,
        keys: &Keys,
        pushed: &Pushed,
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        let address = || {
            Url::parse(target).map_err(|error| ReadProblem::Refused(format!("`{target}` is not an address: {error}")))
        };
        match kind {
            SourceKind::File => files::open(target).await,
            SourceKind::Git => Box::pin(self.repositories.open(target, keys)).await,
            SourceKind::Url if self.repositories.recognises(target) => {
                Box::pin(self.repositories.open(target, keys)).await
            }
            SourceKind::Url => Box::pin(self.web.open(address()?, keys)).await,
            SourceKind::GitHub | SourceKind::GitLab | SourceKind::Gitea => {
                self.forges.open(kind, target, keys, pushed).await
            }
            SourceKind::Kubernetes => self.clusters.open(target).await,
        }
    }

    async fn open_pushed(
        &self,
        kind: SourceKind,
        target: &str,
        keys: &Keys,
        (pushed, moved): (&Pushed, &Moved),
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        if kind.is_organisation() {
            return self.forges.open_pushed(kind, target, keys, (pushed, moved)).await;
        }
        self.open_with(kind, target, keys, pushed).await
    }
}

/// A pattern whose `*` stays within a folder and whose `**` does not.
fn glob(pattern: &str) -> Result<GlobMatcher, ReadProblem> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    let glob = glob.map_err(|error| ReadProblem::Refused(format!("`{pattern}` is not a pattern: {error}")))?;
    Ok(glob.compile_matcher())
}
