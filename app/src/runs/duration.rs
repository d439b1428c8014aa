//! How long something took, in few letters.

use chrono::TimeDelta;
use domain::runs::RunSummary;

use crate::ui::Moment;

/// `< 0.1 s`, `0.4 s`, `48 s`, `7 min 12 s`, `3 h 5 min`, `2 d 4 h`.
pub(super) fn took(duration: TimeDelta) -> String {
    let tenths = duration.num_milliseconds().max(0) / 100;
    let seconds = tenths / 10;
    let pair = |large: i64, large_unit: &str, small: i64, small_unit: &str| {
        if small == 0 { format!("{large} {large_unit}") } else { format!("{large} {large_unit} {small} {small_unit}") }
    };
    match seconds {
        0 if tenths == 0 => "< 0.1 s".to_owned(),
        0..10 => format!("{}.{} s", seconds, tenths % 10),
        10..60 => format!("{seconds} s"),
        60..3_600 => pair(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => pair(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// How long a run has been at work at `now`, or was.
pub(super) fn of_run(run: &RunSummary, now: Moment) -> String {
    took(run.duration(chrono::DateTime::from_timestamp_millis(now.0).unwrap_or(run.created_at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_two_units_at_most() {
        let text = |milliseconds: i64| took(TimeDelta::milliseconds(milliseconds));
        assert_eq!(text(430), "0.4 s");
        assert_eq!(text(48_900), "48 s");
        assert_eq!(text(432_000), "7 min 12 s");
        assert_eq!(text(360_000), "6 min");
        assert_eq!(text(11_100_000), "3 h 5 min");
        assert_eq!(text(187_200_000), "2 d 4 h");
        assert_eq!(text(-5), "< 0.1 s");
    }
}
