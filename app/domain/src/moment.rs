//! Moments as people write them in an address.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// Reads `2026-10-14T07:41:12Z`, the same with an offset or without one (in UTC), to the minute, or a day, which means its end.
///
/// # Errors
/// Says what a moment looks like.
pub fn read_moment(text: &str) -> Result<DateTime<Utc>, String> {
    let text = text.trim();
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at.with_timezone(&Utc));
    }
    for format in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(at) = NaiveDateTime::parse_from_str(text, format) {
            return Ok(at.and_utc());
        }
    }
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    let end = day.and_then(|day| day.checked_add_signed(TimeDelta::days(1) - TimeDelta::microseconds(1)));
    end.map(|end| end.and_utc()).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        format!("`{shown}` is not a moment; write one like `2026-10-14T07:41:12Z` or a day like `2026-10-14`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_and_forms_write_them() {
        let read = |text: &str| read_moment(text).map(|at| at.to_rfc3339());
        assert_eq!(read("2026-10-14T07:41:12Z").as_deref(), Ok("2026-10-14T07:41:12+00:00"));
        assert_eq!(read("2026-10-14T07:41:12.5+02:00").as_deref(), Ok("2026-10-14T05:41:12.500+00:00"));
        assert_eq!(read("2026-10-14T07:41").as_deref(), Ok("2026-10-14T07:41:00+00:00"));
        assert_eq!(read(" 2026-10-14 ").as_deref(), Ok("2026-10-14T23:59:59.999999+00:00"));
        for wrong in ["", "yesterday", "2026-13-01", "14.10.2026", "99999999-01-01"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
