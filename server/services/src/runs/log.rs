//! What a step says while it works: collected, bounded, cleaned of what must not be read, and written in batches.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use domain::runs::{LogKind, LogLevel, StepStatus};

/// How long a line may be; the rest is cut off.
const LINE: usize = 4096;
/// How many lines wait to be written at most.
const WAITING: usize = 2000;

/// A line that is not written yet.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub at: DateTime<Utc>,
    pub kind: LogKind,
    pub level: LogLevel,
    pub step: Option<String>,
    pub status: Option<StepStatus>,
    pub text: String,
}

impl Said {
    /// A line about the run as a whole.
    pub(super) fn of_run(kind: LogKind, level: LogLevel, text: impl Into<String>) -> Self {
        Self { at: Utc::now(), kind, level, step: None, status: None, text: text.into() }
    }

    /// The line that tells what a step became.
    pub(super) fn of_step(step: &str, status: StepStatus, level: LogLevel, text: &str) -> Self {
        let text = cut(&redact(text));
        Self { at: Utc::now(), kind: LogKind::Log, level, step: Some(step.to_owned()), status: Some(status), text }
    }
}

/// Where a step's action speaks.
#[derive(Debug, Clone)]
pub(super) struct Log {
    step: String,
    lines: Arc<Mutex<Vec<Said>>>,
}

impl Log {
    pub(super) fn new(step: &str) -> Self {
        Self { step: step.to_owned(), lines: Arc::default() }
    }

    pub(super) fn info(&self, text: impl AsRef<str>) {
        self.say(LogLevel::Info, text.as_ref());
    }

    pub(super) fn warn(&self, text: impl AsRef<str>) {
        self.say(LogLevel::Warn, text.as_ref());
    }

    /// Takes what was said since the last time.
    pub(super) fn take(&self) -> Vec<Said> {
        std::mem::take(&mut *self.lines.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn say(&self, level: LogLevel, text: &str) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        for line in redact(text).lines() {
            if lines.len() < WAITING {
                lines.push(Said {
                    at: Utc::now(),
                    kind: LogKind::Log,
                    level,
                    step: Some(self.step.clone()),
                    status: None,
                    text: cut(line),
                });
            }
        }
    }
}

fn cut(line: &str) -> String {
    let line: String = line.chars().filter(|c| *c == '\t' || *c == '\n' || !c.is_control()).collect();
    if line.len() <= LINE {
        return line;
    }
    let end = (0..=LINE).rev().find(|&at| line.is_char_boundary(at)).unwrap_or(0);
    format!("{}… ({} more bytes)", &line[..end], line.len() - end)
}

/// Takes the user name and password out of every address.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    let mut clean = Cow::Borrowed(text);
    let mut from = 0;
    while let Some(found) = clean[from..].find("://") {
        let start = from + found + 3;
        let end =
            clean[start..].find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '<' | '>' | '?' | '#'));
        let end = end.map_or(clean.len(), |end| start + end);
        if let Some(at) = clean[start..end].rfind('@') {
            clean.to_mut().replace_range(start..start + at, "***");
            from = start + 3;
        } else {
            from = end;
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn credentials_in_addresses_are_not_read() {
        assert_eq!(
            redact("push to https://ama:s3cret@git.example.com/x failed"),
            "push to https://***@git.example.com/x failed"
        );
        assert_eq!(redact("https://git.example.com/a@b"), "https://git.example.com/a@b");
    }

    #[test]
    fn a_line_is_cut_where_it_grows_too_long() {
        let log = Log::new("build");
        log.info("ä".repeat(5000));
        let said = log.take();
        assert!(said[0].text.len() < 4200 && said[0].text.ends_with("more bytes)"));
    }

    proptest! {
        #[test]
        fn redacting_never_panics_and_is_done_in_one_go(text in ".{0,80}") {
            let once = redact(&text).into_owned();
            prop_assert_eq!(redact(&once), once.as_str());
        }
    }
}
