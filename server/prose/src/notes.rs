//! Notes on code, as Material for MkDocs has them: `# (1)!` in a line, and what it means in the ordered list below the block.

/// How comments begin, the longer ones first, and how they end.
const COMMENTS: [(&str, &str); 8] =
    [("<!--", "-->"), ("/*", "*/"), ("{#", "#}"), ("//", ""), ("--", ""), ("#", ""), (";", ""), ("%", "")];

/// How many notes one line may refer to.
const MOST: usize = 9;

/// A line without the signs of its notes, and their numbers; nothing where it has none of the `items` that stand below.
pub(crate) fn taken(line: &str, items: u32) -> Option<(&str, Vec<u32>)> {
    let end = line.trim_end();
    if !end.contains(")!") {
        return None;
    }
    COMMENTS.iter().find_map(|(open, close)| {
        let mut rest = end.strip_suffix(close)?.trim_end();
        let mut numbers = Vec::new();
        while let Some((before, number)) = last(rest).filter(|(_, number)| (1..=items).contains(number)) {
            numbers.insert(0, number);
            rest = before.trim_end();
            if numbers.len() > MOST {
                return None;
            }
        }
        let begins = rest.rfind(open)?;
        let is_apart = rest[..begins].is_empty() || rest[..begins].ends_with([' ', '\t']);
        if numbers.is_empty() || !is_apart {
            return None;
        }
        // A comment that says more stays as it is written.
        let is_all = rest.len() == begins + open.len();
        match (is_all, close.is_empty()) {
            (true, _) => Some((rest[..begins].trim_end(), numbers)),
            (false, true) => Some((rest, numbers)),
            (false, false) => None,
        }
    })
}

/// What stands before a number in brackets with its sign, and the number.
fn last(text: &str) -> Option<(&str, u32)> {
    let (before, number) = text.strip_suffix(")!")?.rsplit_once('(')?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    Some((before, number.parse().ok().filter(|_| is_number)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_found_where_they_stand_in_a_comment_of_their_own() {
        for (line, kept, numbers) in [
            ("a: 1 # (1)!", "a: 1", vec![1]),
            ("let x; // (2)! (1)!  ", "let x;", vec![2, 1]),
            ("<p> <!-- (3)! -->", "<p>", vec![3]),
            ("/* (1)! */", "", vec![1]),
            ("x # words (1)!", "x # words", vec![1]),
        ] {
            assert_eq!(taken(line, 3), Some((kept, numbers)), "{line}");
        }
        for none in ["a: 1 # (1)", "a: 1 # (4)!", "call(1)!", "a#(1)!", "a # (0)!", "a # (x)!", "# (1)! and more", ")!"]
        {
            assert_eq!(taken(none, 3), None, "{none}");
        }
    }
}
