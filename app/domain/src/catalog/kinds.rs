//! The kinds that Causeway knows: what their documents must hold, and which fields are relations.
//!
//! An organisation adds its own ([`super::OwnKind`]). A kind that nobody declared is accepted too, by the rules of the
//! envelope alone and with a warning, so that a catalog moves in before its kinds are declared.

/// What a required field must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A text that is not empty.
    Text(&'static str),
    /// A list, which may be empty.
    List(&'static str),
}

/// A field of `spec` that names other entities.
#[derive(Debug, Clone, Copy)]
pub struct RelationField {
    /// The field, below `spec`.
    pub field: &'static str,
    /// Whether it is a list; otherwise it names one.
    pub is_list: bool,
    /// What it means, seen from the entity that has the field.
    pub relation: &'static str,
    /// What it means, seen from the other end.
    pub reverse: &'static str,
    /// The kind of a reference that names none; `None` where every reference must name it.
    pub default_kind: Option<&'static str>,
    /// The kinds that make sense at the other end; empty means all.
    pub targets: &'static [&'static str],
}

/// A kind and its rules.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// As it is written.
    pub name: &'static str,
    /// The versions of it that these rules are about.
    pub versions: &'static [&'static str],
    /// The fields of `spec` that must be there.
    pub needs: &'static [Need],
    /// The fields of `spec` that are relations.
    pub relations: &'static [RelationField],
}

const BACKSTAGE: &[&str] = &["backstage.io/v1alpha1", "backstage.io/v1beta1"];

const OWNER: RelationField = RelationField {
    field: "owner",
    is_list: false,
    relation: "ownedBy",
    reverse: "ownerOf",
    default_kind: Some("group"),
    targets: &["group", "user"],
};

const SYSTEM: RelationField = RelationField {
    field: "system",
    is_list: false,
    relation: "partOf",
    reverse: "hasPart",
    default_kind: Some("system"),
    targets: &["system"],
};

const DEPENDS_ON: RelationField = RelationField {
    field: "dependsOn",
    is_list: true,
    relation: "dependsOn",
    reverse: "dependencyOf",
    default_kind: None,
    targets: &[],
};

const DEPENDENCY_OF: RelationField = RelationField {
    field: "dependencyOf",
    is_list: true,
    relation: "dependencyOf",
    reverse: "dependsOn",
    default_kind: None,
    targets: &[],
};

/// What a plugin for assistants is made of, and with another field, a marketplace.
const PARTS: RelationField = RelationField {
    field: "skills",
    is_list: true,
    relation: "hasPart",
    reverse: "partOf",
    default_kind: Some("airesource"),
    targets: &["airesource"],
};

/// Every kind that has rules of its own.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "Component",
        versions: BACKSTAGE,
        needs: &[Need::Text("type"), Need::Text("lifecycle"), Need::Text("owner")],
        relations: &[
            OWNER,
            SYSTEM,
            RelationField {
                field: "subcomponentOf",
                is_list: false,
                relation: "partOf",
                reverse: "hasPart",
                default_kind: Some("component"),
                targets: &["component"],
            },
            RelationField {
                field: "providesApis",
                is_list: true,
                relation: "providesApi",
                reverse: "apiProvidedBy",
                default_kind: Some("api"),
                targets: &["api"],
            },
            RelationField {
                field: "consumesApis",
                is_list: true,
                relation: "consumesApi",
                reverse: "apiConsumedBy",
                default_kind: Some("api"),
                targets: &["api"],
            },
            DEPENDS_ON,
            DEPENDENCY_OF,
        ],
    },
    Kind {
        name: "API",
        versions: BACKSTAGE,
        // `definition` depends on the type and has a rule of its own.
        needs: &[Need::Text("type"), Need::Text("lifecycle"), Need::Text("owner")],
        relations: &[OWNER, SYSTEM],
    },
    Kind {
        name: "Resource",
        versions: BACKSTAGE,
        needs: &[Need::Text("type"), Need::Text("owner")],
        relations: &[OWNER, SYSTEM, DEPENDS_ON, DEPENDENCY_OF],
    },
    Kind {
        name: "System",
        versions: BACKSTAGE,
        needs: &[Need::Text("owner")],
        relations: &[
            OWNER,
            RelationField {
                field: "domain",
                is_list: false,
                relation: "partOf",
                reverse: "hasPart",
                default_kind: Some("domain"),
                targets: &["domain"],
            },
        ],
    },
    Kind {
        name: "Domain",
        versions: BACKSTAGE,
        needs: &[Need::Text("owner")],
        relations: &[
            OWNER,
            RelationField {
                field: "subdomainOf",
                is_list: false,
                relation: "partOf",
                reverse: "hasPart",
                default_kind: Some("domain"),
                targets: &["domain"],
            },
        ],
    },
    Kind {
        name: "Group",
        versions: BACKSTAGE,
        needs: &[Need::Text("type"), Need::List("children")],
        relations: &[
            RelationField {
                field: "parent",
                is_list: false,
                relation: "childOf",
                reverse: "parentOf",
                default_kind: Some("group"),
                targets: &["group"],
            },
            RelationField {
                field: "children",
                is_list: true,
                relation: "parentOf",
                reverse: "childOf",
                default_kind: Some("group"),
                targets: &["group"],
            },
            RelationField {
                field: "members",
                is_list: true,
                relation: "hasMember",
                reverse: "memberOf",
                default_kind: Some("user"),
                targets: &["user"],
            },
        ],
    },
    Kind {
        name: "User",
        versions: BACKSTAGE,
        needs: &[Need::List("memberOf")],
        relations: &[RelationField {
            field: "memberOf",
            is_list: true,
            relation: "memberOf",
            reverse: "hasMember",
            default_kind: Some("group"),
            targets: &["group"],
        }],
    },
    Kind { name: "Location", versions: BACKSTAGE, needs: &[], relations: &[] },
    Kind {
        name: "Template",
        versions: &["scaffolder.backstage.io/v1beta3"],
        needs: &[Need::Text("type"), Need::List("steps")],
        relations: &[OWNER],
    },
    Kind {
        name: "AiResource",
        versions: BACKSTAGE,
        needs: &[Need::Text("type"), Need::Text("lifecycle"), Need::Text("owner")],
        relations: &[
            OWNER,
            SYSTEM,
            RelationField { default_kind: Some("airesource"), targets: &["airesource"], ..DEPENDS_ON },
            PARTS,
            RelationField { field: "plugins", ..PARTS },
        ],
    },
    Kind { name: "EntityKind", versions: &["causeway.dev/v1alpha1"], needs: &[], relations: &[OWNER] },
    Kind { name: "Scorecard", versions: &["causeway.dev/v1alpha1"], needs: &[], relations: &[OWNER] },
];

impl Kind {
    /// The fields of `spec` that are relations in a document of this `spec.type`: some are so in one variant alone.
    pub fn relations_of(&self, variant: &str) -> impl Iterator<Item = &'static RelationField> {
        let is_meant = move |field: &&RelationField| match field.field {
            "skills" => variant == "plugin",
            "plugins" => variant == "marketplace",
            _ => true,
        };
        self.relations.iter().filter(is_meant)
    }
}

/// The rules for a kind, whatever case it is written in, if these rules are about its version.
pub fn kind(name: &str, api_version: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name.eq_ignore_ascii_case(name) && kind.versions.contains(&api_version))
}
