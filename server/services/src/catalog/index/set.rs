//! A set of entities, small when it holds one: most values in a catalog belong to one entity only.

use roaring::RoaringBitmap;

/// Numbers of entities.
#[derive(Debug, Clone)]
pub(super) enum Set {
    One(u32),
    Many(Box<RoaringBitmap>),
}

impl Set {
    pub(super) fn insert(&mut self, id: u32) {
        match self {
            Self::One(only) if *only == id => {}
            Self::One(only) => *self = Self::Many(Box::new(RoaringBitmap::from_iter([*only, id]))),
            Self::Many(ids) => {
                ids.insert(id);
            }
        }
    }

    /// Takes `id` away; says whether nothing is left.
    pub(super) fn remove(&mut self, id: u32) -> bool {
        match self {
            Self::One(only) => *only == id,
            Self::Many(ids) => {
                ids.remove(id);
                ids.is_empty()
            }
        }
    }

    pub(super) fn add_to(&self, all: &mut RoaringBitmap) {
        match self {
            Self::One(id) => {
                all.insert(*id);
            }
            Self::Many(ids) => *all |= &**ids,
        }
    }

    pub(super) fn count_in(&self, selection: &RoaringBitmap) -> u64 {
        match self {
            Self::One(id) => u64::from(selection.contains(*id)),
            Self::Many(ids) => ids.intersection_len(selection),
        }
    }

    /// The members that are also in `selection`.
    pub(super) fn within(&self, selection: &RoaringBitmap) -> Vec<u32> {
        match self {
            Self::One(id) if selection.contains(*id) => vec![*id],
            Self::One(_) => Vec::new(),
            Self::Many(ids) => (&**ids & selection).into_iter().collect(),
        }
    }
}
