//! Which branch and which path of a repository an address means, beyond the repository itself.

use url::form_urlencoded;

/// What forges put behind the `?` for the eye alone.
const VIEWS: &[&str] = &[
    "plain",
    "raw",
    "tab",
    "ref_type",
    "inline",
    "expanded",
    "viewer",
    "display",
    "mode",
    "until",
    "_a",
    "line",
    "lineEnd",
    "lineStartColumn",
    "lineEndColumn",
    "lineStyle",
];

/// What of a repository is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it, at the branch that it opens with.
    #[default]
    Whole,
    /// Branch and path, not told apart yet: a branch may hold slashes.
    Joined(String),
    /// Each by itself; where no branch is named, the one that the repository opens with.
    Apart { branch: Option<String>, path: String },
}

impl Wanted {
    /// What is meant by a branch and a path of which either may be missing.
    pub(super) fn apart(branch: Option<String>, path: &str) -> Self {
        // `HEAD` is the branch that the repository itself puts first, whatever it is called.
        let branch = branch.filter(|branch| !branch.is_empty() && branch != "HEAD");
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        match (branch, parts.join("/")) {
            (None, path) if path.is_empty() => Self::Whole,
            (branch, path) => Self::Apart { branch, path },
        }
    }

    /// Whether the branch is only read because the repository opens with it.
    pub(super) fn follows_default(&self) -> bool {
        match self {
            Self::Whole | Self::Apart { branch: None, .. } => true,
            Self::Joined(rest) => rest == "HEAD" || rest.starts_with("HEAD/"),
            Self::Apart { .. } => false,
        }
    }
}

/// What stands behind the `?` and the `#` of an address.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Behind {
    pairs: Vec<(String, String)>,
    mark: Option<String>,
}

impl Behind {
    /// Takes it off an address.
    pub(super) fn split(text: &str) -> (&str, Self) {
        let (text, mark) = text.split_once('#').map_or((text, None), |(text, mark)| (text, Some(mark)));
        let (text, query) = text.split_once('?').unwrap_or((text, ""));
        // A plus is one in a branch and in a path; a space is `%20`.
        let query = query.replace('+', "%2B");
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned().filter(|(_, value)| !value.is_empty());
        let mark = mark.filter(|mark| !mark.is_empty()).map(super::target::decode);
        (text, Self { pairs: pairs.collect(), mark })
    }

    /// The value of one name, which is then told.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.pairs.iter().position(|(key, _)| key == name)?;
        Some(self.pairs.remove(at).1)
    }

    /// What is meant where the address before it names `named`. Nothing that is written is passed over: what is neither for
    /// the eye nor understood is refused.
    pub(super) fn wanted(mut self, named: Wanted) -> Result<Wanted, String> {
        let (mut branch, mut path) = (self.take("ref"), self.take("path"));
        if let Some((name, _)) = self.pairs.iter().find(|(name, _)| !VIEWS.contains(&name.as_str())) {
            return Err(format!(
                "`?{name}=` means nothing to a Git repository; write the branch and the path as `?ref=BRANCH&path=PATH`"
            ));
        }
        // Behind the address of a file it is a place on the page of the forge.
        if let (Some(mark), Wanted::Whole) = (self.mark, &named) {
            if branch.is_some() || path.is_some() {
                return Err(format!(
                    "`#{mark}` stands beside `?ref=` or `?path=`; write the branch and the path as `?ref=BRANCH&path=PATH`"
                ));
            }
            let (name, below) = mark.split_once(':').unwrap_or((&mark, ""));
            (branch, path) = (Some(name.to_owned()), Some(below.to_owned()));
        }
        let twice = |what: &str, value: &str| {
            format!("`?{what}={value}` names what the address before it names already; write it once")
        };
        match (named, branch, path) {
            (named, None, None) => Ok(named),
            (Wanted::Whole, branch, path) => Ok(Wanted::apart(branch, &path.unwrap_or_default())),
            (Wanted::Apart { branch: None, path }, branch, None) => Ok(Wanted::apart(branch, &path)),
            (Wanted::Apart { branch, path: below }, None, Some(path)) if below.is_empty() => {
                Ok(Wanted::apart(branch, &path))
            }
            (_, Some(branch), _) => Err(twice("ref", &branch)),
            (_, None, Some(path)) => Err(twice("path", &path)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, named: Wanted) -> String {
        let (address, behind) = Behind::split(text);
        match behind.wanted(named) {
            Ok(Wanted::Whole) => format!("{address} whole"),
            Ok(Wanted::Joined(rest)) => format!("{address} joined {rest}"),
            Ok(Wanted::Apart { branch, path }) => format!("{address} {} {path}", branch.unwrap_or_default()),
            Err(why) => why,
        }
    }

    #[test]
    fn branch_and_path_stand_behind_any_address() {
        for (text, expected) in [
            ("r.git", "r.git whole"),
            ("r.git?ref=release/1.x&path=/a/b/", "r.git release/1.x a/b"),
            ("r.git?path=a%20b/c+d.yaml", "r.git  a b/c+d.yaml"),
            ("r.git?ref=HEAD", "r.git whole"),
            ("r.git?ref=&path=", "r.git whole"),
            ("r.git#dev", "r.git dev "),
            ("r.git#dev:a/b", "r.git dev a/b"),
            ("r.git#:a/b", "r.git  a/b"),
            ("r.git#", "r.git whole"),
            ("r?tab=readme-ov-file", "r whole"),
        ] {
            assert_eq!(read(text, Wanted::Whole), expected, "{text}");
        }
        let below = || Wanted::apart(None, "services");
        assert_eq!(read("w/services?ref=dev", below()), "w/services dev services");
        let joined = || Wanted::Joined("main/x.yaml".into());
        assert_eq!(read("x.yaml?plain=1#L10", joined()), "x.yaml joined main/x.yaml");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let told = [
            read("r.git?branch=dev", Wanted::Whole),
            read("r.git?ref=dev#next", Wanted::Whole),
            read("r/tree/main?ref=dev", Wanted::Joined("main".into())),
            read("r/tree/main?path=a", Wanted::Joined("main".into())),
            read("w/services?path=a", Wanted::apart(None, "services")),
        ];
        insta::assert_snapshot!(told.join("\n"), @r"
        `?branch=` means nothing to a Git repository; write the branch and the path as `?ref=BRANCH&path=PATH`
        `#next` stands beside `?ref=` or `?path=`; write the branch and the path as `?ref=BRANCH&path=PATH`
        `?ref=dev` names what the address before it names already; write it once
        `?path=a` names what the address before it names already; write it once
        `?path=a` names what the address before it names already; write it once
        ");
    }
}
