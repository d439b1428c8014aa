//! Roles that were given to people. Names change hands; so a role is that of whoever it was given to, as soon as they have come in.

use std::collections::{BTreeMap, BTreeSet};

use domain::identity::Identity;
use sea_orm::prelude::Uuid;

use super::Rules;

/// What was given to people.
#[derive(Debug, Default)]
pub(in crate::permission) struct PeopleGrants {
    /// Before anybody came in under the name: the role, by the name.
    waiting: BTreeMap<String, Vec<String>>,
    /// Of those who have come in, by who they are.
    bound: BTreeMap<Uuid, Vec<Bound>>,
}

#[derive(Debug)]
struct Bound {
    role: String,
    /// The name under which it stands.
    grantee: String,
    /// Whether they were a User of the catalog then: it is not that of whoever a name is made up for.
    is_of_user: bool,
}

impl PeopleGrants {
    /// Adds one that was given to `grantee`, of whom it is known who they are or not.
    pub(in crate::permission) fn add(
        &mut self,
        (role, grantee): (String, String),
        (person, is_of_user): (Option<Uuid>, bool),
    ) {
        match person {
            Some(person) => self.bound.entry(person).or_default().push(Bound { role, grantee, is_of_user }),
            None => self.waiting.entry(grantee).or_default().push(role),
        }
    }

    /// The roles of whoever is called so, each with the name under which it stands.
    pub(super) fn of<'a>(
        &'a self,
        name: &'a str,
        bearer: Option<Identity>,
    ) -> impl Iterator<Item = (&'a String, &'a str)> {
        // Once somebody has come in, what still waits under the name is somebody else's.
        let waiting = if bearer.is_none() { self.waiting.get(name) } else { None };
        let waiting = waiting.into_iter().flatten().map(move |role| (role, name));
        let bound = bearer.and_then(|bearer| self.bound.get(&bearer.person)).into_iter().flatten();
        let bound = bound.filter(move |given| !given.is_of_user || bearer.is_some_and(|bearer| bearer.is_in_catalog));
        waiting.chain(bound.map(|given| (&given.role, given.grantee.as_str())))
    }

    /// To whom what was given, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&String, &String)> {
        let waiting = self.waiting.iter().flat_map(|(name, roles)| roles.iter().map(move |role| (name, role)));
        waiting.chain(self.bound.values().flatten().map(|given| (&given.grantee, &given.role)))
    }
}

impl Rules {
    /// The same, with what was given to people.
    pub(in crate::permission) fn with_people(self, people: PeopleGrants) -> Self {
        Self { people, ..self }
    }

    /// Roles that were given.
    pub(in crate::permission) fn granted_roles(&self) -> BTreeSet<String> {
        self.grants
            .values()
            .flatten()
            .chain(&self.everyone)
            .chain(self.people.all().map(|(_, role)| role))
            .cloned()
            .collect()
    }

    /// Whether someone was given a role by name.
    pub(in crate::permission) fn was_given(&self, who: &str) -> bool {
        self.grants.get(who).is_some_and(|roles| !roles.is_empty()) || self.people.all().any(|(name, _)| name == who)
    }

    /// Those to whom a role was given as whom somebody has come in: which of all who have borne the name they are now matters.
    pub(in crate::permission) fn bound_names(&self) -> BTreeSet<String> {
        self.people.bound.values().flatten().map(|given| given.grantee.clone()).collect()
    }

    /// To whom a role was given by name.
    pub(in crate::permission) fn holders(&self, role: &str) -> Vec<String> {
        let everyone = self.everyone.contains(role).then(|| "everyone who is signed in".to_owned());
        let named = self.grants.iter().filter(|(_, roles)| roles.contains(role)).map(|(who, _)| who.clone());
        let people = self.people.all().filter(|(_, given)| *given == role).map(|(name, _)| name.clone());
        everyone.into_iter().chain(named.chain(people).collect::<BTreeSet<_>>()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_that_of_whoever_it_was_given_to_and_of_nobody_who_is_called_so() {
        let (ada, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let mut given = PeopleGrants::default();
        let role = |role: &str, to: &str| (role.to_owned(), to.to_owned());
        given.add(role("administrator", "user:default/ada"), (Some(ada), true));
        given.add(role("viewer", "user:two/ada"), (Some(ada), false));
        given.add(role("developer", "user:default/ada"), (None, false));
        let of = |name: &str, bearer: Option<(Uuid, bool)>| -> Vec<String> {
            let bearer = bearer.map(|(person, is_in_catalog)| Identity { person, is_in_catalog });
            given.of(name, bearer).map(|(role, _)| role.clone()).collect()
        };
        assert_eq!(of("user:default/ada", Some((ada, true))), ["administrator", "viewer"]);
        assert_eq!(of("user:default/ada-b", Some((ada, true))), ["administrator", "viewer"], "by another name");
        assert_eq!(of("user:two/ada", Some((ada, false))), ["viewer"], "not in the catalog any more");
        assert!(of("user:default/ada", Some((other, true))).is_empty(), "another one of the name");
        assert_eq!(of("user:default/ada", None), ["developer"], "nobody came in yet");
    }
}
