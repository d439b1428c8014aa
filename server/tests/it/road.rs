//! Templates to run, and what is asked of a run in tests.

use std::fmt::Write as _;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::portal::Portal;

/// A service in four files: what `service` makes.
pub(crate) const SERVICE: &str = r"
    - id: fetch
      name: Render the files
      action: fetch:template
      input:
        url: ./skeleton
        values: { name: '${{ parameters.name }}', owner: '${{ parameters.owner }}' }
    - id: publish
      name: Create the repository
      action: publish:git
      input:
        repoUrl: causeway?owner=harbour&repo=${{ parameters.name }}
        description: Signs on the quay
        gitAuthorName: Ama Osei
    - id: register
      name: Register it
      action: catalog:register
      input:
        repoContentsUrl: ${{ steps.publish.output.repoContentsUrl }}
        catalogInfoPath: /catalog-info.yaml
";

impl Portal {
    /// Writes a template with these steps, and has it in the catalog.
    pub(crate) async fn has_template(&self, name: &str, steps: &str) {
        let folder = format!("templates/{name}");
        let mut document = String::new();
        write!(
            document,
            r"apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: {name}
  title: Small service
spec:
  type: service
  owner: group:default/harbour
  parameters:
    - title: What
      required: [name]
      properties:
        name: {{ title: Name, type: string, pattern: '^[a-z][a-z0-9-]*$' }}
        owner: {{ title: Owner, type: string, default: 'group:default/harbour' }}
  steps:{steps}
  output:
    links:
      - title: Repository
        url: ${{{{ steps.publish.output.remoteUrl }}}}
      - title: In the catalog
        entityRef: ${{{{ steps.register.output.entityRef }}}}
"
        )
        .unwrap();
        self.write(
            &format!("{folder}/skeleton/catalog-info.yaml"),
            "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: ${{ values.name }}\nspec:\n  type: \
             service\n  lifecycle: experimental\n  owner: ${{ values.owner }}\n",
        );
        self.write(&format!("{folder}/skeleton/README.md"), "# ${{ values.name }}\n");
        self.write(&format!("{folder}/skeleton/src/${{{{ values.name }}}}.sh"), "echo ${{ values.name }}\n");
        self.write(&format!("{folder}/skeleton/logo.bin"), [0_u8, 159, 146, 150, 0]);
        let path = self.write(&format!("{folder}/template.yaml"), document);
        self.has_registered(&path, &format!("template/default/{name}")).await;
    }

    /// Registers a file, and waits until what it declares stands in the catalog, by kind, namespace and name.
    pub(crate) async fn has_registered(&self, path: &str, name: &str) {
        let (status, answer) = self.post("/api/catalog/locations", &json!({ "type": "file", "target": path })).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        let page = format!("/api/catalog/entities/by-name/{name}");
        self.until(&format!("{name} stands in the catalog"), async |portal| {
            (portal.get(&page).await.status() == StatusCode::OK).then_some(())
        })
        .await;
    }

    /// Starts a run and returns its id.
    pub(crate) async fn run(&self, template: &str, values: Value) -> String {
        let body = json!({ "templateRef": format!("template:default/{template}"), "values": values });
        let (status, answer) = self.post("/api/scaffolder/v2/tasks", &body).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    /// The run as it is.
    pub(crate) async fn task(&self, id: &str) -> Value {
        self.json(&format!("/api/scaffolder/v2/tasks/{id}")).await
    }

    /// The run once it is over.
    pub(crate) async fn over(&self, id: &str) -> Value {
        self.until(&format!("run {id} is over"), async |portal| {
            let task = portal.task(id).await;
            let is_over = matches!(task["status"].as_str(), Some("completed" | "failed" | "cancelled"));
            is_over.then_some(task)
        })
        .await
    }

    /// Everything that a run said.
    pub(crate) async fn said(&self, id: &str) -> Vec<Value> {
        let said = self.json(&format!("/api/scaffolder/v2/tasks/{id}/events?after=0")).await;
        said.as_array().unwrap().clone()
    }

    /// What steps became, in the order in which they said so: `fetch completed`.
    pub(crate) async fn moves(&self, id: &str) -> Vec<String> {
        let told = |event: &Value| {
            Some(format!("{} {}", event["body"]["stepId"].as_str()?, event["body"]["status"].as_str()?))
        };
        self.said(id).await.iter().filter_map(told).collect()
    }
}
