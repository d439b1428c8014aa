//! Entities of the software catalog: their names, documents, relations, sources, and questions about them.

mod addresses;
mod columns;
mod credential;
mod difference;
mod entity;
mod envelope;
mod field_path;
mod filter;
mod flatten;
mod graph;
mod kinds;
mod lifecycle;
mod listing;
mod misread;
mod own_kind;
mod predicate;
mod query;
mod reference;
mod relations;
mod renames;
mod saved_view;
mod source;
mod syntax;
mod trust;
mod verdict;
mod webhook;
mod well_known;

pub use addresses::{is_shown, unshown};
pub use columns::Column;
pub use credential::{Credential, CredentialKind, NewCredential, NotACredentialKind, is_credential_name};
pub use difference::{Difference, FieldChange, TextLine, TextSide};
pub use entity::{Entity, EntitySummary, Relation};
pub use envelope::{API_VERSION, Normalised, Violation, normalise, validate};
pub use field_path::{FieldPath, Step};
pub use filter::{Condition, Filter, NotAFilter};
pub use flatten::{Entry, MAX_VALUE, can_be_asked_for, flatten, flatten_with};
pub use graph::{Edge, Graph, Node, forward};
pub use kinds::{KINDS, Kind, Need, RelationField, kind};
pub use lifecycle::{Claim, Dispute, KeptText, Orphan, OrphanDeed, Part, SyncRecord, Trouble, TroubleFilter, removal};
pub use listing::{LIST_PAGE, Listing, OWNER_ME, OWNER_MY_TEAMS, PROPERTIES, Property};
pub use own_kind::{OwnKind, OwnKinds, OwnRelation};
pub use predicate::{NotAPredicate, Predicate};
pub use query::{
    Direction, Facet, FacetValue, ListPage, ListQuery, NotAnOrder, Order, Page, PageKey, Pick, Query, Start, TextFilter,
};
pub use reference::{DEFAULT_NAMESPACE, EntityRef, NotAReference, ReferenceDefaults};
pub use relations::{Declared, DeclaredRelation, declared, is_refused_elsewhere, is_slip_of, meant_version};
pub use renames::{Contents, Layout, renames};
pub use saved_view::{NotAViewName, SavedView, ViewName};
pub use source::{
    Allowance, Conflict, FileProblem, NewSource, NotASourceKind, Outcome, Severity, Source, SourceFile, SourceKind,
    SourceTrace,
};
pub use trust::{NotTrust, Trust};
pub use verdict::{Look, Prospect, ProspectTie, Verdict};
pub use webhook::{
    DeliveryOutcome, Push, Reads, Webhook, WebhookDeed, WebhookDelivery, repository_path, why_ignored,
    why_ignored_by_organisation,
};
pub use well_known::{KnownAnnotation, Tools, well_known};
