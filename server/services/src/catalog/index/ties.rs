//! Questions about relations, as they are asked by one who does not see everything: a tie to what is hidden is no tie.
//!
//! Relations are kept by path and target, `relations.dependson = component:default/quay`. Whoever could pick, sort or look for
//! entities by targets that they do not see would learn of each that it is there, and what is tied to it.

use domain::catalog::{Condition, Filter, Order, Predicate, TextFilter};
use roaring::RoaringBitmap;

use super::{terms::Term, view::View};

/// Where ties stand among the paths.
const TIES: &str = "relations.";

fn is_tie(path: &str) -> bool {
    path.get(..TIES.len()).is_some_and(|start| start.eq_ignore_ascii_case(TIES))
}

/// What stands at no path.
fn never(path: &str) -> Condition {
    Condition { path: path.to_owned(), values: Some(Vec::new()) }
}

impl View<'_> {
    /// The targets at a path of relations that may be told of, of which `is_meant` holds.
    fn targets(&self, path: &str, is_meant: impl Fn(&str) -> bool) -> Condition {
        let known = self.contents.terms.path(path);
        let terms = known.into_iter().flat_map(|path| &path.terms).map(|&term| self.contents.terms.get(term));
        let values = terms.filter_map(Term::value).filter(|value| is_meant(value) && self.may_name(value));
        Condition { path: path.to_owned(), values: Some(values.map(str::to_owned).collect()) }
    }

    fn condition(&self, condition: &Condition) -> Condition {
        let path = condition.path.to_lowercase();
        if !is_tie(&path) {
            return condition.clone();
        }
        // `relations.dependson.component:default/quay` asks the same with the target in the path.
        if let Some((_, target)) = path[TIES.len()..].split_once('.')
            && !self.may_name(target)
        {
            return never(&path);
        }
        match &condition.values {
            None => self.targets(&path, |_| true),
            Some(values) => {
                let told = values.iter().filter(|value| self.may_name(&value.to_lowercase()));
                Condition { path, values: Some(told.cloned().collect()) }
            }
        }
    }

    /// A filter without what it says of ties to what is hidden.
    pub(super) fn filter(&self, filter: &Filter) -> Filter {
        let alternatives = filter.alternatives.iter();
        let all = |conditions: &Vec<Condition>| conditions.iter().map(|condition| self.condition(condition)).collect();
        Filter { alternatives: alternatives.map(all).collect() }
    }

    /// A predicate without what it says of ties to what is hidden.
    pub(super) fn predicate(&self, predicate: &Predicate) -> Predicate {
        let each = |parts: &[Predicate]| parts.iter().map(|part| self.predicate(part)).collect();
        match predicate {
            Predicate::All(parts) => Predicate::All(each(parts)),
            Predicate::Any(parts) => Predicate::Any(each(parts)),
            Predicate::Not(part) => Predicate::Not(Box::new(self.predicate(part))),
            Predicate::Is(condition) => Predicate::Is(self.condition(condition)),
            Predicate::Begins { path, prefix } if is_tie(path) => {
                Predicate::Is(self.targets(&path.to_lowercase(), |value| value.starts_with(prefix.as_str())))
            }
            Predicate::Begins { .. } => predicate.clone(),
        }
    }

    /// What says a text, looked for without the names of what is hidden.
    pub(super) fn saying(&self, filter: &Filter, text: &TextFilter) -> RoaringBitmap {
        let (ties, others): (Vec<_>, Vec<_>) = text.paths.iter().cloned().partition(|path| is_tie(path));
        if ties.is_empty() {
            return self.contents.select(filter, Some(text));
        }
        let term = text.term.trim().to_lowercase();
        let selection = self.contents.select(filter, None);
        if term.is_empty() {
            return selection;
        }
        let targets = ties.iter().map(|path| self.targets(&path.to_lowercase(), |value| value.contains(&term)));
        let mut found =
            targets.fold(RoaringBitmap::new(), |found, condition| found | self.contents.meeting(&condition));
        found &= selection;
        if !others.is_empty() {
            found |= self.contents.select(filter, Some(&TextFilter { term: text.term.clone(), paths: others }));
        }
        found
    }

    /// An order that does not put entities where what is hidden would have them.
    pub(super) fn order(&self, order: &[Order]) -> Vec<Order> {
        order.iter().filter(|order| self.is_whole() || !is_tie(&order.path)).cloned().collect()
    }

    /// Whether a path is of ties, which may lead to what is hidden.
    pub(super) fn leads_on(&self, path: &str) -> bool {
        is_tie(path) && !self.is_whole()
    }
}
