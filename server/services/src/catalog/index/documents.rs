//! Served documents as they are sent: those of a small catalog whole, further ones packed, and of a catalog too large for that
//! those that were asked for lately.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::packed::{Dictionary, Packed};

/// How many bytes of whole documents are kept.
const MOST_WHOLE: usize = 48 * 1024 * 1024;
/// How many bytes of packed ones.
const MOST_PACKED: usize = 48 * 1024 * 1024;
/// How many bytes of documents find room in all, where they are as much alike as documents of a catalog are.
pub(super) const MOST: usize = MOST_WHOLE + 3 * MOST_PACKED;
/// A larger document is read from the database each time.
const LARGEST: usize = 256 * 1024;

/// Documents by the number of their entity. A document is kept only for as long as the index knows no newer one.
#[derive(Debug, Default)]
pub(super) struct Documents(Mutex<Kept>);

/// What is kept, until there is no room.
#[derive(Debug)]
pub(super) struct Kept {
    slots: Vec<Slot>,
    whole: Room,
    packed: Room,
    /// What packed documents refer to.
    dictionary: Option<Dictionary>,
    /// Where the search for what nobody asked for goes on.
    hand: usize,
}

#[derive(Debug)]
struct Room {
    taken: usize,
    most: usize,
}

#[derive(Debug, Default)]
struct Slot {
    /// Another one whenever the entity is another one, so that a document that was read before is not kept after.
    version: u32,
    held: Held,
    was_used: bool,
}

#[derive(Debug, Clone, Default)]
enum Held {
    #[default]
    Nothing,
    Whole(Bytes),
    Packed(Packed),
}

/// What is known of a document: itself, or at which version it is to be read.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Here(Bytes),
    Elsewhere(u32),
}

impl Documents {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing is left half done under this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self, ids: impl Iterator<Item = u32>, mut see: impl FnMut(u32, Known)) {
        // Unpacked afterwards: others need not wait for it.
        let (found, dictionary) = {
            let mut kept = self.lock();
            let found: Vec<(u32, u32, Held)> = ids.map(|id| kept.look(id)).collect();
            (found, kept.dictionary.clone())
        };
        for (id, version, held) in found {
            let document = match held {
                Held::Nothing => None,
                Held::Whole(document) => Some(document),
                Held::Packed(packed) => dictionary.as_ref().and_then(|dictionary| dictionary.unpack(&packed)),
            };
            see(id, document.map_or(Known::Elsewhere(version), Known::Here));
        }
    }

    /// Keeps a document that was read when the entity had `version`; others that nobody asked for lately make room.
    pub(super) fn keep(&self, id: u32, version: u32, document: &Bytes) {
        let mut kept = self.lock();
        let slot = kept.slot(id);
        if slot.version != version || !matches!(slot.held, Held::Nothing) || document.len() > LARGEST {
            return;
        }
        slot.was_used = true;
        while !kept.take_in(id, document) {
            kept.drop_one();
        }
    }

    /// Whether further documents would drive others out.
    pub(super) fn is_full(&self) -> bool {
        let kept = self.lock();
        !kept.whole.has(LARGEST) && !kept.packed.has(LARGEST)
    }

    /// Notes that an entity is another one.
    pub(super) fn forget(&self, id: u32) {
        self.lock().forget(id);
    }

    /// Notes that every number may mean another entity, and what they mean now.
    pub(super) fn become_these(&self, mut documents: Kept) {
        let mut kept = self.lock();
        // Who reads one of the old entities right now must not have it kept for a new one.
        let next = kept.slots.iter().map(|slot| slot.version).max().map_or(0, |version| version.wrapping_add(1));
        documents.start_at(next, kept.slots.len());
        *kept = documents;
    }

    /// Notes what entities have become. Where there is no room for a document it is read when it is asked for.
    pub(super) fn renew(&self, documents: impl Iterator<Item = (u32, Bytes)>) {
        let mut kept = self.lock();
        for (id, document) in documents {
            kept.forget(id);
            kept.take_in(id, &document);
        }
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self::bounded(MOST_WHOLE, MOST_PACKED)
    }
}

impl Kept {
    fn bounded(whole: usize, packed: usize) -> Self {
        let room = |most| Room { taken: 0, most };
        Self { slots: Vec::new(), whole: room(whole), packed: room(packed), dictionary: None, hand: 0 }
    }

    fn look(&mut self, id: u32) -> (u32, u32, Held) {
        let Some(slot) = self.slots.get_mut(id as usize) else { return (id, 0, Held::Nothing) };
        slot.was_used = true;
        (id, slot.version, slot.held.clone())
    }

    fn forget(&mut self, id: u32) {
        let slot = self.slot(id);
        slot.version = slot.version.wrapping_add(1);
        let held = std::mem::take(&mut slot.held);
        self.free(&held);
    }

    /// Keeps a document for which nothing is kept yet, without another having to go. Says whether it could; one that is too
    /// large to be kept is not waited for.
    pub(super) fn take_in(&mut self, id: u32, document: &Bytes) -> bool {
        if document.len() > LARGEST {
            return true;
        }
        let held = if self.whole.take(document.len()) {
            Held::Whole(document.clone())
        } else {
            let packed = self.dictionary().pack(document);
            if !self.packed.take(packed.len()) {
                return false;
            }
            Held::Packed(packed)
        };
        self.slot(id).held = held;
        true
    }

    /// What is packed from now on refers to documents at even distances: they stand for the others.
    fn dictionary(&mut self) -> &Dictionary {
        let slots = &self.slots;
        self.dictionary.get_or_insert_with(|| {
            let whole: Vec<&Bytes> = slots.iter().filter_map(Slot::whole).collect();
            Dictionary::of(&whole)
        })
    }

    /// Moves on to the next document that nobody asked for since the last time, and lets go of it.
    fn drop_one(&mut self) {
        loop {
            self.hand = (self.hand + 1) % self.slots.len();
            let slot = &mut self.slots[self.hand];
            if !std::mem::take(&mut slot.was_used) && !matches!(slot.held, Held::Nothing) {
                let held = std::mem::take(&mut slot.held);
                return self.free(&held);
            }
        }
    }

    fn free(&mut self, held: &Held) {
        match held {
            Held::Nothing => {}
            Held::Whole(document) => self.whole.taken -= document.len(),
            Held::Packed(packed) => self.packed.taken -= packed.len(),
        }
    }

    /// Gives every slot, and at least as many as there were, this version.
    fn start_at(&mut self, version: u32, at_least: usize) {
        if self.slots.len() < at_least {
            self.slots.resize_with(at_least, Slot::default);
        }
        for slot in &mut self.slots {
            slot.version = version;
        }
    }

    fn slot(&mut self, id: u32) -> &mut Slot {
        let length = id as usize + 1;
        if self.slots.len() < length {
            self.slots.resize_with(length, Slot::default);
        }
        &mut self.slots[id as usize]
    }
}

impl Slot {
    fn whole(&self) -> Option<&Bytes> {
        if let Held::Whole(document) = &self.held { Some(document) } else { None }
    }
}

impl Room {
    fn has(&self, length: usize) -> bool {
        self.taken + length <= self.most
    }

    fn take(&mut self, length: usize) -> bool {
        let has = self.has(length);
        if has {
            self.taken += length;
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(documents: &Documents, id: u32) -> Option<Bytes> {
        let mut held = None;
        documents.get([id].into_iter(), |_, known| {
            if let Known::Here(document) = known {
                held = Some(document);
            }
        });
        held
    }

    fn numbered(id: u32) -> Bytes {
        format!(r#"{{"apiVersion":"backstage.io/v1alpha1","kind":"Component","metadata":{{"name":"number-{id:03}"}}}}"#)
            .into()
    }

    #[test]
    fn what_was_read_before_an_entity_changed_is_not_kept_after() {
        let documents = Documents::default();
        documents.keep(3, 0, &Bytes::from_static(b"old"));
        assert_eq!(held(&documents, 3), Some(Bytes::from_static(b"old")));
        documents.forget(3);
        documents.keep(3, 0, &Bytes::from_static(b"old"));
        assert_eq!(held(&documents, 3), None);
        documents.keep(3, 1, &Bytes::from_static(b"new"));
        assert_eq!(held(&documents, 3), Some(Bytes::from_static(b"new")));
        documents.become_these(Kept::default());
        for version in 0..2 {
            documents.keep(3, version, &Bytes::from_static(b"old"));
            assert_eq!(held(&documents, 3), None, "kept for version {version}");
        }
        documents.keep(3, 2, &Bytes::from_static(b"newest"));
        assert_eq!(held(&documents, 3), Some(Bytes::from_static(b"newest")));
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_asked_for_stays() {
        // Nothing is packed here, so that all have one size.
        let size = numbered(0).len();
        let documents = Documents(Mutex::new(Kept::bounded(20 * size, 0)));
        for id in 0..100 {
            documents.keep(id, 0, &numbered(id));
            assert!(held(&documents, 0).is_some(), "gone at {id}");
        }
        assert_eq!(documents.lock().whole.taken, 20 * size);
        assert_eq!((0..100).filter(|&id| held(&documents, id).is_some()).count(), 20);
        documents.keep(1_000, 0, &Bytes::from(vec![b'x'; LARGEST + 1]));
        assert_eq!(held(&documents, 1_000), None);
    }

    #[test]
    fn what_has_no_room_as_a_whole_is_packed_and_comes_back_the_same() {
        let size = numbered(0).len();
        let documents = Documents(Mutex::new(Kept::bounded(20 * size, 40 * size)));
        documents.renew((0..100).map(|id| (id, numbered(id))));
        {
            let kept = documents.lock();
            assert_eq!(kept.whole.taken, 20 * size);
            assert!((1..30 * size).contains(&kept.packed.taken), "80 documents in {} bytes", kept.packed.taken);
        }
        for id in 0..100 {
            assert_eq!(held(&documents, id), Some(numbered(id)));
        }
        documents.renew((0..100).map(|id| (id, numbered(id + 700))));
        for id in 0..100 {
            assert_eq!(held(&documents, id), Some(numbered(id + 700)));
            documents.forget(id);
        }
        let kept = documents.lock();
        assert_eq!((kept.whole.taken, kept.packed.taken), (0, 0));
    }
}
