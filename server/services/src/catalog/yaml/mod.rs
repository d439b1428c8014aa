//! The front door for YAML: text from anyone becomes documents, or a problem with its place, at a bounded cost.
//!
//! A bad document never hides the good ones beside it. YAML lets a document marker stand only at the beginning of a line
//! and nowhere inside a document, so the text is cut at the markers and every piece is read for itself.

mod key;
mod locate;
mod split;

use std::sync::Arc;

pub(in crate::catalog) use self::key::places;
use domain::catalog::{FieldPath, FileProblem, Severity};
use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};

/// Bounds on what one file may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Size of a file.
    pub bytes: u64,
    /// Documents in a file.
    pub documents: usize,
    /// Values in a file, with every alias counted as what it stands for.
    pub nodes: usize,
    /// Bytes of text in a file, with every alias counted as what it stands for.
    pub text: usize,
    /// How deep values may stand in each other.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 5 * 1024 * 1024, documents: 100_000, nodes: 1_000_000, text: 32 * 1024 * 1024, depth: 64 }
    }
}

/// A document that could be read.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it says.
    pub value: Value,
    /// Its number in the file, from 0.
    pub position: u32,
    /// The line it begins at, from 1.
    pub line: u32,
    /// Keys that are no texts, as the texts they were read as.
    pub odd_keys: Vec<String>,
    /// Whether a number has no end, or is none.
    has_infinite: bool,
    text: Arc<str>,
}

impl Document {
    /// Where numbers have no end or are none: JSON has no such, so they were read as nothing.
    pub fn infinite(&self) -> Vec<FieldPath> {
        if self.has_infinite { locate::infinite(&self.text) } else { Vec::new() }
    }

    /// A problem with one of its fields, at the field's place or that of the nearest one around it.
    pub fn problem(&self, severity: Severity, field: &FieldPath, message: String) -> FileProblem {
        let place = locate::locate(&self.text, field);
        let line = place.map_or(self.line, |(line, _)| line + self.line - 1);
        let name = (!field.0.is_empty()).then(|| field.to_string());
        FileProblem { severity, message, field: name, line: Some(line), column: place.map(|(_, column)| column) }
    }
}

/// Reads every document of a file. The outer error is about the file as a whole.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Vec<Result<Document, FileProblem>>, FileProblem> {
    if bytes.len() as u64 > limits.bytes {
        let mib = limits.bytes / 1024 / 1024;
        return Err(whole(format!("the file is larger than {mib} MiB; split it into several files")));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| invalid_utf8(bytes, error.valid_up_to()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut left = *limits;
    let mut documents = Vec::new();
    for piece in split::documents(text) {
        if documents.len() == limits.documents {
            let message = format!("the file has more than {} documents; split it into several files", limits.documents);
            documents.push(Err(FileProblem { line: Some(piece.line), ..whole(message) }));
            break;
        }
        let position = u32::try_from(documents.len()).unwrap_or(u32::MAX);
        match parse(piece.text, piece.line, &mut left) {
            Ok(Parsed { value: Value::Null, .. }) => {}
            Ok(Parsed { value, odd_keys, has_infinite }) => {
                let (line, text) = (piece.line, piece.text.into());
                documents.push(Ok(Document { value, position, line, odd_keys, has_infinite, text }));
            }
            Err(problem) => documents.push(Err(problem)),
        }
    }
    Ok(documents)
}

/// Reads a file that must hold exactly one document.
pub fn read_one(bytes: &[u8], limits: &Limits) -> Result<Value, FileProblem> {
    let mut documents = read(bytes, limits)?;
    match (documents.pop(), documents.is_empty()) {
        (Some(document), true) => document.map(|document| document.value),
        (None, _) => Ok(Value::Null),
        (Some(_), false) => Err(whole("the file must hold exactly one document".to_owned())),
    }
}

fn whole(message: String) -> FileProblem {
    FileProblem { severity: Severity::Error, message, field: None, line: None, column: None }
}

fn invalid_utf8(bytes: &[u8], at: usize) -> FileProblem {
    let before = &bytes[..at];
    let line = before.split(|&byte| byte == b'\n').count();
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    // Everything before `at` is valid, so its characters can be counted by their first bytes.
    let column = before[start..].iter().filter(|&&byte| byte & 0xC0 != 0x80).count() + 1;
    let message = format!("the file is not UTF-8: byte {at} is 0x{:02x}; save it as UTF-8", bytes[at]);
    FileProblem { line: u32::try_from(line).ok(), column: u32::try_from(column).ok(), ..whole(message) }
}

/// How every text is read, at the cost of at most these.
fn options(left: &Limits) -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_events: left.nodes.saturating_mul(2).saturating_add(16),
            max_nodes: left.nodes,
            max_depth: left.depth,
            flow_nesting_limit: left.depth,
            max_documents: 1,
            max_total_scalar_bytes: left.text,
            max_aliases: 10_000,
            max_anchors: 10_000,
            max_recorded_anchor_events: left.nodes,
            max_recorded_anchor_bytes: left.text,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: left.nodes.min(100_000),
            max_replay_stack_depth: left.depth,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        // As YAML 1.2 has it, and Backstage with it: `y`, `no` and `1_000` are texts.
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        // JSON has no infinity, and Backstage says `null` there.
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

/// A document, and what of it was read otherwise than it stands.
struct Parsed {
    value: Value,
    odd_keys: Vec<String>,
    has_infinite: bool,
}

fn parse(text: &str, first_line: u32, left: &mut Limits) -> Result<Parsed, FileProblem> {
    let options = options(left);
    let mut budget = locate::Budget::new(left.nodes, left.text);
    let read = locate::read_bounded(text, options, &mut budget);
    // What a document used up is gone for the ones after it, whether it was read in the end or not.
    left.nodes = budget.nodes;
    left.text = budget.text;
    let locate::Budget { odd_keys, has_infinite, .. } = budget;
    read.map(|value| Parsed { value, odd_keys, has_infinite }).map_err(|error| {
        let place = error.location();
        let line = place.and_then(|place| u32::try_from(place.line()).ok()).filter(|&line| line > 0);
        let column = place.and_then(|place| u32::try_from(place.column()).ok()).filter(|&column| column > 0);
        FileProblem {
            line: Some(line.map_or(first_line, |line| line + first_line - 1)),
            column,
            ..whole(message(&error))
        }
    })
}

/// The first line of the parser's words, without the place, which is kept apart.
fn message(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let line = text.lines().next().unwrap_or("cannot be read as YAML").trim();
    let line = line.split(" at line ").next().unwrap_or(line);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    // The parser's advice is for programmers.
    let line = line.split(", set DuplicateKeyPolicy").next().unwrap_or(line);
    // Words of the parser for what a key or a value is made of.
    if line.contains("recursive") {
        return "an anchor refers to itself (`&x` around `*x`); write out what is meant there".to_owned();
    }
    if line.contains("tagged scalar") {
        return "cannot be read as YAML: a tag (`!!…`) asks for what its value is not; remove the tag, or put the value in quotes".to_owned();
    }
    let hint = if line.contains("uplicate") {
        "; remove one of the two keys"
    } else if line.contains("alias") || line.contains("budget") || line.contains("udget") || line.contains("too ") {
        "; the document would grow too large to be a catalog entry: write it out, shorter"
    } else {
        ""
    };
    format!("cannot be read as YAML: {line}{hint}")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn told(text: impl AsRef<[u8]>) -> String {
        match read(text.as_ref(), &Limits::default()) {
            Err(problem) => format!("file: {problem}"),
            Ok(documents) => documents
                .iter()
                .map(|document| match document {
                    Ok(document) => format!("{}@{} {}", document.position, document.line, document.value),
                    Err(problem) => problem.to_string(),
                })
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    #[test]
    fn good_documents_survive_a_bad_one_between_them() {
        insta::assert_snapshot!(told("a: 1\n---\nb: \"never closed\nc: 2\n---\n# nothing\n---\nd: [1\n---\ne: {f: x}\n...\n"), @r#"
        0@1 {"a":1}
        line 3, column 4: cannot be read as YAML: unclosed quote
        line 8, column 4: cannot be read as YAML: unclosed bracket '['
        3@9 {"e":{"f":"x"}}
        "#);
    }

    #[test]
    fn a_byte_order_mark_and_windows_lines_do_no_harm() {
        insta::assert_snapshot!(told("\u{feff}a: 1\r\n---\r\nb: |\r\n  x\r\n  y\r\n"), @r#"
        0@1 {"a":1}
        1@2 {"b":"x\ny\n"}
        "#);
    }

    #[test]
    fn invalid_utf8_is_told_with_its_byte() {
        insta::assert_snapshot!(told(b"a: 1\nb: \xc3\xa4 \xff\n"), @"file: line 2, column 6: the file is not UTF-8: byte 11 is 0xff; save it as UTF-8");
    }

    #[test]
    fn merge_keys_are_plain_keys_and_duplicates_are_errors() {
        insta::assert_snapshot!(told("a: &x {b: 1}\nc:\n  <<: *x\n---\nk: 1\nl: 2\nk: 3\n"), @r#"
        0@1 {"a":{"b":1},"c":{"<<":{"b":1}}}
        line 7, column 1: cannot be read as YAML: duplicate mapping key: k; remove one of the two keys
        "#);
    }

    #[test]
    fn plain_words_and_numbers_mean_what_yaml_1_2_says() {
        insta::assert_snapshot!(told("[y, no, on, true, null, ~, 1_000, 0o17, 010, 1.5, .inf, 2026-11-23, 12:30, 99999999999999999999]"), @r#"0@1 ["y","no","on",true,null,null,"1_000",15,10,1.5,null,"2026-11-23","12:30",1e+20]"#);
    }

    #[test]
    fn a_key_that_is_no_text_is_read_as_one_and_noted() {
        insta::assert_snapshot!(told("hosts:\n- {{ host }}\n- {[a, b]: c, {d: e f, g: [1, {}]}: 2, null: 3, true: 4}\n"), @r#"0@1 {"hosts":[{"{ host }":null},{"[ a, b ]":"c","{ d: e f, g: [ 1, {} ] }":2,"":3,"true":4}]}"#);
        let documents = read(b"a: {{ host }}\nb: .inf\nc: {x: 5}\n", &Limits::default()).unwrap();
        let document = documents[0].as_ref().unwrap();
        assert_eq!(document.odd_keys, ["{ host }"]);
        let problem = document.problem(Severity::Warning, &FieldPath::of("c.x"), String::new());
        assert_eq!((problem.line, problem.column), (Some(3), Some(8)));
        let problem = document.problem(Severity::Warning, &FieldPath::of("a").key("{ host }"), String::new());
        assert_eq!(problem.line, Some(1));
    }

    #[test]
    fn a_number_without_an_end_is_read_as_nothing_and_noted() {
        let documents = read(b"a: &x [1.5, -.inf, {b: .nan}]\nc: *x\n---\nd: 1.5\n", &Limits::default()).unwrap();
        let document = documents[0].as_ref().unwrap();
        let fields: Vec<String> = document.infinite().iter().map(ToString::to_string).collect();
        assert_eq!(fields, ["a[1]", "a[2].b", "c[1]", "c[2].b"]);
        let problem = document.problem(Severity::Warning, &document.infinite()[1], String::new());
        assert_eq!((problem.line, problem.column), (Some(1), Some(24)));
        assert!(documents[1].as_ref().unwrap().infinite().is_empty());
        let many = format!("[{}]", vec![".inf"; 1_000].join(","));
        assert_eq!(read(many.as_bytes(), &Limits::default()).unwrap()[0].as_ref().unwrap().infinite().len(), 20);
    }

    #[test]
    fn an_alias_bomb_costs_little_and_is_told() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let before = vec![format!("*a{}", level - 1); 9].join(",");
            writeln!(bomb, "a{level}: &a{level} [{before}]").unwrap();
        }
        let bombs = format!("ok: 1\n---\n{bomb}---\n{bomb}---\nok: 2\n");
        // Written out, one of them is 9^12 values: without a bound this would not end.
        let told = told(&bombs);
        assert!(told.starts_with("0@1 {\"ok\":1}\n") && told.ends_with("{\"ok\":2}"), "{told}");
        assert!(told.contains("grow too large"), "{told}");
    }

    #[test]
    fn a_long_text_that_is_repeated_is_bounded_too() {
        let text = "x".repeat(1024 * 1024);
        let many = vec!["*t"; 5000].join(",");
        let told = told(format!("t: &t {text}\nmany: [{many}]\n"));
        assert!(told.contains("cannot be read") && told.len() < 1000, "{} bytes", told.len());
    }

    #[test]
    fn depth_size_and_number_are_bounded() {
        assert!(told("[".repeat(100_000)).contains("cannot be read"));
        assert!(told("- ".repeat(5_000)).contains("cannot be read"));
        assert!(told(vec![b' '; 6 * 1024 * 1024]).contains("larger than 5 MiB"));
        let many = "---\na: 1\n".repeat(100_001);
        assert!(told(&many).ends_with("the file has more than 100000 documents; split it into several files"));
    }

    #[test]
    fn an_alias_within_its_own_anchor_is_told_in_plain_words() {
        let told = told("metadata: &m {name: x, y: *m}\n");
        assert!(told.contains("an anchor refers to itself"), "{told}");
    }

    #[test]
    fn a_problem_points_at_its_field() {
        let text = "---\nkind: X\nmetadata:\n  name: a b\n  tags: [ok, Bad]\n---\nkind: Y\nmetadata:\n  name: 'c d'\n";
        let documents = read(text.as_bytes(), &Limits::default()).unwrap();
        let place = |at: usize, field: FieldPath| {
            let problem = documents[at].as_ref().unwrap().problem(Severity::Error, &field, "x".into());
            (problem.line.unwrap(), problem.column)
        };
        assert_eq!(place(0, FieldPath::of("metadata.name")), (4, Some(9)));
        assert_eq!(place(0, FieldPath::of("metadata.tags").index(1)), (5, Some(14)));
        assert_eq!(place(1, FieldPath::of("metadata.name")), (9, Some(9)));
        // What is missing is shown where it should stand.
        assert_eq!(place(1, FieldPath::of("spec.owner")), (7, Some(1)));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes, &Limits::default());
        }

        #[test]
        fn no_yaml_like_text_makes_it_panic(text in "[-a:\\[\\]{}&*!|> \n'\"#%.0]{0,120}") {
            let _ = read(text.as_bytes(), &Limits::default());
        }

        #[test]
        fn what_json_says_is_what_yaml_reads(pairs in prop::collection::btree_map("[a-z]{1,5}", "[ -~]{0,12}", 0..5)) {
            let value = serde_json::to_value(&pairs).unwrap();
            let documents = read(value.to_string().as_bytes(), &Limits::default()).unwrap();
            prop_assert_eq!(&documents[0].as_ref().unwrap().value, &value);
        }
    }
}
