//! Moments and how long ago they were.

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use chrono::{DateTime, Utc};
use leptos::prelude::*;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl From<DateTime<Utc>> for Moment {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_millis())
    }
}

/// A moment's parts in UTC.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    second: i64,
}

impl Moment {
    /// After Howard Hinnant's `civil_from_days`; chrono's formatting would weigh tens of kilobytes in the bundle.
    fn civil(self) -> Civil {
        let seconds = self.0.div_euclid(1000);
        let days = seconds.div_euclid(DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Civil { year, month, day, second: seconds.rem_euclid(DAY) }
    }

    /// `14 Oct 2026, 07:41:12 UTC`.
    pub fn exact(self) -> String {
        let Civil { year, second, .. } = self.civil();
        let (hour, minute) = (second / HOUR, second % HOUR / MINUTE);
        format!("{} {year}, {hour:02}:{minute:02}:{:02} UTC", self.date(), second % MINUTE)
    }

    /// `14 Oct`.
    pub fn date(self) -> String {
        let Civil { month, day, .. } = self.civil();
        let month = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
        format!("{day} {month}")
    }

    /// `07:41:12`.
    pub fn time(self) -> String {
        let second = self.civil().second;
        format!("{:02}:{:02}:{:02}", second / HOUR, second % HOUR / MINUTE, second % MINUTE)
    }

    /// For machines: `2026-10-14T07:41:12Z`.
    pub fn iso(self) -> String {
        let Civil { year, month, day, .. } = self.civil();
        format!("{year:04}-{month:02}-{day:02}T{}Z", self.time())
    }

    /// How long before `now` it was: `now`, `3 min`, `2 h`, `6 d`, then a date. In a sentence: `40 seconds ago`, `on 14 Oct`.
    pub fn relative(self, now: Self, in_a_sentence: bool) -> String {
        let seconds = (now.0 - self.0) / 1000;
        let (count, short, long) = match seconds {
            i64::MIN..5 => return if in_a_sentence { "just now" } else { "now" }.to_owned(),
            5..MINUTE => (seconds, "s", "second"),
            MINUTE..HOUR => (seconds / MINUTE, "min", "minute"),
            HOUR..DAY => (seconds / HOUR, "h", "hour"),
            _ if seconds < 14 * DAY => (seconds / DAY, "d", "day"),
            _ => {
                let (then, today) = (self.civil().year, now.civil().year);
                let mut text = if in_a_sentence { "on ".to_owned() } else { String::new() };
                text.push_str(&self.date());
                if then != today {
                    let _ = write!(text, " {then}");
                }
                return text;
            }
        };
        if in_a_sentence {
            format!("{count} {long}{} ago", if count == 1 { "" } else { "s" })
        } else {
            format!("{count} {short}")
        }
    }
}

impl Moment {
    /// How long after `now` it will be: `in 4 minutes`, `in 2 hours`, `in 6 days`; `soon` once it is due.
    pub fn ahead(self, now: Self) -> String {
        let seconds = (self.0 - now.0) / 1000;
        let (count, word) = match seconds {
            i64::MIN..MINUTE => return "soon".to_owned(),
            MINUTE..HOUR => (seconds / MINUTE, "minute"),
            HOUR..DAY => (seconds / HOUR, "hour"),
            _ => (seconds / DAY, "day"),
        };
        format!("in {count} {word}{}", if count == 1 { "" } else { "s" })
    }
}

/// What time it is: the server's time when it drew the page, going on in the browser.
#[derive(Debug, Clone, Copy)]
pub struct Clock(RwSignal<Moment>);

impl Clock {
    /// Starts the clock; once, in the shell.
    pub fn provide() -> Self {
        let start = SharedValue::new(now_in_millis).into_inner();
        let clock = Self(RwSignal::new(Moment(start)));
        provide_context(clock);
        Effect::new(move || {
            let opened = now_in_millis();
            let tick = move || clock.0.set(Moment(start + now_in_millis() - opened));
            if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(10)) {
                on_cleanup(move || handle.clear());
            }
        });
        clock
    }

    /// The time, followed.
    pub fn now(self) -> Moment {
        self.0.get()
    }
}

fn now_in_millis() -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
    if cfg!(target_arch = "wasm32") {
        js_sys::Date::now() as i64
    } else {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
    }
}

/// How long ago something was; the exact time on hover.
///
/// - `at`: the moment, or a `DateTime<Utc>`; `sentence`: `40 seconds ago` instead of `40 s`.
#[component]
pub fn When(#[prop(into)] at: Moment, #[prop(optional)] sentence: bool) -> impl IntoView {
    let clock = expect_context::<Clock>();
    view! {
        <time datetime=at.iso() title=at.exact() class="whitespace-nowrap">
            {move || at.relative(clock.now(), sentence)}
        </time>
    }
}

/// How long until something is; the exact time on hover.
///
/// - `at`: the moment, or a `DateTime<Utc>`.
#[component]
pub fn Until(#[prop(into)] at: Moment) -> impl IntoView {
    let clock = expect_context::<Clock>();
    view! {
        <time datetime=at.iso() title=at.exact() class="whitespace-nowrap">{move || at.ahead(clock.now())}</time>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_like_a_calendar() {
        let at = Moment(1_795_448_472_000);
        assert_eq!(at.exact(), "23 Nov 2026, 15:41:12 UTC");
        assert_eq!(at.iso(), "2026-11-23T15:41:12Z");
        assert_eq!(Moment(0).exact(), "1 Jan 1970, 00:00:00 UTC");
        assert_eq!(Moment(951_782_400_000).date(), "29 Feb");
    }

    #[test]
    fn it_grows_older_in_words() {
        let now = Moment(1_795_420_800_000);
        let before = |seconds: i64| Moment(now.0 - seconds * 1000);
        let short: Vec<String> = [0, -9, 40, 180, 7_200, 86_400, 1_300_000, 40_000_000]
            .into_iter()
            .map(|seconds| before(seconds).relative(now, false))
            .collect();
        assert_eq!(short, ["now", "now", "40 s", "3 min", "2 h", "1 d", "8 Nov", "17 Aug 2025"]);
        assert_eq!(before(40).relative(now, true), "40 seconds ago");
        assert_eq!(before(60).relative(now, true), "1 minute ago");
        let ahead: Vec<String> =
            [-9, 59, 60, 7_200, 90_000].into_iter().map(|seconds| before(-seconds).ahead(now)).collect();
        assert_eq!(ahead, ["soon", "soon", "in 1 minute", "in 2 hours", "in 1 day"]);
    }
}
