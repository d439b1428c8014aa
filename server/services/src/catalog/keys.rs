//! Which credentials a reader of sources may show, and to whom.
//!
//! A credential is bound to a server and perhaps a path. It is shown to what a person registered, and to what a document
//! names only if that document was itself read with it, or lies on the server's own disk: a file of one source can never
//! have the private files of another read.

use std::sync::Arc;

use async_trait::async_trait;
use domain::catalog::SourceKind;
use secrecy::SecretString;
use url::Url;

use super::{
    hosted::Reads,
    ports::{Moved, OpenSource, Pushed, ReadProblem, SourceReader},
};

/// What is shown to a server.
#[derive(Clone)]
pub enum Proof {
    /// A token, with the user that Git shows it with.
    Token {
        /// As bearer, or as password.
        token: SecretString,
        /// For Git; what most forges take where it is missing.
        user: Option<String>,
    },
    /// A user's password.
    Password {
        /// Who.
        user: String,
        /// Their password.
        password: SecretString,
    },
    /// A private key, and the keys that servers have.
    Ssh {
        /// The user to sign in as where the address names none.
        user: Option<String>,
        /// As OpenSSH writes it.
        key: SecretString,
        /// Lines of a `known_hosts` file; a server that is not in it is not trusted.
        known_hosts: String,
    },
}

/// A credential for one address.
#[derive(Clone)]
pub struct Key {
    /// What it is called.
    pub name: String,
    /// What people read: `quay` and where its secret is.
    pub shown: String,
    /// How it is corrected.
    pub mend: String,
    /// What is shown.
    pub proof: Proof,
}

/// Which credentials a document's words may use.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Granted {
    /// All of them: a person asked, or the server's own disk did.
    All,
    /// The one that the document was read with.
    Only(String),
    /// None.
    Nothing,
}

/// The credentials of an installation.
#[async_trait]
pub trait Ring: Send + Sync {
    /// The narrowest credential that covers an address.
    async fn find(&self, url: &Url) -> Result<Option<Key>, ReadProblem>;
}

/// What there is for an address.
pub enum Held {
    /// This is shown.
    Key(Box<Key>),
    /// There is one of this name, and it is not shown to what a document of another source names.
    Withheld(String),
    /// Nothing covers the address.
    Nothing,
}

/// Credentials, as far as they are granted.
#[derive(Clone)]
pub struct Keys {
    ring: Option<Arc<dyn Ring>>,
    granted: Granted,
}

impl Keys {
    /// No credentials at all.
    pub fn none() -> Self {
        Self { ring: None, granted: Granted::Nothing }
    }

    /// All of a ring.
    pub fn of(ring: Arc<dyn Ring>) -> Self {
        Self { ring: Some(ring), granted: Granted::All }
    }

    /// The same, as far as `granted` goes; what was withheld before stays so.
    #[must_use]
    pub fn within(&self, granted: Granted) -> Self {
        let granted = if self.granted == Granted::All { granted } else { self.granted.clone() };
        Self { ring: self.ring.clone(), granted }
    }

    /// What there is for an address.
    pub async fn find(&self, url: &Url) -> Result<Held, ReadProblem> {
        let Some(ring) = &self.ring else { return Ok(Held::Nothing) };
        let Some(key) = ring.find(url).await? else { return Ok(Held::Nothing) };
        match &self.granted {
            Granted::All => Ok(Held::Key(Box::new(key))),
            Granted::Only(name) if *name == key.name => Ok(Held::Key(Box::new(key))),
            Granted::Only(_) | Granted::Nothing => Ok(Held::Withheld(key.name)),
        }
    }
}

impl Held {
    /// What a document that was read so may use itself.
    pub fn grants(&self) -> Granted {
        match self {
            Self::Key(key) => Granted::Only(key.name.clone()),
            Self::Withheld(_) | Self::Nothing => Granted::Nothing,
        }
    }

    /// Why a server at `what` refused, and how to mend it.
    pub fn refused(&self, what: &str) -> ReadProblem {
        ReadProblem::Refused(match self {
            Self::Key(key) => format!("`{what}` refuses the credential {}; {}", key.shown, key.mend),
            Self::Withheld(name) => format!(
                "`{what}` wants a credential, and `{name}` is not shown to it: only what a person registers, or a file \
                 that was read with `{name}` names, may use it; register it as a source of its own"
            ),
            Self::Nothing => format!(
                "`{what}` wants a credential, and none is bound to it; check that it exists and is public, or add one \
                 under Sources, Credentials, or as `[credentials.NAME]` in the configuration"
            ),
        })
    }

    /// Why a server at `what` says that nothing is there.
    pub fn missing(&self, what: &str) -> ReadProblem {
        ReadProblem::Missing(match self {
            Self::Key(key) => format!(
                "`{what}` is not there, or the credential {} may not read it; correct the address, or {}",
                key.shown, key.mend
            ),
            Self::Withheld(_) | Self::Nothing => format!("`{what}` is not there, or not public; correct the address"),
        })
    }
}

/// A reader with the credentials of one tenant.
pub(crate) struct Reader {
    pub(super) sources: Arc<dyn SourceReader>,
    pub(super) keys: Keys,
    pub(super) reads: Reads,
    /// What forges told of.
    pub(super) pushed: Pushed,
    /// What it is enough to ask for; nothing where that is all.
    pub(super) moved: Option<Moved>,
}

#[async_trait]
impl SourceReader for Reader {
    async fn open(&self, kind: SourceKind, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.reads.may(target, false).await?;
        let opened = match &self.moved {
            Some(moved) => self.sources.open_pushed(kind, target, &self.keys, (&self.pushed, moved)),
            None => self.sources.open_with(kind, target, &self.keys, &self.pushed),
        };
        self.reads.in_turn(kind, target, opened).await
    }

    async fn open_named(&self, granted: Granted, target: &str) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.reads.may(target, true).await?;
        let (keys, pushed) = (self.keys.within(granted), Pushed::new());
        let opened = self.sources.open_with(SourceKind::Url, target, &keys, &pushed);
        self.reads.in_turn(SourceKind::Url, target, opened).await
    }
}
