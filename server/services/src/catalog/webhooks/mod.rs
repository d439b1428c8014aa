//! Webhooks: a forge says that something was pushed, and its source is fetched at once.
//!
//! A delivery is believed by its signature alone, which is checked over the raw body before anything of it is read.

mod proof;
mod push;

use bytes::Bytes;
use chrono::{TimeDelta, Utc};
use domain::{
    catalog::{
        DeliveryOutcome, Push, Reads, Source, Webhook, WebhookDeed, WebhookDelivery, why_ignored,
        why_ignored_by_organisation,
    },
    changes::ChangeKind,
    identity::{Caller, Permission, Target, Tenant},
};
use sea_orm::prelude::Uuid;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

pub use self::proof::Proof;
use super::{organisation::Organisation, ports::Pushed, store};
use crate::{Error, Result, Services, changes::NewChange, identity, queue::Job, secrets};

/// How long a new secret can be seen.
const SHOWN: TimeDelta = TimeDelta::minutes(10);

/// For so long a reader of organisations goes by the forge's word for what moved; then it asks for everything.
pub const MARKS_HOLD: TimeDelta = TimeDelta::hours(24);

/// How long deliveries are remembered; forges repeat theirs within days.
const REMEMBERED: TimeDelta = TimeDelta::days(14);

/// A delivery as it came in.
#[derive(Clone)]
pub struct Delivery {
    /// `GitHub`, `GitLab`, `Gitea`.
    pub forge: &'static str,
    /// The forge's word for what happened.
    pub event: String,
    /// The forge's name for this delivery, the same if it is sent again; the body speaks for itself where there is none.
    pub id: Option<String>,
    /// What shows that it comes from someone who knows the secret.
    pub proof: Proof,
    /// As it came.
    pub body: Bytes,
}

/// The webhook of a source. The secret is with it for those who may change it, for a short while after it was made.
pub async fn webhook(services: &Services, caller: &Caller, id: Uuid) -> Result<Webhook> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Source(id)).await?;
    let hook = store::hook(&services.db, &caller.tenant, id).await?;
    let shown = hook.as_ref().filter(|hook| hook.shown_until.is_some_and(|until| until > Utc::now()));
    let may_see = identity::is_allowed(services, caller, Permission::ManageSources, Target::Source(id)).await?;
    let secret = match shown.filter(|_| may_see) {
        Some(hook) => Some(open(services, id, &hook.secret)?.expose_secret().to_owned()),
        None => None,
    };
    Ok(Webhook {
        address: format!("{}/webhooks/{id}", services.settings.base_url),
        secret,
        refused: hook.as_ref().and_then(|hook| Some((hook.refused_at?, hook.refused_why.clone()?))),
        made: hook.map(|hook| (hook.created_at, hook.created_by)),
        deliveries: store::deliveries(&services.db, &caller.tenant, id).await?,
    })
}

/// Makes a secret, hides it, or takes the webhook away.
pub async fn change_webhook(services: &Services, caller: &Caller, id: Uuid, deed: WebhookDeed) -> Result<()> {
    identity::may(services, caller, Permission::ManageSources, Target::Source(id)).await?;
    let tenant = &caller.tenant;
    let mut tx = services.begin(caller).await?;
    let Some(source) = store::source(&*tx, tenant, id).await? else {
        return Err(Error::NotFound(format!("there is no source `{id}`; it may have been removed")));
    };
    let had = store::hook(&*tx, tenant, id).await?.is_some();
    match deed {
        WebhookDeed::Make => {
            let now = Utc::now();
            let sealed = services.secrets.seal(&new_secret()?, &place(id))?;
            store::put_hook(&*tx, tenant, id, sealed, (now, &caller.author()), now + SHOWN).await?;
        }
        WebhookDeed::Hide => store::hide_secret(&*tx, tenant, id).await?,
        WebhookDeed::Drop => store::drop_hook(&*tx, tenant, id).await?,
    }
    if deed != WebhookDeed::Hide {
        tx.record(NewChange {
            source: id.to_string(),
            subject: source.subject(),
            kind: ChangeKind::SourceWebhook,
            before: Some(json!({ "webhook": had })),
            after: Some(json!({ "webhook": deed == WebhookDeed::Make })),
        });
    }
    tx.commit().await?;
    Ok(())
}

/// In the form that every forge takes: `whsec_` and 32 random bytes, as Standard Webhooks has it.
fn new_secret() -> Result<SecretString> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    Ok(SecretString::from(format!("whsec_{}", STANDARD.encode(secrets::random::<32>()?))))
}

fn place(source: Uuid) -> String {
    format!("webhook {source}")
}

fn open(services: &Services, source: Uuid, sealed: &str) -> Result<SecretString> {
    services.secrets.unseal(sealed, &place(source))
}

/// Whether a source takes deliveries, so that nothing is read for those that do not.
///
/// # Errors
/// [`Error::NotFound`] for a source that is not there, or has no webhook: a stranger learns no more.
pub async fn expects(services: &Services, tenant: &Tenant, source: Uuid) -> Result<()> {
    match store::hook(&services.db, tenant, source).await? {
        Some(_) => Ok(()),
        None => Err(Error::NotFound(format!(
            "no webhook is set up for `{source}`; make its secret on the page of the source first"
        ))),
    }
}

/// Takes a delivery in: what is pushed to the branch that the source reads has it fetched at once.
///
/// # Errors
/// [`Error::Denied`] if the signature is not that of the source's secret.
pub async fn receive(
    services: &Services,
    tenant: &Tenant,
    source: Uuid,
    delivery: Delivery,
) -> Result<WebhookDelivery> {
    // The signature stands for a sign-in.
    let caller = Caller::system(tenant.clone(), "webhook");
    expects(services, tenant, source).await?;
    let Some(hook) = store::hook(&services.db, tenant, source).await? else {
        return Err(Error::NotFound(format!("no webhook is set up for `{source}`")));
    };
    let secret = open(services, source, &hook.secret)?;
    let now = Utc::now();
    if let Err(why) = delivery.proof.check(&secret, &delivery.body, now) {
        tracing::warn!(%source, forge = delivery.forge, why, "refused a webhook delivery");
        store::note_refusal(&services.db, tenant, source, now, why).await?;
        let (who, permission) = (format!("a delivery of {}", delivery.forge), Permission::ManageSources);
        return Err(Error::Denied(domain::identity::Denied::named(who, permission)));
    }
    let Some(known) = store::source(&services.db, tenant, source).await? else {
        return Err(Error::NotFound(format!("there is no source `{source}`; it may have been removed")));
    };
    let Decision { outcome, detail, repository } = decide(&known, &delivery)?;
    let job = match &repository {
        Some(repository) => Job::SyncPushed { source, repository: Some(repository.clone()) },
        None => Job::SyncSoon { source },
    };
    let told = WebhookDelivery {
        received_at: now,
        forge: delivery.forge.to_owned(),
        event: delivery.event.chars().filter(|letter| !letter.is_control()).take(100).collect(),
        outcome,
        detail,
    };
    // An id names a delivery of one forge only; where there is none, the same body is the same delivery.
    let body = blake3::hash(&delivery.body).to_hex();
    let id = delivery.id.as_deref().filter(|id| !id.is_empty()).unwrap_or(body.as_str());
    let id: String =
        format!("{} {id}", delivery.forge).chars().filter(|letter| !letter.is_control()).take(200).collect();
    let mut tx = services.begin(&caller).await?;
    if !store::note_delivery(&*tx, tenant, source, (&id, repository), &told).await? {
        let detail = "it came before, so nothing is done again".to_owned();
        return Ok(WebhookDelivery { outcome: DeliveryOutcome::Repeated, detail, ..told });
    }
    if told.outcome == DeliveryOutcome::Queued {
        store::note_asked(&*tx, tenant, &[source], now).await?;
        tx.record(NewChange {
            source: source.to_string(),
            subject: known.subject(),
            kind: ChangeKind::SourceAsked,
            before: None,
            after: Some(json!({ "webhook": told.forge })),
        });
        tx.enqueue(job);
    }
    tx.commit().await?;
    Ok(told)
}

/// What is to be done about a delivery.
struct Decision {
    outcome: DeliveryOutcome,
    /// Why, for people.
    detail: String,
    /// To what it was pushed, where its server is to be asked about that.
    repository: Option<String>,
}

fn decide(source: &Source, delivery: &Delivery) -> Result<Decision> {
    let decided = |outcome, detail| Ok(Decision { outcome, detail, repository: None });
    let ignored = |why: String| decided(DeliveryOutcome::Ignored, why);
    let queued = |what: &str| decided(DeliveryOutcome::Queued, what.to_owned());
    match push::kind_of(&delivery.event, &delivery.body) {
        push::Kind::Push => {}
        // Who comes and goes, and what is made and archived, is news of an organisation.
        push::Kind::People if source.kind.is_organisation() => {
            return queued("the organisation is asked now for what is new");
        }
        push::Kind::Hello => return ignored("the webhook is set up; the next push has the source fetched".into()),
        push::Kind::People | push::Kind::Other => {
            return ignored(format!("`{}` is no push; only pushes are of use here", delivery.event));
        }
    }
    let push = push::read(&delivery.body)?;
    if source.kind.is_organisation() {
        if let Some(why) = why_ignored_by_organisation(&push, &source.target) {
            return ignored(why);
        }
        if let Some(why) = why_left_out(&push, source) {
            return ignored(why);
        }
        let repository = push.repository_path();
        let detail = match &repository {
            Some(repository) => format!("`{repository}` is asked for now"),
            None => "the organisation is asked now, and what moved is fetched".to_owned(),
        };
        return Ok(Decision { outcome: DeliveryOutcome::Queued, detail, repository });
    }
    let branch = source.branch.as_ref();
    let reads = Reads {
        target: &source.target,
        branch: branch.map(|(branch, _)| branch.as_str()),
        follows_default: branch.is_some_and(|(_, follows)| *follows),
    };
    match why_ignored(&push, reads) {
        Some(why) => ignored(why),
        None => queued("the source is fetched now"),
    }
}

/// Why an organisation's source does not read a repository, as far as the push itself tells.
fn why_left_out(push: &Push, source: &Source) -> Option<String> {
    let organisation = Organisation::parse(source.kind, &source.target).ok()?;
    let name = push.name.as_deref()?;
    let below = name.get(organisation.name.len()..)?.strip_prefix('/')?;
    let why = if push.is_archived && !organisation.archived {
        "is archived"
    } else if push.is_fork && !organisation.forks {
        "is a fork"
    } else if !organisation.wants_name(below) {
        "is none of the repositories that it names"
    } else {
        return None;
    };
    Some(format!("`{name}` {why}, and this source leaves such out"))
}

/// What was pushed to the repositories of an organisation since everything in it was last asked for.
pub(super) async fn pushed(services: &Services, tenant: &Tenant, source: &Source) -> Result<Pushed> {
    if !source.kind.is_organisation() {
        return Ok(Pushed::new());
    }
    store::pushed_since(&services.db, tenant, source.id, Utc::now() - MARKS_HOLD).await
}

/// Forgets what was delivered long ago.
pub(crate) async fn forget_deliveries(services: &Services) -> Result<()> {
    store::forget_deliveries_before(&services.db, Utc::now() - REMEMBERED).await
}
