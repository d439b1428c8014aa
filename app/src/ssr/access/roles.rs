//! Who has which role.

use std::{collections::HashMap, fmt::Write as _};

use prose::escape;
use services::{
    Result, Services,
    identity::{Caller, Permission, Target},
    permission::{self, Grant},
};

use super::{
    Sent, Written, code,
    html::{field, note, panel, select, table, when},
    may_not, refused, tabs, value,
};

/// How many roles one page shows.
const PAGE: usize = 100;

/// Which part of the list is asked for.
struct Part {
    find: String,
    page: usize,
}

impl Part {
    fn of(asked: &HashMap<String, String>) -> Self {
        Self { find: value(asked, "find").to_owned(), page: value(asked, "page").parse().unwrap_or_default() }
    }

    fn has(&self, grant: &Grant) -> bool {
        let find = self.find.to_lowercase();
        [&grant.role, &grant.grantee].iter().any(|text| text.to_lowercase().contains(&find))
    }

    /// The form that asks for another one.
    fn form(&self) -> String {
        format!(
            "<form method=\"get\" action=\"/roles\" role=\"search\" class=\"surface flex flex-wrap items-end gap-3 p-4 sm:p-5\"><div \
             class=\"flex min-w-0 grow flex-col gap-1\"><label for=\"f-find\" class=\"text-table font-medium\">Role, or \
             whose</label><input id=\"f-find\" name=\"find\" type=\"search\" maxlength=\"300\" class=\"input w-full font-mono\" \
             value=\"{}\"></div><button class=\"btn btn-primary\">Find</button></form>",
            escape(&self.find)
        )
    }

    /// The ways to the parts beside it.
    fn pages(&self, count: usize) -> String {
        let link = |page: usize, label: &str| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("find", &self.find).append_pair("page", &page.to_string());
            format!("<a class=\"btn\" href=\"/roles?{}\">{label}</a>", escape(&query.finish()))
        };
        let before = if self.page > 0 { link(self.page - 1, "Before") } else { String::new() };
        let is_last = count <= self.page.saturating_add(1).saturating_mul(PAGE);
        let more = if is_last { String::new() } else { link(self.page + 1, "More") };
        if before.is_empty() && more.is_empty() {
            return String::new();
        }
        format!("<nav aria-label=\"Pages\" class=\"flex gap-2\">{before}{more}</nav>")
    }

    /// What leads back to it, within a form.
    fn hidden(&self) -> String {
        format!(
            "<input type=\"hidden\" name=\"find\" value=\"{}\"><input type=\"hidden\" name=\"page\" value=\"{}\">",
            escape(&self.find),
            self.page
        )
    }
}

pub(super) async fn page(
    services: &Services,
    caller: &Caller,
    asked: &HashMap<String, String>,
    sent: Option<&Sent>,
) -> Result<Written> {
    let part = Part::of(asked);
    let mut all = permission::grants(services, caller).await?;
    let given = all.len();
    all.retain(|grant| part.has(grant));
    let count = all.len();
    let grants: Vec<Grant> = all.into_iter().skip(part.page.saturating_mul(PAGE)).take(PAGE).collect();
    let may_not = may_not("give or take roles", Permission::ManagePolicies, Target::Platform).await?;
    let doubts = permission::doubts(services, caller, &grants).await?;
    let rows: Vec<Vec<String>> = grants
        .iter()
        .zip(doubts)
        .map(|(grant, doubt)| {
            let whom = match (grant.grantee.as_str(), link(&grant.grantee)) {
                ("", _) => "everyone who is signed in".to_owned(),
                (name, Some(href)) => format!("<a class=\"text-link\" href=\"{href}\">{}</a>", code(name)),
                (name, None) => code(name),
            };
            let (since, deed) = match &grant.given {
                Some((at, by)) if !may_not.is_empty() => (format!("by {} {}", escape(by), when(*at)), String::new()),
                Some((at, by)) => (
                    format!("by {} {}", escape(by), when(*at)),
                    format!(
                        "<form method=\"post\" action=\"/roles\">{2}<input type=\"hidden\" name=\"role\" value=\"{0}\"><input \
                         type=\"hidden\" name=\"to\" value=\"{1}\"><button class=\"btn btn-ghost btn-sm\" name=\"deed\" \
                         value=\"take\">Take away<span class=\"sr-only\"> {0} from {1}</span></button></form>",
                        escape(&grant.role),
                        escape(&grant.grantee),
                        part.hidden()
                    ),
                ),
                None => ("in causeway.toml".to_owned(), String::new()),
            };
            let doubt = doubt.map(|doubt| format!("<p class=\"text-meta text-warning\">{}</p>", escape(&doubt)));
            vec![escape(&grant.role), whom + &doubt.unwrap_or_default(), since, deed]
        })
        .collect();
    let mut html = tabs("/roles");
    if let Some(sent) = sent {
        html += &refused(sent, "Nothing was changed");
    }
    let (role, to) = sent.map(|sent| sent.grant.clone()).unwrap_or_default();
    // A few are found by looking.
    if given > 20 || !part.find.is_empty() {
        html += &part.form();
    }
    html += &if rows.is_empty() {
        note("info", "Nobody has such a role", &[format!("{given} roles are given in all")])
    } else {
        let title = if count == rows.len() {
            "Who has which role".to_owned()
        } else {
            let from = part.page.saturating_mul(PAGE);
            format!("Who has which role: {} to {} of {count}", from + 1, from + rows.len())
        };
        panel(&title, &table("Roles", &["Role", "Who", "Since", "Change"], &rows))
    };
    html += &part.pages(count);
    let title = "Roles".to_owned();
    let answer = "What someone may do follows from their roles and from the teams that they are in".to_owned();
    if !may_not.is_empty() {
        return Ok(Written { title, answer, html: html + &may_not });
    }
    html += "<p><a class=\"btn\" href=\"/roles/unused\">What use they are, and which nobody uses</a></p>";
    let known: Vec<(String, String)> = permission::policies(services, caller)
        .await?
        .into_iter()
        .map(|document| (document.name.clone(), document.name))
        .collect();
    let _ = write!(
        html,
        "<form method=\"post\" action=\"/roles\" class=\"surface grid gap-4 p-4 sm:p-5\"><h2 class=\"text-body \
         font-semibold\">Give a role</h2>{}{}<div><button class=\"btn btn-primary\" name=\"deed\" value=\"give\">Give the \
         role</button></div></form>",
        select("role", "Role", &known, &role),
        field(
            "to",
            "To whom",
            &to,
            "<code>user:default/ada</code>, <code>group:default/harbour</code>, or <code>machine:deployer</code>"
        ),
    );
    Ok(Written { title, answer, html })
}

/// The page of a person or a team, and for a machine the tokens that there are.
fn link(grantee: &str) -> Option<String> {
    if grantee.starts_with("machine:") {
        return Some("/people/tokens".to_owned());
    }
    let reference: domain::catalog::EntityRef = grantee.parse().ok()?;
    let path = [reference.namespace(), reference.kind(), reference.name()].map(escape).join("/");
    Some(format!("/catalog/{path}"))
}
