//! How far something is permitted to someone: policies evaluated with the caller known, and of the thing no more than its kind.

use cedar_policy::{Context, Decision, Entity, PartialEntities, PartialEntityUid, PartialRequest};
use domain::identity::Permission;

use super::{
    super::language::{kinds_of, schema, uid},
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
            let decision = self.set.tpe(&request, &entities, schema())?.decision();
            is_all &= decision == Some(Decision::Allow);
            is_any |= decision != Some(Decision::Deny);
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
