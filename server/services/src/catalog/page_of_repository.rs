//! The page of a repository at a forge of one's own, as people copy it from their browser. Nothing in such an address says what it is;
//! what is registered of the same server does.

use domain::{
    catalog::{Source, SourceKind},
    identity::Caller,
};
use url::Url;

use super::{organisation::FORGES, sources::seen_sources, store};
use crate::{Result, Services};

/// The address of the repository whose page the target is; the target itself where nothing that the caller sees says that it is one.
pub(super) async fn repository(
    services: &Services,
    caller: &Caller,
    kind: SourceKind,
    target: String,
) -> Result<String> {
    let Some(page) = Page::of(kind, &target) else { return Ok(target) };
    let mut sources = store::sources(&services.db, &caller.tenant).await?;
    // What was read as it stands goes on being read so.
    if sources.iter().any(|source| source.kind == kind && source.target == target) {
        return Ok(target);
    }
    sources.retain(|source| page.is_at(source));
    if sources.is_empty() || seen_sources(services, caller, sources).await?.is_empty() {
        return Ok(target);
    }
    Ok(format!("{}.git", target.trim_end_matches('/')))
}

/// An address that may be the page of a repository.
struct Page {
    url: Url,
    path: Vec<String>,
}

impl Page {
    fn of(kind: SourceKind, target: &str) -> Option<Self> {
        let url = Url::parse(target).ok().filter(|url| ["http", "https"].contains(&url.scheme()))?;
        let path = path(&url);
        let last = url.path().trim_end_matches('/').to_lowercase();
        let is_file = [".yaml", ".yml", ".json", ".git"].iter().any(|end| last.ends_with(end));
        // Those of the known forges are repositories to everyone.
        let is_known = url.host_str().is_some_and(|host| FORGES.contains(&host));
        let may_be = kind == SourceKind::Url && url.query().is_none() && url.fragment().is_none();
        (may_be && path.len() >= 2 && !is_file && !is_known && !path.iter().any(|part| part == "-"))
            .then_some(Self { url, path })
    }

    /// Whether a source says that the page is one of a repository: itself, or one at the same forge.
    fn is_at(&self, source: &Source) -> bool {
        let Ok(url) = Url::parse(&source.target) else { return false };
        let is_same_server = match url.scheme() {
            "ssh" => url.host_str() == self.url.host_str(),
            _ => url.origin() == self.url.origin(),
        };
        is_same_server
            && match source.kind {
                SourceKind::GitHub | SourceKind::Gitea => self.path.len() == 2,
                SourceKind::GitLab => true,
                SourceKind::Git => self.path.len() == 2 || self.path == path(&url),
                _ => false,
            }
    }
}

/// The parts of a path, without `.git` at its end.
fn path(url: &Url) -> Vec<String> {
    let path = url.path().trim_matches('/').trim_end_matches(".git");
    path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}
