//! Documents that take a quarter of their room: most of what one says stands in others of the same catalog, too.

use bytes::Bytes;
use lz4_flex::block;

/// How many bytes of other documents a packed one may refer to. More makes each hardly smaller, and takes longer.
const SIZE: usize = 8 * 1024;

/// Parts of documents that others refer to.
#[derive(Debug, Clone)]
pub(super) struct Dictionary(Bytes);

/// A document that can be read with the dictionary it was packed with.
#[derive(Debug, Clone)]
pub(super) struct Packed(Bytes);

impl Dictionary {
    /// From some of these documents, at even distances.
    pub(super) fn of(documents: &[&Bytes]) -> Self {
        let total: usize = documents.iter().map(|document| document.len()).sum();
        let apart = total.div_ceil(SIZE).max(1);
        let mut text: Vec<u8> = documents.iter().step_by(apart).flat_map(|document| document.iter().copied()).collect();
        text.truncate(SIZE);
        Self(text.into())
    }

    pub(super) fn pack(&self, document: &[u8]) -> Packed {
        Packed(block::compress_prepend_size_with_dict(document, &self.0).into())
    }

    /// The document, if this is the dictionary it was packed with.
    pub(super) fn unpack(&self, packed: &Packed) -> Option<Bytes> {
        block::decompress_size_prepended_with_dict(&packed.0, &self.0).ok().map(Bytes::from)
    }
}

impl Packed {
    /// How many bytes it takes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_packed_comes_back(others in prop::collection::vec(any::<Vec<u8>>(), 0..20), document: Vec<u8>) {
            let others: Vec<Bytes> = others.into_iter().map(Bytes::from).collect();
            let dictionary = Dictionary::of(&others.iter().collect::<Vec<_>>());
            prop_assert_eq!(dictionary.unpack(&dictionary.pack(&document)), Some(Bytes::from(document)));
        }
    }
}
