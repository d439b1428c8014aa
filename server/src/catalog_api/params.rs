//! Query parameters, of which most may be repeated.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use domain::catalog::{Filter, Order, TextFilter};
use url::form_urlencoded;

use super::error::Problem;

/// The parameters of a request, in order.
#[derive(Debug, Clone)]
pub(super) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl Params {
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A parameter that counts.
    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, Problem> {
        let parse = |text: &str| {
            text.parse()
                .map_err(|_| Problem::input(format!("`{name}` must be a number that is not negative, not `{text}`")))
        };
        self.one(name).map(parse).transpose()
    }

    pub(super) fn filter(&self) -> Result<Filter, Problem> {
        Filter::parse(self.all("filter")).map_err(|problem| Problem::input(problem.to_string()))
    }

    /// `fields=a,b`; none means all.
    pub(super) fn fields(&self) -> Vec<String> {
        let fields = self.all("fields").flat_map(|value| value.split(',')).map(str::trim);
        fields.filter(|field| !field.is_empty()).map(str::to_owned).collect()
    }

    /// `order=asc:path` and `orderField=path,asc`.
    pub(super) fn order(&self) -> Result<Vec<Order>, Problem> {
        let prefixed = self.all("order").map(Order::parse_prefixed);
        let plain = self.all("orderField").map(str::parse);
        prefixed.chain(plain).map(|order| order.map_err(|problem| Problem::input(problem.to_string()))).collect()
    }

    pub(super) fn text(&self) -> Option<TextFilter> {
        let term = self.one("fullTextFilterTerm")?.to_owned();
        let paths = self.all("fullTextFilterFields").flat_map(|value| value.split(',')).map(str::trim);
        let paths = paths.filter(|path| !path.is_empty()).map(str::to_owned).collect();
        Some(TextFilter { term, paths })
    }

    /// The same parameters without `names`, and with one more, as a query.
    pub(super) fn with(&self, names: &[&str], name: &str, value: &str) -> String {
        let kept = self.0.iter().filter(|(key, _)| !names.contains(&key.as_str()));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair(name, value).finish()
    }
}
