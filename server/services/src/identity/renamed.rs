//! What is kept under a name goes along when the catalog calls whoever bears it otherwise, and does not wait there for somebody else.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::identity::Tenant;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbBackend, Statement, prelude::Uuid};
use serde_json::{Value, json};

use super::{
    accounts::{self, FoundBy},
    doors::MatchRule,
};
use crate::{Result, Services, changes::Transaction, permission};

/// Stands before a name while names change hands: two people may trade theirs.
const BETWEEN: char = '\u{1}';

/// Where names of people and teams say whose a row is.
struct Kept {
    table: &'static str,
    column: &'static str,
    /// What else makes a row the only one of its kind; none where nothing can stand in the way.
    keys: Option<&'static [&'static str]>,
    /// Whether it is nobody else's business, so that nothing of it is left to the next one of the name.
    is_private: bool,
    /// Which rows go along.
    which: &'static str,
}

const KEPT: [Kept; 9] = [
    Kept { table: "role_grants", column: "grantee", keys: Some(&["role"]), is_private: false, which: "" },
    Kept { table: "role_uses", column: "grantee", keys: Some(&["role", "subject"]), is_private: false, which: "" },
    Kept { table: "saved_views", column: "owner", keys: Some(&["name"]), is_private: true, which: "" },
    Kept { table: "stars", column: "who", keys: Some(&["ref"]), is_private: true, which: "" },
    Kept { table: "visits", column: "who", keys: Some(&["ref"]), is_private: true, which: "" },
    Kept { table: "people", column: "who", keys: Some(&[]), is_private: true, which: "" },
    Kept { table: "runs", column: "created_by", keys: None, is_private: false, which: "" },
    // As whom somebody came in before who is taken for somebody else now.
    Kept { table: "accounts", column: "apart", keys: None, is_private: false, which: "" },
    // Whom a directory names as the catalog does is whoever is called so there.
    Kept {
        table: "scim_users",
        column: "who",
        keys: None,
        is_private: false,
        which: " AND matched_by NOT LIKE 'the name %'",
    },
];

/// Who is in a team, teams below it included, and which teams it is below.
#[derive(Debug, Default)]
pub(crate) struct Around {
    pub(crate) within: BTreeSet<String>,
    pub(crate) above: BTreeSet<String>,
}

impl Around {
    /// By the names that those have by now who are the same.
    fn by_names(&self, now: &HashMap<String, String>) -> Self {
        let named = |all: &BTreeSet<String>| all.iter().map(|name| now.get(name).unwrap_or(name).clone()).collect();
        Self { within: named(&self.within), above: named(&self.above) }
    }
}

/// A person or team whose entry has another name, with the entry as it was and as it is.
#[derive(Debug)]
pub(crate) struct Renamed {
    pub(crate) former: String,
    pub(crate) later: String,
    /// Whether it is by their number at a forge that both are the same.
    pub(crate) is_numbered: bool,
    pub(crate) before: Value,
    pub(crate) after: Value,
    /// Of a team, before and after.
    pub(crate) around: (Around, Around),
}

/// What an entry says at a place, in any case.
fn text(of: &Value, pointer: &str) -> Option<String> {
    of.pointer(pointer).and_then(Value::as_str).map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty())
}

impl Renamed {
    /// Whether it is the same person that the entry means. An entry may be written over with that of somebody who comes in the place of
    /// one who goes: a thing is the same by its place in a file, and a person is not.
    async fn is_same_person(&self, tx: &Transaction, tenant: &Tenant, telling: &BTreeSet<String>) -> Result<bool> {
        if self.is_numbered {
            return Ok(true);
        }
        let addresses = [&self.before, &self.after].map(|of| text(of, "/spec/profile/email"));
        if let [Some(before), Some(after)] = &addresses {
            return Ok(before == after);
        }
        for account in accounts::store::of(&**tx, tenant, &self.former).await? {
            let Ok(found_by) = account.matched_by.parse::<FoundBy>();
            if found_by.is_of_catalog() && found_by.finds(&self.before) && found_by.finds(&self.after) {
                return Ok(true);
            }
        }
        // What else an entry says is true of many: whoever comes after somebody sits in the same office.
        Ok(telling.iter().any(|key| {
            let said = annotation(&self.before, key);
            said.is_some() && said == annotation(&self.after, key)
        }))
    }

    /// The same of a team, which is who is in it; where one of the two has nobody in it, it is what it says of itself.
    fn is_same_team(&self, now: &HashMap<String, String>) -> bool {
        if self.is_numbered {
            return true;
        }
        let (before, after) = (self.around.0.by_names(now), &self.around.1);
        let fewer = before.within.len().min(after.within.len());
        if fewer > 0 {
            return before.within.intersection(&after.within).count() * 2 > fewer;
        }
        let names = ["/metadata/title", "/spec/profile/displayName", "/spec/profile/email"];
        let says = |of: &Value| names.map(|name| text(of, name));
        let is_said = says(&self.after).iter().any(Option::is_some);
        let has_nobody = before.within.is_empty() && after.within.is_empty();
        text(&self.before, "/spec/type") == text(&self.after, "/spec/type")
            && before.above == after.above
            && says(&self.before) == says(&self.after)
            && annotations(&self.before) == annotations(&self.after)
            && (is_said || has_nobody)
    }
}

/// Annotations by which a provider finds people, in small letters: no two have the same.
pub(crate) fn telling(services: &Services) -> BTreeSet<String> {
    let rules = services.doors.settings.providers.iter().flat_map(|provider| &provider.matching);
    let keys = rules.filter_map(|rule| match rule {
        MatchRule::Annotation(key, _) => Some(key.to_lowercase()),
        MatchRule::Email(_) | MatchRule::Name(_) => None,
    });
    keys.collect()
}

/// What an entry says in those of these annotations that it has, in small letters.
pub(super) fn told_by(of: &Value, telling: &BTreeSet<String>) -> BTreeMap<String, String> {
    telling.iter().filter_map(|key| Some((key.clone(), annotation(of, key)?))).collect()
}

/// What an entry says in an annotation, in any case.
fn annotation(of: &Value, key: &str) -> Option<String> {
    let all = of.pointer("/metadata/annotations").and_then(Value::as_object).into_iter().flatten();
    let said = all.filter(|(name, _)| name.eq_ignore_ascii_case(key)).find_map(|(_, said)| said.as_str());
    said.map(|said| said.trim().to_lowercase()).filter(|said| !said.is_empty())
}

/// What an entry says of whom it means for other systems; not where it stands.
fn annotations(of: &Value) -> BTreeMap<&str, &Value> {
    let all = of.pointer("/metadata/annotations").and_then(Value::as_object).into_iter().flatten();
    all.filter(|(key, _)| !key.starts_with("backstage.io/")).map(|(key, value)| (key.as_str(), value)).collect()
}

/// Takes all that is kept under names of people and teams along to their new names, as far as they are the same. What stood under the later
/// ones was somebody else's.
pub(crate) async fn renamed(
    tx: &mut Transaction,
    tenant: &Tenant,
    all: Vec<Renamed>,
    telling: &BTreeSet<String>,
) -> Result<()> {
    let (teams, people): (Vec<Renamed>, Vec<Renamed>) =
        all.into_iter().partition(|one| one.former.starts_with("group:"));
    let mut now = HashMap::new();
    for one in people {
        if one.is_same_person(tx, tenant, telling).await? {
            now.insert(one.former, one.later);
        }
    }
    same_teams(teams, &mut now);
    if now.is_empty() {
        return Ok(());
    }
    let mut names: Vec<(String, String)> = now.into_iter().collect();
    names.sort_unstable();
    permission::renamed(tx, tenant, &names).await?;
    let moves = Moves::new(tx, tenant, &names);
    moves.set_starters("starter ->> 'who' = m.former").await?;
    moves.run_all(|_| true, Standing::IsAnothers).await
}

/// Adds the teams that are the same. One is known by others that have other names themselves, so they are asked until no more are found.
fn same_teams(mut teams: Vec<Renamed>, now: &mut HashMap<String, String>) {
    loop {
        let (same, others): (Vec<Renamed>, Vec<Renamed>) = teams.into_iter().partition(|team| team.is_same_team(now));
        if same.is_empty() {
            return;
        }
        now.extend(same.into_iter().map(|team| (team.former, team.later)));
        teams = others;
    }
}

/// The same for one person who was made up and is somebody of the catalog now, as whom they may have come in before by another way.
pub(super) async fn recognised(tx: &mut Transaction, tenant: &Tenant, former: &str, later: &str) -> Result<()> {
    let names = [(former.to_owned(), later.to_owned())];
    permission::renamed(tx, tenant, &names).await?;
    let moves = Moves::new(tx, tenant, &names);
    moves.set_starters("starter ->> 'who' = m.former").await?;
    moves.run_all(|_| true, Standing::IsTheirs).await
}

/// Takes what is nobody else's business along, and no rights.
pub(super) async fn take_private(tx: &Transaction, tenant: &Tenant, former: &str, later: &str) -> Result<()> {
    let moves = Moves::new(tx, tenant, &[(former.to_owned(), later.to_owned())]);
    moves.run_all(|kept| kept.is_private, Standing::IsTheirs).await
}

/// Has what was started through an account be listed under the name by which its owner comes in now.
pub(super) async fn take_runs(
    tx: &Transaction,
    tenant: &Tenant,
    account: Uuid,
    (former, later): (&str, &str),
) -> Result<()> {
    let moves = Moves::new(tx, tenant, &[(former.to_owned(), later.to_owned())]);
    let own = format!("starter ->> 'account' = '{account}'");
    moves.set_starters(&format!("{own} AND starter ->> 'who' = m.former")).await?;
    moves.set("runs", "created_by = m.later", &format!("{own} AND created_by = m.former")).await
}

/// The name under which what is private waits for the owner of an account who is called otherwise now, until they come in.
pub(super) fn waiting(account: Uuid) -> String {
    format!("account:{account}")
}

/// Whose it is that stands under the later name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    IsTheirs,
    IsAnothers,
}

/// Names that change, as a table `m` within statements.
struct Moves<'a> {
    db: &'a DatabaseTransaction,
    tenant: &'a Tenant,
    pairs: Value,
}

impl<'a> Moves<'a> {
    fn new(db: &'a DatabaseTransaction, tenant: &'a Tenant, names: &[(String, String)]) -> Self {
        let pair = |(former, later): &(String, String)| json!({ "former": former, "later": later, "mark": format!("{BETWEEN}{later}") });
        Self { db, tenant, pairs: names.iter().map(pair).collect() }
    }

    fn table(&self) -> &'static str {
        match self.db.get_database_backend() {
            DbBackend::Postgres => {
                "(SELECT e ->> 'former' AS former, e ->> 'later' AS later, e ->> 'mark' AS mark \
                 FROM json_array_elements(CAST($1 AS json)) AS e) AS m"
            }
            _ => {
                "(SELECT value ->> 'former' AS former, value ->> 'later' AS later, value ->> 'mark' AS mark \
                 FROM json_each($1)) AS m"
            }
        }
    }

    async fn run(&self, sql: String) -> Result<()> {
        let values = [self.pairs.to_string().into(), self.tenant.as_str().into()];
        self.db.execute_raw(Statement::from_sql_and_values(self.db.get_database_backend(), sql, values)).await?;
        Ok(())
    }

    /// Has these runs be those of whoever started them, also as the run itself remembers it.
    async fn set_starters(&self, which: &str) -> Result<()> {
        let who = match self.db.get_database_backend() {
            DbBackend::Postgres => "CAST(jsonb_set(CAST(starter AS jsonb), '{who}', to_jsonb(m.later)) AS json)",
            _ => "json_set(starter, '$.who', m.later)",
        };
        self.set("runs", &format!("starter = {who}"), which).await
    }

    async fn run_all(&self, is_meant: impl Fn(&Kept) -> bool, standing: Standing) -> Result<()> {
        for kept in KEPT.iter().filter(|kept| is_meant(kept)) {
            let Kept { table, column, which, .. } = kept;
            self.set(table, &format!("{column} = m.mark"), &format!("{column} = m.former{which}")).await?;
            self.make_room(kept, standing).await?;
            self.set(table, &format!("{column} = m.later"), &format!("{column} = m.mark")).await?;
        }
        Ok(())
    }

    async fn set(&self, table: &str, what: &str, which: &str) -> Result<()> {
        self.run(format!("UPDATE {table} SET {what} FROM {} WHERE tenant = $2 AND {which}", self.table())).await
    }

    /// Removes what stands where rows between two names are to stand, or those rows where that is theirs.
    async fn make_room(&self, Kept { table, column, keys, is_private, .. }: &Kept, standing: Standing) -> Result<()> {
        let Some(keys) = keys else { return Ok(()) };
        let (m, delete) = (self.table(), format!("DELETE FROM {table} WHERE tenant = $2 AND"));
        if *is_private && standing == Standing::IsAnothers {
            return self.run(format!("{delete} {column} IN (SELECT m.later FROM {m})")).await;
        }
        let (goes, stays) = match standing {
            Standing::IsTheirs => ("mark", "later"),
            Standing::IsAnothers => ("later", "mark"),
        };
        let same = keys.iter().fold(String::new(), |same, key| format!("{same} AND o.{key} = {table}.{key}"));
        self.run(format!(
            "{delete} EXISTS (SELECT 1 FROM {table} AS o, {m} WHERE o.tenant = {table}.tenant AND o.{column} = m.{stays} \
             AND m.{goes} = {table}.{column}{same})"
        ))
        .await
    }
}
