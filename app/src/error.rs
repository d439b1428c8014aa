//! What crosses the wire when a server function does not do what was asked.

use leptos::server_fn::codec::JsonEncoding;
use serde::{Deserialize, Serialize};
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

/// A problem, by what the person can do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It was there, and can be seen as it was.
    #[error("{why}")]
    Gone {
        /// What became of it.
        why: String,
        /// The address of how it was.
        before: String,
    },
    /// Someone else was faster, or the name is taken.
    #[error("{0}")]
    Conflict(String),
    /// What was sent breaks a rule.
    #[error("{0}")]
    Rejected(String),
    /// The person may not do this.
    #[error("{why}")]
    Denied {
        /// Why not.
        why: String,
        /// The address that tells more, and who can.
        ask: String,
    },
    /// Another system did not answer, or answered badly.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of the server; the log has it under this request id.
    #[error("something went wrong on the server; the log has the details under request `{0}`")]
    Internal(String),
    /// The server did not answer.
    #[error("the server did not answer; check the connection and try again")]
    Unreachable,
    /// What stands before the server answered in its place: `style/start.js` puts this where such an answer came.
    #[error("the server is not there at the moment: it may be starting, being updated or very busy")]
    Away,
    /// The session ended meanwhile.
    #[error("you are signed out, so nothing was done; sign in again, in another tab to keep what you typed here")]
    SignedOut,
    /// The server answered as no release of this page does.
    #[error(
        "the server answered in a way that this page does not know: it may be newer than the page; reload it if that goes on"
    )]
    Outdated,
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // In the browser, it is the answer that cannot be read.
            ServerFnErrorErr::Deserialization(_) if cfg!(feature = "hydrate") => Self::Outdated,
            ServerFnErrorErr::Args(why)
            | ServerFnErrorErr::MissingArg(why)
            | ServerFnErrorErr::Deserialization(why) => Self::Rejected(format!("what was sent cannot be read: {why}")),
            ServerFnErrorErr::Request(_) => Self::Unreachable,
            _ => Self::Internal("unknown".into()),
        }
    }
}
