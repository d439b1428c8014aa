//! What stands after the signs that open a block of code, as MkDocs has it (Highlight and `SuperFences`):
//! `yaml title="a.yaml" linenums="1" hl_lines="2 4-6"`, `{ .yaml .annotate hl_lines="1" }`.

use crate::tree::short;

/// How much of it is read.
const LONGEST: usize = 2_000;

/// How many runs of lines one block may mark.
const RUNS: usize = 64;

/// What is said about a block of code.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fence {
    pub(crate) language: String,
    pub(crate) title: String,
    /// The number of the first line, and which numbers are shown: each, each second.
    pub(crate) numbers: Option<(u32, u32)>,
    /// The first and the last line of each run that is to stand out, counted from 1 whatever the numbers say.
    lit: Vec<(u32, u32)>,
}

impl Fence {
    pub(crate) fn parse(info: &str) -> Self {
        let info = short(info.trim(), LONGEST);
        let mut fence = Self::default();
        let mut rest = info.trim_start_matches('{').trim_start();
        let mut is_first = true;
        while !rest.is_empty() {
            let end = rest.find([' ', '\t', ',', '{', '}', '=']).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            if let Some(value) = after.strip_prefix('=') {
                let (value, after) = self::value(value);
                fence.take(word, value);
                rest = after;
            } else {
                let is_class = word.starts_with('.');
                if fence.language.is_empty() && (is_first || is_class) && !word.starts_with('#') {
                    fence.language = short(word.trim_start_matches('.'), 40);
                }
                rest = after;
            }
            is_first = false;
            rest = rest.trim_start_matches([' ', '\t', ',', '{', '}', '=']);
        }
        fence
    }

    fn take(&mut self, name: &str, value: &str) {
        let mut numbers = value.split([' ', '\t', ',']).filter(|word| !word.is_empty());
        match name {
            "title" => self.title = short(value, 200),
            "linenums" => {
                let start = numbers.next().and_then(|word| word.parse().ok()).filter(|start| *start > 0);
                let step = numbers.next().and_then(|word| word.parse().ok()).filter(|step| *step > 0);
                self.numbers = start.map(|start| (start, step.unwrap_or(1)));
            }
            "hl_lines" => {
                let run = |word: &str| {
                    let (first, last) = word.split_once('-').unwrap_or((word, word));
                    Some((first.parse().ok()?, last.parse().ok()?))
                };
                self.lit = numbers.take(RUNS).filter_map(run).collect();
            }
            _ => {}
        }
    }

    /// Whether a line is to stand out; the first one is 1.
    pub(crate) fn is_lit(&self, line: u32) -> bool {
        self.lit.iter().any(|(first, last)| (*first..=*last).contains(&line))
    }

    /// Whether lines are told apart.
    pub(crate) fn has_lines(&self) -> bool {
        self.numbers.is_some() || !self.lit.is_empty()
    }
}

/// A value, in quotes or without, and what follows it.
fn value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            return rest.split_once(quote).unwrap_or((rest, ""));
        }
    }
    text.split_at(text.find([' ', '\t', '}']).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(info: &str) -> (String, String, Option<(u32, u32)>, Vec<u32>) {
        let fence = Fence::parse(info);
        let lit = (0..100).filter(|line| fence.is_lit(*line)).collect();
        (fence.language, fence.title, fence.numbers, lit)
    }

    #[test]
    fn each_way_to_say_something_about_code_is_understood() {
        let some = |language: &str, title: &str, numbers, lit: &[u32]| {
            (language.to_owned(), title.to_owned(), numbers, lit.to_vec())
        };
        for (info, means) in [
            ("", some("", "", None, &[])),
            ("rust,ignore", some("rust", "", None, &[])),
            ("c++ title=\"a = {b} 'c'\"", some("c++", "a = {b} 'c'", None, &[])),
            ("title='a.yaml'", some("", "a.yaml", None, &[])),
            ("yaml linenums=\"1\" hl_lines=\"2 4-6\"", some("yaml", "", Some((1, 1)), &[2, 4, 5, 6])),
            ("{ .yaml .annotate hl_lines=\"1\" }", some("yaml", "", None, &[1])),
            ("{#id .py3 linenums='7 2 3' title=x}", some("py3", "x", Some((7, 2)), &[])),
            ("hl_lines=\"3,1\" linenums=\"0\"", some("", "", None, &[1, 3])),
            ("yaml hl_lines=\"9-2 x 3-\" linenums=\"-1\"", some("yaml", "", None, &[])),
            ("yaml{1,3}", some("yaml", "", None, &[])),
            ("{.no-copy} yaml", some("no-copy", "", None, &[])),
        ] {
            assert_eq!(told(info), means, "{info}");
        }
    }

    proptest! {
        #[test]
        fn anything_may_stand_there(info in "[a-z.#{}=\"' ,0-9-]{0,60}") {
            let fence = Fence::parse(&info);
            prop_assert!(!fence.language.contains(['{', '}', '=', ' ']), "{:?}", fence);
        }
    }
}
