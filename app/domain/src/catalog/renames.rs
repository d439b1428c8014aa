//! Telling a thing with a new name from a new thing.

use std::collections::{HashMap, HashSet};

use super::EntityRef;

/// What one file declares, document by document; `None` where a document names nothing.
pub type Layout<'a> = &'a [Option<EntityRef>];

/// What a file's documents say besides their names, so that two of them can be told apart.
pub trait Contents {
    /// What the document at this place said before.
    fn before(&self, place: usize) -> Option<String>;
    /// What it says now.
    fn after(&self, place: usize) -> Option<String>;
}

/// Pairs of old and new names of the same things in one file.
///
/// A name at the same place and of the same kind is another name of the same thing, as long as places can be trusted: the
/// file has as many documents as before, and whatever kept its name kept its place. Where several names of one kind changed
/// at once, a swap or an insertion would look the same, so each pair must also say the same besides its name, and nothing
/// else in the file may say that. In doubt it is not a rename: something came, and something went.
///
/// `is_gone` says whether nothing declares an old name any more, `is_new` whether a new one was not known before.
pub fn renames(
    before: Layout<'_>,
    after: Layout<'_>,
    is_gone: impl Fn(&EntityRef) -> bool,
    is_new: impl Fn(&EntityRef) -> bool,
    contents: &impl Contents,
) -> Vec<(EntityRef, EntityRef)> {
    if before.len() != after.len() || before == after {
        return Vec::new();
    }
    let (were, are) = (places(before), places(after));
    // A name twice in a file, or one that moved: places say nothing.
    if were.values().chain(are.values()).any(|places| places.len() > 1) {
        return Vec::new();
    }
    if were.iter().any(|(name, place)| are.get(name).is_some_and(|now| now != place)) {
        return Vec::new();
    }
    let mut kinds: HashMap<&str, Kind<'_>> = HashMap::new();
    for (place, pair) in before.iter().zip(after).enumerate() {
        let (old, new) = (pair.0.as_ref().filter(|old| is_gone(old)), pair.1.as_ref().filter(|new| is_new(new)));
        for name in old.into_iter().chain(new) {
            kinds.entry(name.kind()).or_default();
        }
        if let Some(kind) = old.and_then(|old| kinds.get_mut(old.kind())) {
            kind.gone += 1;
        }
        if let Some(kind) = new.and_then(|new| kinds.get_mut(new.kind())) {
            kind.new += 1;
        }
        if let (Some(old), Some(new)) = (old, new)
            && old.kind() == new.kind()
            && let Some(kind) = kinds.get_mut(old.kind())
        {
            kind.pairs.push((place, old, new));
        }
    }
    let mut found: Vec<(usize, &EntityRef, &EntityRef)> =
        kinds.into_values().flat_map(|kind| kind.certain(contents)).collect();
    found.sort_unstable_by_key(|(place, ..)| *place);
    found.into_iter().map(|(_, old, new)| (old.clone(), new.clone())).collect()
}

fn places(layout: Layout<'_>) -> HashMap<&EntityRef, Vec<usize>> {
    let mut places: HashMap<&EntityRef, Vec<usize>> = HashMap::new();
    for (place, name) in layout.iter().enumerate().filter_map(|(place, name)| Some((place, name.as_ref()?))) {
        places.entry(name).or_default().push(place);
    }
    places
}

/// What happened to the names of one kind in a file.
#[derive(Default)]
struct Kind<'a> {
    gone: usize,
    new: usize,
    pairs: Vec<(usize, &'a EntityRef, &'a EntityRef)>,
}

impl<'a> Kind<'a> {
    fn certain(self, contents: &impl Contents) -> Vec<(usize, &'a EntityRef, &'a EntityRef)> {
        if self.gone == 1 && self.new == 1 {
            return self.pairs;
        }
        let mut seen = HashMap::<String, usize>::new();
        let mut alike = HashSet::new();
        for (place, ..) in &self.pairs {
            let (old, new) = (contents.before(*place), contents.after(*place));
            for text in [&old, &new].into_iter().flatten() {
                *seen.entry(text.clone()).or_default() += 1;
            }
            if let (Some(old), Some(new)) = (old, new)
                && old == new
            {
                alike.insert((*place, old));
            }
        }
        let unique: HashSet<usize> =
            alike.into_iter().filter(|(_, text)| seen.get(text) == Some(&2)).map(|(place, _)| place).collect();
        self.pairs.into_iter().filter(|(place, ..)| unique.contains(place)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file as pairs of a name and what it says: `a:1 b:2`; `-` is a document that names nothing.
    struct File(Vec<Option<(EntityRef, String)>>);

    impl File {
        fn new(text: &str) -> Self {
            Self(
                text.split_whitespace()
                    .map(|word| {
                        let (name, says) = word.split_once(':')?;
                        let (kind, name) = name.split_once('/').unwrap_or(("component", name));
                        Some((EntityRef::new(kind, "default", name), says.to_owned()))
                    })
                    .collect(),
            )
        }

        fn layout(&self) -> Vec<Option<EntityRef>> {
            self.0.iter().map(|document| document.as_ref().map(|(name, _)| name.clone())).collect()
        }
    }

    struct Both<'a>(&'a File, &'a File);

    impl Contents for Both<'_> {
        fn before(&self, place: usize) -> Option<String> {
            self.0.0[place].as_ref().map(|(_, says)| says.clone())
        }

        fn after(&self, place: usize) -> Option<String> {
            self.1.0[place].as_ref().map(|(_, says)| says.clone())
        }
    }

    fn told(before: &File, after: &File) -> Vec<(EntityRef, EntityRef)> {
        let (old, new) = (before.layout(), after.layout());
        let (is_gone, is_new) = (
            |name: &EntityRef| !new.contains(&Some(name.clone())),
            |name: &EntityRef| !old.contains(&Some(name.clone())),
        );
        renames(&old, &new, is_gone, is_new, &Both(before, after))
    }

    fn words(before: &str, after: &str) -> String {
        let pairs = told(&File::new(before), &File::new(after));
        pairs.iter().map(|(old, new)| format!("{}>{}", old.name(), new.name())).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn one_new_name_at_the_same_place_is_a_rename_whatever_else_it_says() {
        assert_eq!(words("a:1", "x:1"), "a>x");
        assert_eq!(words("a:1", "x:2"), "a>x");
        assert_eq!(words("a:1 b:2 c:3", "a:1 x:9 c:3"), "b>x");
        assert_eq!(words("a:1 api/a:1", "x:1 api/y:1"), "a>x a>y");
        assert_eq!(words("- a:1", "- x:1"), "a>x");
    }

    #[test]
    fn many_new_names_must_say_the_same_as_before() {
        assert_eq!(words("a:1 b:2", "team-a:1 team-b:2"), "a>team-a b>team-b");
        assert_eq!(words("a:1 b:2", "team-a:1 team-b:3"), "a>team-a");
        assert_eq!(words("a:1 b:1", "team-a:1 team-b:1"), "");
    }

    #[test]
    fn what_may_be_something_else_is_not_taken_for_a_rename() {
        for (before, after, why) in [
            ("a:1 b:2", "b:2 a:1", "swapped"),
            ("a:1", "x:2 a:1", "inserted above"),
            ("a:1 b:2", "x:3 a:1", "inserted above, and the last removed"),
            ("a:1 b:2", "b:2 x:1", "moved up, and one added"),
            ("a:1 b:2", "y:2 x:1", "swapped and renamed"),
            ("a:1 b:2", "b:2", "removed"),
            ("a:1", "a:1 x:1", "added"),
            ("a:1", "api/a:1", "of another kind"),
            ("a:1 b:2", "x:3 api/y:2", "one of two went"),
            ("a:1 a:1", "x:1 x:1", "named twice"),
            ("a:1", "-", "broken"),
            ("-", "a:1", "mended"),
        ] {
            assert_eq!(words(before, after), "", "{why}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_only_reordered_is_never_renamed(order in Just((0..6).collect::<Vec<u32>>()).prop_shuffle()) {
            let file = |order: &[u32]| order.iter().map(|n| format!("n{n}:{n}")).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(words(&file(&[0, 1, 2, 3, 4, 5]), &file(&order)), "");
        }

        #[test]
        fn an_insertion_is_never_a_rename(at in 0_usize..6, says in "[0-9]") {
            let before: Vec<String> = (0..5).map(|n| format!("n{n}:{n}")).collect();
            let mut after = before.clone();
            after.insert(at.min(5), format!("new:{says}"));
            prop_assert_eq!(words(&before.join(" "), &after.join(" ")), "");
        }

        #[test]
        fn every_pair_leads_from_what_went_to_what_came(before in "([a-d]:[0-2] ){0,5}", after in "([a-f]:[0-2] ){0,5}") {
            let (before, after) = (File::new(&before), File::new(&after));
            let pairs = told(&before, &after);
            let (old, new) = (before.layout(), after.layout());
            let mut seen = HashSet::new();
            for (from, to) in pairs {
                let place = old.iter().position(|name| name.as_ref() == Some(&from)).unwrap();
                prop_assert_eq!(new[place].as_ref(), Some(&to));
                prop_assert!(!new.contains(&Some(from.clone())) && !old.contains(&Some(to.clone())));
                prop_assert!(from.kind() == to.kind() && seen.insert(from) && seen.insert(to));
            }
        }
    }
}
