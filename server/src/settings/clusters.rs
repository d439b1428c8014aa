//! `[clusters.NAME]`: Kubernetes clusters that can be sources.

use std::{collections::BTreeMap, path::PathBuf};

use connectors::source::{Cluster as Known, Way};
use serde::Deserialize;
use services::{catalog::clusters::is_cluster_name, secrets::Reference};

use crate::cli::Problem;

/// `[clusters.NAME]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Cluster {
    /// `https://10.0.0.1:6443`
    server: Option<String>,
    /// Where the certificates of its authority are: `env:NAME` or `file:/PATH`.
    ca: Option<String>,
    /// Where the token is.
    token: Option<String>,
    /// A kubeconfig.
    kubeconfig: Option<PathBuf>,
    /// A context of the kubeconfig; its current one where it is missing.
    context: Option<String>,
    /// Whether it is the cluster that this server runs in.
    #[serde(rename = "in_cluster")]
    is_inside: bool,
}

/// The clusters of the configuration, each reached in one way.
pub(crate) fn clusters(named: &BTreeMap<String, Cluster>) -> Result<Vec<Known>, Problem> {
    let read = |(name, cluster): (&String, &Cluster)| {
        let way = way(name, cluster).map_err(|why| format!("`[clusters.{name}]`: {why}"))?;
        Ok(Known { name: name.clone(), way })
    };
    named.iter().map(read).collect()
}

fn way(name: &str, cluster: &Cluster) -> Result<Way, String> {
    if !is_cluster_name(name) {
        return Err("use up to 60 of a-z, 0-9, - and _ for its name".into());
    }
    // What does not name a secret may be one, so it is not repeated.
    let reference =
        |field: &str, text: &String| text.parse::<Reference>().map_err(|error| format!("`{field}`: {error}"));
    match cluster {
        Cluster { is_inside: true, server: None, ca: None, token: None, kubeconfig: None, context: None } => {
            Ok(Way::InCluster)
        }
        Cluster { is_inside: false, server: None, ca: None, token: None, kubeconfig: Some(path), context } => {
            Ok(Way::Kubeconfig { path: path.clone(), context: context.clone() })
        }
        Cluster { is_inside: false, server: Some(server), ca, token: Some(token), kubeconfig: None, context: None } => {
            let ca = ca.as_ref().map(|ca| reference("ca", ca)).transpose()?;
            Ok(Way::Token { server: server.clone(), ca, token: reference("token", token)? })
        }
        _ => Err("it has `server` and `token`, perhaps with `ca`, or `kubeconfig`, perhaps with `context`, or `in_cluster = true`".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        match toml::from_str::<BTreeMap<String, Cluster>>(text) {
            Ok(named) => clusters(&named).map_or_else(|problem| problem.to_string(), |known| format!("{known:?}")),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_cluster_is_reached_in_one_way() {
        assert!(told("[a]\nin_cluster = true\n").contains("InCluster"));
        assert!(told("[a]\nkubeconfig = \"/k\"\ncontext = \"c\"\n").contains("Kubeconfig"));
        assert!(told("[a]\nserver = \"https://x\"\ntoken = \"env:T\"\nca = \"file:/c\"\n").contains("Variable(\"T\")"));
        for (wrong, why) in [
            ("[a]\n", "it has `server` and `token`"),
            ("[a]\nserver = \"https://x\"\n", "it has `server` and `token`"),
            ("[a]\nin_cluster = true\nkubeconfig = \"/k\"\n", "it has `server` and `token`"),
            ("[a]\nserver = \"https://x\"\ntoken = \"eyJhbGciOi\"\n", "never the secret itself"),
            ("[A]\nin_cluster = true\n", "for its name"),
            ("[a]\ntokn = \"env:T\"\n", "tokn"),
        ] {
            let problem = told(wrong);
            assert!(problem.contains(why) && !problem.contains("eyJ"), "{wrong}: {problem}");
        }
    }
}
