//! Query parameters, of which most may be repeated.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use domain::catalog::{Filter, Order, TextFilter};
use services::Result;
use url::form_urlencoded;

use super::{fields::Fields, rejected};

/// What `totalItems` says about counting.
pub(crate) fn is_uncounted(text: &str) -> Result<bool> {
    match text {
        "include" => Ok(false),
        "exclude" => Ok(true),
        other => Err(rejected(format!("Invalid totalItems value \"{other}\", expected one of: include, exclude"))),
    }
}

/// The parameters of a request, in order.
#[derive(Debug, Clone)]
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> std::result::Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl Params {
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A parameter that counts.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u32>> {
        let parse = |text: &str| {
            text.parse().map_err(|_| rejected(format!("`{name}` must be a number that is not negative, not `{text}`")))
        };
        self.one(name).map(parse).transpose()
    }

    pub(crate) fn filter(&self) -> Result<Filter> {
        Filter::parse(self.all("filter")).map_err(|problem| rejected(problem.to_string()))
    }

    /// A parameter that lists, with commas or repeated.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let parts = self.all(name).flat_map(|value| value.split(',')).map(str::trim);
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// `fields=a,b`; none means all.
    pub(crate) fn fields(&self) -> Result<Fields> {
        Fields::parse(self.all("fields"))
    }

    /// `totalItems=exclude`.
    pub(crate) fn is_uncounted(&self) -> Result<bool> {
        self.one("totalItems").map_or(Ok(false), is_uncounted)
    }

    /// A parameter that is true or false.
    pub(crate) fn is_true(&self, name: &str) -> Result<bool> {
        let parse = |text: &str| {
            text.parse().map_err(|_| rejected(format!("`{name}` must be `true` or `false`, not `{text}`")))
        };
        self.one(name).map_or(Ok(false), parse)
    }

    /// A parameter that is on or off, where whatever else is said is off.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.one(name).is_some_and(|value| ["true", "1", "yes", "y", "on"].contains(&value.to_lowercase().as_str()))
    }

    /// `order=asc:path` and `orderField=path,asc`.
    pub(crate) fn order(&self) -> Result<Vec<Order>> {
        let prefixed = self.all("order").map(Order::parse_prefixed);
        let plain = self.all("orderField").map(str::parse);
        prefixed.chain(plain).map(|order| order.map_err(|problem| rejected(problem.to_string()))).collect()
    }

    pub(crate) fn text(&self) -> Option<TextFilter> {
        let term = self.one("fullTextFilterTerm")?.to_owned();
        Some(TextFilter { term, paths: self.list("fullTextFilterFields") })
    }

    /// The same parameters without `names`, and with one more, as a query.
    pub(crate) fn with(&self, names: &[&str], name: &str, value: &str) -> String {
        let kept = self.0.iter().filter(|(key, _)| !names.contains(&key.as_str()));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair(name, value).finish()
    }
}
