//! Whether one document may enter the catalog, judged as a sync would judge it.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::{
    catalog::{FileProblem, Severity, SourceKind, Violation, normalise, validate},
    identity::{Caller, Permission, Target},
};
use serde_json::Value;
use url::Url;

use super::{
    explain::Lonely,
    keys::Granted,
    kinds,
    ports::{OpenSource, ReadProblem, SourceReader},
    sync::{
        gather::{Limits, Terms, gather},
        with_whole_addresses,
    },
};
use crate::{Error, Result, Services, identity};

/// What is wrong with a document, and what a sync would warn of. `address` is where it is to stand: what it names in other files
/// is looked up from there.
pub async fn check_entity(
    services: &Services,
    caller: &Caller,
    mut document: Value,
    address: Option<&Url>,
) -> Result<Vec<FileProblem>> {
    identity::may(services, caller, Permission::ReadCatalog, Target::Any).await?;
    let kind = document.get("kind").and_then(Value::as_str).unwrap_or_default();
    if kind.eq_ignore_ascii_case("Location") || !document.is_object() {
        // Where it leads is not looked up.
        let warnings = normalise(&mut document);
        let told = warnings.into_iter().map(|told| plain(Severity::Warning, told));
        return Ok(told.chain(validate(&document).into_iter().map(|told| plain(Severity::Error, told))).collect());
    }
    if let Some(address) = address {
        with_whole_addresses(&mut document, address);
    }
    let given = kinds::given(&services.db, &caller.tenant, None).await?;
    let reader = Beside { text: Bytes::from(document.to_string()), around: &services.reader(caller) };
    let terms = Terms { given, ..Terms::default() };
    let gathered = gather(&reader, SourceKind::File, TEXT, Limits::default(), terms).await;
    let files = gathered.map_err(|problem| Error::Rejected(problem.to_string()))?.files;
    let problems = files.into_iter().next().map(|file| file.problems).unwrap_or_default();
    // Every place is in the text that was written here.
    Ok(problems.into_iter().map(|problem| FileProblem { line: None, column: None, ..problem }).collect())
}

fn plain(severity: Severity, Violation { field, message }: Violation) -> FileProblem {
    let field = (!field.0.is_empty()).then(|| field.to_string());
    FileProblem { severity, message, field, line: None, column: None }
}

/// Stands for the document among the targets of sources.
const TEXT: &str = "/catalog-info.yaml";

/// A text, and what is at addresses that it names.
struct Beside<'a> {
    text: Bytes,
    around: &'a dyn SourceReader,
}

#[async_trait]
impl SourceReader for Beside<'_> {
    async fn open(&self, _kind: SourceKind, _target: &str) -> std::result::Result<Arc<dyn OpenSource>, ReadProblem> {
        Ok(Arc::new(Lonely(self.text.clone())))
    }

    async fn open_named(
        &self,
        granted: Granted,
        target: &str,
    ) -> std::result::Result<Arc<dyn OpenSource>, ReadProblem> {
        self.around.open_named(granted, target).await
    }
}
