//! The scorecards of the catalog, compiled, and the entities they are about.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use domain::{
    catalog::{Condition, Entity, EntityRef, Filter, Query},
    identity::Caller,
    scorecards::Problem,
};

use super::{expression, judge::Judge};
use crate::{Error, Result, Services, catalog};

/// How many compiled scorecards are kept.
const KEPT: usize = 1_000;

type Key = (String, EntityRef, String);
type Compiled = Result<Arc<Judge>, Arc<Vec<Problem>>>;

/// Each version of a scorecard is compiled once; a broken one is kept too. It follows from the document alone, so it can be
/// shared by everything in the process.
static COMPILED: LazyLock<Mutex<HashMap<Key, Compiled>>> = LazyLock::new(Mutex::default);

/// A scorecard of the catalog.
pub(super) struct Standard {
    pub(super) entity: Entity,
    pub(super) judge: Compiled,
}

/// Every scorecard of the tenant, by name.
pub(super) async fn standards(services: &Services, caller: &Caller) -> Result<Vec<Standard>> {
    let filter = Filter::all(vec![Condition::equals("kind", "scorecard")]);
    let page = catalog::query(services, caller, &Query { filter, ..Query::default() }).await?;
    compile(caller, page.items).await
}

/// One scorecard.
pub(super) async fn standard(services: &Services, caller: &Caller, reference: &EntityRef) -> Result<Standard> {
    let unknown = || Error::NotFound(format!("there is no scorecard `{}`", reference.short()));
    if reference.kind() != "scorecard" {
        return Err(unknown());
    }
    let found = catalog::entities(services, caller, std::slice::from_ref(reference)).await?;
    let entity = found.into_iter().flatten().next().ok_or_else(unknown)?;
    compile(caller, vec![entity]).await?.pop().ok_or_else(unknown)
}

async fn compile(caller: &Caller, entities: Vec<Entity>) -> Result<Vec<Standard>> {
    let tenant = caller.tenant.to_string();
    let work = move || {
        entities.into_iter().map(|entity| Standard { judge: compiled(&tenant, &entity), entity }).collect::<Vec<_>>()
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(format!("compiling scorecards: {error}")))
}

fn compiled(tenant: &str, entity: &Entity) -> Compiled {
    let kept = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (tenant.to_owned(), entity.reference.clone(), entity.etag.clone());
    if let Some(judge) = kept().get(&key) {
        return judge.clone();
    }
    let judge = expression::on_a_deep_stack(|| Judge::read(&entity.reference, &entity.document))
        .unwrap_or_else(|error| Err(vec![Problem { path: "spec".into(), message: format!("cannot be read: {error}") }]))
        .map(Arc::new)
        .map_err(Arc::new);
    let mut kept = kept();
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(key, judge.clone());
    judge
}
