//! Reading what came with an identity.

use serde_json::Value;

use super::ports::Claims;

/// How many groups are read of one person.
const MOST: usize = 10_000;

/// The claim that `path` means: its name, or names of objects in each other with dots between.
pub(crate) fn claim<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return Some(value);
    }
    let (first, rest) = path.split_once('.')?;
    claim(claims.get(first)?.as_object()?, rest)
}

/// A claim as one line of text.
pub(crate) fn text(claims: &Claims, path: &str) -> Option<String> {
    let text = match claim(claims, path)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= 500 && !text.chars().any(char::is_control)).then_some(text)
}

/// A claim as a list of texts, as an array has them.
fn texts(claims: &Claims, path: &str) -> Vec<String> {
    match claim(claims, path) {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).take(MOST).map(str::to_owned).collect(),
        _ => text(claims, path).into_iter().collect(),
    }
}

/// The groups that a claim names, and, where it is one text, the words in it. Such a text is the name of one group, which may have
/// several words, for some providers and a list of groups for others: so a word counts only where the settings name it.
pub(crate) fn groups(claims: &Claims, path: &str) -> (Vec<String>, Vec<String>) {
    match claim(claims, path) {
        Some(Value::String(text)) => {
            let whole = text.trim();
            let words: Vec<String> =
                whole.split([' ', ',']).filter(|word| !word.is_empty()).take(MOST).map(str::to_owned).collect();
            let is_one = words.len() < 2;
            (vec![whole.to_owned()], if is_one { Vec::new() } else { words })
        }
        _ => (texts(claims, path), Vec::new()),
    }
}

/// A condition on claims that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmet {
    path: String,
    wanted: String,
    /// What came; nothing if the claim did not.
    came: String,
}

impl Unmet {
    fn came(&self) -> String {
        if self.came.is_empty() { "it did not come".to_owned() } else { format!("it is `{}`", self.came) }
    }

    /// All of it, for those who run the installation.
    pub(crate) fn whole(&self) -> String {
        format!("`{}` must be `{}`, but {}", self.path, self.wanted, self.came())
    }

    /// What its sender may know: their own claim, and not what would be let in, which may name what is nobody else's business.
    pub(crate) fn own(&self) -> String {
        format!("its claim `{}` is not what the conditions ask for: {}", self.path, self.came())
    }
}

/// Which condition on claims does not hold; `None` if all do. A pattern may hold `*` for any text.
pub(crate) fn unmet(require: &[(String, Vec<String>)], claims: &Claims) -> Option<Unmet> {
    require.iter().find_map(|(path, patterns)| {
        let mut values = texts(claims, path);
        if values.iter().any(|value| patterns.iter().any(|pattern| fits(pattern, value))) {
            return None;
        }
        values.truncate(5);
        Some(Unmet { path: path.clone(), wanted: patterns.join("` or `"), came: values.join("`, `") })
    })
}

/// Whether `text` is `pattern`, whose `*` stand for any text. Case counts: issuers' names do too.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims() -> Claims {
        let claims = json!({
            "sub": "1", "realm_access": { "roles": ["a", "b"] }, "https://x.example/groups": ["c"],
            "repository": "saltmarsh/tides", "id": 7, "hd": "example.com", "long": "a\nb",
        });
        claims.as_object().unwrap().clone()
    }

    #[test]
    fn a_claim_is_found_by_its_name_or_its_path() {
        let claims = claims();
        assert_eq!(texts(&claims, "realm_access.roles"), ["a", "b"]);
        assert_eq!(texts(&claims, "https://x.example/groups"), ["c"]);
        assert_eq!(text(&claims, "id").as_deref(), Some("7"));
        assert_eq!(text(&claims, "long"), None);
        assert_eq!(text(&claims, "realm_access.nothing"), None);
    }

    #[test]
    fn a_text_is_one_group_or_words_of_which_the_settings_say_more() {
        let claims = json!({ "one": "Platform Engineers", "many": ["Platform Engineers", "b"], "word": "quays" });
        let claims = claims.as_object().unwrap();
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert_eq!(groups(claims, "one"), (texts(&["Platform Engineers"]), texts(&["Platform", "Engineers"])));
        assert_eq!(groups(claims, "many"), (texts(&["Platform Engineers", "b"]), texts(&[])));
        assert_eq!(groups(claims, "word"), (texts(&["quays"]), texts(&[])));
        assert_eq!(groups(claims, "nothing"), (texts(&[]), texts(&[])));
    }

    #[test]
    fn a_condition_that_does_not_hold_says_what_was_there() {
        let require = |path: &str, pattern: &str| vec![(path.to_owned(), vec![pattern.to_owned()])];
        assert_eq!(unmet(&require("repository", "saltmarsh/*"), &claims()), None);
        assert_eq!(unmet(&require("realm_access.roles", "b"), &claims()), None);
        let said = unmet(&require("repository", "other/*"), &claims()).unwrap().whole();
        assert_eq!(said, "`repository` must be `other/*`, but it is `saltmarsh/tides`");
        let said = unmet(&require("ref", "refs/heads/main"), &claims()).unwrap().whole();
        assert!(said.ends_with("it did not come"), "{said}");
    }

    #[test]
    fn a_star_stands_for_any_text_and_nothing_else_does() {
        for (pattern, text) in [("*", ""), ("a*", "a"), ("a*c", "abc"), ("*b*", "abc"), ("a", "a"), ("a*b*a", "aXbXa")]
        {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*a", "a"), ("saltmarsh/*", "saltmarsh-evil/x"), ("A", "a"), ("", "a")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }
}
