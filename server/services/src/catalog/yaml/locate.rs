//! Values with a price, and values with a place.

use std::{cell::RefCell, fmt};

use domain::catalog::{FieldPath, Step};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use serde_saphyr::{Options, Spanned};

use super::key;

/// What may still be built.
pub(super) struct Budget {
    pub(super) nodes: usize,
    pub(super) text: usize,
    /// Keys that are no texts, as the texts they were read as; the first of them.
    pub(super) odd_keys: Vec<String>,
    /// Whether a number had no end, or was none.
    pub(super) has_infinite: bool,
}

impl Budget {
    pub(super) fn new(nodes: usize, text: usize) -> Self {
        Self { nodes, text, odd_keys: Vec::new(), has_infinite: false }
    }
}

/// How many odd keys of a document, or numbers without an end, are told of.
const ODD: usize = 20;

/// Reads one document and takes what it costs from `budget`, counting each alias as what it stands for.
pub(super) fn read_bounded(text: &str, options: Options, budget: &mut Budget) -> Result<Value, serde_saphyr::Error> {
    let cell = RefCell::new(budget);
    let mut value = Value::Null;
    serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| {
        value = Priced(&cell).deserialize(deserializer)?;
        Ok(())
    })?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Priced<'a, 'b>(&'a RefCell<&'b mut Budget>);

impl Priced<'_, '_> {
    fn pay<E: serde::de::Error>(self, text: usize) -> Result<(), E> {
        let mut budget = self.0.borrow_mut();
        let left = budget.nodes.checked_sub(1).zip(budget.text.checked_sub(text));
        match left {
            Some((nodes, text)) => {
                budget.nodes = nodes;
                budget.text = text;
                Ok(())
            }
            None => Err(E::custom("the document is too large once its aliases are written out")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Priced<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Priced<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.pay(0)?;
        Ok(Value::Null)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.pay(0)?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.pay(0)?;
        Ok(value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.pay(0)?;
        Ok(value.into())
    }

    fn visit_i128<E: serde::de::Error>(self, value: i128) -> Result<Value, E> {
        // JSON numbers of ours end at 64 bits; beyond them the digits are kept as a text.
        self.visit_string(value.to_string())
    }

    fn visit_u128<E: serde::de::Error>(self, value: u128) -> Result<Value, E> {
        self.visit_string(value.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.pay(0)?;
        // `010` and `1.0` are whole numbers to every other reader of these files.
        if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and within 53 bits")]
            return Ok((value as i64).into());
        }
        self.0.borrow_mut().has_infinite |= !value.is_finite();
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Value, E> {
        self.pay(value.len())?;
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, value: String) -> Result<Value, E> {
        self.pay(value.len())?;
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.pay(0)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        self.pay(0)?;
        let mut map = Map::new();
        while let Some(key) = pairs.next_key_seed(self)? {
            let (key, is_odd) = key::text(key);
            if is_odd {
                let mut budget = self.0.borrow_mut();
                if budget.odd_keys.len() < ODD && !budget.odd_keys.contains(&key) {
                    budget.odd_keys.push(key.clone());
                }
            }
            let value = pairs.next_value_seed(self)?;
            if map.insert(key.clone(), value).is_some() {
                return Err(A::Error::custom(format!("duplicate mapping key: {key}")));
            }
        }
        Ok(Value::Object(map))
    }
}

/// The line and column, from 1, of the value at `field`, or of the nearest one around it that exists. Only for documents
/// that were read before, within their budget.
pub(super) fn locate(text: &str, field: &FieldPath) -> Option<(u32, u32)> {
    let mut node: Placed = serde_saphyr::from_str_with_options(text, super::options(&super::Limits::default())).ok()?;
    let mut place = node.0.referenced;
    for step in &field.0 {
        let next = match (step, node.0.value) {
            (Step::Key(key), Tree::Map(pairs)) => pairs.into_iter().find(|(name, _)| name == key).map(|(_, node)| node),
            (Step::Index(index), Tree::List(items)) => items.into_iter().nth(*index as usize),
            _ => None,
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
        place = node.0.referenced;
    }
    Some((u32::try_from(place.line()).ok()?, u32::try_from(place.column()).ok()?))
}

/// Where numbers have no end or are none, at most [`ODD`]. Only for documents that were read before, within their budget.
pub(super) fn infinite(text: &str) -> Vec<FieldPath> {
    let mut found = Vec::new();
    if let Ok(Placed(root)) = serde_saphyr::from_str_with_options(text, super::options(&super::Limits::default())) {
        look(root.value, &FieldPath::default(), &mut found);
    }
    found
}

fn look(tree: Tree, at: &FieldPath, found: &mut Vec<FieldPath>) {
    match tree {
        Tree::Infinite if found.len() < ODD => found.push(at.clone()),
        Tree::Infinite | Tree::Leaf => {}
        Tree::List(items) => {
            for (number, item) in items.into_iter().enumerate() {
                look(item.0.value, &at.index(number), found);
            }
        }
        Tree::Map(pairs) => {
            for (key, item) in pairs {
                look(item.0.value, &at.key(&key), found);
            }
        }
    }
}

#[derive(Deserialize)]
struct Placed(Spanned<Tree>);

enum Tree {
    Leaf,
    Infinite,
    List(Vec<Placed>),
    Map(Vec<(String, Placed)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(if value.is_finite() { Tree::Leaf } else { Tree::Infinite })
    }

    fn visit_str<E>(self, _: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some((Key(key), value)) = pairs.next_entry()? {
            map.push((key, value));
        }
        Ok(Tree::Map(map))
    }
}

/// A key, whatever it is.
struct Key(String);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut budget = Budget::new(usize::MAX, usize::MAX);
        let key = Priced(&RefCell::new(&mut budget)).deserialize(deserializer)?;
        Ok(Self(key::text(key).0))
    }
}
