//! The order of values, as people look them up: `émile` stands beside `emil`, and not behind `zoe`.

use std::{borrow::Cow, cmp::Ordering};

use unicode_normalization::UnicodeNormalization as _;

use super::words::add_plain;

/// Compares two values in lower case by their letters without accents, and where these are the same, as they are written.
pub(super) fn by_letters(left: &str, right: &str) -> Ordering {
    let mut letters = left.bytes().zip(right.bytes());
    let differ = letters.find(|(left, right)| left != right).map(|(left, right)| (Some(left), Some(right)));
    let at = left.len().min(right.len());
    // Of what is the beginning of the other, what follows there.
    let (one, other) = differ.unwrap_or_else(|| (left.as_bytes().get(at).copied(), right.as_bytes().get(at).copied()));
    if [one, other].into_iter().flatten().all(|letter| letter.is_ascii()) {
        // What came before and what follows makes no difference then.
        return one.cmp(&other);
    }
    plain(left).cmp(&plain(right)).then_with(|| left.cmp(right))
}

/// The same for what may be missing, which stands before all else.
pub(super) fn by_letters_if_any(left: Option<&str>, right: Option<&str>) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => by_letters(left, right),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}

/// A value by which it can be sorted as [`by_letters`] does, without its letters being looked at again and again.
pub(super) fn key(value: &str) -> (Cow<'_, str>, &str) {
    (plain(value), value)
}

/// A text without the accents of its letters. Letters without any stay, whatever they are: only so one look at the first difference is
/// enough where both are such.
fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for letter in text.nfd() {
        add_plain(letter, &mut plain);
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_with_accents_stand_beside_those_without() {
        let mut names = [
            "zoe", "émile", "ebba", "emil", "emile", "o'brien", "øyvind", "obrien", "łukasz", "lukas", "ōta", "東京",
            "яна",
        ];
        names.sort_by(|left, right| by_letters(left, right));
        assert_eq!(
            names,
            [
                "ebba", "emil", "emile", "émile", "lukas", "łukasz", "o'brien", "obrien", "ōta", "øyvind", "zoe",
                "яна", "東京"
            ]
        );
    }

    proptest! {
        #[test]
        fn it_is_the_order_of_the_keys(left in "[ae'`zéèøßが\u{301}\u{338}\u{3099}h]{0,6}", right in "[ae'`zéèøßが\u{301}\u{338}\u{3099}h]{0,6}") {
            prop_assert_eq!(by_letters(&left, &right), key(&left).cmp(&key(&right)));
        }
    }
}
