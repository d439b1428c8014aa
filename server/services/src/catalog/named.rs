//! The names of entities that are meant, without their documents.

use domain::{
    catalog::Filter,
    identity::{Caller, Permission, Target},
};

use super::index::View;
use crate::{Result, Services, identity};

/// The names of the entities that a filter means, at most `limit`.
pub(crate) async fn references(
    services: &Services,
    caller: &Caller,
    filter: &Filter,
    limit: usize,
) -> Result<Vec<String>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let ask = |contents: &View<'_>| {
        let selection = contents.select(filter, None);
        let names = selection.iter().take(limit).filter_map(|id| contents.reference(id).map(str::to_owned));
        names.collect::<Vec<String>>()
    };
    services.catalog.ask(services, caller, ask).await
}
