//! Served documents as they are sent: all of a catalog that is small enough, otherwise those that were asked for lately.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

/// How many bytes of documents are kept.
pub(super) const MOST: usize = 48 * 1024 * 1024;
/// A larger document is read from the database each time.
const LARGEST: usize = 256 * 1024;

/// Documents by the number of their entity. A document is kept only for as long as the index knows no newer one.
#[derive(Debug, Default)]
pub(super) struct Documents(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    slots: Vec<Slot>,
    bytes: usize,
    /// Where the search for what nobody asked for goes on.
    hand: usize,
}

#[derive(Debug, Default)]
struct Slot {
    /// Another one whenever the entity is another one, so that a document that was read before is not kept after.
    version: u32,
    document: Option<Bytes>,
    was_used: bool,
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
        let mut kept = self.lock();
        for id in ids {
            let known = match kept.slots.get_mut(id as usize) {
                None => Known::Elsewhere(0),
                Some(Slot { document: Some(document), was_used, .. }) => {
                    *was_used = true;
                    Known::Here(document.clone())
                }
                Some(slot) => Known::Elsewhere(slot.version),
            };
            see(id, known);
        }
    }

    /// Keeps a document that was read when the entity had `version`.
    pub(super) fn keep(&self, id: u32, version: u32, document: &Bytes) {
        if document.len() > LARGEST {
            return;
        }
        let mut kept = self.lock();
        let kept = &mut *kept;
        let slot = kept.slot(id);
        if slot.version != version || slot.document.is_some() {
            return;
        }
        slot.document = Some(document.clone());
        slot.was_used = true;
        kept.bytes += document.len();
        while kept.bytes > MOST {
            kept.hand = (kept.hand + 1) % kept.slots.len();
            let slot = &mut kept.slots[kept.hand];
            if std::mem::take(&mut slot.was_used) {
                continue;
            }
            if let Some(document) = slot.document.take() {
                kept.bytes -= document.len();
            }
        }
    }

    /// Whether further documents would drive others out.
    pub(super) fn is_full(&self) -> bool {
        self.lock().bytes + LARGEST > MOST
    }

    /// Notes that an entity is another one.
    pub(super) fn forget(&self, id: u32) {
        self.lock().forget(id);
    }

    /// Notes that every number may mean another entity, and what they mean now.
    pub(super) fn become_these(&self, documents: Vec<(u32, Bytes)>) {
        let mut kept = self.lock();
        kept.bytes = 0;
        for slot in &mut kept.slots {
            slot.version = slot.version.wrapping_add(1);
            slot.document = None;
        }
        for (id, document) in documents {
            kept.take_in(id, document);
        }
    }

    /// Notes what entities have become. Where there is no room for a document it is read when it is asked for.
    pub(super) fn renew(&self, documents: impl Iterator<Item = (u32, Bytes)>) {
        let mut kept = self.lock();
        for (id, document) in documents {
            kept.forget(id);
            kept.take_in(id, document);
        }
    }
}

impl Kept {
    fn forget(&mut self, id: u32) {
        let slot = self.slot(id);
        slot.version = slot.version.wrapping_add(1);
        if let Some(document) = slot.document.take() {
            self.bytes -= document.len();
        }
    }

    /// Keeps a document that nobody asked for yet, without another having to go.
    fn take_in(&mut self, id: u32, document: Bytes) {
        let length = document.len();
        if length <= LARGEST && self.bytes + length <= MOST {
            self.slot(id).document = Some(document);
            self.bytes += length;
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
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_asked_for_stays() {
        let documents = Documents::default();
        let document = Bytes::from(vec![b'x'; LARGEST]);
        for id in 0..400 {
            documents.keep(id, 0, &document);
            assert!(held(&documents, 0).is_some(), "gone at {id}");
        }
        assert!(documents.lock().bytes <= MOST);
        assert!((1..400).filter(|&id| held(&documents, id).is_some()).count() < 200);
        documents.keep(1_000, 0, &Bytes::from(vec![b'x'; LARGEST + 1]));
        assert_eq!(held(&documents, 1_000), None);
    }
}
