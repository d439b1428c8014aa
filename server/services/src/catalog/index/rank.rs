//! Search: what fits a text, best first, and where little fits, what nearly does.

use domain::catalog::Filter;
use roaring::RoaringBitmap;

use super::{
    contents::{Contents, Doc},
    set::Union,
    words::{self, folded, letters},
};

/// Further words of a text are not looked at.
const WORDS: usize = 8;
/// Of a longer text only the beginning is looked at.
const LETTERS: usize = 200;

/// How well an entity fits, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is called so.
    Exact,
    /// Its name or title begins so.
    Beginning,
    /// Each word begins a part of its name or title.
    Parts,
    /// Each word is somewhere in its name or title.
    Name,
    /// Its description, tags, type or owner say so.
    Said,
    /// Its name or title does, but for so many letters.
    Near(u32),
}

impl Contents {
    /// The entities among those `seen` that fit a text and a filter, best first, at most `limit`: those of one quality by the length of their
    /// name, then by reference.
    pub(in crate::catalog) fn search(
        &self,
        text: &str,
        filter: &Filter,
        seen: Option<&RoaringBitmap>,
        limit: usize,
    ) -> Vec<u32> {
        let text = text.trim();
        let text = text.char_indices().nth(LETTERS).map_or(text, |(end, _)| &text[..end]).to_lowercase();
        let mut words: Vec<&str> = text.split_whitespace().take(WORDS).collect();
        if words.is_empty() || limit == 0 {
            return Vec::new();
        }
        let mut meant = self.select(filter, None);
        if let Some(seen) = seen {
            meant &= seen;
        }
        let mut fitting = self.spelling(&words, &meant);
        let mut text = text.as_str();
        if fitting.is_empty()
            && let Some((within, name)) = reference(text)
        {
            meant &= self.select(&within, None);
            (text, words) = (name, vec![name]);
            fitting = self.spelling(&words, &meant);
        }
        let fits = fitting.iter().filter_map(|id| Some((self.fit(self.doc(id)?, text, &words), id))).collect();
        let mut best = self.best(fits, limit);
        if best.len() < limit {
            let near = self.near(&words, &(meant - fitting));
            best.extend(self.best(near, limit - best.len()));
        }
        best
    }

    /// Those among `meant` of which all words are said.
    fn spelling(&self, words: &[&str], meant: &RoaringBitmap) -> RoaringBitmap {
        let mut fitting = meant.clone();
        for word in words {
            if fitting.is_empty() {
                break;
            }
            // Two letters are in nearly everything: they are taken for the beginning of a name. In a script of syllables, or without
            // spaces, they are a word, which stands anywhere.
            let is_short = word.chars().count() < 3 && !word.chars().any(is_compound);
            fitting &= if is_short { self.words.docs_beginning(word) } else { self.words.docs_spelling(word) };
        }
        fitting
    }

    fn fit(&self, doc: &Doc, text: &str, words: &[&str]) -> Fit {
        let names = [folded(doc.name()), folded(self.title(doc))];
        let text = folded(text);
        if names.contains(&text) {
            return Fit::Exact;
        }
        if names.iter().any(|name| name.starts_with(&*text)) {
            return Fit::Beginning;
        }
        let words: Vec<_> = words.iter().map(|word| folded(word)).collect();
        let begins = |word: &str| {
            names
                .iter()
                .any(|name| name.match_indices(word).any(|(at, _)| !name[..at].ends_with(char::is_alphanumeric)))
        };
        if words.iter().all(|word| begins(word)) {
            return Fit::Parts;
        }
        if words.iter().all(|word| names.iter().any(|name| name.contains(&**word))) { Fit::Name } else { Fit::Said }
    }

    fn best(&self, fits: Vec<(Fit, u32)>, limit: usize) -> Vec<u32> {
        let ranks = self.ranks();
        let key = |(fit, id): (Fit, u32)| {
            let length = self.doc(id).map_or(0, |doc| doc.name().len());
            (fit, length, ranks.get(id as usize).copied(), id)
        };
        let mut fits: Vec<_> = fits.into_iter().map(key).collect();
        if limit < fits.len() {
            fits.select_nth_unstable(limit);
            fits.truncate(limit);
        }
        fits.sort_unstable();
        fits.into_iter().map(|(.., id)| id).collect()
    }

    /// Entities among `others` whose names fit but for a letter or two.
    fn near(&self, words: &[&str], others: &RoaringBitmap) -> Vec<(Fit, u32)> {
        let mut found: Option<RoaringBitmap> = None;
        let mut misspelt: Vec<Vec<(&str, u32)>> = Vec::new();
        for word in words {
            let mut union = Union::default();
            let mut near = Vec::new();
            for (known, distance) in self.words.near(word) {
                union.add(&known.docs);
                near.push((known.spelt(), distance));
            }
            let docs = union.done() | self.words.docs_spelling(word);
            let docs = docs & found.as_ref().unwrap_or(others);
            if docs.is_empty() {
                return Vec::new();
            }
            near.sort_by_key(|(_, distance)| *distance);
            misspelt.push(near);
            found = Some(docs);
        }
        let distance = |id: u32| {
            let doc = self.doc(id)?;
            let (name, title) = (doc.name(), self.title(doc));
            let (plain, plain_title) = (folded(name), folded(title));
            let names = [name, title, &*plain, &*plain_title];
            let of = |(word, near): (&&str, &Vec<(&str, u32)>)| {
                if names.iter().any(|name| name.contains(word)) {
                    return Some(0);
                }
                near.iter()
                    .find(|(known, _)| names.iter().any(|name| name.contains(known)))
                    .map(|(_, distance)| *distance)
            };
            words.iter().zip(&misspelt).map(of).sum::<Option<u32>>()
        };
        let found = found.unwrap_or_default();
        // Without a letter mistyped it would have been found before, if it was meant to be.
        let near = found.iter().filter_map(|id| Some((distance(id).filter(|&distance| distance > 0)?, id)));
        near.map(|(distance, id)| (Fit::Near(distance), id)).collect()
    }
}

/// What is meant by the beginning of an entity reference, as `component:default/ledger`, `api:ledger` or `default/ledger`, or by the
/// address of a page about an entity: what that says of kind and namespace, and the name. Of a handle, `@ama`, the name.
pub(super) fn reference(text: &str) -> Option<(Filter, &str)> {
    let (kind, namespace, name) = if let Some(name) = text.strip_prefix('@') {
        (None, None, name)
    } else if let Some((_, page)) = text.split_once("/catalog/") {
        let mut parts = page.split(['/', '?', '#']);
        let (namespace, kind) = (parts.next()?, parts.next()?);
        (Some(kind), Some(namespace), parts.next()?)
    } else {
        let (kind, rest) = text.split_once(':').map_or((None, text), |(kind, rest)| (Some(kind), rest));
        let (namespace, name) = rest.split_once('/').map_or((None, rest), |(namespace, name)| (Some(namespace), name));
        (kind, namespace, name)
    };
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@+".contains(&byte))
    };
    let is_more = kind.is_some() || namespace.is_some() || name.len() < text.len();
    if !is_more || !is_word(name) || ![kind, namespace].into_iter().flatten().all(is_word) {
        return None;
    }
    let of = |path: &str, value: Option<&str>| value.map(|value| format!("{path}={value}"));
    let within: Vec<String> = [of("kind", kind), of("metadata.namespace", namespace)].into_iter().flatten().collect();
    let within = if within.is_empty() { Filter::everything() } else { Filter::parse([within.join(",")]).ok()? };
    Some((within, name))
}

/// Whether a letter is of a script whose words are short, and stand within others: Thai, Lao, Burmese, Khmer, Chinese, Japanese, which
/// write no spaces, and Korean, which writes none in compounds.
fn is_compound(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

impl words::Words {
    /// Parts of names that are `word`, or begin with it, but for a letter or two, and for how many.
    fn near(&self, word: &str) -> impl Iterator<Item = (&words::Word, u32)> {
        let wanted: Vec<char> = word.chars().collect();
        // A short word is another word already when one letter of it is.
        let most = match wanted.len() {
            0..=3 => 0,
            4..=7 => 1,
            _ => 2,
        };
        let has = letters(word);
        let candidates = self.all().filter(move |known| {
            // Every letter that is missing costs a change at least.
            most > 0 && known.is_name && (has & !known.letters).count_ones() <= most
        });
        let mut rows = Rows::default();
        candidates.filter_map(move |known| {
            let distance = rows.distance(&wanted, known.spelt(), most)?;
            (distance > 0).then_some((known, distance))
        })
    }
}

/// Room for the comparison of words, kept between them.
#[derive(Debug, Default)]
struct Rows {
    before_last: Vec<u32>,
    last: Vec<u32>,
    this: Vec<u32>,
    text: Vec<char>,
}

impl Rows {
    /// How many letters must be added, left out, changed, or swapped with their neighbour to make `wanted` a beginning of
    /// `text`, if that is at most `most`.
    fn distance(&mut self, wanted: &[char], text: &str, most: u32) -> Option<u32> {
        self.text.clear();
        // What is longer than the wanted word by more than the changes does not matter for its beginning.
        self.text.extend(text.chars().take(wanted.len() + most as usize));
        if self.text.len() + (most as usize) < wanted.len() {
            return None;
        }
        let width = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.last.clear();
        self.last.extend(0..=width);
        for (row, &letter) in wanted.iter().enumerate() {
            self.this.clear();
            self.this.push(self.last[0] + 1);
            for (column, &other) in self.text.iter().enumerate() {
                let changed = self.last[column] + u32::from(letter != other);
                let mut least = changed.min(self.last[column + 1] + 1).min(self.this[column] + 1);
                if row > 0 && column > 0 && letter == self.text[column - 1] && wanted[row - 1] == other {
                    least = least.min(self.before_last[column - 1] + 1);
                }
                self.this.push(least);
            }
            if self.this.iter().all(|&least| least > most) {
                return None;
            }
            std::mem::swap(&mut self.before_last, &mut self.last);
            std::mem::swap(&mut self.last, &mut self.this);
        }
        self.last.iter().copied().min().filter(|&least| least <= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(wanted: &str, text: &str) -> Option<u32> {
        Rows::default().distance(&wanted.chars().collect::<Vec<_>>(), text, 2)
    }

    #[test]
    fn letters_added_left_out_changed_and_swapped_count_once() {
        assert_eq!(distance("gateway", "gateway"), Some(0));
        assert_eq!(distance("gate", "gateway"), Some(0));
        for near in ["gatewya", "gatway", "gattway", "gatteway", "agteway", "ateway"] {
            assert_eq!(distance(near, "gateway"), Some(1), "{near}");
        }
        assert_eq!(distance("gaetwya", "gateway"), Some(2));
        assert_eq!(distance("gaetwy", "gateway-00017"), Some(2));
        for far in ["billing", "wayg", "g"] {
            assert_eq!(distance(far, "xyz"), if far == "g" { Some(1) } else { None }, "{far}");
        }
        assert_eq!(distance("gateways", "g"), None);
    }
}
