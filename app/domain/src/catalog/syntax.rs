//! The shapes of texts in an envelope, as Backstage's `CommonValidatorFunctions` and `KubernetesValidatorFunctions` have them.

pub(super) fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
        && bytes[0].is_ascii_alphanumeric()
        && bytes[bytes.len() - 1].is_ascii_alphanumeric()
}

pub(super) fn is_dns_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        && bytes[0] != b'-'
        && bytes[bytes.len() - 1] != b'-'
}

pub(super) fn is_dns_subdomain(text: &str) -> bool {
    (1..=253).contains(&text.len()) && text.split('.').all(is_dns_label)
}

pub(super) fn is_label_key(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_name(name),
        None => is_name(text),
    }
}

pub(super) fn is_api_version(text: &str) -> bool {
    let is_suffix = |text: &str| (1..=63).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    match text.split_once('/') {
        Some((prefix, suffix)) => is_dns_subdomain(prefix) && is_suffix(suffix),
        None => is_suffix(text),
    }
}

pub(super) fn is_kind(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric())
        && text.as_bytes()[0].is_ascii_alphabetic()
}

pub(super) fn is_tag(text: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b":+#".contains(&b))
    };
    text.len() <= 63 && text.split('-').all(is_part)
}

/// What a browser's `new URL(text)` takes, as Backstage asks it: a scheme, and for the schemes of the web a host.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.trim().split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    if !is_scheme {
        return false;
    }
    if !["http", "https", "ftp", "ws", "wss"].iter().any(|web| scheme.eq_ignore_ascii_case(web)) {
        return true;
    }
    let authority = rest.trim_start_matches(['/', '\\']).split(['/', '\\', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    !host.is_empty() && !host.starts_with(':') && !host.contains(|c: char| c.is_whitespace() || "<>^|%".contains(c))
}
