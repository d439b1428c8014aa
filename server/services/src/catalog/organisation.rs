//! An organisation of a forge as a source: where it is, and what of it is read.

use domain::catalog::SourceKind;
use globset::{Glob, GlobSet, GlobSetBuilder};
use url::Url;

use super::ports::is_glob;

/// The forges of which an address of two parts is a repository's, whoever asks.
pub const FORGES: [&str; 4] = ["github.com", "gitlab.com", "codeberg.org", "bitbucket.org"];

/// The file that is looked for in each repository, unless it is said otherwise.
const USUAL: &str = "catalog-info.yaml";

/// How many names, and how many topics, may be said.
const MOST: usize = 100;

/// What of an organisation is read: the words behind the `?` of its target.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// The address that people open, without a slash at the end.
    pub web: Url,
    /// Its name: `saltmarsh`, or `saltmarsh/quays` for a group in a group.
    pub name: String,
    /// The catalog file of each repository, or a pattern for several.
    pub file: String,
    /// Which repositories: all where none is named.
    pub names: Vec<String>,
    /// Only repositories with one of these topics.
    pub topics: Vec<String>,
    /// Repositories that are archived too.
    pub archived: bool,
    /// Forks too.
    pub forks: bool,
    /// Its teams and members too.
    pub people: bool,
    matcher: GlobSet,
}

impl Organisation {
    /// Reads a target: `https://github.com/saltmarsh?topics=catalog&people=true`.
    ///
    /// # Errors
    /// What is wrong with it and how to mend it.
    pub fn parse(kind: SourceKind, target: &str) -> Result<Self, String> {
        let url = Url::parse(target).map_err(|error| format!("`{target}` is not an address: {error}"))?;
        let name = url.path().trim_matches('/').to_owned();
        let depth = name.split('/').filter(|part| !part.is_empty()).count();
        let deepest = if kind == SourceKind::GitLab { 20 } else { 1 };
        if depth == 0 || depth > deepest || name.contains(['%', '*']) {
            let example = match kind {
                SourceKind::GitLab => "https://gitlab.com/saltmarsh/quays",
                SourceKind::Gitea => "https://codeberg.org/saltmarsh",
                _ => "https://github.com/saltmarsh",
            };
            return Err(format!("`{target}` is no organisation's address; write it as people open it: `{example}`"));
        }
        let mut web = url.clone();
        web.set_query(None);
        web.set_fragment(None);
        web.set_path(&name);
        let mut read = Self {
            web,
            name,
            file: USUAL.to_owned(),
            names: Vec::new(),
            topics: Vec::new(),
            archived: false,
            forks: false,
            people: false,
            matcher: GlobSet::empty(),
        };
        for (key, value) in url.query_pairs() {
            let words = || {
                let words = value.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty());
                let words: Vec<String> = words.map(str::to_owned).collect();
                if words.len() > MOST {
                    return Err(format!(
                        "`{key}` has {} words, and may have {MOST}; use patterns such as `svc-*`, or register a second source",
                        words.len()
                    ));
                }
                Ok(words)
            };
            match key.as_ref() {
                "file" => value.trim().trim_start_matches('/').clone_into(&mut read.file),
                "names" => read.names = words()?,
                "topics" => read.topics = words()?.into_iter().map(|topic| topic.to_lowercase()).collect(),
                "archived" => read.archived = switch(&key, &value)?,
                "forks" => read.forks = switch(&key, &value)?,
                "people" => read.people = switch(&key, &value)?,
                other => {
                    return Err(format!(
                        "`{other}` says nothing about an organisation; use `file`, `names`, `topics`, `archived`, `forks` or `people`"
                    ));
                }
            }
        }
        if read.file.is_empty() {
            USUAL.clone_into(&mut read.file);
        }
        let is_path = read.file.len() <= 300 && !read.file.split('/').any(|part| ["", ".", ".."].contains(&part));
        if !is_path || read.file.chars().any(char::is_control) {
            return Err(format!("`{}` is no path within a repository; write one like `{USUAL}`", read.file));
        }
        let mut matcher = GlobSetBuilder::new();
        for name in &read.names {
            let name = name.strip_prefix('!').unwrap_or(name);
            matcher.add(Glob::new(name).map_err(|error| format!("`names`: {error}"))?);
        }
        read.matcher = matcher.build().map_err(|error| format!("`names`: {error}"))?;
        Ok(read)
    }

    /// The target in its one form.
    pub fn target(&self) -> String {
        let mut said: Vec<(&str, String)> = Vec::new();
        if self.file != USUAL {
            said.push(("file", self.file.clone()));
        }
        for (key, words) in [("names", &self.names), ("topics", &self.topics)] {
            if !words.is_empty() {
                said.push((key, words.join(",")));
            }
        }
        let switches = [("archived", self.archived), ("forks", self.forks), ("people", self.people)];
        said.extend(switches.into_iter().filter(|(_, on)| *on).map(|(key, _)| (key, "true".to_owned())));
        let web = self.web.as_str().trim_end_matches('/');
        if said.is_empty() {
            return web.to_owned();
        }
        let said: Vec<String> = said.into_iter().map(|(key, value)| format!("{key}={}", plain(&value))).collect();
        format!("{web}?{}", said.join("&"))
    }

    /// Whether the file is a pattern for several.
    pub fn has_pattern(&self) -> bool {
        is_glob(&self.file)
    }

    /// Whether a repository of this name, with these topics, is meant.
    pub fn wants(&self, name: &str, topics: &[String]) -> bool {
        let has_topic = self.topics.is_empty()
            || topics.iter().any(|topic| self.topics.iter().any(|wanted| wanted.eq_ignore_ascii_case(topic)));
        has_topic && self.wants_name(name)
    }

    /// Whether a repository of this name is meant. A name with `!` before it is left out.
    pub fn wants_name(&self, name: &str) -> bool {
        let fits = self.matcher.matches(name);
        let is_out = fits.iter().any(|&number| self.names[number].starts_with('!'));
        let is_in = fits.iter().any(|&number| !self.names[number].starts_with('!'))
            || self.names.iter().all(|name| name.starts_with('!'));
        is_in && !is_out
    }
}

fn switch(key: &str, value: &str) -> Result<bool, String> {
    match value {
        "true" | "on" | "1" | "" => Ok(true),
        "false" | "off" | "0" => Ok(false),
        other => Err(format!("`{key}` is `true` or `false`, not `{other}`")),
    }
}

/// A value behind the `?`, with what may stand there as it is.
fn plain(value: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    encoded.replace("%2F", "/").replace("%2C", ",").replace("%21", "!").replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(kind: SourceKind, text: &str) -> String {
        Organisation::parse(kind, text).map_or_else(|error| error, |read| read.target())
    }

    #[test]
    fn a_target_has_one_form() {
        for (kind, text, expected) in [
            (SourceKind::GitHub, "https://github.com/saltmarsh/", "https://github.com/saltmarsh"),
            (
                SourceKind::GitHub,
                "https://github.com/saltmarsh?people=on&topics=Catalog,%20b&archived=false&file=/a/*.yaml",
                "https://github.com/saltmarsh?file=a/*.yaml&topics=catalog,b&people=true",
            ),
            (
                SourceKind::GitLab,
                "https://gitlab.example/a/b?names=x-*,!x-y",
                "https://gitlab.example/a/b?names=x-*,!x-y",
            ),
        ] {
            assert_eq!(target(kind, text), expected);
            assert_eq!(target(kind, expected), expected);
        }
        for (kind, text, why) in [
            (SourceKind::GitHub, "https://github.com/", "no organisation's address"),
            (SourceKind::GitHub, "https://github.com/o/r", "no organisation's address"),
            (SourceKind::Gitea, "saltmarsh", "not an address"),
            (SourceKind::Gitea, "https://codeberg.org/o?topic=x", "`topic` says nothing"),
            (SourceKind::Gitea, "https://codeberg.org/o?forks=maybe", "`true` or `false`"),
            (SourceKind::Gitea, "https://codeberg.org/o?file=../x", "no path within"),
            (SourceKind::Gitea, "https://codeberg.org/o?names=[", "`names`"),
        ] {
            assert!(target(kind, text).contains(why), "{text}: {}", target(kind, text));
        }
    }

    #[test]
    fn more_words_than_are_read_are_refused() {
        for key in ["names", "topics"] {
            let words = |count: usize| (0..count).map(|number| format!("svc-{number}")).collect::<Vec<_>>().join(",");
            let read = |count| target(SourceKind::GitHub, &format!("https://github.com/o?{key}={}", words(count)));
            assert!(read(MOST).ends_with(",svc-99"), "{}", read(MOST));
            assert!(read(MOST + 1).contains(&format!("`{key}` has 101 words")), "{}", read(MOST + 1));
        }
    }

    #[test]
    fn repositories_are_chosen_by_name_and_topic() {
        let wants = |query: &str, name: &str, topics: &[&str]| {
            let topics: Vec<String> = topics.iter().map(ToString::to_string).collect();
            Organisation::parse(SourceKind::GitHub, &format!("https://github.com/o?{query}"))
                .unwrap()
                .wants(name, &topics)
        };
        assert!(wants("", "tides", &[]));
        assert!(wants("names=ti*,x", "tides", &[]) && !wants("names=ti*", "fares", &[]));
        assert!(wants("names=!ti*", "fares", &[]) && !wants("names=!ti*", "tides", &[]));
        assert!(!wants("names=*,!tides", "tides", &[]));
        assert!(wants("topics=a,b", "tides", &["B"]) && !wants("topics=a", "tides", &["b"]));
    }
}
