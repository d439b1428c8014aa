//! Whom policies name without anybody being meant: a policy may be written ahead of the people that it is for, so this is told and
//! keeps nobody from saving it.

use std::collections::BTreeSet;

use domain::identity::{ROLES, Tenant};

use super::{difference::HOLDERS, roles::unknown, rules::Rules, shipped::SHIPPED};
use crate::{Result, Services, identity};

/// How many names are looked up.
const MOST: usize = 100;

/// A sentence for each name that means nobody.
pub(super) async fn doubts(services: &Services, tenant: &Tenant, rules: &Rules) -> Result<Vec<String>> {
    let machines = identity::machines(services, tenant).await?;
    let machines: BTreeSet<String> = machines.iter().map(|machine| machine.subject.to_string()).collect();
    let mut doubts = Vec::new();
    for (kind, name) in rules.named().into_iter().take(MOST) {
        let written = format!("`{kind}::\"{name}\"`");
        let (beginning, example) = match kind.as_str() {
            "User" => ("user:", "user:default/ada"),
            "Team" => ("group:", "group:default/platform"),
            _ => ("", ""),
        };
        if kind == "Machine" {
            if let Some(plain) = name.strip_prefix("machine:") {
                doubts.push(format!("{written} means nobody: write `Machine::\"{plain}\"`, without `machine:`"));
            } else if let Some(why) = unknown(services, tenant, &machines, &format!("machine:{name}")).await? {
                doubts.push(format!("{written}: {why}"));
            }
        } else if !name.starts_with(beginning) {
            doubts.push(format!("{written} means nobody: write a whole reference, such as `{kind}::\"{example}\"`"));
        } else if name != name.to_lowercase() {
            let small = name.to_lowercase();
            doubts.push(format!("{written} means nobody: references are written small, `{kind}::\"{small}\"`"));
        } else if let Some(why) = unknown(services, tenant, &machines, &name).await? {
            doubts.push(format!("{written}: {why}"));
        }
    }
    let granted = rules.granted_roles();
    let shipped = |role: &str| ROLES.contains(&role) || SHIPPED.iter().any(|(name, ..)| *name == role);
    let given = |role: &String| shipped(role) || granted.contains(role);
    for role in rules.wanted_roles().into_iter().filter(|role| !given(role)) {
        doubts.push(format!("`Role::\"{role}\"`: nobody was given this role, and it does not come with Causeway"));
    }
    for (kind, what) in [("group:", "teams"), ("user:", "people")] {
        let left = rules.with_own_roles(kind).len().saturating_sub(HOLDERS);
        if left > 0 {
            doubts.push(format!(
                "{left} more {what} hold roles of your own: it was tried on {HOLDERS} of them, with each of these roles if there are no more"
            ));
        }
    }
    Ok(doubts)
}
