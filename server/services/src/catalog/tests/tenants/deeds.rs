//! What can be done in a tenant: every use case that reads or alters rows, with the ids and names that both tenants have.

use std::fmt::Debug;

use chrono::Utc;
use domain::{
    audit::AuditFilter,
    catalog::{
        EntityRef, Filter, Listing, OrphanDeed, Predicate, Query, Source, TextFilter, TroubleFilter, WebhookDeed,
    },
    identity::{Permission, RoleName, Subject, Target},
    scorecards::EntityFilter,
};
use sea_orm::{ConnectionTrait as _, prelude::Uuid};

use super::{Made, World};
use crate::{
    audit, catalog,
    catalog::webhooks,
    changes, docs, home, identity,
    identity::{Caller, throttle::Counted},
    lists, permission, runs,
    runs::{RunFilter, RunName},
    scorecards,
};

/// How many deeds there are.
pub(super) const DEEDS: usize = 72;

/// What nobody can do without a forge, a provider or a site.
pub(super) async fn fill_by_hand(world: &World, source: &Source, account: Uuid) {
    let is_postgres = world.services.db.get_database_backend() == sea_orm::DbBackend::Postgres;
    let id = |id: Uuid| if is_postgres { format!("'{id}'") } else { format!("X'{}'", id.simple()) };
    let (no, content) = if is_postgres { ("false", "'\\x00'") } else { ("0", "X'00'") };
    let (source, account, other) = (id(source.id), id(account), id(Uuid::from_u128(8)));
    let now = "'2026-11-01 10:00:00 +00:00'";
    let rows = [
        format!(
            "accounts (tenant, id, provider, subject, who, name, email, groups, matched_by, just_in_time, created_at, seen_at) VALUES ('default', {account}, 'corp', 'ada', 'user:default/ada', 'tidewater', 'tidewater', '[\"group:default/berths\"]', 'tidewater', {no}, {now}, {now})"
        ),
        format!(
            "sessions (tenant, id, hash, who, account, created_at, seen_at, expires_at, refreshed_at, address) VALUES ('default', {other}, 'ab', 'user:default/ada', {account}, {now}, {now}, '2096-11-01 10:00:00 +00:00', {now}, 'tidewater')"
        ),
        format!(
            "source_webhooks (tenant, source_id, secret, created_at, created_by) VALUES ('default', {source}, 'x', {now}, 'tidewater')"
        ),
        format!(
            "webhook_deliveries (tenant, source_id, delivery, received_at, forge, event, outcome, detail) VALUES ('default', {source}, '1', {now}, 'tidewater', 'push', 'queued', 'tidewater')"
        ),
        format!(
            "docs_sites (tenant, ref, place, name, nav, remarks, hash, changed_at, checked_at) VALUES ('default', 'component:default/quay', 'url:x', 'tidewater', '[]', '[]', 'x', {now}, {now})"
        ),
        format!(
            "docs_files (tenant, ref, path, kind, title, hash, content, changed_at) VALUES ('default', 'component:default/quay', 'index.md', 'page', 'tidewater', 'x', {content}, {now})"
        ),
        format!(
            "unmatched (tenant, provider, subject, came, looked, advice, times, first_at, last_at) VALUES ('default', 'corp', '1', '[[\"name\",\"tidewater\"]]', '[]', '[]', 1, {now}, {now})"
        ),
        format!(
            "audit_streams (tenant, target, seq, failures, problem, failed_at) VALUES ('default', 'https://tidewater.example', 1, 1, 'tidewater', {now})"
        ),
        format!(
            "role_uses (tenant, role, grantee, subject, used_at) VALUES ('default', 'mine', 'group:default/berths', 'user:tidewater/ada', {now})"
        ),
        format!("kept_orphans (tenant, ref, at, by) VALUES ('default', 'component:default/none', {now}, 'tidewater')"),
        format!("former_names (tenant, ref, uid, at) VALUES ('default', 'component:default/was', {other}, {now})"),
    ];
    for row in rows {
        let text = format!("INSERT INTO {row}");
        if let Err(error) = world.services.db.execute_unprepared(&text).await {
            panic!("{text}: {error}");
        }
    }
}

/// Does the deed with a number; what came of it, as a text.
#[expect(clippy::too_many_lines, reason = "an arm for each deed, which is a line")]
pub(super) async fn perform(world: &World, caller: &Caller, made: &Made, deed: usize) -> String {
    let services = &world.services;
    let tenant = &caller.tenant;
    let system = Caller::system(tenant.clone(), "worker");
    let quay: EntityRef = "component:default/quay".parse().unwrap();
    let gone: EntityRef = "component:default/gone".parse().unwrap();
    let ada: EntityRef = "user:default/ada".parse().unwrap();
    let berths: EntityRef = "group:default/berths".parse().unwrap();
    let ready: EntityRef = "scorecard:default/ready".parse().unwrap();
    let paper: EntityRef = "template:default/paper".parse().unwrap();
    let everything = Filter::everything();
    let run = RunName::Id(made.run);
    let part = (0, 100);
    let role: RoleName = "mine".parse().unwrap();
    let told = |what: &dyn Debug| format!("{what:?}");
    match deed {
        // Reading the catalog.
        0 => told(&catalog::entity(services, caller, &quay).await),
        1 => told(&catalog::entity_by_uid(services, caller, made.quay).await),
        2 => told(&catalog::query(services, caller, &Query::default()).await),
        3 => told(&catalog::search(services, caller, "tidewater outlandish quay", &everything, 50).await),
        4 => {
            let facets = ["kind", "metadata.title", "metadata.description", "metadata.tags"].map(str::to_owned);
            told(&catalog::facets(services, caller, &everything, None, &facets).await)
        }
        5 => told(&catalog::neighbourhood(services, caller, &quay, 3).await),
        6 => told(&(
            catalog::document(services, caller, &quay).await,
            catalog::document_by_uid(services, caller, made.quay).await,
        )),
        7 => told(&catalog::history(services, caller, &quay, 100).await),
        8 => told(&catalog::changes_around(services, caller, &berths, catalog::Span::default(), 100).await),
        9 => format!("{:?}", catalog::as_of(services, caller, &quay, Utc::now()).await.map(|past| past.entity)),
        10 => told(&changes::read(services, caller, 0, 1_000).await),
        11 => told(&catalog::sources(services, caller).await),
        12 => told(&catalog::source(services, caller, made.source).await),
        13 => told(&catalog::entities_of(services, caller, made.source).await),
        14 => {
            told(&catalog::troubles(services, caller, &TroubleFilter { limit: 100, ..TroubleFilter::default() }).await)
        }
        15 => told(&catalog::disputes(services, caller, part).await),
        16 => told(&catalog::orphans(services, caller, None, part).await),
        17 => told(&(catalog::syncs(services, caller).await, catalog::syncs_of(services, caller, made.source).await)),
        18 => told(&catalog::kept_text(services, caller, made.source, "catalog-info.yaml").await),
        19 => told(&(catalog::teams_of(services, caller, &ada).await, catalog::total(services, caller).await)),
        20 => {
            let entity = catalog::entity(services, caller, &"api:default/tides".parse().unwrap()).await;
            match entity {
                Ok(entity) => told(&catalog::definition(services, caller, &entity).await),
                Err(error) => told(&error),
            }
        }
        21 => {
            let text = TextFilter { term: "o".to_owned(), paths: Vec::new() };
            told(&catalog::query(services, caller, &Query { text: Some(text), ..Query::default() }).await)
        }
        22 => {
            let open = Predicate::Begins { path: "metadata.description".into(), prefix: String::new() };
            told(
                &catalog::facets(services, caller, &everything, Some(&open), &["metadata.description".to_owned()])
                    .await,
            )
        }
        23 => told(&(catalog::origin(services, caller, &quay).await, catalog::ancestry(services, caller, &quay).await)),
        24 => told(
            &webhooks::webhook(services, caller, made.source)
                .await
                .map(|webhook| serde_json::to_string(&webhook).unwrap()),
        ),
        25 => told(&catalog::credentials::credentials(services, caller).await),
        // Reading the rest.
        26 => told(&runs::list(services, caller, &RunFilter { limit: 100, ..RunFilter::default() }).await),
        27 => told(&(
            runs::run(services, caller, run).await,
            runs::run(services, caller, RunName::Number(made.number)).await,
        )),
        28 => told(&(runs::log(services, caller, run, 0, 100).await, runs::counts(services, caller).await)),
        29 => told(&scorecards::list(services, caller).await),
        30 => told(&scorecards::results(services, caller, &ready, &EntityFilter::default()).await),
        31 => told(&(
            scorecards::rule(services, caller, &ready, "described").await,
            scorecards::for_entity(services, caller, &quay).await,
        )),
        32 => told(&scorecards::overview(services, caller, &ready, &EntityFilter::default()).await),
        33 => told(&(
            home::me(services, caller).await,
            home::stars(services, caller).await,
            home::recent(services, caller, 10).await,
        )),
        34 => match home::me(services, caller).await {
            Ok(me) => {
                told(&(lists::views(services, caller, &me).await, lists::view(services, caller, made.view).await))
            }
            Err(error) => told(&error),
        },
        35 => {
            told(&lists::page(services, caller, &Listing::of_query("kind=all")).await.map(|rows| format!("{rows:?}")))
        }
        36 => told(&(identity::tokens(services, caller).await, identity::service_tokens(services, caller).await)),
        37 => told(&identity::sessions(services, caller).await),
        38 => told(&(identity::people(services, caller, "", 0).await, identity::own_accounts(services, caller).await)),
        39 => told(&audit::entries(services, caller, &AuditFilter::default(), None, 1_000).await),
        40 => told(&(
            permission::policies(services, caller).await,
            permission::policy_history(services, caller, "mine", 10).await,
        )),
        41 => told(&(
            permission::grants(services, caller).await,
            permission::who_can(services, caller, Permission::ReadAudit, Target::Platform).await,
        )),
        42 => told(&(
            docs::site(services, caller, &quay).await.map(|site| format!("{site:?}")),
            identity::throttle::waits(services, tenant, Counted::Address("tidewater")).await,
        )),
        43 => {
            let found = identity::by_session(services, tenant, &made.session).await.unwrap();
            let bearer = identity::by_bearer(services, tenant, &made.secret, None).await.unwrap();
            let bearer = match bearer {
                identity::Bearer::Known(found) => Some(found),
                identity::Bearer::Refused { .. } | identity::Bearer::Spent(_) => None,
            };
            told(&(found, bearer))
        }
        44 => {
            let ada = Subject::Person("user:default/ada".to_owned());
            told(&permission::what_could(services, caller, &ada).await)
        }
        // Altering.
        45 => told(&home::star(services, caller, &quay, false).await),
        46 => told(&(home::visit(services, caller, &quay).await, home::arrive(services, caller).await)),
        47 => told(&lists::rename_view(services, caller, made.view, "other name".parse().unwrap()).await),
        48 => told(&lists::change_view(services, caller, made.view, "kind=group").await),
        49 => told(&lists::remove_view(services, caller, made.view).await),
        50 => told(&identity::end_token(services, caller, made.token).await),
        51 => told(&identity::end_other_sessions(services, caller).await),
        52 => told(&(
            identity::block(services, caller, made.account, true).await,
            identity::end_sessions_of(services, caller, made.account).await,
        )),
        53 => told(&(
            permission::take_role(services, caller, &role, &"group:berths".parse().unwrap()).await,
            permission::reset_policy(services, caller, &role).await,
        )),
        54 => told(&catalog::credentials::remove_credential(services, caller, "forge").await),
        55 => told(&webhooks::change_webhook(services, caller, made.source, WebhookDeed::Drop).await),
        56 => told(&catalog::schedule_source(services, caller, made.source, Some(60)).await),
        57 => told(&catalog::refresh(services, caller, made.source).await),
        58 => told(&catalog::settle_orphan(services, caller, &gone, OrphanDeed::Remove).await),
        59 => told(&(scorecards::evaluate(services, &system).await, catalog::remove_lapsed(services, &system).await)),
        60 => told(&(runs::cancel(services, caller, run).await, runs::retry(services, caller, run).await)),
        61 => {
            let new = runs::NewRun { template: paper, values: serde_json::Map::new(), secrets: serde_json::Map::new() };
            told(&runs::start(services, caller, new).await)
        }
        62 => {
            let failed = identity::throttle::failed(services, tenant, Counted::Address("tidewater")).await;
            told(&(failed, identity::throttle::succeeded(services, tenant, Counted::Address("tidewater")).await))
        }
        63 => told(&audit::note(services, caller, audit::Happening::AuditExported, "x", &serde_json::json!({})).await),
        64 => told(&catalog::remove_entity(services, caller, made.quay).await),
        65 => told(&(
            identity::leave(services, tenant, &made.session).await,
            catalog::remove_source(services, caller, made.source, catalog::Entities::Remove).await,
        )),
        // Directories, and what is told of roles and of the log.
        66 => {
            let question = identity::scim::Question { wants_members: true, ..identity::scim::Question::default() };
            let people = identity::scim::users(services, caller, &question).await;
            told(&(people, identity::scim::groups(services, caller, &question).await))
        }
        67 => told(&(
            identity::scim::provisioned(services, caller, "", 0).await,
            identity::in_vain(services, caller).await,
            identity::people(services, caller, "", 0).await,
        )),
        68 => told(&(
            permission::use_report(services, caller, 1).await,
            audit::stream_state(services, caller).await,
            identity::scim::user(services, caller, &made.told.0).await,
        )),
        69 => {
            let operations = [domain::scim::Operation {
                kind: domain::scim::OperationKind::Replace,
                path: Some("active".to_owned()),
                value: false.into(),
            }];
            let changed = identity::scim::patch_user(services, caller, &made.told.0, &operations, &[]).await;
            let deeds = [domain::scim::GroupDeed::Assemble(Vec::new())];
            told(&(changed, identity::scim::patch_group(services, caller, &made.told.1, &deeds, &[]).await))
        }
        70 => told(&(
            identity::scim::delete_group(services, caller, &made.told.1, &[]).await,
            identity::scim::delete_user(services, caller, &made.told.0, &[]).await,
            identity::scim::forget(services, caller, &made.told.0).await,
        )),
        71 => {
            let decided = runs::decide(services, caller, run, runs::Decision::Refuse("tidewater".to_owned())).await;
            told(&(decided, runs::awaiting(services, caller).await, runs::count_awaited(services, caller).await))
        }
        _ => unreachable!("there are {DEEDS} deeds"),
    }
}
