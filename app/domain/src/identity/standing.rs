//! The author of a request, and on what footing they are.

use std::{borrow::Cow, collections::BTreeSet, net::IpAddr, sync::Arc};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Subject, Tenant, Verb};

/// One request's or one job's author, in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose rows the caller works on.
    pub tenant: Tenant,
    /// Who it is.
    pub subject: Subject,
    /// What is known about them. Shared, since a caller is copied for each part of a request.
    pub standing: Arc<Standing>,
}

/// What is known about a caller beyond the name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Roles that came with the way they came in; those that are assigned in Causeway are added where it is decided.
    pub roles: BTreeSet<String>,
    /// References of the groups that they are in, with those above.
    pub teams: BTreeSet<String>,
    /// Which of those it is who have ever borne the name; none where nobody came in under it.
    pub identity: Option<Identity>,
    /// What a token is narrowed to; `None` for all that its owner may.
    pub scopes: Option<Scopes>,
    /// How they came in.
    pub source: Entry,
    /// Until when that counts, where it says so itself.
    pub until: Option<DateTime<Utc>>,
    /// From where.
    pub address: Option<IpAddr>,
    /// The id of their request, as it stands in the log.
    pub request: Option<String>,
    /// With what exactly they came in, for the audit log: which session, which token, and of a pipeline what its issuer says of the job.
    pub through: Option<String>,
}

/// Who bears a name: the same one under every name that they come in by, and by whichever of their accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// What tells them from all others.
    pub person: Uuid,
    /// Whether they are a User of the catalog, and no name was made up for them.
    pub is_in_catalog: bool,
}

/// The kinds of things that a token may do, of those that its owner may.
pub type Scopes = BTreeSet<Verb>;

/// How a caller came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Entry {
    /// Not at all: a part of Causeway, or nobody.
    #[default]
    None,
    /// As the person at this machine.
    Guest,
    /// With the administrator's token.
    Administrator,
    /// With a session of a browser: its id, as it is kept.
    Session(String),
    /// With a token: its id.
    Token(String),
    /// As a pipeline that is trusted: the name of the trust.
    Pipeline(String),
}

impl Caller {
    /// A caller of whom nothing else is known.
    pub fn new(tenant: Tenant, subject: Subject) -> Self {
        Self { tenant, subject, standing: Arc::default() }
    }

    /// Causeway itself, in the part named `part`.
    pub fn system(tenant: Tenant, part: &str) -> Self {
        Self::new(tenant, Subject::System(part.to_owned()))
    }

    /// Under which name things of one's own are kept; none for those who have none.
    pub fn own_key(&self) -> Option<&str> {
        match &self.subject {
            Subject::Guest | Subject::Administrator | Subject::Person(_) => Some(self.label()),
            Subject::Stranger | Subject::System(_) | Subject::Machine(_) => None,
        }
    }

    /// Who is recorded as the author of a change: a program by what it is, since it may be called like anybody.
    pub fn author(&self) -> Cow<'_, str> {
        match &self.subject {
            Subject::Machine(_) => Cow::Owned(self.subject.to_string()),
            subject => Cow::Borrowed(subject.label()),
        }
    }

    /// How they are called.
    pub fn label(&self) -> &str {
        self.subject.label()
    }
}
