//! Small letters, capitals and numbers with a point, as the standard library has them. A browser has tables for these itself, and
//! those of the standard library would be a twentieth of what travels to it: there, it is asked.

pub use platform::{lower, number};

#[cfg(not(target_arch = "wasm32"))]
mod platform {
    /// In small letters.
    pub fn lower(text: &str) -> String {
        text.to_lowercase()
    }

    /// The number that a text is, if it is one; never one without end.
    pub fn number(text: &str) -> Option<f64> {
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }

    pub(super) fn upper(letter: char) -> String {
        letter.to_uppercase().collect()
    }
}

#[cfg(target_arch = "wasm32")]
mod platform {
    use js_sys::{JsString, wasm_bindgen::JsValue};

    /// In small letters.
    pub fn lower(text: &str) -> String {
        if text.is_ascii() { text.to_ascii_lowercase() } else { JsString::from(text).to_lower_case().into() }
    }

    /// The number that a text is, if it is one; never one without end.
    pub fn number(text: &str) -> Option<f64> {
        // JavaScript takes more for a number: nothing at all, spaces around one, and other bases.
        let is_one = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        let number = f64::try_from(JsValue::from_str(text)).ok().filter(|number| number.is_finite());
        number.filter(|_| is_one && !text.is_empty())
    }

    pub(super) fn upper(letter: char) -> String {
        if letter.is_ascii() {
            return letter.to_ascii_uppercase().to_string();
        }
        JsString::from(letter.encode_utf8(&mut [0; 4]) as &str).to_upper_case().into()
    }
}

/// With a capital, as what stands alone begins.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| platform::upper(first) + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_alone_begins_with_a_capital() {
        for (text, expected) in [("", ""), ("a word", "A word"), ("über", "Über"), ("ßa", "SSa"), ("Ada B", "Ada B")]
        {
            assert_eq!(capital(text), expected);
        }
        assert_eq!(lower("ÆTHER Σ"), "æther σ");
    }

    #[test]
    fn a_number_is_all_there_is() {
        for (text, expected) in [("1.5", Some(1.5)), ("-2e3", Some(-2000.0)), (".5", Some(0.5)), ("+1", Some(1.0))] {
            assert_eq!(number(text), expected);
        }
        for text in ["", " 1", "1e999", "inf", "NaN", "0x10", "one", "1_000"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
