//! Named points at which a test kills the process: what is promised about crashes is shown by crashing.
//!
//! A release build has none of it.

/// Dies here if `CAUSEWAY_FAULT` names this point, as in `acted:publish`.
#[cfg(debug_assertions)]
pub(crate) fn point(name: &str, step: &str) {
    if std::env::var("CAUSEWAY_FAULT").is_ok_and(|fault| fault == format!("{name}:{step}")) {
        // As from outside: no handler, no destructor, no flush.
        let _ = std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
        std::process::abort();
    }
}

#[cfg(not(debug_assertions))]
pub(crate) fn point(_name: &str, _step: &str) {}
