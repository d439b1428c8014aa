//! Where the catalog's files are read: the server's disk, Git repositories, web addresses.

mod files;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use domain::catalog::SourceKind;
use globset::{GlobBuilder, GlobMatcher};
use services::catalog::ports::{OpenSource, ReadProblem, SourceReader};

pub use self::files::FilesOnly;

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
    _outbound: Outbound,
}

impl Sources {
    /// The reader of an installation.
    pub fn new(outbound: Outbound) -> Self {
        Self { _outbound: outbound }
    }
}

#[async_trait]
impl SourceReader for Sources {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        match kind {
            SourceKind::File => files::open(target).await,
            SourceKind::Git | SourceKind::Url => {
                Err(ReadProblem::Unreachable(format!("`{target}` cannot be fetched yet")))
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
