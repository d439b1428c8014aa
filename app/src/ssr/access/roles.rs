//! Who has which role.

use std::fmt::Write as _;

use prose::escape;
use services::{
    Result, Services,
    identity::{Caller, Permission, Target},
    permission,
};

use super::{
    Sent, Written, code,
    html::{field, panel, select, table, when},
    may_not, refused, tabs,
};

pub(super) async fn page(services: &Services, caller: &Caller, sent: Option<&Sent>) -> Result<Written> {
    let grants = permission::grants(services, caller).await?;
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
                        "<form method=\"post\" action=\"/roles\"><input type=\"hidden\" name=\"role\" value=\"{0}\"><input \
                         type=\"hidden\" name=\"to\" value=\"{1}\"><button class=\"btn btn-ghost btn-sm\" name=\"deed\" \
                         value=\"take\">Take away<span class=\"sr-only\"> {0} from {1}</span></button></form>",
                        escape(&grant.role),
                        escape(&grant.grantee)
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
    html += &panel("Who has which role", &table("Roles", &["Role", "Who", "Since", "Change"], &rows));
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
