//! Questions: why may I, who can, what could someone do.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
};

use domain::letters::capital;
use prose::escape;
use services::{
    Error, Result, Services,
    identity::{Caller, Permission, Permission as P, Reason, Subject, Thing},
    permission::{self, MayRow, WhoCan},
    runs,
};

use super::{
    Written, code,
    html::{field, note, panel, select, table, words},
    tabs, value,
};

fn list(reasons: &[Reason]) -> String {
    let items = reasons
        .iter()
        .map(|reason| {
            let document = escape(&reason.document);
            format!(
                "<li class=\"break-words\">{} <a class=\"text-link underline\" href=\"/policies/{document}\">{document}</a></li>",
                words(&reason.to_string())
            )
        })
        .collect::<Vec<_>>()
        .concat();
    if items.is_empty() { String::new() } else { format!("<ul class=\"grid gap-1\">{items}</ul>") }
}

pub(super) async fn page(services: &Services, caller: &Caller, asked: &HashMap<String, String>) -> Result<Written> {
    let (permission, on, who) = (value(asked, "permission"), value(asked, "on"), value(asked, "who"));
    let mut html = tabs("/may");
    let choices: Vec<(String, String)> =
        Permission::ALL.into_iter().map(|known| (known.name().to_owned(), known.to_string())).collect();
    let _ = write!(
        html,
        "<div class=\"grid items-start gap-4 lg:grid-cols-2\"><form method=\"get\" action=\"/may\" class=\"surface grid gap-4 \
         p-4 sm:p-5\"><h2 class=\"text-body font-semibold\">Who can do a thing, and may I</h2>{}{}<div><button \
         class=\"btn btn-primary\">Ask</button></div></form>",
        select("permission", "What", &choices, permission),
        field(
            "on",
            "On what",
            on,
            "A reference like <code>component:default/quay</code> or <code>template:default/service</code>, <code>source:ID</code>, <code>run:ID</code>, <code>repository:OWNER/NAME</code>, <code>place:ADDRESS</code>, or nothing for the platform"
        ),
    );
    let _ = write!(
        html,
        "<form method=\"get\" action=\"/may\" class=\"surface grid gap-4 p-4 sm:p-5\"><h2 class=\"text-body \
         font-semibold\">What could someone do</h2>{}<div><button class=\"btn\">Ask</button></div></form></div>",
        field(
            "who",
            "Who",
            who,
            "<code>user:default/ada</code> or <code>machine:deployer</code>; your own name for yourself"
        ),
    );
    let answer = if !permission.is_empty() {
        answer(services, caller, (permission, on), &mut html).await?
    } else if !who.is_empty() {
        could(services, caller, who, &mut html).await?
    } else {
        could(services, caller, &caller.subject.to_string(), &mut html).await?
    };
    Ok(Written { title: "Who may".to_owned(), answer, html })
}

/// What is worth asking about a thing.
fn questions(thing: &Thing) -> &'static [Permission] {
    match thing {
        Thing::Entity(reference) | Thing::Template(reference) | Thing::RunsOf(reference) | Thing::Team(reference) => {
            match reference.kind() {
                "template" => &[P::StartRun, P::ApproveRun, P::SteerRun, P::ReadRuns, P::ReadCatalog, P::ManageSources],
                "group" => &[P::ReadCatalog, P::ManageSources, P::KeepTeamViews],
                _ => &[P::ReadCatalog, P::ManageSources],
            }
        }
        Thing::Source(_) => &[P::ReadCatalog, P::ManageSources],
        Thing::Run(_) => &[P::ReadRuns, P::SteerRun, P::ApproveRun],
        Thing::Repository(_) => &[P::ReadRepository, P::WriteRepository],
        Thing::Place(_) => &[P::ManageSources, P::ReadServerFiles],
        Thing::Policy(_) => &[P::ReadPolicies, P::ManagePolicies],
        Thing::Own => &[P::KeepOwn, P::KeepOwnTokens],
        Thing::Platform => &[P::ReadPolicies, P::ManagePolicies, P::ManagePeople, P::ReadAudit, P::ReadMetrics],
    }
}

/// Links to the other questions about the same thing.
fn others(thing: &Thing, (asked, on): (Permission, &str)) -> String {
    let links = questions(thing).iter().map(|permission| {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("permission", permission.name())
            .append_pair("on", on)
            .finish();
        let (class, here) =
            if *permission == asked { ("btn-active", " aria-current=\"true\"") } else { ("btn-ghost", "") };
        format!(
            "<li><a class=\"btn btn-sm {class}\" href=\"/may?{}\"{here}>{}</a></li>",
            escape(&query),
            escape(&capital(&permission.to_string()))
        )
    });
    let links = links.collect::<Vec<_>>().concat();
    format!(
        "<nav class=\"no-print\" aria-label=\"Questions about the same thing\"><ul class=\"flex flex-wrap gap-1\">{links}</ul></nav>"
    )
}

/// How many names stand in one place.
const NAMES: usize = 20;

/// The first of these, and how many more there are.
fn some(names: &[String], unnamed: usize) -> String {
    let told: Vec<String> = names.iter().take(NAMES).map(|name| code(name)).collect();
    match names.len() - told.len() + unnamed {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

/// A group of people who can do a thing: role, who of them, given to, because.
fn row(who: &WhoCan) -> Vec<String> {
    let is_together = who.role.is_empty() && who.of.is_none();
    let role = if who.role.is_empty() { "by no role alone".to_owned() } else { escape(&who.role) };
    let unnamed = |is_here: bool| if is_here { who.unnamed } else { 0 };
    let of = match who.of.as_deref() {
        None if is_together => some(&who.holders, unnamed(true)),
        None => "anyone with the role".to_owned(),
        Some(of) if of.starts_with("group:") => format!("in {}", code(of)),
        Some(of) => code(of),
    };
    let except = some(&who.except, unnamed(!is_together));
    let except = if except.is_empty() { String::new() } else { format!(", except {except}") };
    let holders = if is_together { String::new() } else { some(&who.holders, 0) };
    vec![role, of + &except, holders, list(&who.reasons)]
}

/// What is wrong with a question is the answer to it.
fn wrong(html: &mut String, why: &str) -> String {
    *html += &note("error", "That cannot be asked", &[why.to_owned()]);
    "Ask anew".to_owned()
}

async fn answer(
    services: &Services,
    caller: &Caller,
    (permission, on): (&str, &str),
    html: &mut String,
) -> Result<String> {
    let Some(permission) = Permission::named(permission) else {
        return Ok(wrong(html, "there is no such permission; choose one from the list"));
    };
    let said = on;
    let on = match runs::with_id(services, caller, on).await {
        Ok(on) => on,
        Err(Error::NotFound(why)) => return Ok(wrong(html, &why)),
        Err(error) => return Err(error),
    };
    let thing = match Thing::read(permission, &on) {
        Ok(thing) => thing,
        Err(error) => return Ok(wrong(html, &error.to_string())),
    };
    let (is_allowed, why, reasons) = match permission::asked_why(services, caller, permission, thing.target()).await {
        Ok(told) => told,
        Err(Error::NotFound(why) | Error::Rejected(why)) => return Ok(wrong(html, &why)),
        Err(error) => return Err(error),
    };
    *html += &others(&thing, (permission, said));
    let on = match &thing {
        Thing::RunsOf(template) => format!("of {template}"),
        // People know a run by its number.
        Thing::Run(_) => format!("on {said}"),
        Thing::Platform if permission::is_about_things(permission) => "at all".to_owned(),
        thing => format!("on {}", thing.target()),
    };
    let verdict = if is_allowed { "You may" } else { "You may not" };
    *html += &panel(
        &format!("{verdict} {permission} {on}"),
        &format!(
            "<div class=\"grid gap-2 px-4 pb-4 text-table\"><p>{}.</p>{}</div>",
            words(&capital(&why)),
            list(&reasons)
        ),
    );
    match permission::who_can(services, caller, permission, thing.target()).await {
        Ok(found) => {
            let rows: Vec<Vec<String>> = found.iter().map(row).collect();
            let heads = ["Role", "Who of them", "Given to", "Because"];
            *html += &panel(&format!("Who can {permission} {on}"), &table("Who can", &heads, &rows));
        }
        Err(Error::Rejected(why)) => *html += &note("info", "Who can depends on a thing", &[capital(&why)]),
        Err(Error::Denied(denied)) => {
            *html += &note("info", "Who else can is not for you to see", &[denied.to_string()]);
        }
        Err(error) => return Err(error),
    }
    Ok(format!("{verdict} {permission} {on}"))
}

async fn could(services: &Services, caller: &Caller, who: &str, html: &mut String) -> Result<String> {
    let subject: Subject = match who.parse() {
        Ok(subject) => subject,
        Err(error) => return Ok(wrong(html, &error.to_string())),
    };
    let could = match permission::what_could(services, caller, &subject).await {
        Ok(could) => could,
        Err(Error::NotFound(why)) => return Ok(wrong(html, &why)),
        Err(error) => return Err(error),
    };
    if let Some(aside) = &could.aside {
        *html += &note("info", "About them", &[capital(aside)]);
    }
    let because = |row: &MayRow| match &row.narrowed {
        Some(why) => format!("<p class=\"break-words\">{}</p>", words(&capital(why))),
        None => list(&row.reasons),
    };
    let rows: Vec<Vec<String>> = could
        .rows
        .iter()
        .map(|row| vec![escape(&row.permission.to_string()), row.extent.words().to_owned(), because(row)])
        .collect();
    *html += &panel(
        &format!("What {subject} could do"),
        &table("What they could do", &["What", "How far", "Because"], &rows),
    );
    let joined = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let roles = if could.roles.is_empty() { "no role that policies speak of".to_owned() } else { joined(&could.roles) };
    let teams = if could.teams.is_empty() { String::new() } else { format!("; in {}", joined(&could.teams)) };
    Ok(format!("{subject}: {roles}{teams}"))
}
