//! Questions about many entities, and their answers.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Condition, Entity, Filter};

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SortDirection))]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Smallest first.
    #[default]
    Asc,
    /// Largest first.
    Desc,
}

/// A path that a list is sorted by. Entities without a value there come last, either way.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Order {
    /// In lower case.
    pub path: String,
    /// Which way.
    pub direction: Direction,
}

/// A text is not an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an order; write a path and a direction, for example `metadata.name,asc`")]
pub struct NotAnOrder(pub String);

impl Order {
    /// By the values at `path`.
    pub fn by(path: &str, direction: Direction) -> Self {
        Self { path: path.to_lowercase(), direction }
    }

    /// Reads the older form, `asc:metadata.name`.
    ///
    /// # Errors
    /// [`NotAnOrder`] if the direction or the path is missing.
    pub fn parse_prefixed(text: &str) -> Result<Self, NotAnOrder> {
        let (direction, path) = text.split_once(':').ok_or_else(|| NotAnOrder(text.to_owned()))?;
        format!("{path},{direction}").parse().map_err(|_| NotAnOrder(text.to_owned()))
    }
}

impl FromStr for Order {
    type Err = NotAnOrder;

    /// Reads `path`, `path,asc` or `path,desc`.
    fn from_str(text: &str) -> Result<Self, NotAnOrder> {
        let (path, direction) = match text.split_once(',') {
            Some((path, "asc")) => (path, Direction::Asc),
            Some((path, "desc")) => (path, Direction::Desc),
            Some(_) => return Err(NotAnOrder(text.to_owned())),
            None => (text, Direction::Asc),
        };
        let path = path.trim();
        if path.is_empty() { Err(NotAnOrder(text.to_owned())) } else { Ok(Self::by(path, direction)) }
    }
}

/// Entities that contain a text, wherever case.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TextFilter {
    /// What to look for.
    pub term: String,
    /// The paths to look in; none means name, title, description, tags, owner and type.
    pub paths: Vec<String>,
}

/// A question about many entities.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Query {
    /// Which entities are meant.
    pub filter: Filter,
    /// A text they contain.
    pub text: Option<TextFilter>,
    /// How they are sorted; by reference where nothing else decides.
    pub order: Vec<Order>,
    /// At most so many; `None` means all.
    pub limit: Option<u32>,
    /// From there on.
    pub offset: u32,
}

/// A place in a sorted list that stays right while the list changes: that of an entity, which may even have left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PageKey {
    /// The entity's values at the paths of the order, in lower case.
    pub values: Vec<Option<String>>,
    /// Its reference, which decides between equals.
    pub reference: String,
}

/// Where a part of a longer list begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Start {
    /// So many from the beginning.
    Offset(u32),
    /// Behind this place.
    After(PageKey),
    /// So that it ends before this place.
    Before(PageKey),
}

impl Default for Start {
    fn default() -> Self {
        Self::Offset(0)
    }
}

/// A part of a longer list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page<T> {
    /// This part.
    pub items: Vec<T>,
    /// How many there are in all.
    pub total: u32,
}

/// What a person picked in one facet: any of the values at a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Pick {
    /// Such as `spec.type` or `relations.ownedBy`.
    pub path: String,
    /// Any of them.
    pub values: Vec<String>,
}

/// The question behind a list page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ListQuery {
    /// What was picked in the facets; all picks hold.
    #[serde(default)]
    pub picks: Vec<Pick>,
    /// A text to look for.
    #[serde(default)]
    pub text: String,
    /// How the list is sorted.
    pub order: Order,
    /// At most so many.
    pub limit: u32,
    /// From there on.
    pub offset: u32,
    /// Paths whose values are to be counted.
    #[serde(default)]
    pub facets: Vec<String>,
}

impl ListQuery {
    /// The filter that the picks mean; `without` leaves one path out.
    pub fn filter(&self, without: Option<&str>) -> Filter {
        let meant = self.picks.iter().filter(|pick| !pick.values.is_empty() && Some(pick.path.as_str()) != without);
        Filter::all(meant.map(|pick| Condition::any_of(&pick.path, &pick.values)).collect())
    }
}

/// A value and how many entities have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FacetValue {
    /// As written.
    pub value: String,
    /// In how many entities.
    pub count: u32,
}

/// The values at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Facet {
    /// As asked for.
    pub path: String,
    /// Most frequent first.
    pub values: Vec<FacetValue>,
}

/// The answer to a [`ListQuery`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ListPage {
    /// This part of the list.
    pub items: Vec<Entity>,
    /// How many there are in all.
    pub total: u32,
    /// Counted under all picks but those at the facet's own path, so that a person sees what else could be picked.
    pub facets: Vec<Facet>,
    /// When a source was last brought in line.
    pub synced: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_an_order_are_read() {
        assert_eq!("metadata.name,desc".parse(), Ok(Order::by("metadata.name", Direction::Desc)));
        assert_eq!("metadata.Name".parse(), Ok(Order::by("metadata.name", Direction::Asc)));
        assert_eq!(Order::parse_prefixed("desc:kind"), Ok(Order::by("kind", Direction::Desc)));
        for wrong in ["", ",asc", "kind,up"] {
            assert!(wrong.parse::<Order>().is_err(), "{wrong}");
        }
        assert!(Order::parse_prefixed("kind").is_err());
    }
}
