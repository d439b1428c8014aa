//! Relations of many entities at once, each name kept once: a catalog has ten times as many relations as entities.

use std::{collections::HashMap, ops::Range};

use domain::catalog::DeclaredRelation;
use indexmap::IndexSet;

use crate::catalog::rows::relation;

/// A relation by the numbers of its names: source, type, target, and who declares it.
type Tie = [u32; 4];

/// Relations as they are being declared.
#[derive(Debug, Default)]
pub(super) struct Declarations {
    names: IndexSet<Box<str>>,
    ties: Vec<Tie>,
    /// Where the ties of a declarer are.
    by_declarer: HashMap<u32, Range<usize>>,
}

impl Declarations {
    fn number(&mut self, name: &str) -> u32 {
        let at = self.names.get_index_of(name).unwrap_or_else(|| self.names.insert_full(name.into()).0);
        u32::try_from(at).expect("a catalog holds fewer than 2^32 names")
    }

    /// Takes in what one entity declares, in both directions.
    pub(super) fn declare(&mut self, declarer: &str, relations: &[DeclaredRelation]) {
        let from = self.ties.len();
        let this = self.number(declarer);
        for relation in relations {
            let target = self.number(&relation.target.to_string());
            let (kind, reverse) = (self.number(&relation.relation), self.number(&relation.reverse));
            self.ties.push([this, kind, target, this]);
            self.ties.push([target, reverse, this, this]);
        }
        self.by_declarer.insert(this, from..self.ties.len());
    }

    /// Whether an entity declares just what it declared before.
    pub(super) fn is_same(&self, declarer: &str, before: &[relation::Model]) -> bool {
        let number = |name: &str| self.names.get_index_of(name).and_then(|at| u32::try_from(at).ok());
        let range = number(declarer).and_then(|number| self.by_declarer.get(&number)).cloned().unwrap_or_default();
        let mut now = self.ties[range].to_vec();
        now.sort_unstable();
        now.dedup();
        let old = before.iter().map(|row| {
            Some([number(&row.source_ref)?, number(&row.kind)?, number(&row.target_ref)?, number(&row.declared_by)?])
        });
        let Some(mut old) = old.collect::<Option<Vec<Tie>>>() else { return false };
        old.sort_unstable();
        now == old
    }

    /// Leaves out what an entity declares: it is written already.
    pub(super) fn forget(&mut self, declarer: &str) {
        let Some(number) = self.names.get_index_of(declarer).and_then(|at| u32::try_from(at).ok()) else { return };
        if let Some(range) = self.by_declarer.remove(&number) {
            // No tie has a name of that number, which is how these are told apart below.
            self.ties[range].fill([u32::MAX; 4]);
        }
    }

    /// In the order of the table, each once.
    pub(super) fn sorted(self) -> Ties {
        let mut order: Vec<u32> = (0..u32::try_from(self.names.len()).unwrap_or(u32::MAX)).collect();
        order.sort_unstable_by(|left, right| self.names[*left as usize].cmp(&self.names[*right as usize]));
        let mut ranks = vec![0; order.len()];
        for (&number, rank) in order.iter().zip(0..) {
            ranks[number as usize] = rank;
        }
        let there = self.ties.into_iter().filter(|tie| tie[0] != u32::MAX);
        let mut ties: Vec<Tie> = there.map(|tie| tie.map(|number| ranks[number as usize])).collect();
        ties.sort_unstable();
        ties.dedup();
        let mut names: Vec<Box<str>> = self.names.into_iter().collect();
        // By value: the order of the set is that of the ranks now.
        names.sort_unstable();
        Ties { names, ties }
    }
}

/// Relations in the order of their table.
#[derive(Debug)]
pub(super) struct Ties {
    /// Sorted.
    names: Vec<Box<str>>,
    ties: Vec<Tie>,
}

impl Ties {
    fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }

    /// Type and target of the relations that begin at an entity.
    pub(super) fn of(&self, source: &str) -> impl Iterator<Item = (&str, &str)> {
        let at = self.names.binary_search_by(|name| (**name).cmp(source));
        let ties = at.ok().and_then(|at| u32::try_from(at).ok()).map_or(&[][..], |number| {
            let from = self.ties.partition_point(|tie| tie[0] < number);
            let many = self.ties[from..].partition_point(|tie| tie[0] == number);
            &self.ties[from..from + many]
        });
        ties.iter().map(|tie| (self.name(tie[1]), self.name(tie[2])))
    }

    /// Where relations begin.
    pub(super) fn sources(&self) -> impl Iterator<Item = &str> {
        self.ties.chunk_by(|left, right| left[0] == right[0]).filter_map(|same| Some(self.name(same.first()?[0])))
    }

    /// All of them, in the order in which most of them go beside the one before, in the table and in its indexes: first
    /// those that begin at their declarers, then those that lead back to them.
    pub(super) fn rows(&self) -> impl Iterator<Item = [&str; 4]> {
        let (own, mut back): (Vec<Tie>, Vec<Tie>) = self.ties.iter().partition(|tie| tie[0] == tie[3]);
        back.sort_unstable_by_key(|tie| (tie[3], *tie));
        own.into_iter().chain(back).map(|tie| tie.map(|number| self.name(number)))
    }
}

#[cfg(test)]
mod tests {
    use domain::catalog::FieldPath;

    use super::*;

    fn owned(by: &str) -> DeclaredRelation {
        DeclaredRelation {
            field: FieldPath::of("spec.owner"),
            relation: "ownedBy".into(),
            reverse: "ownerOf".into(),
            target: by.parse().unwrap(),
        }
    }

    fn row(source: &str, kind: &str, target: &str, declarer: &str) -> relation::Model {
        let text = str::to_owned;
        relation::Model {
            tenant: "default".into(),
            source_ref: text(source),
            kind: text(kind),
            target_ref: text(target),
            declared_by: text(declarer),
        }
    }

    #[test]
    fn relations_stand_in_both_directions_each_once_in_the_order_of_their_table() {
        let mut declared = Declarations::default();
        let (a, b, team) = ("component:default/a", "component:default/b", "group:default/team");
        declared.declare(b, &[owned(team), owned(team)]);
        declared.declare(a, &[owned(team)]);
        let old = [row(team, "ownerOf", a, a), row(a, "ownedBy", team, a)];
        assert!(declared.is_same(a, &old) && !declared.is_same(a, &old[..1]));
        assert!(!declared.is_same(b, &old) && !declared.is_same("component:default/c", &old));
        let ties = declared.sorted();
        let rows: Vec<String> = ties.rows().map(|row| row.join(" ")).collect();
        assert_eq!(
            rows,
            [
                format!("{a} ownedBy {team} {a}"),
                format!("{b} ownedBy {team} {b}"),
                format!("{team} ownerOf {a} {a}"),
                format!("{team} ownerOf {b} {b}"),
            ]
        );
        assert_eq!(ties.of(team).collect::<Vec<_>>(), [("ownerOf", a), ("ownerOf", b)]);
        assert_eq!(ties.sources().collect::<Vec<_>>(), [a, b, team]);
    }

    #[test]
    fn what_is_written_already_is_left_out() {
        let mut declared = Declarations::default();
        declared.declare("component:default/a", &[owned("group:default/team")]);
        declared.declare("component:default/b", &[owned("group:default/team")]);
        declared.forget("component:default/a");
        let ties = declared.sorted();
        assert_eq!(ties.of("component:default/a").count(), 0);
        assert_eq!(ties.of("group:default/team").collect::<Vec<_>>(), [("ownerOf", "component:default/b")]);
    }
}
