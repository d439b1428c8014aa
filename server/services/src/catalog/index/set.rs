//! A set of entities that is small while few are in it: most values in a catalog belong to one entity, and most others to
//! a handful.

use roaring::RoaringBitmap;

/// From how many members on a bitmap is the smaller form.
const FEW: usize = 24;

/// Numbers of entities; never empty.
#[derive(Debug)]
pub(super) enum Set {
    One(u32),
    Few(Box<Few>),
    Many(Box<RoaringBitmap>),
}

/// Sorted; boxed, so that a [`Set`] is no larger than two words.
#[derive(Debug)]
pub(super) struct Few(Vec<u32>);

impl Set {
    pub(super) fn insert(&mut self, id: u32) {
        match self {
            Self::One(only) if *only == id => {}
            Self::One(only) => *self = Self::Few(Box::new(Few(vec![id.min(*only), id.max(*only)]))),
            Self::Few(few) => {
                let Err(at) = few.0.binary_search(&id) else { return };
                few.0.insert(at, id);
                if few.0.len() > FEW {
                    *self = Self::Many(Box::new(few.0.iter().copied().collect()));
                }
            }
            Self::Many(ids) => {
                ids.insert(id);
            }
        }
    }

    /// Takes `id` away; says whether nothing is left.
    pub(super) fn remove(&mut self, id: u32) -> bool {
        match self {
            Self::One(only) => return *only == id,
            Self::Few(few) => {
                if let Ok(at) = few.0.binary_search(&id) {
                    few.0.remove(at);
                }
                if let [only] = few.0[..] {
                    *self = Self::One(only);
                }
            }
            Self::Many(ids) => {
                ids.remove(id);
                // Well below the other bound, so that one entity that comes and goes does not rebuild it each time.
                if ids.len() <= FEW as u64 / 2 {
                    *self = Self::Few(Box::new(Few(ids.iter().collect())));
                }
            }
        }
        false
    }

    /// The smallest member.
    pub(super) fn first(&self) -> Option<u32> {
        match self {
            Self::One(id) => Some(*id),
            Self::Few(few) => few.0.first().copied(),
            Self::Many(ids) => ids.min(),
        }
    }

    pub(super) fn count_in(&self, selection: &RoaringBitmap) -> u64 {
        match self {
            Self::One(id) => u64::from(selection.contains(*id)),
            Self::Few(few) => few.0.iter().filter(|&&id| selection.contains(id)).count() as u64,
            Self::Many(ids) => ids.intersection_len(selection),
        }
    }

    /// Shows the members that are also in `selection` to `see`, in order.
    pub(super) fn within(&self, selection: &RoaringBitmap, mut see: impl FnMut(u32)) {
        match self {
            Self::One(id) if selection.contains(*id) => see(*id),
            Self::One(_) => {}
            Self::Few(few) => few.0.iter().copied().filter(|&id| selection.contains(id)).for_each(see),
            Self::Many(ids) => (&**ids & selection).iter().for_each(see),
        }
    }
}

/// Several sets made one: cheap even where thousands of small ones come together.
#[derive(Debug, Default)]
pub(super) struct Union {
    few: Vec<u32>,
    many: RoaringBitmap,
}

impl Union {
    pub(super) fn add(&mut self, set: &Set) {
        match set {
            Set::One(id) => self.few.push(*id),
            Set::Few(few) => self.few.extend(&few.0),
            Set::Many(ids) => self.many |= &**ids,
        }
    }

    pub(super) fn done(mut self) -> RoaringBitmap {
        self.few.sort_unstable();
        self.few.dedup();
        let few = RoaringBitmap::from_sorted_iter(self.few).expect("sorted, and each once");
        if self.many.is_empty() { few } else { self.many | few }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_plain_set_holds(first in 0..60_u32, steps in prop::collection::vec((0..60_u32, any::<bool>()), 0..200)) {
            let (mut set, mut plain) = (Set::One(first), BTreeSet::from([first]));
            for (id, comes) in steps {
                if comes {
                    set.insert(id);
                    plain.insert(id);
                } else {
                    plain.remove(&id);
                    if set.remove(id) {
                        prop_assert!(plain.is_empty());
                        return Ok(());
                    }
                }
                let everything = (0..60).collect::<RoaringBitmap>();
                let mut members = Vec::new();
                set.within(&everything, |id| members.push(id));
                prop_assert!(plain.iter().copied().eq(members));
                prop_assert_eq!(set.first(), plain.first().copied());
                prop_assert_eq!(set.count_in(&everything), plain.len() as u64);
                let mut union = Union::default();
                union.add(&set);
                union.add(&Set::One(first));
                let both: BTreeSet<u32> = plain.iter().copied().chain([first]).collect();
                prop_assert!(both.iter().copied().eq(union.done()));
            }
        }
    }
}
