//! Where the relative addresses on a page of documentation lead.

use std::collections::HashMap;

use prose::{Links, Target};
use services::docs::{FileKind, Site, address, led};

use super::encoded_path;

/// The addresses of one page.
pub(super) struct SiteLinks {
    /// Where the pages of the site are, in the portal.
    pages: String,
    /// Where its images are.
    images: String,
    /// The page that the addresses stand on.
    from: String,
    /// The page that the site begins with.
    home: Option<String>,
    files: HashMap<String, FileKind>,
}

impl SiteLinks {
    pub(super) fn new(site: &Site, pages: String, from: &str) -> Self {
        let images = image_base(&site.owner);
        Self { pages, images, from: from.to_owned(), home: site.home.clone(), files: site.files.clone() }
    }

    /// The file that an address means, and its name there.
    fn file(&self, address: &str) -> Option<(String, &FileKind)> {
        let path = led(&self.from, &decoded(address)?);
        let bare = path.trim_end_matches(".html").to_owned();
        let join_all = |end: &str| if bare.is_empty() { end.to_owned() } else { format!("{bare}/{end}") };
        let tries = [path.clone(), format!("{bare}.md"), join_all("index.md"), join_all("README.md")];
        let (path, kind) = tries.into_iter().find_map(|path| self.files.get(&path).map(|kind| (path, kind)))?;
        match kind {
            FileKind::Same(path) => self.files.get(path).map(|kind| (path.clone(), kind)),
            kind => Some((path, kind)),
        }
    }
}

/// Where the images of an entity's docs are.
pub(super) fn image_base(owner: &services::domain::catalog::EntityRef) -> String {
    format!("/api/techdocs/static/docs/{}/{}/{}", owner.namespace(), owner.kind(), owner.name())
}

/// Where a page is in the portal.
pub(super) fn page_href(base: &str, path: &str, home: Option<&str>) -> String {
    if home == Some(path) {
        return base.to_owned();
    }
    let address = address(path);
    if address.is_empty() { base.to_owned() } else { format!("{base}/{}", encoded_path(&address)) }
}

impl Links for SiteLinks {
    fn link(&self, address: &str) -> Target {
        let shown: String = address.chars().take(200).collect();
        let (path, anchor) = address.split_once('#').map_or((address, ""), |(path, anchor)| (path, anchor));
        let path = path.split('?').next().unwrap_or_default();
        let mark = |prefix: &str| if anchor.is_empty() { String::new() } else { format!("#{prefix}{anchor}") };
        match self.file(path) {
            Some((path, FileKind::Page)) => {
                Target::To(format!("{}{}", page_href(&self.pages, &path, self.home.as_deref()), mark("doc-")))
            }
            Some((path, FileKind::Image(_))) => Target::To(format!("{}/{}", self.images, encoded_path(&path))),
            Some((_, FileKind::Other(Some(view)))) if view.starts_with("https://") || view.starts_with("http://") => {
                Target::To(format!("{view}{}", mark("")))
            }
            Some((_, FileKind::Other(_))) => Target::Broken(format!(
                "the file `{shown}` is not shown here, only pages and images are, and its source has no address"
            )),
            Some((_, FileKind::Same(_))) | None => {
                Target::Broken(format!("the link `{shown}` leads to nothing in these docs"))
            }
        }
    }

    fn image(&self, address: &str) -> Target {
        let shown: String = address.chars().take(200).collect();
        let path = address.split(['#', '?']).next().unwrap_or_default();
        match self.file(path) {
            Some((path, FileKind::Image(_))) => Target::To(format!("{}/{}", self.images, encoded_path(&path))),
            _ => Target::Broken(format!("the image `{shown}` is not in these docs")),
        }
    }
}

/// Takes `%20` and the like back; nothing if that gives no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        if let (b'%', Some(byte)) = (first, code) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}
