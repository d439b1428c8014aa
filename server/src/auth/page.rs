//! The pages of coming in: plain HTML, since there is nobody yet to send the portal to.

use std::fmt::Write as _;

use app::Assets;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use services::identity::Unmatched;
use url::form_urlencoded;

/// A text as it stands in HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// A text with the names in its backticks set as code.
fn prose(text: &str) -> String {
    let mut html = String::new();
    for (at, part) in text.split('`').enumerate() {
        if at % 2 == 1 {
            let _ = write!(html, r#"<code class="font-mono break-all">{}</code>"#, escape(part));
        } else {
            html += &escape(part);
        }
    }
    html
}

/// A page of its own: the product, whose it is, a heading and what follows.
pub(super) struct Sheet<'a> {
    pub(super) assets: &'a Assets,
    pub(super) organisation: &'a str,
    pub(super) title: &'a str,
}

impl Sheet<'_> {
    /// The page, with `head` inside its head.
    fn show(&self, status: StatusCode, head: &str, content: &str) -> Response {
        let Self { assets, organisation, title } = self;
        let html = format!(
            r#"<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>{title} · Causeway</title><link rel="icon" href="{icon}" type="image/svg+xml"><link rel="stylesheet" href="{style}">{head}</head>
<body class="bg-base-200 text-base-content min-h-dvh grid place-items-center p-4">
<main class="w-full max-w-md">
<p class="mb-4 flex items-center gap-2.5"><svg viewBox="0 0 26 20" class="h-5 w-6.5 flex-none" aria-hidden="true" fill="none" stroke-width="2.2" stroke-linecap="round"><path class="stroke-primary" d="M3 11.5C5.6 5.6 9 3.5 13 3.5s7.4 2.1 10 8"/><path class="stroke-primary" d="M2 11.5h22"/><path class="stroke-accent" d="M8 12v5M13 12v5M18 12v5"/></svg><span class="text-product font-semibold tracking-title">Causeway</span><span class="truncate text-table text-muted">{organisation}</span></p>
<div class="surface grid gap-4 p-5 sm:p-6">
<h1 class="text-title font-semibold">{title}</h1>
{content}
</div>
</main></body></html>"#,
            title = escape(title),
            organisation = escape(organisation),
            icon = assets.icon,
            style = assets.style,
        );
        let policy = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
        let headers = [(header::CONTENT_SECURITY_POLICY, policy), (header::REFERRER_POLICY, "no-referrer")];
        (status, headers, Html(html)).into_response()
    }
}

/// What the sign-in page offers.
pub(super) struct Offer<'a> {
    /// Id and name of each provider.
    pub(super) providers: Vec<(&'a str, &'a str)>,
    pub(super) has_token: bool,
    pub(super) next: &'a str,
    /// Why a session that was there is over.
    pub(super) over: Option<&'a str>,
    pub(super) problem: Option<&'a str>,
}

pub(super) fn sign_in(sheet: &Sheet<'_>, status: StatusCode, offer: &Offer<'_>) -> Response {
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", offer.next).finish();
    let over = offer.over.map(|text| format!(r#"<p role="status" class="text-table">{}</p>"#, prose(text)));
    let mut content = over.unwrap_or_default();
    if !offer.providers.is_empty() {
        content += r#"<ul class="grid gap-2">"#;
        for (at, (id, name)) in offer.providers.iter().enumerate() {
            // One filled button at most.
            let kind = if at == 0 && offer.providers.len() == 1 { "btn btn-primary" } else { "btn" };
            let _ = write!(
                content,
                r#"<li><a class="{kind} h-10 w-full" href="/auth/start/{id}?{query}">Continue with {name}</a></li>"#,
                query = escape(&query),
                name = escape(name),
            );
        }
        content += "</ul>";
    }
    let problem =
        offer.problem.map(|text| format!(r#"<p role="alert" class="text-table text-error">{}</p>"#, prose(text)));
    let problem = problem.unwrap_or_default();
    if offer.has_token {
        let kind = if offer.providers.is_empty() { "btn btn-primary" } else { "btn" };
        let form = format!(
            r#"<form method="post" action="/auth/sign-in" class="grid gap-3">
<input type="hidden" name="next" value="{next}">
<input type="text" name="username" value="administrator" autocomplete="username" hidden>
<div class="grid gap-1"><label for="token" class="text-table font-medium">Administrator's token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required class="input w-full">
<p class="text-meta text-muted">It stands in the server's configuration, under <code class="font-mono">[sign_in]</code>.</p></div>
{problem}
<div><button class="{kind}">Sign in</button></div>
</form>"#,
            next = escape(offer.next),
        );
        if offer.providers.is_empty() {
            content += &form;
        } else {
            let open = if problem.is_empty() { "" } else { " open" };
            let _ = write!(
                content,
                r#"<details class="border-t border-base-300 pt-4 text-table"{open}><summary class="text-link inline-block">Sign in as administrator</summary><div class="mt-3">{form}</div></details>"#
            );
        }
    } else {
        content += &problem;
    }
    if offer.providers.is_empty() && !offer.has_token {
        content += r#"<p class="text-table">Nobody has to sign in here: whoever reaches this server from its own machine is its administrator.</p><div><a class="btn" href="/">Open the portal</a></div>"#;
    } else if !offer.providers.is_empty() {
        content += r#"<p class="text-meta text-muted">None of these is yours? Ask an administrator of this installation to add your provider, or for a link.</p>"#;
    }
    sheet.show(status, "", &content)
}

/// Something went wrong: what, why, and what to do.
pub(super) struct Trouble<'a> {
    pub(super) status: StatusCode,
    pub(super) what: &'a str,
    pub(super) details: Option<&'a str>,
    pub(super) advice: &'a [String],
    /// Where another try begins, and what it is called.
    pub(super) again: (&'a str, &'a str),
    /// The page that explains a refusal.
    pub(super) ask: Option<&'a str>,
    pub(super) unmatched: Option<&'a Unmatched>,
    pub(super) request: &'a str,
}

const LIST: &str = "grid gap-1.5 list-disc pl-5 text-table";

fn list(class: &str, items: &[String]) -> String {
    let mut html = format!(r#"<ul class="{class}">"#);
    for item in items {
        let _ = write!(html, "<li>{}</li>", prose(item));
    }
    html + "</ul>"
}

pub(super) fn trouble(sheet: &Sheet<'_>, trouble: &Trouble<'_>) -> Response {
    let mut content = format!(r#"<p role="alert" class="text-body">{}</p>"#, prose(trouble.what));
    if let Some(details) = trouble.details {
        let _ = write!(content, r#"<p class="text-table text-muted">{}</p>"#, prose(details));
    }
    if let Some(unmatched) = trouble.unmatched {
        let mut came = String::new();
        for (name, value) in &unmatched.came {
            let _ = write!(
                came,
                r#"<dt class="font-mono text-muted">{}</dt><dd class="font-mono break-all">{}</dd>"#,
                escape(name),
                escape(value)
            );
        }
        let _ = write!(
            content,
            r#"<section class="grid gap-2"><h2 class="text-body font-semibold">What came</h2><dl class="grid grid-cols-[minmax(5rem,auto)_1fr] gap-x-4 gap-y-1.5 text-meta">{came}</dl></section>
<section class="grid gap-2"><h2 class="text-body font-semibold">What was looked for</h2>{looked}</section>
<section class="grid gap-2"><h2 class="text-body font-semibold">What an administrator can do</h2>{advice}</section>"#,
            looked = list(LIST, &unmatched.looked),
            advice = list(LIST, &unmatched.advice),
        );
    }
    if !trouble.advice.is_empty() {
        content += &list(LIST, trouble.advice);
    }
    if let Some(ask) = trouble.ask {
        let _ = write!(
            content,
            r#"<p class="text-table"><a class="text-link underline" href="{}">Who can, and why not I</a></p>"#,
            escape(ask)
        );
    }
    let (href, label) = trouble.again;
    let _ = write!(
        content,
        r#"<div><a class="btn btn-primary" href="{}">{}</a></div><p class="text-meta text-muted">Request <code class="font-mono break-all">{}</code></p>"#,
        escape(href),
        escape(label),
        escape(trouble.request),
    );
    sheet.show(trouble.status, "", &content)
}

/// Signed out here; perhaps not at the provider.
pub(super) fn signed_out(sheet: &Sheet<'_>, left: &services::identity::Left) -> Response {
    use services::identity::Left;
    let again = r#"<div><a class="btn" href="/auth/sign-in">Sign in again</a></div>"#;
    match left {
        Left::Here => sheet.show(StatusCode::OK, "", again),
        Left::StillThere(provider) => {
            let note = format!(
                r#"<p class="text-table">You may still be signed in at {}: it has no address to sign out at. On a machine that others use, sign out there too, or close the browser.</p>"#,
                escape(provider)
            );
            sheet.show(StatusCode::OK, "", &(note + again))
        }
        Left::There(provider, address) => {
            let (provider, address) = (escape(provider), escape(address));
            // A form must not lead away, so the page goes on by itself.
            let head = format!(r#"<meta http-equiv="refresh" content="0; url={address}">"#);
            let content = format!(
                r#"<p class="text-table">Going on to {provider}, to sign out there too.</p><div><a class="btn" href="{address}">Sign out at {provider}</a></div>"#
            );
            sheet.show(StatusCode::OK, &head, &content)
        }
    }
}

/// A link from the command line, which is used by a button: what looks at addresses in messages must not use it up.
pub(super) fn link(sheet: &Sheet<'_>, code: &str) -> Response {
    let content = format!(
        r#"<p class="text-table">This link lets the administrator in once, for an emergency. It was made on the server's command line.</p>
<form method="post" action="/auth/link"><input type="hidden" name="code" value="{}"><button class="btn btn-primary">Sign in as administrator</button></form>"#,
        escape(code)
    );
    sheet.show(StatusCode::OK, "", &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text() {
        assert_eq!(prose("a `<b>` & c"), r#"a <code class="font-mono break-all">&lt;b&gt;</code> &amp; c"#);
        assert_eq!(escape("'\">"), "&#39;&quot;&gt;");
    }
}
