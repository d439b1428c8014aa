//! Kubernetes clusters as sources: which one, and what of it is read.

use url::form_urlencoded;

/// Workloads that are looked at, unless it is said otherwise.
const USUAL: [&str; 4] = ["CronJob", "DaemonSet", "Deployment", "StatefulSet"];

/// What of a cluster is read: `harbour?namespaces=shop,quay&selector=app.kubernetes.io/part-of=ferry`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterTarget {
    /// As `[clusters.NAME]` calls it.
    pub name: String,
    /// Only these namespaces; all where none is named.
    pub namespaces: Vec<String>,
    /// Only workloads with these labels, as `kubectl -l` takes them.
    pub selector: String,
    /// Which kinds of workload.
    pub kinds: Vec<String>,
    /// Who owns what names no owner itself.
    pub owner: String,
    /// The lifecycle of what names none itself.
    pub lifecycle: String,
}

impl ClusterTarget {
    /// Reads a target.
    ///
    /// # Errors
    /// What is wrong with it and how to mend it.
    pub fn parse(target: &str) -> Result<Self, String> {
        let (name, query) = target.split_once('?').unwrap_or((target, ""));
        let name = name.trim();
        if !is_cluster_name(name) {
            return Err(format!(
                "`{name}` is no cluster's name; write the NAME of a `[clusters.NAME]` in the configuration"
            ));
        }
        let mut read = Self {
            name: name.to_owned(),
            namespaces: Vec::new(),
            selector: String::new(),
            kinds: USUAL.map(str::to_owned).to_vec(),
            owner: String::new(),
            lifecycle: String::new(),
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            let words =
                || value.split([',', ' ']).filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
            match key.as_ref() {
                "namespaces" => read.namespaces = words(),
                "selector" => value.clone_into(&mut read.selector),
                "owner" => value.clone_into(&mut read.owner),
                "lifecycle" => value.clone_into(&mut read.lifecycle),
                "kinds" if value.is_empty() => {}
                "kinds" => {
                    read.kinds = words();
                    read.kinds.sort();
                    read.kinds.dedup();
                    if let Some(other) = read.kinds.iter().find(|kind| !USUAL.contains(&kind.as_str())) {
                        return Err(format!("`{other}` is no workload that is read; use {}", USUAL.join(", ")));
                    }
                }
                other => {
                    return Err(format!(
                        "`{other}` says nothing about a cluster; use `namespaces`, `selector`, `kinds`, `owner` or `lifecycle`"
                    ));
                }
            }
        }
        let is_namespace = |name: &String| {
            name.len() <= 63
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if let Some(wrong) = read.namespaces.iter().find(|name| !is_namespace(name)) {
            return Err(format!("`{wrong}` is no namespace of Kubernetes; use lower-case letters, digits and hyphens"));
        }
        if read.namespaces.len() > 100 || read.selector.len() > 1_000 {
            return Err(
                "at most 100 namespaces and a selector of 1,000 characters are taken; register more sources".into()
            );
        }
        Ok(read)
    }

    /// The target in its one form.
    pub fn target(&self) -> String {
        let kinds = if self.kinds == USUAL { String::new() } else { self.kinds.join(",") };
        let said = [
            ("namespaces", self.namespaces.join(",")),
            ("selector", self.selector.clone()),
            ("kinds", kinds),
            ("owner", self.owner.clone()),
            ("lifecycle", self.lifecycle.clone()),
        ];
        let said: Vec<String> = said
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(key, value)| {
                let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
                format!("{key}={}", value.replace("%2F", "/").replace("%2C", ",").replace("%3A", ":"))
            })
            .collect();
        if said.is_empty() { self.name.clone() } else { format!("{}?{}", self.name, said.join("&")) }
    }
}

/// Whether a text can name a cluster.
pub fn is_cluster_name(text: &str) -> bool {
    domain::catalog::is_credential_name(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_a_cluster_and_what_of_it_is_read() {
        let form = |text: &str| ClusterTarget::parse(text).map_or_else(|error| error, |read| read.target());
        assert_eq!(form("harbour"), "harbour");
        assert_eq!(form("harbour?kinds=&owner=&selector="), "harbour");
        let whole =
            "harbour?namespaces=shop,quay&selector=app%3Dx&kinds=CronJob,Deployment&owner=group:berths&lifecycle=beta";
        assert_eq!(form(whole), whole);
        assert_eq!(
            form("harbour?kinds=Deployment,CronJob&namespaces=shop%20quay"),
            "harbour?namespaces=shop,quay&kinds=CronJob,Deployment"
        );
        for (wrong, why) in [
            ("", "no cluster's name"),
            ("https://10.0.0.1:6443", "no cluster's name"),
            ("harbour?namespace=x", "`namespace` says nothing"),
            ("harbour?namespaces=X", "no namespace"),
            ("harbour?kinds=Pod", "`Pod` is no workload"),
        ] {
            assert!(form(wrong).contains(why), "{wrong}: {}", form(wrong));
        }
    }
}
