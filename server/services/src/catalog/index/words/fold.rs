//! How words are written by those who have other keys, and where one word begins within another.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

/// Stands before the plain spelling of a word, which is searched for and not said: no text that somebody types begins so.
pub(super) const PLAIN: char = '\u{1}';

/// A text in lower case as it is written without accents and apostrophes: `café` is `cafe`, `größe` is `grosse`, `o’brien` is `obrien`. Only
/// accents of letters go that have a plain form beside them; what other scripts write as marks of a letter makes another letter. Of the
/// hyphens there is one.
pub(in crate::catalog::index) fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains(['\'', '`']) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    for letter in text.nfd() {
        match letter {
            '\u{ad}' | '\'' | '`' | '´' | '‘' | '’' | '‛' | 'ʼ' | 'ʹ' | '′' => {}
            '\u{2010}'..='\u{2015}' | '\u{2212}' => plain.push('-'),
            letter => add_plain(letter, &mut plain),
        }
    }
    Cow::Owned(plain.nfc().collect())
}

/// Adds a letter of a decomposed text as it is written without accents, which are letters of their own there and are left out.
pub(in crate::catalog::index) fn add_plain(letter: char, plain: &mut String) {
    match letter {
        '\u{300}'..='\u{36f}' => {}
        'ß' => plain.push_str("ss"),
        'æ' => plain.push_str("ae"),
        'œ' => plain.push_str("oe"),
        'þ' => plain.push_str("th"),
        'ø' => plain.push('o'),
        'ł' => plain.push('l'),
        'đ' | 'ð' => plain.push('d'),
        'ı' => plain.push('i'),
        letter => plain.push(letter),
    }
}

/// The words that a name in camel case is made of: `PaymentGatewayV2` is `Payment`, `Gateway` and `V2`, `HTTPServer` is `HTTP` and
/// `Server`. Nothing of what is one word.
pub(super) fn humps(name: &str) -> Vec<&str> {
    let mut letters = name.char_indices().peekable();
    let (mut humps, mut begin, mut before) = (Vec::new(), 0, ' ');
    while let Some((at, letter)) = letters.next() {
        let follows = letters.peek().is_some_and(|(_, next)| next.is_lowercase());
        let is_start = letter.is_uppercase() && (before.is_lowercase() || before.is_uppercase() && follows);
        if is_start && at > begin {
            humps.push(&name[begin..at]);
            begin = at;
        }
        before = letter;
    }
    if begin > 0 {
        humps.push(&name[begin..]);
    }
    humps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_go_and_other_letters_stay() {
        for (text, plain) in [
            ("résumé", "resume"),
            ("größe", "grosse"),
            ("łódź", "lodz"),
            ("smørrebrød", "smorrebrod"),
            ("τιμές", "τιμες"),
            ("ガス", "ガス"),
            ("결제", "결제"),
            ("支付", "支付"),
            ("plain-1", "plain-1"),
            ("o’brien", "obrien"),
            ("o'brien", "obrien"),
            ("d´artagnan", "dartagnan"),
            ("anne\u{2011}claire", "anne-claire"),
        ] {
            assert_eq!(folded(text), plain);
        }
    }

    #[test]
    fn a_name_in_camel_case_is_several_words() {
        assert_eq!(humps("PaymentGatewayService"), ["Payment", "Gateway", "Service"]);
        assert_eq!(humps("paymentGatewayV2"), ["payment", "Gateway", "V2"]);
        assert_eq!(humps("HTTPServer"), ["HTTP", "Server"]);
        assert_eq!(humps("ÄrgerÖl"), ["Ärger", "Öl"]);
        for one in ["Ledger", "ledger", "HTTP", "", "支付"] {
            assert!(humps(one).is_empty(), "{one}");
        }
    }
}
