//! Policies and example cases that are held against each other before anything holds, without a database.

use std::collections::{BTreeMap, BTreeSet};

use domain::identity::PolicyProblem;

use super::{
    cases, language,
    rules::{Document, Rules},
    shipped::SHIPPED,
};

/// What came of a trial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trial {
    /// How many example cases hold, with those of the documents that come with Causeway.
    pub cases: usize,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// Something that is wrong with documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The document; nothing where it is about all of them.
    pub document: Option<String>,
    /// Whether an example case is broken, and not the policies.
    pub in_cases: bool,
    /// Whether the document is one that comes with Causeway, and is not replaced.
    pub is_shipped: bool,
    /// What is wrong.
    pub problem: PolicyProblem,
}

/// Tries documents (name, policies, example cases), which replace those that come with Causeway: whether the policies can be
/// read, and whether all example cases hold.
pub fn try_policies(documents: &[(String, String, String)]) -> Trial {
    let mut texts: BTreeMap<&str, (&str, &str)> =
        SHIPPED.iter().map(|(name, text, cases)| (*name, (*text, *cases))).collect();
    texts.extend(documents.iter().map(|(name, text, cases)| (name.as_str(), (text.as_str(), cases.as_str()))));
    let is_shipped = |name: &str| documents.iter().all(|(own, ..)| own != name);
    let fault = |name: &str, in_cases, problem| Fault {
        document: Some(name.to_owned()),
        in_cases,
        is_shipped: is_shipped(name),
        problem,
    };
    let (mut trial, mut read) = (Trial::default(), Vec::new());
    for (name, (text, _)) in &texts {
        match language::read(name, text) {
            Ok(policies) => read.push(Document { name: (*name).to_owned(), policies }),
            Err(found) => trial.faults.extend(found.into_iter().map(|problem| fault(name, false, problem))),
        }
    }
    if !trial.faults.is_empty() {
        return trial;
    }
    match Rules::new(read, BTreeMap::new(), BTreeSet::new()) {
        Ok(rules) => {
            for (name, (_, examples)) in texts {
                match cases::hold(&rules, examples) {
                    Ok(count) => trial.cases += count,
                    Err(found) => trial.faults.extend(found.into_iter().map(|problem| fault(name, true, problem))),
                }
            }
        }
        Err(error) => {
            let problem = PolicyProblem::plain(error.to_string());
            trial.faults.push(Fault { document: None, in_cases: false, is_shipped: false, problem });
        }
    }
    trial
}
