//! When the tokens of a person rest. A token may last for a year, and a provider tells nobody whom it let go: so it counts only
//! as long as the person was seen at a provider lately, or is kept current by its directory.

use chrono::{DateTime, Utc};
use domain::identity::Tenant;
use sea_orm::prelude::Uuid;

use crate::{
    Result, Services,
    identity::{accounts, doors::DoorSettings, scim},
};

/// Why a token of `who` that was made through `account` opens nothing now, in words for whoever has it; `None` while it does.
pub(super) async fn rest(
    services: &Services,
    tenant: &Tenant,
    who: &str,
    account: Option<Uuid>,
) -> Result<Option<String>> {
    let told = scim::known(services, tenant, who).await?;
    let mut accounts = accounts::of(services, tenant, who).await?;
    let settings = &services.doors.settings;
    // One provider is enough for the person, but what an account made goes when that very account is not to come in.
    let own = match account {
        Some(id) => accounts::store::by_id(&services.db, tenant, id).await?,
        None => None,
    };
    // Whoever else comes in under the name says nothing of them.
    accounts.retain(|known| own.as_ref().is_none_or(|own| own.person() == known.person()));
    let is_shut = own.is_some_and(|own| own.blocked_at.is_some() || own.disowned_at.is_some());
    let verdict = if is_shut { Verdict::Away } else { judge(&accounts, &told, settings, Utc::now()) };
    Ok(match verdict {
        Verdict::Good => None,
        Verdict::Unseen => Some(format!(
            "it rests, since no provider has let `{who}` in for {} days; sign in to the portal once, and it opens what it opened",
            settings.token_rest_days
        )),
        Verdict::Elsewhere => Some(format!(
            "it rests, since the provider by which `{who}` came in is in the settings no longer, or is another one by its `issuer`; \
             sign in to the portal once, and it opens what it opened"
        )),
        Verdict::Away => Some(format!(
            "`{who}`, whose it is, may not come in any more: blocked, or sent away by the provider or its directory; who signs in \
             is told which"
        )),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Good,
    /// Nobody has stood by them for long.
    Unseen,
    /// No way by which they came in is one any more.
    Elsewhere,
    /// They may not come in.
    Away,
}

fn judge(
    accounts: &[accounts::store::Row],
    told: &scim::Known,
    settings: &DoorSettings,
    now: DateTime<Utc>,
) -> Verdict {
    let since = settings.fresh_since(now);
    if told.is_sent_away_by_all() {
        return Verdict::Away;
    }
    let mut verdict = Verdict::Away;
    for account in accounts {
        let provider = account.provider.as_str();
        if account.blocked_at.is_some() || account.disowned_at.is_some() || told.is_sent_away(provider) {
            continue;
        }
        if !settings.has(account) {
            verdict = if verdict == Verdict::Away { Verdict::Elsewhere } else { verdict };
        } else if told.is_kept(provider) || account.was_seen_since(since) {
            return Verdict::Good;
        } else {
            verdict = Verdict::Unseen;
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use sea_orm::prelude::Uuid;
    use serde_json::json;

    use super::*;
    use crate::identity::doors::ProviderSettings;

    fn account(provider: &str, seen: DateTime<Utc>) -> accounts::store::Row {
        accounts::store::Row {
            tenant: Tenant::default().to_string(),
            id: Uuid::nil(),
            provider: provider.to_owned(),
            subject: "ada".to_owned(),
            who: "user:default/ada".to_owned(),
            name: None,
            email: None,
            groups: json!([]),
            matched_by: String::new(),
            just_in_time: false,
            created_at: seen,
            seen_at: seen,
            blocked_at: None,
            confirmed_at: None,
            disowned_at: None,
            object_id: None,
            unmeant: None,
            user_uid: None,
            person: None,
            apart: None,
            address: None,
            issuer: None,
        }
    }

    #[test]
    fn tokens_go_on_as_long_as_somebody_stands_by_the_person() {
        let settings = DoorSettings {
            providers: vec![ProviderSettings::bare("corp"), ProviderSettings::bare("other")],
            ..DoorSettings::default()
        };
        let (now, nobody) = (Utc::now(), scim::Known::default());
        let days = |days| now - TimeDelta::days(days);
        let judge = |accounts: &[accounts::store::Row], told: &scim::Known| judge(accounts, told, &settings, now);
        let old = account("corp", days(31));
        assert_eq!(judge(&[], &nobody), Verdict::Away);
        assert_eq!(judge(&[account("corp", days(29))], &nobody), Verdict::Good);
        assert_eq!(judge(std::slice::from_ref(&old), &nobody), Verdict::Unseen);
        // A session that was renewed lately says as much as a sign-in.
        let renewed = accounts::store::Row { confirmed_at: Some(days(1)), ..old.clone() };
        assert_eq!(judge(std::slice::from_ref(&renewed), &nobody), Verdict::Good);
        // One provider is enough; one that was taken out of the configuration stands by nobody.
        assert_eq!(judge(&[old.clone(), account("other", days(1))], &nobody), Verdict::Good);
        assert_eq!(judge(&[account("former", days(1))], &nobody), Verdict::Elsewhere);
        assert_eq!(judge(&[old.clone(), account("former", days(1))], &nobody), Verdict::Unseen);
        // Whom a directory keeps need not be seen, and whom it sends away is gone however lately they were.
        let told = |is_let_in| scim::Known { by: [("corp".to_owned(), is_let_in)].into(), ..scim::Known::default() };
        assert_eq!(judge(&[old], &told(true)), Verdict::Good);
        assert_eq!(judge(std::slice::from_ref(&renewed), &told(false)), Verdict::Away);
        for is_blocked in [true, false] {
            let mut away = renewed.clone();
            if is_blocked {
                away.blocked_at = Some(now);
            } else {
                away.disowned_at = Some(now);
            }
            assert_eq!(judge(&[away], &nobody), Verdict::Away);
        }
    }
}
