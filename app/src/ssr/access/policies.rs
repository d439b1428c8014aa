//! Policies: all of them, and one to be read, tried and changed.

use std::fmt::Write as _;

use domain::changes::Change;
use prose::escape;
use services::{
    Result, Services,
    identity::{Caller, Permission, Target},
    permission::{self, PolicyDocument, PolicyOrigin, SCHEMA},
};

use super::{
    Sent, Written, code,
    html::{area, field, note, panel, table, when},
    may_not, refused, tabs,
};

/// How many edits of a document are shown.
const EDITS: u64 = 20;

fn origin(document: &PolicyDocument) -> String {
    match &document.origin {
        PolicyOrigin::Shipped => "comes with Causeway".to_owned(),
        PolicyOrigin::Folder(revision, read_at) => {
            format!("a file of the settings' folder{}, read {}", commit(revision.as_deref()), when(*read_at))
        }
        PolicyOrigin::Portal(version, at, by) => {
            format!("version {version} by {}, {}", escape(by), when(*at))
        }
    }
}

/// The commit that a file is of, as HTML.
fn commit(revision: Option<&str>) -> String {
    match revision.map(|revision| (revision, revision.strip_suffix("-dirty"))) {
        None => String::new(),
        Some((revision, None)) => format!(" at commit {}", code(revision)),
        Some((_, Some(revision))) => format!(" at commit {}, changed since", code(revision)),
    }
}

/// What is wrong with the settings' folder as it stands now.
fn of_folder(services: &Services) -> String {
    let folder = permission::folder(services);
    if folder.problems.is_empty() {
        return String::new();
    }
    let title = "What stands in the settings' folder by now is not good, so what it held before goes on to hold";
    note("error", title, &folder.problems)
}

/// What each policy of a document says, as far as it says it in words.
fn says(text: &str) -> String {
    let said: Vec<&str> =
        text.lines().filter_map(|line| line.trim().strip_prefix("@says(\"")?.strip_suffix("\")")).collect();
    let items = said.iter().map(|line| format!("<li>{}</li>", escape(line))).collect::<Vec<_>>().concat();
    if items.is_empty() {
        "<span class=\"text-muted\">in Cedar only</span>".to_owned()
    } else {
        format!("<ul>{items}</ul>")
    }
}

/// The form that begins a document of its own.
fn begin(name: &str) -> String {
    format!(
        "<form method=\"post\" action=\"/policies\" class=\"surface grid gap-4 p-4 sm:p-5\"><h2 class=\"text-body \
         font-semibold\">New policies</h2>{}<div><button class=\"btn btn-primary\">Begin</button></div></form>",
        field(
            "name",
            "Name",
            name,
            "Lower-case letters, digits and inner hyphens, up to 40, like <code>production-freeze</code>. Nothing holds before it \
             is saved"
        )
    )
}

/// What a new document begins with: an example, in comments that permit nothing.
fn example(name: &str) -> (String, String) {
    let text = format!(
        "// Every policy has an id, says in words what it does, and permits or forbids. Such as:\n//\n// @id(\"{name}\")\n// \
         @says(\"what is tagged frozen is run by platform engineers\")\n// forbid (principal, action == Action::\"startRun\", \
         resource is Template)\n// when {{ resource.tags.contains(\"frozen\") }}\n// unless {{ principal in \
         Role::\"platform-engineer\" }};\n"
    );
    let cases = "# - it: keeps a developer from what is frozen\n#   roles: [developer]\n#   mayNot: startRun\n#   on: { template: \
                 template:default/service, tags: [frozen] }\n";
    (text, cases.to_owned())
}

pub(super) async fn list(services: &Services, caller: &Caller, sent: Option<&Sent>) -> Result<Written> {
    let all = permission::policies(services, caller).await?;
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|document| {
            let name = escape(&document.name);
            vec![
                format!("<a class=\"text-link font-medium\" href=\"/policies/{name}\">{name}</a>"),
                says(&document.text),
                origin(document),
            ]
        })
        .collect();
    let may_not = may_not("change policies", Permission::ManagePolicies, Target::Platform).await?;
    let begin = if may_not.is_empty() { begin(sent.map_or("", |sent| &sent.name)) } else { may_not };
    let refused = sent.map(|sent| refused(sent, "Nothing was begun")).unwrap_or_default();
    let html = tabs("/policies")
        + &of_folder(services)
        + &refused
        + &panel("What holds", &table("Policies", &["Policies", "What they say", "From"], &rows))
        + "<p class=\"text-table text-muted\">What was <a class=\"text-link underline\" href=\"/audit?kind=policy-reset\">taken \
           away</a> stands in the audit log, and its page keeps what it said.</p>"
        + &begin
        + &format!(
            "<details class=\"surface p-4\"><summary class=\"text-body font-semibold\">What policies can speak of</summary>\
             <pre class=\"mt-3 overflow-x-auto font-mono text-meta\" tabindex=\"0\">{}</pre></details>",
            escape(SCHEMA)
        );
    Ok(Written {
        title: "Policies".to_owned(),
        answer: format!("{} documents decide who may do what. What none permits is refused", all.len()),
        html,
    })
}

pub(super) async fn one(services: &Services, caller: &Caller, name: &str, sent: Option<&Sent>) -> Result<Written> {
    let known = permission::policies(services, caller).await?.into_iter().find(|document| document.name == name);
    let known = if let Some(known) = known {
        known
    } else {
        // A new one is begun under its name.
        let name: services::identity::RoleName = name.parse().map_err(|_| {
            services::Error::NotFound(
                "there are no policies of this name; use lower-case letters, digits and hyphens".to_owned(),
            )
        })?;
        let (text, cases) = example(name.as_str());
        PolicyDocument {
            name: name.to_string(),
            text,
            cases,
            origin: PolicyOrigin::Portal(0, chrono::DateTime::UNIX_EPOCH, String::new()),
            is_shipped: false,
        }
    };
    let (is_new, is_file) =
        (matches!(known.origin, PolicyOrigin::Portal(0, ..)), matches!(known.origin, PolicyOrigin::Folder(..)));
    let version = if let PolicyOrigin::Portal(version, ..) = known.origin { version } else { 0 };
    let may_not = may_not("change these policies", Permission::ManagePolicies, Target::Policy(&known.name)).await?;
    let is_closed = is_file || !may_not.is_empty();
    let mut html = tabs("/policies");
    if is_file {
        html += &of_folder(services);
    }
    let (mut text, mut cases) = (known.text.as_str(), known.cases.as_str());
    if let Some(sent) = sent {
        if !sent.without {
            (text, cases) = (&sent.text, &sent.cases);
        }
        html += &refused(sent, "It was not saved");
        if let Some((held, gains, losses, doubts)) = &sent.tried {
            let what = if sent.without { "taken away" } else { "saved" };
            html += &tried(what, *held, gains, losses);
            if !doubts.is_empty() {
                html += &note("warning", "Look at this before you rely on it", doubts);
            }
        }
    }
    let name = escape(&known.name);
    let lines = text.lines().count().clamp(12, 40);
    let begin = if is_closed {
        "<div class=\"surface grid gap-4 p-4 sm:p-5\">".to_owned()
    } else {
        format!(
            "<form method=\"post\" action=\"/policies/{name}\" class=\"surface grid gap-4 p-4 sm:p-5\"><input type=\"hidden\" \
             name=\"based_on\" value=\"{version}\">"
        )
    };
    let _ = write!(
        html,
        "{begin}{}{}",
        area("text", "Policies, in Cedar", text, lines, is_closed),
        area(
            "cases",
            "Example cases, in YAML: they must hold, or nothing is saved",
            cases,
            cases.lines().count().clamp(6, 30),
            is_closed
        ),
    );
    html += if !may_not.is_empty() {
        may_not.as_str()
    } else if is_file {
        "<p class=\"text-table text-muted\">This is a file of the folder that causeway.toml names. Change it there: it is read again \
         while the server runs, and <code>causeway preview</code> tells before who would gain and lose.</p>"
    } else {
        "<div class=\"flex flex-wrap gap-3\"><button class=\"btn btn-primary\" name=\"deed\" value=\"preview\">Who gains, who \
         loses</button><button class=\"btn\" name=\"deed\" value=\"save\">Save</button></div>"
    };
    html += if is_closed { "</div>" } else { "</form>" };
    if version > 0 && !is_closed {
        // First it is told what it would come to.
        let is_told = sent.is_some_and(|sent| sent.without && sent.tried.is_some());
        let (deed, kind) = if is_told { ("reset", "btn") } else { ("without", "btn btn-ghost") };
        let what = match (known.is_shipped, is_told) {
            (true, false) => "Who gains, who loses if what comes with Causeway holds again",
            (true, true) => "Go back to what comes with Causeway",
            (false, false) => "Who gains, who loses if these policies go",
            (false, true) => "Take these policies away",
        };
        let _ = write!(
            html,
            "<form method=\"post\" action=\"/policies/{name}\"><button class=\"{kind}\" name=\"deed\" \
             value=\"{deed}\">{what}</button></form>"
        );
    }
    // What was taken away stays to be read.
    html += &history(services, caller, &known.name).await?;
    let answer = if is_new { "Nothing is written here yet".to_owned() } else { plain(&known) };
    Ok(Written { title: format!("Policies: {}", known.name), answer, html })
}

fn plain(document: &PolicyDocument) -> String {
    match &document.origin {
        PolicyOrigin::Shipped => "As they come with Causeway. What is saved here stands in their place".to_owned(),
        PolicyOrigin::Folder(revision, _) => match revision {
            Some(revision) => format!("A file of the folder that causeway.toml names, at commit {revision}"),
            None => "A file of the folder that causeway.toml names".to_owned(),
        },
        PolicyOrigin::Portal(version, _, by) => format!("Version {version}, by {by}"),
    }
}

fn tried(what: &str, held: usize, gains: &[(String, String)], losses: &[(String, String)]) -> String {
    let lines =
        |moved: &[(String, String)]| moved.iter().map(|(who, what)| format!("{who}: {what}")).collect::<Vec<_>>();
    let mut out = note("info", &format!("It can be {what}: all {held} example cases hold"), &[]);
    if gains.is_empty() && losses.is_empty() {
        out += &note("info", "Nobody gains or loses anything that shows in roles and in the catalog as it is", &[]);
    }
    if !gains.is_empty() {
        out += &note("info", "Gained", &lines(gains));
    }
    if !losses.is_empty() {
        out += &note("warning", "Lost", &lines(losses));
    }
    out
}

/// What was edited, with the lines that came and went.
async fn history(services: &Services, caller: &Caller, name: &str) -> Result<String> {
    let edits = permission::policy_history(services, caller, name, EDITS).await?;
    if edits.is_empty() {
        return Ok(String::new());
    }
    let text = |state: &Option<serde_json::Value>| {
        let text = state.as_ref().and_then(|state| state.get("text")?.as_str());
        text.unwrap_or_default().to_owned()
    };
    let who = |edit: &Change| {
        if edit.source != "folder" {
            return code(&edit.actor);
        }
        let revision = edit.after.as_ref().and_then(|state| state.get("revision")?.as_str());
        format!("the file{}", commit(revision))
    };
    let rows: Vec<Vec<String>> = edits
        .iter()
        .map(|edit| vec![when(edit.at), who(edit), difference(&text(&edit.before), &text(&edit.after))])
        .collect();
    Ok(panel("What was edited", &table("Edits", &["When", "Who", "What"], &rows)))
}

/// Lines that one text has and the other has not, in their order.
fn difference(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same_start = old.iter().zip(&new).take_while(|(left, right)| left == right).count();
    let rest = (old.len() - same_start).min(new.len() - same_start);
    let same_end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(left, right)| left == right).count();
    let line = |sign: &str, word: &str, class: &str, line: &str| {
        format!(
            "<li class=\"flex gap-2 {class}\"><span aria-hidden=\"true\">{sign}</span><span class=\"sr-only\">{word}</span><span \
             class=\"min-w-0 whitespace-pre-wrap break-all\">{}</span></li>",
            escape(line)
        )
    };
    let gone = old[same_start..old.len() - same_end].iter().map(|text| line("−", "gone:", "text-error", text));
    let came = new[same_start..new.len() - same_end].iter().map(|text| line("+", "came:", "text-success", text));
    let lines: String = gone.chain(came).take(400).collect();
    if lines.is_empty() {
        "only the example cases".to_owned()
    } else {
        format!("<ul class=\"font-mono text-meta\">{lines}</ul>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_the_lines_between_what_is_the_same() {
        let told = difference("a\nb\nc\n", "a\nx\nc\n");
        assert!(
            told.contains(">b<") && told.contains(">x<") && !told.contains(">a<") && !told.contains(">c<"),
            "{told}"
        );
        assert_eq!(difference("a", "a"), "only the example cases");
        assert!(difference("", "<b>").contains("&lt;b&gt;"));
    }
}
