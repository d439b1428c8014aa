//! What a source names at addresses elsewhere, opened once each.

use std::{collections::HashMap, sync::Arc};

use url::Url;

use crate::catalog::{
    keys::Granted,
    ports::{OpenSource, ReadProblem, SourceReader},
};

/// The addresses that one walk has asked.
pub(super) struct Outside<'a> {
    reader: &'a dyn SourceReader,
    /// By address, and by what may be shown there.
    opened: HashMap<(String, Granted), Arc<dyn OpenSource>>,
    /// Servers that did not answer, and how: they are not waited for again.
    silent: HashMap<String, String>,
    asked: Vec<String>,
}

impl<'a> Outside<'a> {
    pub(super) fn new(reader: &'a dyn SourceReader) -> Self {
        Self { reader, opened: HashMap::new(), silent: HashMap::new(), asked: Vec::new() }
    }

    /// The addresses that were asked for, in that order.
    pub(super) fn asked(&self) -> &[String] {
        &self.asked
    }

    /// Opens what a document of `from` names.
    pub(super) async fn open(
        &mut self,
        from: &dyn OpenSource,
        address: &str,
    ) -> Result<Arc<dyn OpenSource>, ReadProblem> {
        self.asked.push(address.to_owned());
        let granted = from.granted();
        let key = (address.to_owned(), granted.clone());
        if let Some(opened) = self.opened.get(&key) {
            return Ok(opened.clone());
        }
        let server = Url::parse(address).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        if let Some(why) = self.silent.get(&server) {
            return Err(ReadProblem::Unreachable(why.clone()));
        }
        match self.reader.open_named(granted, address).await {
            Ok(opened) => {
                self.opened.insert(key, opened.clone());
                Ok(opened)
            }
            Err(ReadProblem::Unreachable(why)) => {
                self.silent.insert(server, why.clone());
                Err(ReadProblem::Unreachable(why))
            }
            Err(problem) => Err(problem),
        }
    }
}
