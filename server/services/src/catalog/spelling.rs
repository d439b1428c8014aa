//! Addresses and paths in one spelling, so that policies are asked about what is read.

use domain::catalog::SourceKind;
use percent_encoding::percent_decode_str;
use url::Url;

use super::{clusters::ClusterTarget, organisation::Organisation};

/// The longest target, in bytes.
const LONGEST: usize = 2_000;

const USER: &str = "an address with a user in it is not read; leave the user out, and add a credential that names it";
const PASSWORD: &str = "an address with a password in it would be shown to everyone who reads the catalog; leave it out, and add a credential";

/// A target as it is kept and read, whichever way it was written.
///
/// # Errors
/// What is wrong with it, and how to write it.
pub(super) fn plain(kind: SourceKind, text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.contains('\0') {
        return Err("a source needs a target: a path, or an address".to_owned());
    }
    if text.len() > LONGEST {
        let length = text.len();
        return Err(format!(
            "the target, with all that is named in it, is {length} letters long, and at most {LONGEST} are kept; name fewer, by patterns \
             such as `ferry-*`, or register a second source"
        ));
    }
    if kind == SourceKind::Kubernetes {
        return Ok(ClusterTarget::parse(text)?.target());
    }
    let scp = (kind == SourceKind::Git).then(|| from_scp(text)).flatten();
    let text = scp.as_deref().unwrap_or(text);
    if is_on_disk(kind, text) {
        return path(kind, text);
    }
    let (address, url) = address(text)?;
    if url.scheme() == "ssh" && kind == SourceKind::Git {
        // The user of SSH is no secret: it is `git` almost everywhere.
        return if url.password().is_some() { Err(PASSWORD.to_owned()) } else { Ok(of_repository(&address)) };
    }
    if !["http", "https"].contains(&url.scheme()) {
        let scheme = url.scheme();
        return Err(format!(
            "`{address}`: only http and https addresses are read, and ssh of a Git repository, not {scheme}"
        ));
    }
    if url.password().is_some() {
        return Err(PASSWORD.to_owned());
    }
    if !url.username().is_empty() {
        return Err(USER.to_owned());
    }
    if kind.is_organisation() {
        return Ok(Organisation::parse(kind, &address)?.target());
    }
    if kind != SourceKind::Git {
        return Ok(address);
    }
    Ok(of_repository(&address))
}

/// Readers of repositories take several slashes for one, and pass over those at the end.
fn of_repository(address: &str) -> String {
    let (place, behind) = address.split_at(behind(address));
    let (scheme, place) = place.split_once("://").unwrap_or(("", place));
    format!("{scheme}://{}{behind}", single_slashes(place).trim_end_matches('/'))
}

/// Where that begins which says what of a repository is read.
pub(super) fn behind(target: &str) -> usize {
    target.find(['?', '#']).unwrap_or(target.len())
}

/// A target as policies are asked about it: in an address, what has to be escaped is, however it was written, and no more; and what
/// most servers take for one slash is one.
pub(super) fn asked(target: &str) -> String {
    match Url::parse(target) {
        Ok(url) if target.contains("://") && url.has_host() => {
            let straight = straight(url.as_str());
            let (place, behind) = straight.split_at(behind(&straight));
            let (scheme, place) = place.split_once("://").unwrap_or(("", place));
            format!("{scheme}://{}{behind}", single_slashes(&unescaped(place, IN_PATHS)))
        }
        _ => target.to_owned(),
    }
}

/// The target of a source as policies are asked about it, also of one that is not kept so.
pub(super) fn asked_of(kind: SourceKind, target: &str) -> String {
    asked(&plain(kind, target).unwrap_or_else(|_| target.to_owned()))
}

/// Several slashes in a row as one.
fn single_slashes(path: &str) -> String {
    let mut single = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !single.ends_with('/') {
            single.push(letter);
        }
    }
    single
}

/// Whether a target is on the disk of the server.
pub(super) fn is_on_disk(kind: SourceKind, target: &str) -> bool {
    match kind {
        SourceKind::File => true,
        SourceKind::Git | SourceKind::Url => target.starts_with("file:") || !target.contains("://"),
        _ => false,
    }
}

/// A whole path, without detours. Behind the `?` or `#` of a repository stands what of it is read.
fn path(kind: SourceKind, text: &str) -> Result<String, String> {
    if kind == SourceKind::Url {
        return Err(format!("`{text}` is not an address; write it in full, like `https://host/path`"));
    }
    let (text, behind) = text.split_at(if kind == SourceKind::Git { behind(text) } else { text.len() });
    let path = if text.starts_with("file:") {
        let url = Url::parse(text).map_err(|error| format!("`{text}` is not an address: {error}"))?;
        url.to_file_path().map_err(|()| format!("`{text}` is on another machine; write a path of this one"))?
    } else {
        text.into()
    };
    let path = std::path::absolute(path).map_err(|error| format!("`{text}`: {error}"))?;
    let path = without_dots(path.to_str().ok_or_else(|| format!("`{text}` is not UTF-8"))?);
    // As a shell completes the name of a folder.
    let path = single_slashes(&path);
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { &path };
    Ok(format!("{path}{behind}"))
}

/// An address as its reader understands it: scheme, host and port in one form, and a path without detours.
fn address(text: &str) -> Result<(String, Url), String> {
    // Readers of addresses drop some of these silently, and take others for a slash.
    if text.contains(|letter: char| letter.is_control() || letter == '\\') {
        return Err(format!("`{}` has a `\\` or a control character in it, as no address has", text.escape_debug()));
    }
    let straight = straight(text);
    let wrong = |why: &dyn std::fmt::Display| format!("`{text}` is not an address: {why}");
    let url = Url::parse(&straight).map_err(|error| wrong(&error))?;
    let (_, rest) = straight.split_once("://").ok_or_else(|| wrong(&"it has no `://`"))?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = url.host_str().filter(|_| !authority.is_empty()).ok_or_else(|| wrong(&"it names no server"))?;
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    // Some servers take an escaped slash for one.
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    if decoded.split(['/', '\\']).any(|part| [".", ".."].contains(&part)) {
        return Err(wrong(&"`.` and `..` in its path must not hide behind an escaped slash"));
    }
    let user = authority.rsplit_once('@').map(|(user, _)| format!("{user}@")).unwrap_or_default();
    // Of schemes that it does not know, the reader of addresses leaves the server as it is written.
    let host = percent_decode_str(host).decode_utf8_lossy();
    let host = url::Host::parse(&host).map_err(|error| wrong(&error))?.to_string().to_lowercase();
    let port = url.port().filter(|port| url.scheme() != "ssh" || *port != 22);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Ok((format!("{}://{user}{}{port}{rest}", url.scheme(), host.trim_end_matches('.')), url))
}

/// `git@host:path`, as forges show it, and `git@host:/srv/path` of other servers, as an address.
fn from_scp(text: &str) -> Option<String> {
    let (user, rest) = text.split_once('@')?;
    let (host, path) = rest.split_once(':')?;
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let is_path = !path.trim_start_matches('/').is_empty() && !path.contains("://");
    (is_word(user) && is_word(host) && is_path).then(|| format!("ssh://{user}@{host}/{}", path.trim_start_matches('/')))
}

/// A path or an address without detours: dots are resolved, and in an address what need not be escaped is not.
fn straight(target: &str) -> String {
    let Some((scheme, rest)) = target.split_once("://") else { return without_dots(target) };
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (path, tail) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    format!("{scheme}://{authority}{}{tail}", without_dots(&unescaped(path, "")))
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

/// What may stand in a path as it is (RFC 3986, 3.3), and what servers of files therefore read the same, escaped or not.
const IN_PATHS: &str = "!$&'()*+,;=:@";

/// Letters, digits, `-`, `.`, `_` and `~` mean the same escaped and not, as do the digits of an escape in either case (RFC 3986,
/// 6.2.2); so does what stands in `more`, for whom it does.
fn unescaped(path: &str, more: &str) -> String {
    let mut plain = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        plain.push_str(&rest[..at]);
        let digits = rest.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let letter = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(char::from);
        match (letter, digits) {
            (Some(letter), _) if letter.is_ascii_alphanumeric() || "-._~".contains(letter) || more.contains(letter) => {
                plain.push(letter);
                rest = &rest[at + 3..];
            }
            (_, Some(digits)) => {
                plain.push('%');
                plain.push_str(&digits.to_ascii_uppercase());
                rest = &rest[at + 3..];
            }
            _ => {
                plain.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    plain + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_refused_and_not_cut() {
        let names = |count: usize| vec!["customer-payments-service"; count].join(",");
        let target =
            |count: usize| plain(SourceKind::GitHub, &format!("https://github.com/saltmarsh?names={}", names(count)));
        assert!(target(60).unwrap().len() > 1_500);
        let told = target(90).unwrap_err();
        assert!(told.contains("at most 2000 are kept; name fewer"), "{told}");
    }

    #[test]
    fn what_means_the_same_is_written_the_same() {
        for (kind, text, kept) in [
            (SourceKind::Url, "HTTP://127.1:080/a.yaml", "http://127.0.0.1/a.yaml"),
            (SourceKind::Url, "https://GitHub.com.:443/o/r", "https://github.com/o/r"),
            (SourceKind::Url, "http://2130706433:05115/x?a=/../b", "http://127.0.0.1:5115/x?a=/../b"),
            (SourceKind::Git, "https://github.com/o/r/", "https://github.com/o/r"),
            (SourceKind::Git, "git@GitHub.com:o/r.git", "ssh://git@github.com/o/r.git"),
            (SourceKind::Git, "git@host.example:/srv/git/x.git", "ssh://git@host.example/srv/git/x.git"),
            (SourceKind::Git, "https://github.com/o/r.git/?path=a/", "https://github.com/o/r.git?path=a/"),
            (SourceKind::Git, "https://github.com/o/r/#main", "https://github.com/o/r#main"),
            (SourceKind::Git, "/srv/one.git?path=a/../b", "/srv/one.git?path=a/../b"),
            (SourceKind::Git, "/srv/one.git/#main", "/srv/one.git#main"),
            (SourceKind::Git, "file:///srv/one.git#main:a/b", "/srv/one.git#main:a/b"),
            (SourceKind::Git, "file://localhost/srv/l%69ve%20one/../two?path=a", "/srv/two?path=a"),
            (SourceKind::File, "/srv/what?/../all/", "/srv/all"),
            (SourceKind::File, "//srv//all", "/srv/all"),
            (SourceKind::Git, "ssh://git@HOST.example:22//o/r/", "ssh://git@host.example/o/r"),
            (SourceKind::Git, "ssh://git@127.1/o/r", "ssh://git@127.0.0.1/o/r"),
            (SourceKind::Git, "ssh://git@127.0.0.%31:2222/o/r", "ssh://git@127.0.0.1:2222/o/r"),
            (SourceKind::Git, "https://forge.example//o//r", "https://forge.example/o/r"),
            (SourceKind::Url, "https://a.example/a%2bb", "https://a.example/a%2Bb"),
            (SourceKind::GitHub, "https://GITHUB.com/Saltmarsh/", "https://github.com/Saltmarsh"),
        ] {
            assert_eq!(plain(kind, text).as_deref(), Ok(kept), "{text}");
        }
    }

    #[test]
    fn a_user_is_called_a_user_and_a_password_a_password() {
        let why = |text: &str| plain(SourceKind::Url, text).unwrap_err();
        assert_eq!(why("https://ama@a.example/x.yaml"), USER);
        assert_eq!(why("https://ama:secret@a.example/x.yaml"), PASSWORD);
    }

    #[test]
    fn what_readers_understand_in_two_ways_is_refused() {
        for text in [
            "http://a.example/team/..\\x",
            "http://a.example/te\tam/x",
            "h\nttp://a.example/x",
            "http:///a.example/x",
            "http://a.example\\x",
            "http://a.example/team/..%2fx",
            "http://a.example/team/%2e%2e%5cx",
            "http://u:p@a.example/x",
            "ftp://a.example/x",
            "a.yaml",
            "",
        ] {
            assert!(plain(SourceKind::Url, text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn policies_are_asked_about_what_servers_of_files_read() {
        for (target, asked_about) in [
            ("http://a.example//secret//x.yaml", "http://a.example/secret/x.yaml"),
            ("http://a.example/%40acme/a%2bb?x=%40", "http://a.example/@acme/a+b?x=%40"),
            ("http://a.example/a%2fb/ü", "http://a.example/a%2Fb/%C3%BC"),
            ("ssh://git@a.example//o/r", "ssh://git@a.example/o/r"),
            ("/srv/x", "/srv/x"),
        ] {
            assert_eq!(asked(target), asked_about, "{target}");
        }
    }

    #[test]
    fn a_detour_leads_where_the_straight_way_does() {
        for (target, plain) in [
            ("https://a.example/team/../other.yaml", "https://a.example/other.yaml"),
            ("https://a.example/team/%2e%2E/other.yaml", "https://a.example/other.yaml"),
            ("https://a.example/team/*/../../other.yaml", "https://a.example/other.yaml"),
            ("https://a.example/%6dine.yaml?ref=../x#..", "https://a.example/mine.yaml?ref=../x#.."),
            ("https://a.example/a%2Fb/%zz/%", "https://a.example/a%2Fb/%zz/%"),
            ("https://a.example/%4a%c3%A9", "https://a.example/J%C3%A9"),
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
