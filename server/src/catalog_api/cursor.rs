//! A place in a list, with the question that the list answers: what `nextCursor` and `after` hold.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::catalog::{Filter, Order, TextFilter};
use serde::{Deserialize, Serialize};

use super::error::Problem;

/// A question, and from where on its answer is wanted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Cursor {
    #[serde(default)]
    pub(super) filter: Filter,
    #[serde(default)]
    pub(super) order: Vec<Order>,
    #[serde(default)]
    pub(super) text: Option<TextFilter>,
    pub(super) offset: u32,
    #[serde(default)]
    pub(super) limit: Option<u32>,
}

impl Cursor {
    pub(super) fn read(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem::input("the cursor is not one that this server gave; start from the first page");
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
        serde_json::from_slice(&bytes).map_err(|_| wrong())
    }

    pub(super) fn at(&self, offset: u32) -> String {
        let cursor = Self { offset, ..self.clone() };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor).expect("a cursor has only text keys"))
    }
}
