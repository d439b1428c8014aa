//! Where the catalog's files are read: the server's disk, Git repositories, web addresses.

mod address;
mod files;
mod git;
mod web;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use domain::catalog::SourceKind;
use globset::{GlobBuilder, GlobMatcher};
use services::catalog::ports::{OpenSource, ReadProblem, SourceReader};
use url::Url;

pub use self::files::FilesOnly;
use self::{address::Guard, git::Repositories};

/// What an installation decided about reading from outside.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// Where copies of repositories are kept, and where the embedded Git hosting has its own.
    pub data: PathBuf,
    /// How people reach this installation, without a slash at the end.
    pub base_url: String,
    /// Hosts (`git.internal`, `10.1.2.3:8443`) that may be fetched from although their address is internal.
    pub allow: Vec<String>,
}

/// Opens sources of every kind.
#[derive(Debug)]
pub struct Sources {
    guard: Guard,
    repositories: Repositories,
}

impl Sources {
    /// The reader of an installation.
    pub fn new(outbound: Outbound) -> Self {
        let guard = Guard::new(&outbound.allow);
        Self { repositories: Repositories::new(outbound, guard.clone()), guard }
    }
}

#[async_trait]
impl SourceReader for Sources {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        match kind {
            SourceKind::File => files::open(target).await,
            SourceKind::Git => self.repositories.open(target).await,
            SourceKind::Url if self.repositories.recognises(target) => self.repositories.open(target).await,
            SourceKind::Url => {
                let wrong = |error| ReadProblem::Refused(format!("`{target}` is not an address: {error}"));
                web::open(&self.guard, Url::parse(target).map_err(wrong)?).await
            }
        }
    }
}

/// A pattern whose `*` stays within a folder and whose `**` does not.
fn glob(pattern: &str) -> Result<GlobMatcher, ReadProblem> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).build();
    let glob = glob.map_err(|error| ReadProblem::Refused(format!("`{pattern}` is not a pattern: {error}")))?;
    Ok(glob.compile_matcher())
}
