//! Policy documents, as people see them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is wrong with a policy document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyProblem {
    /// Line and column, from 1, where that is known.
    pub place: Option<(u32, u32)>,
    /// What is wrong.
    pub message: String,
    /// How it may be mended.
    pub hint: Option<String>,
}

impl PolicyProblem {
    /// One that is about the whole document.
    pub fn plain(message: String) -> Self {
        Self { place: None, message, hint: None }
    }
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}
