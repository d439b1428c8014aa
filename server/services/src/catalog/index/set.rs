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
    /// The set of these numbers, which are sorted, and each is there once; `None` if there are none.
    pub(super) fn of_sorted(ids: &[u32]) -> Option<Self> {
        Some(match *ids {
            [] => return None,
            [only] => Self::One(only),
            _ if ids.len() <= FEW => Self::Few(Box::new(Few(ids.to_vec()))),
            _ => Self::Many(Box::new(RoaringBitmap::from_sorted_iter(ids.iter().copied()).ok()?)),
        })
    }

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

/// In which lists each of many things stands.
#[derive(Debug)]
pub(super) struct Inverted {
    /// Where the lists of each thing end in `lists`.
    ends: Vec<u32>,
    lists: Vec<u32>,
}

/// Shows the number of a list and of a thing in it; `None` ends the showing.
pub(super) type See<'a> = dyn FnMut(u32, u32) -> Option<()> + 'a;

/// Turns lists of things, of which there are `number`, into lists for each thing. `each` shows every list, by its number, and
/// is called twice. `None` if it ends early, or shows what there is not.
pub(super) fn inverted(number: usize, each: impl Fn(&mut See<'_>) -> Option<()>) -> Option<Inverted> {
    let mut ends = vec![0_u32; number];
    each(&mut |_, thing| {
        let count = ends.get_mut(thing as usize)?;
        *count = count.checked_add(1)?;
        Some(())
    })?;
    let mut all = 0_u32;
    for end in &mut ends {
        let count = std::mem::replace(end, all);
        all = all.checked_add(count)?;
    }
    // Each end is where the thing begins, until its lists are all in.
    let mut lists = vec![0; all as usize];
    each(&mut |list, thing| {
        let at = ends.get_mut(thing as usize)?;
        *lists.get_mut(*at as usize)? = list;
        *at += 1;
        Some(())
    })?;
    Some(Inverted { ends, lists })
}

impl Inverted {
    /// The lists in which a thing stands, in the order in which they were shown.
    pub(super) fn of(&self, thing: u32) -> &[u32] {
        let thing = thing as usize;
        let begin = thing.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.lists[begin as usize..self.ends[thing] as usize]
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
