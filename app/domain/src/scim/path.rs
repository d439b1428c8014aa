//! Names of attributes: plain, with a part, or with the schema before them.

use super::{Fault, Problem, Schema, shown};

/// The name of an attribute as a client writes it: `userName`, `name.familyName`, `urn:…:User:department`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributePath {
    /// Whether it is one that employers add.
    pub is_enterprise: bool,
    /// The attribute; empty where the whole of an extension is meant.
    pub name: String,
    /// The part of it.
    pub part: Option<String>,
}

/// The longest name.
const LONGEST: usize = 200;

impl AttributePath {
    /// Reads a name.
    pub(super) fn read(text: &str, fault: Fault) -> Result<Self, Problem> {
        let not = || Problem::new(fault, format!("`{}` is not the name of an attribute", shown(text)));
        if text.is_empty() || text.len() > LONGEST || !text.is_ascii() {
            return Err(not());
        }
        let (mut rest, mut is_enterprise) = (text, false);
        for schema in Schema::ALL {
            let urn = schema.urn();
            if text.get(..urn.len()).is_some_and(|start| start.eq_ignore_ascii_case(urn)) {
                rest = &text[urn.len()..];
                is_enterprise = schema == Schema::Enterprise;
                if rest.is_empty() && is_enterprise {
                    return Ok(Self { is_enterprise, name: String::new(), part: None });
                }
                rest = rest.strip_prefix(':').ok_or_else(not)?;
                break;
            }
        }
        let (name, part) = rest.split_once('.').map_or((rest, None), |(name, part)| (name, Some(part)));
        let is_word = |word: &str| {
            word.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '$')
                && word.chars().all(|letter| letter.is_ascii_alphanumeric() || "$-_".contains(letter))
        };
        if !is_word(name) || part.is_some_and(|part| !is_word(part)) {
            return Err(not());
        }
        Ok(Self { is_enterprise, name: name.to_owned(), part: part.map(str::to_owned) })
    }

    /// Whether it is this attribute, or this part of one: `emails.value`.
    pub fn is(&self, name: &str) -> bool {
        let (attribute, part) = name.split_once('.').map_or((name, None), |(attribute, part)| (attribute, Some(part)));
        !self.is_enterprise
            && self.name.eq_ignore_ascii_case(attribute)
            && match (&self.part, part) {
                (None, None) => true,
                (Some(own), Some(part)) => own.eq_ignore_ascii_case(part),
                _ => false,
            }
    }
}

impl std::fmt::Display for AttributePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_enterprise {
            write!(f, "{}:", super::ENTERPRISE)?;
        }
        f.write_str(&self.name)?;
        self.part.as_ref().map_or(Ok(()), |part| write!(f, ".{part}"))
    }
}
