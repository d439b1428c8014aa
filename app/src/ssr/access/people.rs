//! What the page of people shows besides accounts: who came in vain, and what directories keep.

use std::fmt::Write as _;

use prose::escape;
use services::{
    Result, Services,
    identity::{
        self, Caller, InVain,
        scim::{self, Provisioned},
    },
};

use super::{
    code,
    html::{panel, table, when, words},
};

/// Both, or nothing where there is neither.
pub(crate) async fn page(services: &Services, caller: &Caller, text: &str, page: u64) -> Result<String> {
    let mut html = String::new();
    if page == 0 && text.trim().is_empty() {
        let in_vain = identity::in_vain(services, caller).await?;
        if !in_vain.is_empty() {
            let items: String = in_vain.iter().map(came).collect();
            html += &panel("Came, and nobody in the catalog was found", &format!("<ul>{items}</ul>"));
        }
    }
    let (kept, has_more) = scim::provisioned(services, caller, text, page).await?;
    if !kept.is_empty() {
        let rows: Vec<Vec<String>> = kept.iter().map(row).collect();
        let mut inner =
            table("Kept by SCIM", &["At the directory", "In the catalog", "Groups", "State", "Heard of"], &rows);
        if has_more {
            let query: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("q", text.trim())
                .append_pair("page", &(page + 1).to_string())
                .finish();
            let _ = write!(
                inner,
                "<p class=\"px-4 py-3\"><a class=\"btn\" href=\"/people?{}\">More</a></p>",
                escape(&query)
            );
        }
        html += &panel("Kept current by SCIM", &inner);
    }
    Ok(html)
}

fn list(title: &str, lines: &[String], drawn: impl Fn(&str) -> String) -> String {
    let items =
        lines.iter().map(|line| format!("<li class=\"break-words\">{}</li>", drawn(line))).collect::<Vec<_>>().concat();
    format!("<p class=\"mt-2 font-medium\">{title}</p><ul class=\"list-disc pl-5\">{items}</ul>")
}

fn came(one: &InVain) -> String {
    let InVain { provider, why, times, last } = one;
    let named = |name: &str| why.came.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let who = ["name", "email", "sub"].into_iter().find_map(named).unwrap_or("someone");
    let often = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
    let lines: Vec<String> = why.came.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!(
        "<li class=\"border-t border-base-300 px-4 py-2 text-table\"><details><summary class=\"cursor-pointer\"><span \
         class=\"font-medium break-words\">{}</span> <span class=\"text-muted\">through {}, {often}, last {}</span></summary>\
         <div class=\"pb-2\">{}{}{}</div></details></li>",
        escape(who),
        escape(provider),
        when(*last),
        list("What came", &lines, escape),
        list("What was looked for", &why.looked, words),
        list("What you can do", &why.advice, words),
    )
}

fn row(person: &Provisioned) -> Vec<String> {
    let Provisioned { id, provider, user_name, name, email, who, matched_by, is_active, deleted, heard, groups } =
        person;
    let mut said: Vec<&str> = vec![provider];
    said.extend(name.as_deref().filter(|name| name != user_name));
    said.extend(email.as_deref().filter(|email| email != user_name));
    let at = format!(
        "<p class=\"font-medium break-words\">{}</p><p class=\"text-meta text-muted break-words\">{}</p>",
        escape(user_name),
        escape(&said.join(" · "))
    );
    let found = match who {
        Some(who) => {
            format!("{}<p class=\"text-meta text-muted break-words\">by {}</p>", code(who), escape(matched_by))
        }
        None => format!(
            "<p class=\"text-warning\">nobody was found</p><p class=\"text-meta text-muted break-words\">{}</p>",
            words(matched_by)
        ),
    };
    let teams = groups.iter().map(|(name, team)| match team {
        Some(team) => format!("<li>{} is {}</li>", escape(name), code(team)),
        None => format!("<li>{} <span class=\"text-muted\">is no group of the catalog</span></li>", escape(name)),
    });
    let teams = if groups.is_empty() { "none".to_owned() } else { format!("<ul>{}</ul>", teams.collect::<String>()) };
    let state = match (deleted, is_active) {
        (Some(at), _) => format!(
            "deleted {}<form method=\"post\" action=\"/people/forget\"><input type=\"hidden\" name=\"id\" value=\"{}\"><button \
             class=\"btn btn-ghost btn-sm\">Forget<span class=\"sr-only\"> {}</span></button></form>",
            when(*at),
            escape(id),
            escape(user_name)
        ),
        (None, true) => "may come in".to_owned(),
        (None, false) => "sent away".to_owned(),
    };
    vec![at, found, teams, state, when(*heard)]
}
