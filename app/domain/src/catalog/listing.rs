//! The address of a list: what is picked, looked for, how it is sorted, which page.

use super::{Column, Direction, ListQuery, Order, Pick};
use crate::letters::lower;

/// How many rows a page has.
pub const LIST_PAGE: u32 = 50;

/// How many values of one property can be picked.
const MOST_PICKED: usize = 200;

/// The owner that means the one who asks.
pub const OWNER_ME: &str = "me";
/// The owner that means the teams of the one who asks.
pub const OWNER_MY_TEAMS: &str = "my-teams";

/// A property that lists can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Property {
    /// Its name in addresses.
    pub key: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Where it stands in a document.
    pub path: &'static str,
}

/// Every property, in the order of the facets.
pub const PROPERTIES: [Property; 6] = [
    Property { key: "kind", title: "Kind", path: "kind" },
    Property { key: "type", title: "Type", path: "spec.type" },
    Property { key: "owner", title: "Owner", path: "relations.ownedBy" },
    Property { key: "system", title: "System", path: "relations.partOf" },
    Property { key: "lifecycle", title: "Lifecycle", path: "spec.lifecycle" },
    Property { key: "tag", title: "Tag", path: "metadata.tags" },
];

/// What `sort` in an address means.
pub(super) const ORDERS: [(&str, &str); 6] = [
    ("name", "title"),
    ("type", "spec.type"),
    ("owner", "relations.ownedBy"),
    ("system", "relations.partOf"),
    ("lifecycle", "spec.lifecycle"),
    ("changed", "changed"),
];

/// The part of an address that decides what a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// What is picked, by the property's name in addresses.
    pub picks: Vec<(String, Vec<String>)>,
    /// Whether what teams own counts what the teams below them own.
    pub below: bool,
    /// Only what the one who asks has starred.
    pub starred: bool,
    /// What is looked for.
    pub text: String,
    /// What it is sorted by.
    pub sort: String,
    /// Whether the largest comes first.
    pub descending: bool,
    /// From 1.
    pub page: u32,
    /// The columns beside the name; none where nobody chose any.
    pub columns: Option<Vec<Column>>,
    /// The id of the saved view that it was opened from.
    pub view: Option<String>,
}

impl Listing {
    /// Reads an address, each of whose parts may be there several times, as a form sends them; components where it names no
    /// kind, every kind where it says `all`.
    pub fn read(part: impl Fn(&str) -> Vec<String>) -> Self {
        let values = |key: &str| -> Vec<String> {
            let all = part(key).join(",");
            let mut values: Vec<String> = Vec::new();
            for value in all.split(',').map(str::trim).filter(|value| !value.is_empty()).take(MOST_PICKED) {
                if !values.iter().any(|known| known == value) {
                    values.push(value.to_owned());
                }
            }
            values
        };
        let one = |key: &str| part(key).pop().filter(|text| !text.is_empty());
        let mut picks: Vec<(String, Vec<String>)> = PROPERTIES
            .iter()
            .map(|property| (property.key.to_owned(), values(property.key)))
            .filter(|(_, values)| !values.is_empty())
            .collect();
        if !picks.iter().any(|(key, _)| key == "kind") {
            picks.insert(0, ("kind".to_owned(), vec!["component".to_owned()]));
        }
        let sort = one("sort").filter(|sort| ORDERS.iter().any(|(name, _)| name == sort));
        let chosen = values("columns");
        let columns: Vec<Column> = chosen.iter().filter_map(|key| Column::read(key)).take(Column::MOST).collect();
        let kinds = picks.iter().filter(|(key, _)| key == "kind").flat_map(|(_, kinds)| kinds);
        let usual = Column::usual(kinds.map(String::as_str));
        Self {
            picks,
            below: one("below").is_some_and(|text| text == "yes"),
            starred: one("starred").is_some_and(|text| text == "yes"),
            text: one("q").unwrap_or_default().trim().to_owned(),
            sort: sort.unwrap_or_else(|| "name".to_owned()),
            descending: one("order").as_deref() == Some("desc"),
            page: one("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, 100_000),
            columns: (!chosen.is_empty() && columns != usual).then_some(columns),
            view: one("view").filter(|id| id.len() <= 40),
        }
    }

    /// Every kind, narrowed by nothing.
    pub fn everything() -> Self {
        Self::read(|name| if name == "kind" { vec!["all".to_owned()] } else { Vec::new() })
    }

    /// Reads the query of an address, as it stands behind the question mark.
    pub fn of_query(query: &str) -> Self {
        let parts: Vec<(String, String)> = query
            .split('&')
            .filter_map(|part| part.split_once('='))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        Self::read(|name| parts.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect())
    }

    /// The columns beside the name.
    pub fn shown(&self) -> &[Column] {
        self.columns.as_deref().unwrap_or_else(|| Column::usual(self.picked("kind").iter().map(String::as_str)))
    }

    /// The values picked of a property; none where it is `all`.
    pub fn picked(&self, key: &str) -> &[String] {
        let values = self.picks.iter().find(|(other, _)| other == key).map_or(&[][..], |(_, values)| values);
        if values == ["all"] { &[] } else { values }
    }

    /// Whether a value is picked; case does not matter.
    pub fn has(&self, key: &str, value: &str) -> bool {
        self.picked(key).iter().any(|other| other.eq_ignore_ascii_case(value))
    }

    /// The one kind that the list is of, in lower case, if it is of one.
    pub fn kind(&self) -> Option<String> {
        match self.picked("kind") {
            [kind] => Some(lower(kind)),
            _ => None,
        }
    }

    /// With a value picked, or no longer, from the first page on. There is one kind at a time, and another kind has other types.
    #[must_use]
    pub fn toggled(&self, key: &str, value: &str) -> Self {
        let mut next = Self { page: 1, ..self.clone() };
        let mut values = next.picked(key).to_vec();
        let had = values.len();
        values.retain(|other| !other.eq_ignore_ascii_case(value));
        let added = values.len() == had;
        next.picks.retain(|(other, _)| other != key);
        if key == "kind" {
            next.picks.retain(|(other, _)| !["type", "lifecycle"].contains(&other.as_str()));
            values = vec![if added { lower(value) } else { "all".to_owned() }];
        } else if added {
            values.push(value.to_owned());
        }
        if !values.is_empty() {
            next.picks.push((key.to_owned(), values));
        }
        next
    }

    /// Sorted by a column; the other way round if it is already.
    #[must_use]
    pub fn sorted(&self, sort: &str) -> Self {
        // What changed last is what one looks for first.
        let descending = if self.sort == sort { !self.descending } else { sort == "changed" };
        Self { sort: sort.to_owned(), descending, page: 1, ..self.clone() }
    }

    /// With nothing picked but the kind.
    #[must_use]
    pub fn cleared(&self) -> Self {
        let picks = self.picks.iter().filter(|(key, _)| key == "kind").cloned().collect();
        Self { picks, below: false, starred: false, text: String::new(), page: 1, view: None, ..self.clone() }
    }

    /// Whether anything but the kind narrows it.
    pub fn is_narrowed(&self) -> bool {
        !self.text.is_empty() || self.starred || self.picks.iter().any(|(key, _)| key != "kind")
    }

    /// The names and values of its address, without those that are as they would be anyway.
    pub fn parts(&self) -> Vec<(String, String)> {
        let mut parts = Vec::new();
        for property in &PROPERTIES {
            if let Some((key, values)) = self.picks.iter().find(|(key, _)| key == property.key)
                && !(key == "kind" && values == &["component"])
            {
                parts.push((key.clone(), values.join(",")));
            }
        }
        let mut add = |name: &str, value: String| parts.push((name.to_owned(), value));
        if self.below && !self.picked("owner").is_empty() {
            add("below", "yes".to_owned());
        }
        if self.starred {
            add("starred", "yes".to_owned());
        }
        if !self.text.is_empty() {
            add("q", self.text.clone());
        }
        if self.sort != "name" {
            add("sort", self.sort.clone());
        }
        if self.descending {
            add("order", "desc".to_owned());
        }
        if self.page > 1 {
            add("page", self.page.to_string());
        }
        if let Some(columns) = &self.columns {
            // A list of the name alone has an address too.
            let keys: Vec<String> = columns.iter().map(Column::key).collect();
            add("columns", if keys.is_empty() { "name".to_owned() } else { keys.join(",") });
        }
        if let Some(view) = &self.view {
            add("view", view.clone());
        }
        parts
    }

    /// Its address.
    pub fn href(&self) -> String {
        self.at("/catalog")
    }

    /// The query of its address.
    pub fn query(&self) -> String {
        self.at("").trim_start_matches('?').to_owned()
    }

    /// The query of its address as a saved view keeps it: from the first page on, whichever view it came from.
    pub fn kept(&self) -> String {
        Self { page: 1, view: None, ..self.clone() }.query()
    }

    /// `path` with the query that means this.
    pub fn at(&self, path: &str) -> String {
        let mut href = path.to_owned();
        for (at, (name, value)) in self.parts().into_iter().enumerate() {
            href.push(if at == 0 { '?' } else { '&' });
            href.push_str(&name);
            href.push('=');
            push_encoded(&mut href, &value);
        }
        href
    }

    /// The question that it asks.
    pub fn question(&self) -> ListQuery {
        let picks = PROPERTIES
            .iter()
            .map(|property| Pick { path: property.path.to_owned(), values: self.picked(property.key).to_vec() })
            .filter(|pick| !pick.values.is_empty())
            .collect();
        let path = ORDERS.iter().find(|(name, _)| *name == self.sort).map_or("title", |(_, path)| path);
        let direction = if self.descending { Direction::Desc } else { Direction::Asc };
        ListQuery {
            picks,
            text: self.text.clone(),
            order: Order::by(path, direction),
            limit: LIST_PAGE,
            offset: (self.page - 1) * LIST_PAGE,
            facets: PROPERTIES.iter().map(|property| property.path.to_owned()).collect(),
        }
    }
}

/// Percent-encodes what has a meaning of its own in the query of an address.
fn push_encoded(href: &mut String, value: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b',' | b':' | b'/' => {
                href.push(char::from(byte));
            }
            _ => {
                href.push('%');
                href.push(char::from(HEX[usize::from(byte >> 4)]));
                href.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

/// A part of a query without its escapes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let hex = |byte: Option<&u8>| char::from(*byte?).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        rest = behind;
        match (first, hex(behind.first()), hex(behind.get(1))) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(high << 4 | low);
                rest = &behind[2..];
            }
            (b'+', ..) => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[(&str, &str)]) -> Listing {
        Listing::read(|name| {
            parts.iter().filter(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()).collect()
        })
    }

    #[test]
    fn columns_stand_in_the_address_as_a_form_sends_them() {
        let listing = read(&[("columns", "name"), ("columns", "owner"), ("columns", "label:tier, nonsense,owner")]);
        assert_eq!(listing.shown(), [Column::Owner, Column::Label("tier".into())]);
        assert_eq!(listing.href(), "/catalog?columns=owner,label:tier");
        assert_eq!(read(&[("columns", "name")]).href(), "/catalog?columns=name");
        assert_eq!(read(&[("columns", "name,type,owner,system,lifecycle,level,changed")]).href(), "/catalog");
        assert_eq!(read(&[]).shown(), Column::USUAL);
    }

    #[test]
    fn a_kept_query_reads_back_as_the_list() {
        let listing = read(&[("owner", "my-teams"), ("below", "yes"), ("q", "a+b & ü"), ("page", "4"), ("view", "x")]);
        assert_eq!(listing.kept(), "owner=my-teams&below=yes&q=a%2Bb%20%26%20%C3%BC");
        assert_eq!(Listing::of_query(&listing.kept()), Listing { page: 1, view: None, ..listing });
        assert_eq!(Listing::of_query("q=%zz%4"), read(&[("q", "%zz%4")]));
    }

    #[test]
    fn a_list_is_of_components_unless_told_otherwise() {
        assert_eq!(read(&[]).kind().as_deref(), Some("component"));
        assert_eq!(read(&[]).href(), "/catalog");
        assert_eq!(read(&[("kind", "all")]).picked("kind"), &[] as &[String]);
        assert_eq!(read(&[("kind", "API")]).kind().as_deref(), Some("api"));
    }

    #[test]
    fn an_address_reads_back_as_itself() {
        let listing = read(&[
            ("owner", "group:default/quay,user:default/ama"),
            ("q", "a & b"),
            ("sort", "changed"),
            ("order", "desc"),
            ("page", "3"),
        ]);
        assert_eq!(
            listing.href(),
            "/catalog?owner=group:default/quay,user:default/ama&q=a%20%26%20b&sort=changed&order=desc&page=3"
        );
    }

    #[test]
    fn picking_twice_is_not_picking() {
        let listing = read(&[("lifecycle", "production"), ("page", "2")]);
        let more = listing.toggled("lifecycle", "deprecated");
        assert_eq!(more.picked("lifecycle"), ["production", "deprecated"]);
        assert_eq!(more.page, 1);
        assert_eq!(more.toggled("lifecycle", "deprecated").toggled("lifecycle", "Production").href(), "/catalog");
    }

    #[test]
    fn another_kind_has_other_types() {
        let listing = read(&[("type", "service"), ("owner", "group:default/quay")]);
        assert_eq!(listing.toggled("kind", "API").href(), "/catalog?kind=api&owner=group:default/quay");
        assert_eq!(listing.toggled("kind", "Component").href(), "/catalog?kind=all&owner=group:default/quay");
    }

    #[test]
    fn nonsense_in_an_address_is_left_out() {
        let listing = read(&[("sort", "'; drop"), ("page", "-1"), ("tag", ",,")]);
        assert_eq!(listing.href(), "/catalog");
    }
}
