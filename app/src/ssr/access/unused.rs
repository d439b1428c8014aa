//! What use the roles were that were given.

use std::{collections::HashMap, fmt::Write as _};

use prose::escape;
use services::{
    Result, Services,
    identity::{Caller, Permission, Target},
    permission::{self, GrantUse, GrantedBy},
};

use super::{
    Written, code,
    html::{note, panel, table, when},
    may_not, tabs, value,
};

/// How many grants one page shows.
const PAGE: usize = 200;
/// How many days are asked about where nothing is said.
const DAYS: u32 = 90;

pub(super) async fn page(services: &Services, caller: &Caller, asked: &HashMap<String, String>) -> Result<Written> {
    let mut html = tabs("/roles");
    let said = value(asked, "days");
    let days = said.parse().ok().filter(|days| (1..=3_650).contains(days)).unwrap_or(DAYS);
    if !said.is_empty() && days.to_string() != said {
        html += &note("error", "That is no number of days", &[format!("`{said}`: write a number from 1 to 3650")]);
    }
    let page: usize = value(asked, "page").parse().unwrap_or_default();
    let report = permission::use_report(services, caller, days).await?;
    let unused = report.grants.iter().filter(|grant| grant.is_unused).count();
    let _ = write!(
        html,
        "<form method=\"get\" action=\"/roles/unused\" class=\"surface flex flex-wrap items-end gap-3 p-4 sm:p-5\"><div class=\"flex \
         flex-col gap-1\"><label for=\"f-days\" class=\"text-table font-medium\">Days without use</label><input id=\"f-days\" \
         name=\"days\" type=\"number\" min=\"1\" max=\"3650\" class=\"input w-32\" value=\"{days}\"></div><button class=\"btn \
         btn-primary\">Show</button></form>"
    );
    // Whoever manages policies may take roles, and not always end the token that brings one.
    let ends_tokens = may_not("end the tokens of programs", Permission::ManagePeople, Target::Platform).await?;
    let row = |grant| row(grant, days, ends_tokens.is_empty());
    let rows: Vec<Vec<String>> = report.grants.iter().skip(page.saturating_mul(PAGE)).take(PAGE).map(row).collect();
    html += &if rows.is_empty() {
        note("info", "No role was given", &[])
    } else {
        panel(
            "Who has which role, and what use it was",
            &table("Use of roles", &["Role", "Who", "From", "Last of use", "Change"], &rows),
        )
    };
    html += &ends_tokens;
    let link = |page: usize, label: &str| {
        format!("<a class=\"btn\" href=\"/roles/unused?days={days}&amp;page={page}\">{label}</a>")
    };
    let before = if page > 0 { link(page - 1, "Before") } else { String::new() };
    let more =
        if report.grants.len() > (page + 1).saturating_mul(PAGE) { link(page + 1, "More") } else { String::new() };
    let _ = write!(
        html,
        "<nav aria-label=\"Pages\" class=\"flex gap-2\">{before}{more}</nav><p class=\"text-table text-muted\">Uses are noted since {}, \
         to the hour. A role counts as used when something was permitted that no lesser role of the same person would have \
         permitted.</p>",
        when(report.since)
    );
    let answer = match unused {
        0 => format!("Every role was of use to someone within {days} days, or is newer than that"),
        1 => format!("1 role was of no use to anyone for {days} days"),
        many => format!("{many} roles were of no use to anyone for {days} days"),
    };
    Ok(Written { title: "Use of roles".to_owned(), answer, html })
}

fn row(grant: &GrantUse, days: u32, ends_tokens: bool) -> Vec<String> {
    let GrantUse { role, grantee, by, last, users, is_unused, is_spoken_of } = grant;
    let whom = if grantee.is_empty() { "everyone who is signed in".to_owned() } else { code(grantee) };
    let hidden =
        |name: &str, value: &str| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
    let (from, deed) = match by {
        GrantedBy::Hand(at, giver) => (
            format!("given by {} {}", escape(giver), when(*at)),
            format!(
                "<form method=\"post\" action=\"/roles\">{}{}{}<button class=\"btn btn-ghost btn-sm\" name=\"deed\" value=\"take\">Take \
                 away<span class=\"sr-only\"> {} from {}</span></button></form>",
                hidden("role", role),
                hidden("to", grantee),
                hidden("days", &days.to_string()),
                escape(role),
                escape(grantee)
            ),
        ),
        GrantedBy::Settings => {
            ("causeway.toml".to_owned(), "<span class=\"text-muted\">in causeway.toml</span>".to_owned())
        }
        GrantedBy::Token(_, made) if !ends_tokens => (format!("its token, made {}", when(*made)), String::new()),
        GrantedBy::Token(id, made) => (
            format!("its token, made {}", when(*made)),
            format!(
                "<form method=\"post\" action=\"/people/tokens/end\">{}<button class=\"btn btn-ghost btn-sm\">End the token<span \
                 class=\"sr-only\"> of {}</span></button></form>",
                hidden("id", &id.to_string()),
                escape(grantee)
            ),
        ),
    };
    let used = match (last, users) {
        (None, _) => "never".to_owned(),
        (Some(at), 0 | 1) => when(*at),
        (Some(at), many) => format!("{}, to {many} in all", when(*at)),
    };
    let used = if *is_unused { format!("<strong>{used}</strong>, so for {days} days") } else { used };
    let unspoken =
        if *is_spoken_of { "" } else { "<br><span class=\"text-warning\">no policy speaks of this role</span>" };
    vec![escape(role) + unspoken, whom, from, used, deed]
}
