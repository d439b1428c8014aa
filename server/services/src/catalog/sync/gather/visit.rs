//! One file taken in after the other: what it declares, what is wrong with it, where it leads.

use std::sync::Arc;

use domain::catalog::{FieldPath, FileProblem, Outcome, Severity};

use super::{
    Step, Trust, Walk,
    ahead::{Peek, Read},
    judge::Guess,
    look::{Judged, Look, Looked, Seen},
    notes::About,
    plain,
};
use crate::catalog::{
    ports::OpenSource,
    sync::{
        noting::Noting,
        placeholders,
        recall::{self, Known, Print},
    },
    yaml::Document,
};

impl Walk<'_> {
    /// How a document of a file is judged.
    pub(super) fn look(&self, step: &Step) -> Look {
        Look {
            limits: self.limits.file,
            is_guessed: step.trust == Trust::Guessed,
            is_before: self.terms.is_before,
            origin: self.origin.clone(),
            place: self.opened[step.source].place(&step.path),
        }
    }

    pub(super) async fn visit(&mut self, number: usize, mut read: Read) {
        let step = self.steps[number].clone();
        if let Ok(Peek::Same(known, bytes)) = &read {
            if self.has_room_for(known) {
                return self.recall(number, known, bytes);
            }
            // It will be told where the bound is reached.
            read = self.peek(number, None).await;
        }
        let Looked { bytes, digest, is_meant, documents } = match read {
            Ok(Peek::Looked(looked)) => looked,
            Ok(Peek::Same(..)) => return,
            Err(problem) => return self.unread(number, &step, &problem),
        };
        let bytes_before = self.bytes;
        self.bytes += bytes.len() as u64;
        if self.bytes > self.limits.bytes {
            let mib = self.limits.bytes / 1024 / 1024;
            self.gathered.failed.insert(self.gathered.files[number].path.clone());
            return self.cut(Some(number), format!("the source is larger than {mib} MiB; register a part of it"));
        }
        self.gathered.prints[number] = digest.map(Print::new);
        match documents {
            Ok(documents) => {
                self.gathered.layouts[number] = vec![None; documents.len()];
                for (place, document) in documents.into_iter().enumerate() {
                    self.about = Some((number, About { place, ..About::default() }));
                    self.take(number, &step, document, place).await;
                }
                self.about = None;
            }
            // Charts and the like only look like YAML.
            Err(problem) if !is_meant => self.tell(number, FileProblem { severity: Severity::Info, ..problem }),
            Err(problem) => self.fail(number, problem),
        }
        if let Some(print) = &mut self.gathered.prints[number] {
            print.bytes = self.bytes - bytes_before;
        }
        let has_guesses = self.guesses.last().is_some_and(|guess| guess.number == number);
        if !has_guesses {
            self.close(number);
        }
        let leads = self.leading.contains(&number);
        if has_guesses || leads || self.waiting.last().is_some_and(|waiting| waiting.number == number) {
            self.late.push((number, bytes));
        } else {
            self.keep(number, &bytes);
        }
    }

    /// Says of a file whose documents were all looked at that it holds nothing, if that is so.
    pub(super) fn close(&mut self, number: usize) {
        let file = &mut self.gathered.files[number];
        if file.entities == 0 && file.outcome == Outcome::Found {
            file.outcome = Outcome::Skipped;
            if file.problems.is_empty() {
                file.problems.push(plain(Severity::Info, "the file holds no document".into()));
            }
        }
    }

    fn has_room_for(&self, known: &Known) -> bool {
        let declared = self.gathered.found.len() + self.waiting.len() + self.entities;
        self.bytes + known.print.bytes <= self.limits.bytes
            && declared + known.row.file.entities as usize <= self.limits.entities
    }

    /// Takes a file as it was.
    fn recall(&mut self, number: usize, known: &Known, bytes: &[u8]) {
        let (before, print) = (&known.row.file, &known.print);
        self.bytes += print.bytes;
        self.entities += before.entities as usize;
        let file = &mut self.gathered.files[number];
        file.outcome = before.outcome;
        file.entities = before.entities;
        file.problems.clone_from(&before.problems);
        self.gathered.same.insert(file.path.clone());
        self.gathered.layouts[number].clone_from(&known.row.documents);
        self.gathered.notes.extend(print.notes.iter().map(|remark| remark.note(number)));
        self.gathered.prints[number] = Some(print.clone());
        self.keep(number, bytes);
    }

    /// Takes in one document of a file.
    pub(super) async fn take(&mut self, number: usize, step: &Step, seen: Seen, place: usize) {
        match seen {
            Seen::Unreadable(problem) if problem.severity == Severity::Info => self.tell(number, problem),
            Seen::Unreadable(problem) => {
                self.gathered.documents.push((number, problem.line.unwrap_or(1)));
                self.fail(number, problem);
            }
            Seen::LeftOut(line, problem) => {
                self.gathered.documents.push((number, line));
                self.tell(number, problem);
            }
            Seen::Perhaps(document) => self.guesses.push(Guess { number, place, step: step.clone(), document }),
            Seen::Judged(judged) => {
                self.gathered.documents.push((number, judged.line));
                self.settle(number, step, *judged, place).await;
            }
            Seen::Open(document) => {
                self.gathered.documents.push((number, document.line));
                self.resolve(number, step, document, place).await;
            }
        }
    }

    /// Puts in place what a document names in other files, and judges it then.
    async fn resolve(&mut self, number: usize, step: &Step, mut document: Document, place: usize) {
        let source = self.opened[step.source].clone();
        let mut value = document.value.take();
        let about = About::of(place, &value);
        self.about = Some((number, about.clone()));
        let noting = Arc::new(Noting::new(source));
        let asked = self.outside.asked().len();
        let through: Arc<dyn OpenSource> = noting.clone();
        let resolved = placeholders::resolve(&mut self.outside, &through, &step.path, &mut value, &self.limits).await;
        self.bytes += resolved.bytes;
        // What stands elsewhere may be another without anyone here knowing.
        let away = &self.outside.asked()[asked..];
        match (&mut self.gathered.prints[number], noting.read().filter(|_| away.is_empty())) {
            (Some(print), Some(beside)) => print.beside.extend(beside),
            (print, None) => {
                recall::note(print, away.to_vec());
            }
            (None, Some(_)) => {}
        }
        let unresolved: Vec<FieldPath> = resolved.problems.iter().map(|(field, _)| field.clone()).collect();
        for (field, problem) in resolved.problems {
            let problem = document.problem(Severity::Error, &field, problem);
            self.fail(number, problem);
        }
        let judged = self.look(step).judge(document, value, about, resolved.is_broken.then_some(&unresolved));
        self.settle(number, step, judged, place).await;
    }

    async fn settle(&mut self, number: usize, step: &Step, judged: Judged, place: usize) {
        let Judged { about, line, told, verdict } = judged;
        self.about = Some((number, About { place, ..about }));
        self.tell_all(number, told);
        let Some(mut verdict) = verdict else { return };
        if self.gathered.found.len() + self.waiting.len() + self.entities >= self.limits.entities {
            self.gathered.failed.insert(self.gathered.files[number].path.clone());
            let message =
                format!("the source declares more than {} entities; register a part of it", self.limits.entities);
            return self.cut(Some(number), message);
        }
        if verdict.reference.kind() == "location"
            && let Some(document) = &mut verdict.document
        {
            // What it leads to is looked up each time.
            recall::forget(&mut self.gathered.prints[number]);
            let value = document.value.take();
            let document = Arc::new(document.clone());
            self.follow(number, step, &document, &value).await;
        }
        self.judge(number, place, line, verdict);
    }

    pub(super) fn tell_all(&mut self, number: usize, told: Vec<FileProblem>) {
        for problem in told {
            match problem.severity {
                Severity::Error => self.fail(number, problem),
                Severity::Warning | Severity::Info => self.tell(number, problem),
            }
        }
    }
}
