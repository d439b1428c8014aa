//! What a person and a group are made of.

use serde_json::{Value, json};

/// The schema of what employers add to a person.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// Yes or no.
    Flag,
    /// An address.
    Reference,
    /// Attributes of its own.
    Complex,
}

/// An attribute.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the standard describes attributes by so many words of yes or no")]
pub struct Attribute {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it holds many of them.
    pub is_many: bool,
    /// Whether it must be there.
    pub is_required: bool,
    /// Whether it is only told.
    pub is_read_only: bool,
    /// Whether no two have the same.
    pub is_unique: bool,
    /// What a complex one is made of.
    pub parts: &'static [Attribute],
    /// What it is, in words.
    pub says: &'static str,
}

const fn of(name: &'static str, kind: Kind, says: &'static str) -> Attribute {
    Attribute {
        name,
        kind,
        is_many: false,
        is_required: false,
        is_read_only: false,
        is_unique: false,
        parts: &[],
        says,
    }
}

const fn text(name: &'static str, says: &'static str) -> Attribute {
    of(name, Kind::Text, says)
}

const fn complex(name: &'static str, parts: &'static [Attribute], says: &'static str) -> Attribute {
    Attribute { parts, ..of(name, Kind::Complex, says) }
}

const fn many(name: &'static str, parts: &'static [Attribute], says: &'static str) -> Attribute {
    Attribute { is_many: true, ..complex(name, parts, says) }
}

const VALUES: &[Attribute] = &[
    text("value", "The value"),
    text("display", "How it is shown"),
    text("type", "What it is for: `work`, `home`, `other`"),
    of("primary", Kind::Flag, "Whether it is the first to use"),
];

const MEMBERS: &[Attribute] = &[
    text("value", "The id"),
    of("$ref", Kind::Reference, "The address"),
    text("display", "How it is shown"),
    text("type", "`User`"),
];

const NAME: &[Attribute] = &[
    text("formatted", "The whole name"),
    text("familyName", "The family's name"),
    text("givenName", "The given name"),
    text("middleName", "Names between"),
    text("honorificPrefix", "What stands before"),
    text("honorificSuffix", "What stands behind"),
];

const ADDRESS: &[Attribute] = &[
    text("formatted", "The whole address"),
    text("streetAddress", "Street and number"),
    text("locality", "The town"),
    text("region", "The region"),
    text("postalCode", "The postal code"),
    text("country", "The country"),
    text("type", "What it is for"),
    of("primary", Kind::Flag, "Whether it is the first to use"),
];

const MANAGER: &[Attribute] =
    &[text("value", "The id"), of("$ref", Kind::Reference, "The address"), text("displayName", "How they are called")];

const USER: &[Attribute] = &[
    Attribute { is_required: true, is_unique: true, ..text("userName", "The name that they sign in with") },
    complex("name", NAME, "The parts of their name"),
    text("displayName", "How they are called"),
    text("nickName", "How friends call them"),
    of("profileUrl", Kind::Reference, "A page about them"),
    text("title", "What they are"),
    text("userType", "What kind of person they are here"),
    text("preferredLanguage", "The language that they like best"),
    text("locale", "How they write dates and numbers"),
    text("timezone", "Their time zone"),
    of("active", Kind::Flag, "Whether they may come in"),
    many("emails", VALUES, "Their addresses"),
    many("phoneNumbers", VALUES, "Their telephones"),
    many("ims", VALUES, "Where they chat"),
    many("photos", VALUES, "Pictures of them"),
    many("addresses", ADDRESS, "Where they live and work"),
    Attribute { is_read_only: true, ..many("groups", MEMBERS, "The groups that they are in") },
    many("entitlements", VALUES, "What they are entitled to at the directory"),
    many("roles", VALUES, "What they are at the directory"),
];

const EMPLOYEE: &[Attribute] = &[
    text("employeeNumber", "Their number"),
    text("costCenter", "Who pays"),
    text("organization", "The organisation"),
    text("division", "The division"),
    text("department", "The department"),
    complex("manager", MANAGER, "Whom they report to"),
];

const GROUP: &[Attribute] = &[
    Attribute { is_required: true, ..text("displayName", "How it is called") },
    many("members", MEMBERS, "The people in it"),
];

/// What the directory itself calls it; every resource may have it, so it stands in no schema.
const EXTERNAL_ID: Attribute = text("externalId", "What the directory calls it");

/// What resources of one kind are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// People.
    User,
    /// What employers add to people.
    Enterprise,
    /// Groups.
    Group,
}

impl Schema {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::User, Self::Group, Self::Enterprise];

    /// Its name among all schemas.
    pub fn urn(self) -> &'static str {
        match self {
            Self::User => "urn:ietf:params:scim:schemas:core:2.0:User",
            Self::Enterprise => ENTERPRISE,
            Self::Group => "urn:ietf:params:scim:schemas:core:2.0:Group",
        }
    }

    /// What it describes, in a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Enterprise => "Enterprise User",
            Self::Group => "Group",
        }
    }

    /// Its attributes.
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => USER,
            Self::Enterprise => EMPLOYEE,
            Self::Group => GROUP,
        }
    }

    /// The attribute that is called so, in whichever case.
    pub fn attribute(self, name: &str) -> Option<&'static Attribute> {
        if self != Self::Enterprise && EXTERNAL_ID.name.eq_ignore_ascii_case(name) {
            return Some(&EXTERNAL_ID);
        }
        self.attributes().iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }

    /// The schema as clients may read it.
    pub fn described(self) -> Value {
        json!({
            "id": self.urn(),
            "name": self.name(),
            "attributes": self.attributes().iter().map(described).collect::<Vec<_>>(),
        })
    }
}

impl Attribute {
    /// The part that is called so, in whichever case.
    pub fn part(&self, name: &str) -> Option<&'static Attribute> {
        self.parts.iter().find(|part| part.name.eq_ignore_ascii_case(name))
    }
}

fn described(attribute: &Attribute) -> Value {
    let kind = match attribute.kind {
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Reference => "reference",
        Kind::Complex => "complex",
    };
    let mut described = json!({
        "name": attribute.name,
        "type": kind,
        "multiValued": attribute.is_many,
        "description": attribute.says,
        "required": attribute.is_required,
        "caseExact": false,
        "mutability": if attribute.is_read_only { "readOnly" } else { "readWrite" },
        "returned": "default",
        "uniqueness": if attribute.is_unique { "server" } else { "none" },
    });
    if attribute.kind == Kind::Reference {
        described["referenceTypes"] = json!(["external"]);
    }
    if !attribute.parts.is_empty() {
        described["subAttributes"] = attribute.parts.iter().map(self::described).collect();
    }
    described
}
