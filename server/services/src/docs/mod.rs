//! Documentation that stands beside the code: found by the annotations of TechDocs, read through the catalog's sources, kept in the
//! database, and read again only when its source moved.
//!
//! What is kept is what authors wrote. Whoever shows it renders and sanitises it.

mod elsewhere;
mod gather;
mod manifest;
mod navigation;
mod place;
mod refresh;
mod rows;
mod search;
mod store;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use domain::{
    catalog::EntityRef,
    identity::{Caller, Permission, Target},
};
use serde::{Deserialize, Serialize};

pub use self::{
    elsewhere::led,
    navigation::address,
    search::{Hit, Hits},
};
use crate::{Error, Result, Services, catalog, identity};

/// One reading of a source at a time for each site.
#[derive(Debug, Default)]
pub struct Turns(Mutex<HashMap<(String, String), Turn>>);

type Turn = Arc<tokio::sync::Mutex<()>>;

impl Turns {
    fn of(&self, tenant: &str, reference: &str) -> Turn {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that nobody holds are forgotten, so that there are never more than readers.
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry((tenant.to_owned(), reference.to_owned())).or_default().clone()
    }
}

/// The documentation of an entity.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Whose it is: the entity asked for, or the one whose docs it shares.
    pub owner: EntityRef,
    /// What it calls itself.
    pub name: String,
    /// The path of its first page.
    pub home: Option<String>,
    /// Its pages as their author arranged them.
    pub nav: Vec<NavItem>,
    /// What about it is not as its author meant it, and why.
    pub remarks: Vec<String>,
    /// What its source was at.
    pub revision: Option<String>,
    /// When something in it last changed.
    pub changed_at: DateTime<Utc>,
    /// Why its source could not be read the last time.
    pub problem: Option<String>,
    /// Every file, by its path.
    pub files: HashMap<String, FileKind>,
}

/// An entry of the navigation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NavItem {
    /// Its words.
    pub title: String,
    /// What it leads to.
    pub to: NavTarget,
}

/// What an entry of the navigation leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NavTarget {
    /// A page, by its path.
    Page(String),
    /// An address elsewhere.
    Link(String),
    /// More entries.
    Section(Vec<NavItem>),
}

/// What a file of a site is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// Markdown.
    Page,
    /// An image, by its media type.
    Image(String),
    /// Something else, also beyond the site (`../src/main.rs`), which is not kept; where people look at it.
    Other(Option<String>),
    /// Another name of the file at this path.
    Same(String),
}

/// A page of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Within the site.
    pub path: String,
    /// What it is called.
    pub title: String,
    /// As its author wrote it.
    pub markdown: String,
    /// Where people change it.
    pub edit: Option<String>,
    /// When it was seen to have changed.
    pub changed_at: DateTime<Utc>,
}

/// An image of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its media type, which its content was compared with.
    pub kind: String,
    /// Its bytes.
    pub content: Vec<u8>,
    /// Another one whenever the content is another one.
    pub etag: String,
}

/// The documentation of an entity, brought up to date if its source moved.
///
/// # Errors
/// [`Error::NotFound`] if the entity names no docs, or there are none where it says.
pub async fn site(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Site> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let (owner, declared) = place::declared(services, caller, reference).await?;
    may_read(services, caller, &owner, &declared).await?;
    refresh::current(services, caller, owner, &declared).await
}

/// Asks about the repository of the hosted Git that docs are in: what is kept of it is shown to those who may read it.
async fn may_read(services: &Services, caller: &Caller, owner: &EntityRef, declared: &place::Declared) -> Result<()> {
    match catalog::hosted_beside(services, caller, owner, &declared.target).await? {
        Some(name) => identity::may(services, caller, Permission::ReadRepository, Target::Repository(&name)).await,
        None => Ok(()),
    }
}

/// A page of a site by its address: a path with or without `.md`, or the folder of an `index.md`; empty for the first page.
///
/// # Errors
/// [`Error::NotFound`] if there is no such page.
pub async fn page(services: &Services, caller: &Caller, site: &Site, address: &str) -> Result<Page> {
    let reference = site.owner.to_string();
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(&site.owner)).await?;
    let wanted = address.trim_matches('/');
    let path = if wanted.is_empty() {
        site.home.clone()
    } else {
        let is_page = |path: &String| site.files.get(path) == Some(&FileKind::Page);
        let bare = wanted.trim_end_matches(".html").trim_end_matches('/');
        [wanted.to_owned(), format!("{bare}.md"), format!("{bare}/index.md"), format!("{bare}/README.md")]
            .into_iter()
            .find(is_page)
    };
    let missing = || {
        let shown: String = wanted.chars().take(200).collect();
        Error::NotFound(if wanted.is_empty() {
            format!("the docs of `{reference}` have no page")
        } else {
            format!("the docs of `{reference}` have no page `{shown}`")
        })
    };
    let path = path.ok_or_else(missing)?;
    let row = store::file(&services.db, &caller.tenant, &reference, &path).await?.ok_or_else(missing)?;
    Ok(Page {
        path,
        title: row.title,
        markdown: String::from_utf8_lossy(&row.content).into_owned(),
        edit: row.edit,
        changed_at: row.changed_at,
    })
}

/// An image of a site, by its path.
///
/// # Errors
/// [`Error::NotFound`] if there is no such image, or it was never read: the page that shows it is what has it read.
pub async fn image(services: &Services, caller: &Caller, reference: &EntityRef, path: &str) -> Result<Image> {
    let key = reference.to_string();
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(reference)).await?;
    let (owner, declared) = place::declared(services, caller, reference).await?;
    may_read(services, caller, &owner, &declared).await?;
    let row = store::file(&services.db, &caller.tenant, &key, path).await?;
    if let Some(row) = row.filter(|row| row.kind.starts_with("image/")) {
        Ok(Image { kind: row.kind, content: row.content, etag: row.hash })
    } else {
        let shown: String = path.chars().take(200).collect();
        Err(Error::NotFound(format!("the docs of `{key}` have no image `{shown}`")))
    }
}

/// Where a text occurs in the pages of a site, best first.
pub async fn search(services: &Services, caller: &Caller, site: &Site, text: &str) -> Result<Hits> {
    let reference = site.owner.to_string();
    identity::may(services, caller, Permission::ReadCatalog, Target::Entity(&site.owner)).await?;
    let words = search::words(text);
    if words.is_empty() {
        return Ok(Hits::default());
    }
    let pages = store::pages(&services.db, &caller.tenant, &reference).await?;
    let found = tokio::task::spawn_blocking(move || search::search(&pages, &words)).await;
    found.map_err(|error| Error::Internal(format!("searching docs failed: {error}")))
}

/// Whether an entity says where its docs are.
pub fn are_declared(entity: &domain::catalog::Entity) -> bool {
    [place::REFERENCE, place::SHARED].iter().any(|key| entity.annotation(key).is_some())
}
