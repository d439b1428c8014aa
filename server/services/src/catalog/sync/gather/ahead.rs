//! Files are read and looked at while those before them are taken in: a bounded number at a time, and handed over in the
//! order in which they were met.

use std::{collections::VecDeque, num::NonZero, sync::Arc, thread};

use bytes::Bytes;
use domain::catalog::{FileProblem, Outcome, Severity};
use tokio_util::task::AbortOnDropHandle;

use super::{
    Step, Walk,
    look::{Look, Looked},
};
use crate::catalog::{
    ports::{OpenSource, ReadProblem},
    sync::recall::{self, Known},
};

/// How many files are looked at beside each other at most.
const MOST: usize = 8;

/// A file that was read, or why it was not.
pub(super) type Read = Result<Peek, ReadProblem>;

#[derive(Debug)]
pub(super) enum Peek {
    Looked(Looked),
    /// It is as it was. Its text comes along where people may want to see it.
    Same(Arc<Known>, Bytes),
}

/// Files on their way.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    reading: VecDeque<AbortOnDropHandle<Read>>,
    /// The number of the first that was not begun.
    from: usize,
}

impl Ahead {
    /// The next file in the order of the walk; nothing where none is on its way.
    pub(super) async fn next(&mut self) -> Option<Read> {
        Some(self.reading.pop_front()?.await.unwrap_or_else(|_| Ok(Peek::Looked(Looked::stumbled()))))
    }
}

impl Walk<'_> {
    /// Begins with as many of the next files as may be on their way.
    pub(super) fn look_ahead(&mut self) {
        let most = thread::available_parallelism().map_or(2, NonZero::get) + 1;
        while self.ahead.reading.len() < most.min(MOST) && self.ahead.from < self.steps.len() {
            let known = self.terms.recall.get(&self.gathered.files[self.ahead.from].path, &self.kinds_before);
            let read = self.peek(self.ahead.from, known);
            self.ahead.reading.push_back(AbortOnDropHandle::new(tokio::spawn(read)));
            self.ahead.from += 1;
        }
    }

    /// Reads a file and looks at it, unless it is as it was known.
    pub(super) fn peek(&self, number: usize, known: Option<Arc<Known>>) -> impl Future<Output = Read> + Send + use<> {
        let Step { source, path, .. } = self.steps[number].clone();
        let (look, source) = (self.look(&self.steps[number]), self.opened[source].clone());
        peek(look, source, path, known)
    }
}

async fn peek(look: Look, source: Arc<dyn OpenSource>, path: String, known: Option<Arc<Known>>) -> Read {
    let limit = look.limits.bytes;
    let (mut content, mut text) = (source.fingerprint(&path), None);
    if let Some(known) = known {
        if content.is_none() {
            let bytes = source.read(&path, limit).await?;
            content = Some(recall::content_of(&bytes));
            text = Some(bytes);
        }
        let digest = content.as_ref().map(|content| look.digest(content));
        if digest.as_ref() == Some(&known.print.digest) && known.is_same_beside(&*source, super::most(&look)).await {
            let bytes = match text {
                Some(bytes) => bytes,
                None if known.row.file.outcome == Outcome::Warned => source.read(&path, limit).await?,
                None => Bytes::new(),
            };
            return Ok(Peek::Same(known, bytes));
        }
    }
    let bytes = match text {
        Some(bytes) => bytes,
        None => source.read(&path, limit).await?,
    };
    let looked = tokio::task::spawn_blocking(move || look.at(bytes, content)).await;
    Ok(Peek::Looked(looked.unwrap_or_else(|_| Looked::stumbled())))
}

impl Looked {
    /// A file whose text makes the program stumble.
    fn stumbled() -> Self {
        let message = "the file could not be read; its text makes the parser stumble".to_owned();
        let problem = FileProblem { severity: Severity::Error, message, field: None, line: None, column: None };
        Self { bytes: Bytes::new(), digest: None, is_meant: true, documents: Err(problem) }
    }
}
