//! Reading `table.txt`.

use std::{collections::BTreeMap, fmt};

use reqwest::{Method, StatusCode};

use super::cast::Who;

/// How a line is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    Route(Method),
    /// A GET by a browser.
    Page,
    /// A server function.
    Call,
}

/// A body, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    None,
    Json(String),
    Form(String),
}

/// A line of the table.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) ask: Ask,
    pub(super) route: String,
    who: String,
    pub(super) statuses: Vec<StatusCode>,
    pub(super) gaps: BTreeMap<String, String>,
    pub(super) query: String,
    pub(super) body: Body,
}

impl Row {
    fn read(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let mut word = || words.next().unwrap_or_else(|| panic!("`{line}` is too short"));
        let ask = match word() {
            "PAGE" => Ask::Page,
            "CALL" => Ask::Call,
            method => Ask::Route(method.parse().unwrap()),
        };
        let (route, who, statuses) = (word().to_owned(), word().to_owned(), word());
        assert!(who.chars().all(|letter| "svdopar".contains(letter)), "{line}");
        let statuses = statuses.split(',').map(|status| status.parse().unwrap()).collect();
        let (mut gaps, mut query, mut body) = (BTreeMap::new(), String::new(), Body::None);
        for word in words {
            if word.starts_with('{') {
                body = Body::Json(line[line.find(" {\"").or(line.find(" {}")).unwrap()..].trim().to_owned());
                break;
            }
            if let Some(form) = word.strip_prefix("form:") {
                body = Body::Form(form.to_owned());
            } else if let Some(rest) = word.strip_prefix('?') {
                query = format!("?{rest}");
            } else {
                let (name, value) = word.split_once('=').unwrap_or_else(|| panic!("`{word}` in `{line}`"));
                gaps.insert(name.to_owned(), value.to_owned());
            }
        }
        Self { ask, route, who, statuses, gaps, query, body }
    }

    /// Method and route, as the server names them.
    pub(super) fn name(&self) -> (String, String) {
        let method = match &self.ask {
            Ask::Route(method) => method.to_string(),
            Ask::Page => "GET".to_owned(),
            Ask::Call => "CALL".to_owned(),
        };
        (method, self.route.clone())
    }

    pub(super) fn lets_in(&self, who: Who) -> bool {
        self.who.contains(who.letter())
    }

    /// The route with its gaps filled, by `usual` where the line says nothing.
    pub(super) fn path(&self, usual: &BTreeMap<&str, &str>) -> String {
        let parts = self.route.split('/').map(|part| {
            let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) else { return part };
            let name = name.trim_start_matches('*');
            let own = self.gaps.get(name).map(String::as_str);
            own.or_else(|| usual.get(name).copied()).unwrap_or_else(|| panic!("what is `{name}` in `{self}`"))
        });
        parts.collect::<Vec<_>>().join("/") + &self.query
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (method, route) = self.name();
        write!(f, "{method} {route}")
    }
}

/// The lines of the table.
pub(super) fn rows() -> Vec<Row> {
    let lines = include_str!("table.txt").lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(Row::read).collect()
}
