//! What a policy may cost: it is read and asked by functions that call themselves for each part within a part, and a stack that
//! is used up ends the process.

use domain::identity::PolicyProblem;

/// How deep parts may stand in each other.
const DEPTH: usize = 20;

/// How many operators one policy may have: a chain of them is as deep as it is long.
const OPERATORS: usize = 120;

/// Why a text is not even read, with the place.
pub(super) fn excess(text: &str) -> Option<PolicyProblem> {
    let (mut depth, mut operators) = (0_usize, 0_usize);
    let mut letters = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, letter)) = letters.next() {
        let is_word = letter.is_alphanumeric() || letter == '_';
        match letter {
            '"' => {
                while let Some((_, inner)) = letters.next() {
                    match inner {
                        '\\' => _ = letters.next(),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '/' if letters.peek().is_some_and(|(_, next)| *next == '/') => {
                while letters.next_if(|(_, next)| *next != '\n').is_some() {}
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ';' => (depth, operators) = (0, 0),
            // Written with two signs, they are one.
            '&' | '|' | '=' if letter == before => {}
            '&' | '|' | '!' | '-' | '+' | '*' | '.' | '=' | '<' | '>' => operators += 1,
            // `if`, `in`, `is`, `has`, `like`: each word may be one, and none is as short as a letter.
            _ if is_word && !(before.is_alphanumeric() || before == '_') => {
                let word = text[at..].split(|next: char| !(next.is_alphanumeric() || next == '_')).next();
                operators += usize::from(word.is_some_and(|word| ["if", "in", "is", "has", "like"].contains(&word)));
            }
            _ => {}
        }
        before = letter;
        if depth > DEPTH {
            return Some(problem(
                text,
                at,
                format!("this stands deeper than {DEPTH} brackets; write it flatter, or as several policies"),
            ));
        }
        if operators > OPERATORS {
            return Some(problem(
                text,
                at,
                format!(
                    "this policy has more than {OPERATORS} operators; split it into several, or name a group or a set"
                ),
            ));
        }
    }
    None
}

fn problem(text: &str, at: usize, message: String) -> PolicyProblem {
    let before = &text[..at];
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    PolicyProblem {
        place: Some((number(before.matches('\n').count() + 1), number(column + 1))),
        ..PolicyProblem::plain(message)
    }
}

#[cfg(test)]
mod tests {
    use cedar_policy::{Authorizer, Context as CedarContext, Decision, Entities, PolicySet, Request};
    use domain::identity::PolicyProblem;

    use super::super::language::{self, uid};

    fn policy(condition: &str) -> String {
        format!(
            "@id(\"x\")\npermit (principal, action == Action::\"readCatalog\", resource is Entity) when {{ {condition} }};"
        )
    }

    #[test]
    fn what_would_use_up_the_stack_is_refused_with_its_place() {
        for condition in [
            format!("{}true{}", "(".repeat(3_000), ")".repeat(3_000)),
            format!("{}1{} == 1", "[".repeat(3_000), "]".repeat(3_000)),
            format!("{}true{}", "if true then ".repeat(1_000), " else true".repeat(1_000)),
            vec!["1 == 1"; 3_000].join(" && "),
            format!("{}true", "!".repeat(3_000)),
            format!("{}1 == 1", "-".repeat(3_000)),
            format!("resource{} == 1", ".a".repeat(3_000)),
            format!("{}true", "true || ".repeat(3_000)),
        ] {
            let problems = language::read("x", &policy(&condition)).unwrap_err();
            assert!(problems[0].place.is_some_and(|(line, column)| line == 2 && column > 60), "{problems:?}");
        }
    }

    #[test]
    fn what_is_just_within_bounds_is_read_and_answered() {
        let within = |condition: String| {
            // Unoptimised, asking takes several times what it takes a server, whose threads have 2 MiB.
            let asked = std::thread::Builder::new().stack_size(16 * 1024 * 1024).spawn(move || {
                let policies = language::read("x", &policy(&condition))?;
                let set = PolicySet::from_policies(policies).unwrap();
                let [who, deed, thing] =
                    [("User", "a"), ("Action", "readCatalog"), ("Entity", "b")].map(|(kind, id)| uid(kind, id));
                let request = Request::new(who, deed, thing, CedarContext::empty(), None).unwrap();
                let answer = Authorizer::new().is_authorized(&request, &set, &Entities::empty());
                Ok::<_, Vec<PolicyProblem>>((
                    answer.decision(),
                    answer.diagnostics().errors().map(ToString::to_string).collect::<Vec<_>>(),
                ))
            });
            asked.unwrap().join().unwrap()
        };
        assert_eq!(within(vec!["1 == 2"; 55].join(" || ") + " || true"), Ok((Decision::Allow, Vec::new())));
        assert_eq!(within(format!("{}true{}", "(".repeat(18), ")".repeat(18))), Ok((Decision::Allow, Vec::new())));
        assert_eq!(
            within(format!("{}true{}", "if true then (".repeat(18), ") else false".repeat(18))),
            Ok((Decision::Allow, Vec::new()))
        );
        // What stands in texts and comments counts for nothing.
        assert_eq!(
            within(format!("\"\" != \"{}\" // {}\n", "(".repeat(200), "[".repeat(200))),
            Ok((Decision::Allow, Vec::new()))
        );
    }
}
