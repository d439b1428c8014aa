//! How far something is permitted to someone: policies evaluated with the caller known, and of the thing no more than its kind.

use cedar_policy::{
    Context, Decision, Effect, Entity, PartialEntities, PartialEntityUid, PartialRequest, Policy, TpeResponse,
};
use domain::identity::Permission;
use serde_json::Value;

use super::{
    super::{
        language::{kinds_of, schema, uid},
        resource::Resource,
    },
    Extent, Footing, Rules,
};

type Failed = Box<dyn std::error::Error + Send + Sync>;

impl Rules {
    /// How far something is permitted that some policy could permit on some thing: a condition on who is decided, one on the thing
    /// may come to anything.
    ///
    /// # Errors
    /// If the policies cannot be evaluated so.
    pub(in crate::permission) fn evaluated(&self, footing: &Footing, permission: Permission) -> Result<Extent, Failed> {
        let groups = footing.within.iter().filter(|uid| **uid != footing.principal);
        let groups = groups.map(|uid| Entity::new_no_attrs(uid.clone(), [].into()));
        let own: Vec<Entity> = footing.entities.iter().cloned().chain(groups).collect();
        let entities = self.base.clone().add_entities(own, None)?;
        let entities = PartialEntities::from_concrete(entities, schema())?;
        let (mut is_all, mut is_any) = (true, false);
        for kind in kinds_of(permission) {
            let request = PartialRequest::new(
                PartialEntityUid::from_concrete(footing.principal.clone()),
                uid("Action", permission.name()),
                PartialEntityUid::new(kind.parse()?, None),
                Some(Context::empty()),
                schema(),
            )?;
            let response = self.set.tpe(&request, &entities, schema())?;
            let (all, any) = response.decision().map_or_else(
                || left_open(&response),
                |decision| (decision == Decision::Allow, decision == Decision::Allow),
            );
            is_all &= all;
            is_any |= any;
        }
        Ok(if is_all {
            Extent::Everything
        } else if is_any {
            Extent::Some
        } else {
            Extent::Nothing
        })
    }
}

impl Rules {
    /// Whether some policy forbids this thing to somebody, whoever that is. What cannot be told may be so.
    pub(in crate::permission) fn may_be_forbidden(&self, permission: Permission, resource: &Resource) -> bool {
        let kinds = ["User", "Machine"];
        kinds.iter().any(|kind| {
            self.may_be_forbidden_to(kind, permission, resource).unwrap_or_else(|error| {
                tracing::error!(%error, ?permission, "policies could not be asked about everybody");
                true
            })
        })
    }

    fn may_be_forbidden_to(&self, kind: &str, permission: Permission, resource: &Resource) -> Result<bool, Failed> {
        let entities = self.base.clone().add_entities(resource.entities.clone(), None)?;
        let request = PartialRequest::new(
            PartialEntityUid::new(kind.parse()?, None),
            uid("Action", permission.name()),
            PartialEntityUid::from_concrete(resource.uid.clone()),
            Some(Context::empty()),
            schema(),
        )?;
        let entities = PartialEntities::from_concrete(entities, schema())?;
        let response = self.set.tpe(&request, &entities, schema())?;
        let mut left = response.residual_policies().filter(|policy| policy.effect() == Effect::Forbid);
        Ok(response.true_forbids().next().is_some() || left.any(|policy| may_hold(&policy, true)))
    }
}

/// Whether everything is permitted, and whether anything may be, where it was left open: what is known may settle it all the same.
fn left_open(response: &TpeResponse<'_>) -> (bool, bool) {
    let (permits, forbids): (Vec<Policy>, Vec<Policy>) =
        response.residual_policies().partition(|policy| policy.effect() == Effect::Permit);
    let is_permitted = response.true_permits().next().is_some();
    let may_be_forbidden = forbids.iter().any(|policy| may_hold(policy, true));
    let is_all = is_permitted || permits.iter().any(|policy| !may_hold(policy, false));
    (is_all && !may_be_forbidden, is_permitted || permits.iter().any(|policy| may_hold(policy, true)))
}

/// Whether what is left of a policy can come to this, whatever the thing is. What nobody can tell can come to anything.
fn may_hold(policy: &Policy, wanted: bool) -> bool {
    let Ok(json) = policy.to_json() else { return true };
    let Some(conditions) = json["conditions"].as_array() else { return true };
    let mut holds = conditions.iter().map(|condition| (&condition["body"], condition["kind"] == "when"));
    // All of them must be so for it to hold, and one is enough for it not to.
    if wanted { holds.all(|(body, is)| may_be(body, is)) } else { holds.any(|(body, is)| may_be(body, !is)) }
}

/// Whether a condition can come to this: what is known on one side of it may decide, whichever side that is.
fn may_be(condition: &Value, wanted: bool) -> bool {
    let Some((operator, of)) = condition.as_object().and_then(|fields| fields.iter().next()) else { return true };
    let may = |part: &str, wanted: bool| may_be(&of[part], wanted);
    match operator.as_str() {
        "Value" => of.as_bool().is_none_or(|value| value == wanted),
        "!" => may("arg", !wanted),
        "&&" if wanted => may("left", true) && may("right", true),
        "&&" => may("left", false) || may("right", false),
        "||" if wanted => may("left", true) || may("right", true),
        "||" => may("left", false) && may("right", false),
        "if-then-else" => may("if", true) && may("then", wanted) || may("if", false) && may("else", wanted),
        _ => true,
    }
}
