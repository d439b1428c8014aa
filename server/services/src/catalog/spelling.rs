//! Addresses and paths in one spelling, so that policies are asked about what is read.

/// A path or an address without detours: dots are resolved, and in an address what need not be escaped is not.
pub(super) fn straight(target: &str) -> String {
    let Some((scheme, rest)) = target.split_once("://") else { return without_dots(target) };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (path, tail) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    format!("{scheme}://{authority}{}{tail}", without_dots(&unescaped(path)))
}

/// Dots of a path resolved, as RFC 3986 (5.2.4) does it; a path without them stays as it is.
fn without_dots(path: &str) -> String {
    if !path.split('/').any(|part| part == "." || part == "..") || !path.starts_with('/') {
        return path.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let last = parts.len() - 1;
    for (at, part) in parts.into_iter().enumerate() {
        match part {
            "." | ".." => {
                if part == ".." {
                    kept.pop();
                }
                // What ends so is a folder.
                if at == last {
                    kept.push("");
                }
            }
            part => kept.push(part),
        }
    }
    format!("/{}", kept.join("/"))
}

/// Letters, digits, `-`, `.`, `_` and `~` mean the same escaped and not (RFC 3986, 6.2.2.2).
fn unescaped(path: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        let letter = rest.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(char::from);
        if let Some(letter) = letter.filter(|letter| letter.is_ascii_alphanumeric() || "-._~".contains(*letter)) {
            plain.push(letter);
            rest = &rest[at + 3..];
        } else {
            plain.push('%');
            rest = &rest[at + 1..];
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detour_leads_where_the_straight_way_does() {
        for (target, plain) in [
            ("https://a.example/team/../other.yaml", "https://a.example/other.yaml"),
            ("https://a.example/team/%2e%2E/other.yaml", "https://a.example/other.yaml"),
            ("https://a.example/team/*/../../other.yaml", "https://a.example/other.yaml"),
            ("https://a.example/%6dine.yaml?ref=../x#..", "https://a.example/mine.yaml?ref=../x#.."),
            ("https://a.example/a%2Fb/%zz/%", "https://a.example/a%2Fb/%zz/%"),
            ("https://a.example/../../x", "https://a.example/x"),
            ("https://a.example/x/..", "https://a.example/"),
            ("https://a.example", "https://a.example"),
            ("/srv/skel/../secret.yaml", "/srv/secret.yaml"),
            ("/srv/./skel//a.yaml", "/srv/skel//a.yaml"),
            ("/srv/%2e%2e/a.yaml", "/srv/%2e%2e/a.yaml"),
            ("/../..", "/"),
        ] {
            assert_eq!(straight(target), plain, "{target}");
        }
    }
}
