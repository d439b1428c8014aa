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

pub(super) fn is_url(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
            && !rest.trim_start_matches('/').is_empty()
            && !text.contains(char::is_whitespace)
    })
}
