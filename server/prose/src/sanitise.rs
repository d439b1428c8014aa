//! The allow-list: which elements, attributes, classes and addresses of rendered Markdown stay.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use ammonia::Builder;

/// How many remarks about one page are kept.
const REMARKS: usize = 40;

/// How deep elements may stand in each other: the work of bringing them into order grows with it.
const DEPTH: usize = 200;

/// What stands before every id that an author chose, so that none takes the place of one of the page's own.
pub(crate) const ID_PREFIX: &str = "doc-";

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// There.
    To(String),
    /// Nowhere, for this reason.
    Broken(String),
}

/// Leads the relative addresses of a page.
pub trait Links: Send + Sync {
    /// Where a link leads.
    fn link(&self, address: &str) -> Target;
    /// Where an image is.
    fn image(&self, address: &str) -> Target;
}

/// Texts that stand alone: nothing is beside them.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLinks;

impl Links for NoLinks {
    fn link(&self, address: &str) -> Target {
        Target::Broken(format!("the link `{address}` is relative, and there is nothing it could be relative to"))
    }

    fn image(&self, address: &str) -> Target {
        Target::Broken(format!("the image `{address}` is relative, and there is nothing it could be relative to"))
    }
}

/// What was noticed about a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remarks(Arc<Mutex<Vec<String>>>);

impl Remarks {
    pub(crate) fn add(&self, remark: String) {
        let mut remarks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if remarks.len() < REMARKS && !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether an address has a scheme, and if so whether it is one that a page may link to.
pub(crate) fn scheme(address: &str) -> Option<bool> {
    if address.starts_with("//") || address.starts_with("\\\\") {
        return Some(false);
    }
    let (scheme, _) = address.split_once(':')?;
    let is_scheme = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    is_scheme.then(|| ["http", "https", "mailto"].contains(&scheme.to_lowercase().as_str()))
}

fn led(address: &str, relative: impl FnOnce(&str) -> Target, what: &str, remarks: &Remarks) -> Option<String> {
    let address = address.trim();
    if let Some(anchor) = address.strip_prefix('#') {
        let prefix = if anchor.is_empty() { "" } else { ID_PREFIX };
        return Some(format!("#{prefix}{anchor}"));
    }
    match scheme(address) {
        Some(true) => Some(address.to_owned()),
        Some(false) => {
            remarks.add(format!("{what} has an address that is not shown: only http, https and mailto are"));
            None
        }
        None => match relative(address) {
            Target::To(address) => Some(address),
            Target::Broken(why) => {
                remarks.add(why);
                None
            }
        },
    }
}

/// What stays of rendered Markdown; links are led.
pub(crate) fn clean(html: &str, links: &Arc<dyn Links>, remarks: &Remarks) -> String {
    let broken_up = if is_too_deep(html) { None } else { broken_up(html) };
    let Some(html) = broken_up else {
        remarks.add(format!(
            "elements are larger, or stand deeper in each other, than {DEPTH}; the text is shown as it is written"
        ));
        return format!("<pre class=\"code\" tabindex=\"0\"><code>{}</code></pre>", crate::escape(html));
    };
    let (links, remarks) = (Arc::clone(links), remarks.clone());
    let mut builder = builder();
    builder.attribute_filter(move |element: &str, attribute: &str, value: &str| {
        let led = match (element, attribute) {
            // Old pages name their places so.
            ("a", "name") => Some(format!("{ID_PREFIX}{value}")),
            ("a", "href") => led(value, |address| links.link(address), "a link", &remarks),
            // Images of other servers would tell them who reads what.
            ("img", "src") if scheme(value.trim()).is_some() => None,
            ("img", "src") => led(value, |address| links.image(address), "an image", &remarks),
            _ => return Some(Cow::Owned(value.to_owned())),
        };
        led.map(Cow::Owned)
    });
    builder.clean(&html).to_string()
}

static TAGS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    HashSet::from([
        "a",
        "abbr",
        "b",
        "blockquote",
        "br",
        "caption",
        "center",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ])
});

fn builder() -> Builder<'static> {
    let cell = || HashSet::from(["align", "colspan", "rowspan", "scope"]);
    let attributes = HashMap::from([
        ("a", HashSet::from(["href", "title", "name"])),
        ("img", HashSet::from(["src", "alt", "title", "width", "height"])),
        ("td", cell()),
        ("th", cell()),
        ("ol", HashSet::from(["start", "type", "reversed"])),
        ("li", HashSet::from(["value"])),
        ("details", HashSet::from(["open"])),
        ("abbr", HashSet::from(["title"])),
    ]);
    let alerts = [
        "markdown-alert",
        "markdown-alert-note",
        "markdown-alert-tip",
        "markdown-alert-important",
        "markdown-alert-warning",
        "markdown-alert-caution",
    ];
    let classes = HashMap::from([
        ("div", HashSet::from(alerts)),
        ("p", HashSet::from(["markdown-alert-title"])),
        ("section", HashSet::from(["footnotes"])),
        ("sup", HashSet::from(["footnote-ref"])),
        ("a", HashSet::from(["footnote-backref"])),
        ("span", HashSet::from(["doc-box"])),
    ]);
    let mut builder = Builder::empty();
    builder
        .tags(TAGS.clone())
        .clean_content_tags(HashSet::from([
            "script", "style", "iframe", "object", "embed", "template", "noscript", "svg", "math", "title",
        ]))
        .tag_attributes(attributes)
        // One that is wider than the page is moved with keys too.
        .set_tag_attribute_value("table", "tabindex", "0")
        .generic_attributes(HashSet::from(["id", "lang", "dir"]))
        .allowed_classes(classes)
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(Some("external noopener noreferrer"))
        .id_prefix(Some(ID_PREFIX))
        .strip_comments(true);
    builder
}

/// Puts places for a break into very long words and paragraphs; nothing if a tag is longer than any that is meant.
///
/// Writing a text takes the square of its length where it has many signs that must be escaped.
fn broken_up(html: &str) -> Option<Cow<'_, str>> {
    const TEXT: usize = 4 * 1024;
    const TAG: usize = 32 * 1024;
    let mut out = String::new();
    let (mut copied, mut from, mut in_tag) = (0, 0, false);
    for (at, byte) in html.bytes().enumerate() {
        match byte {
            b'<' | b'>' => {
                in_tag = byte == b'<'
                    && html
                        .as_bytes()
                        .get(at + 1)
                        .is_some_and(|next| next.is_ascii_alphabetic() || b"/!?".contains(next));
                from = at;
            }
            _ if in_tag && at - from > TAG => return None,
            // The signs that are looked for, and no other.
            b'&' | 0xc2 if !in_tag && at - from > TEXT => {
                out.push_str(&html[copied..at]);
                out.push_str("<wbr>");
                (copied, from) = (at, at);
            }
            _ => {}
        }
    }
    if copied == 0 {
        return Some(Cow::Borrowed(html));
    }
    out.push_str(&html[copied..]);
    Some(Cow::Owned(out))
}

/// Whether tags stand deeper in each other than any text that is meant to be read.
fn is_too_deep(html: &str) -> bool {
    // Those that have no end, and those that end by themselves.
    const FLAT: &[&str] = &[
        "br", "hr", "img", "wbr", "col", "input", "p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "source",
        "link", "meta",
    ];
    let mut depth = 0_usize;
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let is_end = rest.starts_with('/');
        let name = rest.trim_start_matches('/');
        let length = name.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(name.len());
        let name = &name[..length];
        if name.is_empty() || FLAT.iter().any(|flat| name.eq_ignore_ascii_case(flat)) {
            continue;
        }
        depth = if is_end { depth.saturating_sub(1) } else { depth + 1 };
        if depth > DEPTH {
            return true;
        }
    }
    false
}
