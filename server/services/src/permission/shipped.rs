//! Policies that come with Causeway. A document of the same name, in the settings' folder or the portal, replaces one.

/// Name, policies, example cases.
pub(super) const SHIPPED: [(&str, &str, &str); 6] = [
    ("viewer", include_str!("shipped/viewer.cedar"), include_str!("shipped/viewer.cases.yaml")),
    ("developer", include_str!("shipped/developer.cedar"), include_str!("shipped/developer.cases.yaml")),
    ("team-lead", include_str!("shipped/team-lead.cedar"), include_str!("shipped/team-lead.cases.yaml")),
    (
        "platform-engineer",
        include_str!("shipped/platform-engineer.cedar"),
        include_str!("shipped/platform-engineer.cases.yaml"),
    ),
    ("provisioner", include_str!("shipped/provisioner.cedar"), include_str!("shipped/provisioner.cases.yaml")),
    ("administrator", include_str!("shipped/administrator.cedar"), include_str!("shipped/administrator.cases.yaml")),
];
