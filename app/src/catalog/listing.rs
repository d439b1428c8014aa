//! The address of a list: what is picked, looked for, how it is sorted, which page.

use domain::catalog::{Direction, ListQuery, Order, Pick};
use leptos_router::params::ParamsMap;

/// How many rows a page has.
pub(super) const PAGE: u32 = 50;

/// A property that lists can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Property {
    /// Its name in addresses.
    pub(super) key: &'static str,
    /// Its name for people.
    pub(super) title: &'static str,
    /// Where it stands in a document.
    pub(super) path: &'static str,
}

/// Every property, in the order of the facets.
pub(super) const PROPERTIES: [Property; 6] = [
    Property { key: "kind", title: "Kind", path: "kind" },
    Property { key: "type", title: "Type", path: "spec.type" },
    Property { key: "owner", title: "Owner", path: "relations.ownedBy" },
    Property { key: "system", title: "System", path: "relations.partOf" },
    Property { key: "lifecycle", title: "Lifecycle", path: "spec.lifecycle" },
    Property { key: "tag", title: "Tag", path: "metadata.tags" },
];

/// What `sort` in an address means.
const ORDERS: [(&str, &str); 6] = [
    ("name", "title"),
    ("type", "spec.type"),
    ("owner", "relations.ownedBy"),
    ("system", "relations.partOf"),
    ("lifecycle", "spec.lifecycle"),
    ("changed", "changed"),
];

/// The part of an address that decides what a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listing {
    /// What is picked, by the property's name in addresses.
    pub(super) picks: Vec<(String, Vec<String>)>,
    /// What is looked for.
    pub(super) text: String,
    /// What it is sorted by.
    pub(super) sort: String,
    /// Whether the largest comes first.
    pub(super) descending: bool,
    /// From 1.
    pub(super) page: u32,
}

impl Listing {
    /// Reads an address; components where it names no kind, every kind where it says `all`.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let values = |key: &str| -> Vec<String> {
            let all = query.get_str(key).unwrap_or_default();
            all.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
        };
        let mut picks: Vec<(String, Vec<String>)> = PROPERTIES
            .iter()
            .map(|property| (property.key.to_owned(), values(property.key)))
            .filter(|(_, values)| !values.is_empty())
            .collect();
        if !picks.iter().any(|(key, _)| key == "kind") {
            picks.insert(0, ("kind".to_owned(), vec!["component".to_owned()]));
        }
        let sort = query.get_str("sort").unwrap_or("name");
        Self {
            picks,
            text: query.get_str("q").unwrap_or_default().trim().to_owned(),
            sort: if ORDERS.iter().any(|(name, _)| *name == sort) { sort.to_owned() } else { "name".to_owned() },
            descending: query.get_str("order") == Some("desc"),
            page: query.get_str("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, 100_000),
        }
    }

    /// The values picked of a property; none where it is `all`.
    pub(super) fn picked(&self, key: &str) -> &[String] {
        let values = self.picks.iter().find(|(other, _)| other == key).map_or(&[][..], |(_, values)| values);
        if values == ["all"] { &[] } else { values }
    }

    /// Whether a value is picked; case does not matter.
    pub(super) fn has(&self, key: &str, value: &str) -> bool {
        self.picked(key).iter().any(|other| other.eq_ignore_ascii_case(value))
    }

    /// The one kind that the list is of, in lower case, if it is of one.
    pub(super) fn kind(&self) -> Option<String> {
        match self.picked("kind") {
            [kind] => Some(kind.to_lowercase()),
            _ => None,
        }
    }

    /// With a value picked, or no longer, from the first page on. There is one kind at a time, and another kind has other types.
    pub(super) fn toggled(&self, key: &str, value: &str) -> Self {
        let mut next = Self { page: 1, ..self.clone() };
        let mut values = next.picked(key).to_vec();
        let had = values.len();
        values.retain(|other| !other.eq_ignore_ascii_case(value));
        let added = values.len() == had;
        next.picks.retain(|(other, _)| other != key);
        if key == "kind" {
            next.picks.retain(|(other, _)| !["type", "lifecycle"].contains(&other.as_str()));
            values = vec![if added { value.to_lowercase() } else { "all".to_owned() }];
        } else if added {
            values.push(value.to_owned());
        }
        if !values.is_empty() {
            next.picks.push((key.to_owned(), values));
        }
        next
    }

    /// Sorted by a column; the other way round if it is already.
    pub(super) fn sorted(&self, sort: &str) -> Self {
        // What changed last is what one looks for first.
        let descending = if self.sort == sort { !self.descending } else { sort == "changed" };
        Self { sort: sort.to_owned(), descending, page: 1, ..self.clone() }
    }

    /// With nothing picked but the kind.
    pub(super) fn cleared(&self) -> Self {
        let picks = self.picks.iter().filter(|(key, _)| key == "kind").cloned().collect();
        Self { picks, text: String::new(), page: 1, ..self.clone() }
    }

    /// Whether anything but the kind narrows it.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.text.is_empty() || self.picks.iter().any(|(key, _)| key != "kind")
    }

    /// The names and values of its address, without those that are as they would be anyway.
    pub(super) fn parts(&self) -> Vec<(String, String)> {
        let mut parts = Vec::new();
        for property in &PROPERTIES {
            if let Some((key, values)) = self.picks.iter().find(|(key, _)| key == property.key)
                && !(key == "kind" && values == &["component"])
            {
                parts.push((key.clone(), values.join(",")));
            }
        }
        let mut add = |name: &str, value: String| parts.push((name.to_owned(), value));
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
        parts
    }

    /// Its address.
    pub(super) fn href(&self) -> String {
        let mut href = "/catalog".to_owned();
        for (at, (name, value)) in self.parts().into_iter().enumerate() {
            href.push(if at == 0 { '?' } else { '&' });
            href.push_str(&name);
            href.push('=');
            push_encoded(&mut href, &value);
        }
        href
    }

    /// The question that it asks.
    pub(super) fn question(&self) -> ListQuery {
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
            limit: PAGE,
            offset: (self.page - 1) * PAGE,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[(&str, &str)]) -> Listing {
        Listing::read(&parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
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
