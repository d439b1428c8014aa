//! A place in a list, with the question that the list answers: what `nextCursor`, `prevCursor` and `after` hold.
//!
//! The place is that of an entity, not a number of rows to skip: while entities come and go, a client that pages sees each
//! of the others exactly once. Clients read the cursor, too: they send one that holds a `query` with POST.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use domain::catalog::{Filter, Order, Predicate, Start, TextFilter};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use services::Result;

use super::{predicate, rejected};

/// How many paths a list may be sorted by.
const MOST_ORDERS: usize = 8;

/// Padding is often lost on the way.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A question about many entities.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Question {
    #[serde(default)]
    pub(crate) filter: Filter,
    #[serde(default)]
    pub(crate) order: Vec<Order>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<TextFilter>,
    /// As the client wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) query: Option<Value>,
    /// How many there are in all is not wanted.
    #[serde(default)]
    pub(crate) uncounted: bool,
}

/// A question, and where a page of its answer begins or ends.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Cursor {
    #[serde(flatten)]
    pub(crate) question: Question,
    pub(crate) start: Start,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<u32>,
}

impl Question {
    /// What the client's `query` means.
    pub(crate) fn predicate(&self) -> Result<Option<Predicate>> {
        self.query.as_ref().map(predicate).transpose()
    }
}

impl Cursor {
    pub(crate) fn read(text: &str) -> Result<Self> {
        let wrong = || rejected("Malformed cursor: it is not one that this server gave; start from the first page");
        // A plus sign that was not escaped in an address arrives as a space.
        let text = text.trim().replace([' ', '-'], "+").replace('_', "/");
        let bytes = LENIENT.decode(text).map_err(|_| wrong())?;
        let cursor: Self = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        let orders = cursor.question.order.len();
        let fits = match &cursor.start {
            Start::Offset(_) => true,
            Start::After(key) | Start::Before(key) => key.values.len() == orders,
        };
        if fits && orders <= MOST_ORDERS { Ok(cursor) } else { Err(wrong()) }
    }

    /// The first page of an answer.
    pub(crate) fn first(question: Question, offset: Option<u32>, limit: Option<u32>) -> Result<Self> {
        if question.order.len() > MOST_ORDERS {
            return Err(rejected(format!("a list is sorted by at most {MOST_ORDERS} fields")));
        }
        Ok(Self { question, start: Start::Offset(offset.unwrap_or(0)), limit })
    }

    /// Another page of the same answer.
    pub(crate) fn at(&self, start: Start) -> String {
        let cursor = Self { start, ..self.clone() };
        STANDARD.encode(serde_json::to_vec(&cursor).expect("a cursor has only text keys"))
    }
}

#[cfg(test)]
mod tests {
    use domain::catalog::{Direction, PageKey};
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Cursor {
        let order = vec![Order::by("metadata.name", Direction::Desc)];
        let question = Question { order, query: Some(serde_json::json!({"kind": "api"})), ..Question::default() };
        Cursor { question, start: Start::Offset(0), limit: Some(7) }
    }

    #[test]
    fn a_cursor_is_read_back_whatever_its_way_did_to_it() {
        let key = PageKey { values: vec![Some("??>>~~ü".into())], reference: "api:default/a".into() };
        let text = sample().at(Start::After(key.clone()));
        assert!(text.contains('+') || text.contains('/') || text.ends_with('='), "{text}");
        for text in [text.clone(), text.replace('+', " "), text.trim_end_matches('=').to_owned()] {
            let cursor = Cursor::read(&text).unwrap();
            assert_eq!((cursor.start, cursor.limit), (Start::After(key.clone()), Some(7)));
        }
    }

    #[test]
    fn a_place_that_does_not_fit_its_order_is_refused() {
        let text = sample().at(Start::After(PageKey { values: Vec::new(), reference: "a:b/c".into() }));
        assert!(Cursor::read(&text).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = Cursor::read(&text);
        }
    }
}
