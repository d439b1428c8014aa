//! How much a server allows, by what it says: every forge has its own words for the same.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::catalog::Allowance;
use reqwest::{StatusCode, header::HeaderMap};

/// How long nothing is asked after a server said "too many" without saying for how long, in seconds.
const REST: i64 = 60;

/// The longest that is waited for a server, whatever it says.
const LONGEST: TimeDelta = TimeDelta::hours(2);

/// What one server said last; shared by everything that asks it with the same credential.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Allowance>);

impl Pace {
    /// Until when nothing may be asked.
    pub(super) fn paused(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).paused_until.filter(|until| *until > now)
    }

    /// As it is shown.
    pub(super) fn told(&self) -> Allowance {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Learns from an answer. Returns until when nothing may be asked, if the answer says "too many".
    pub(super) fn learn(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = |names: [&str; 2]| names.into_iter().find_map(|name| text(headers, name)?.parse::<i64>().ok());
        let count = |names| number(names).and_then(|number| u32::try_from(number).ok());
        let limit = count(["x-ratelimit-limit", "ratelimit-limit"]);
        let remaining = count(["x-ratelimit-remaining", "ratelimit-remaining"]);
        let resets_at = number(["x-ratelimit-reset", "ratelimit-reset"]).and_then(|reset| moment(reset, now));
        if limit.is_some() || remaining.is_some() {
            (known.limit, known.remaining, known.resets_at) = (limit, remaining, resets_at);
        }
        let until = |at: Option<DateTime<Utc>>| at.unwrap_or(now + TimeDelta::seconds(REST)).min(now + LONGEST);
        let is_refusal = status == StatusCode::TOO_MANY_REQUESTS
            || (status == StatusCode::FORBIDDEN
                && (remaining == Some(0) || headers.contains_key("retry-after") || speaks_of_limits(body)));
        if is_refusal {
            let retry = text(headers, "retry-after").and_then(|after| retry_after(after, now));
            let at = until(retry.or(resets_at.filter(|_| remaining == Some(0))));
            known.paused_until = Some(at);
            return Some(at);
        }
        // Others use the same credential: the last twentieth is theirs.
        known.paused_until = match (limit, remaining) {
            (Some(limit), Some(remaining)) if remaining <= limit / 20 => resets_at.map(|at| until(Some(at))),
            _ => known.paused_until.filter(|until| *until > now),
        };
        None
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A moment, or how many seconds lie before it: both are in use.
fn moment(number: i64, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if number > 1_000_000_000 {
        DateTime::from_timestamp(number, 0)
    } else {
        Some(now + TimeDelta::try_seconds(number.max(0))?)
    }
}

fn retry_after(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match text.parse::<i64>() {
        Ok(seconds) => Some(now + TimeDelta::try_seconds(seconds.max(0))?),
        Err(_) => DateTime::parse_from_rfc2822(text).ok().map(|at| at.to_utc()),
    }
}

fn speaks_of_limits(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]).to_lowercase();
    text.contains("rate limit") || text.contains("abuse detection")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(status: u16, headers: &[(&'static str, &str)], body: &str) -> (Option<i64>, Option<i64>, Allowance) {
        let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        let pace = Pace::default();
        let headers =
            headers.iter().map(|(name, value)| ((*name).try_into().unwrap(), value.parse().unwrap())).collect();
        let refused = pace.learn(StatusCode::from_u16(status).unwrap(), &headers, body.as_bytes(), now);
        let seconds = |at: Option<DateTime<Utc>>| at.map(|at| (at - now).num_seconds());
        (seconds(refused), seconds(pace.paused(now)), pace.told())
    }

    #[test]
    fn every_forge_is_understood() {
        let (refused, paused, told) = learnt(
            200,
            &[("x-ratelimit-limit", "5000"), ("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "1795000600")],
            "",
        );
        assert_eq!((refused, paused, told.limit, told.remaining), (None, None, Some(5000), Some(4999)));
        let gitlab = [("ratelimit-limit", "2000"), ("ratelimit-remaining", "100"), ("ratelimit-reset", "1795000030")];
        assert_eq!(learnt(200, &gitlab, "").1, Some(30), "the last twentieth is left to others");
        let draft = [("ratelimit-limit", "10"), ("ratelimit-remaining", "0"), ("ratelimit-reset", "7")];
        assert_eq!(learnt(200, &draft, "").1, Some(7));
    }

    #[test]
    fn a_refusal_for_being_asked_too_much_says_for_how_long() {
        assert_eq!(learnt(429, &[("retry-after", "30")], "").0, Some(30));
        assert_eq!(learnt(429, &[], "").0, Some(60));
        assert_eq!(learnt(403, &[], "You have exceeded a secondary rate limit").0, Some(60));
        assert_eq!(learnt(403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795000090")], "").0, Some(90));
        assert_eq!(learnt(403, &[("retry-after", "Wed, 18 Nov 2026 11:20:00 GMT")], "").0, Some(800));
        assert_eq!(learnt(403, &[], "Resource not accessible by integration").0, None);
    }
}
