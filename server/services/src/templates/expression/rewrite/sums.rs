//! Sums: JavaScript's `+` joins texts with anything, and the engine's does not. `a + b + c` becomes `__add(a, b, c)`.

use super::tokens::{Kind, Token};

/// Where the parts of sums stand, as places before tokens.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) opens: Vec<usize>,
    pub(super) commas: Vec<usize>,
    pub(super) closes: Vec<usize>,
}

/// The operands and signs seen so far on one level of brackets.
#[derive(Debug, Default)]
struct Run {
    start: Option<usize>,
    end: usize,
    pluses: Vec<usize>,
    /// An operand is missing after a sign.
    awaits: bool,
    /// There is a difference in it, so it is about numbers and stays as it is.
    is_arithmetic: bool,
}

impl Run {
    fn operand(&mut self, at: usize) {
        self.start.get_or_insert(at);
        self.end = at + 1;
        self.awaits = false;
    }

    fn finish(&mut self, sums: &mut Sums) {
        let run = std::mem::take(self);
        if let (Some(start), false, false, false) = (run.start, run.pluses.is_empty(), run.awaits, run.is_arithmetic) {
            sums.opens.push(start);
            sums.commas.extend(run.pluses);
            sums.closes.push(run.end);
        }
    }
}

/// What ends a sum when it stands beside one.
fn is_boundary(token: &Token<'_>) -> bool {
    match token.kind {
        Kind::Name => {
            matches!(token.text, "if" | "else" | "and" | "or" | "not" | "in" | "is" | "elif" | "elseif" | "recursive")
        }
        Kind::Sign => {
            matches!(token.text, "," | ":" | "=" | "==" | "===" | "!=" | "!==" | "<" | ">" | "<=" | ">=" | "~")
        }
        _ => false,
    }
}

/// Every sum in a tag.
pub(super) fn find(tokens: &[Token<'_>]) -> Sums {
    let mut sums = Sums::default();
    let mut runs = vec![Run::default()];
    let mut member = false;
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind != Kind::Space) {
        let Some(run) = runs.last_mut() else { return sums };
        let is_member = std::mem::replace(&mut member, token.is_sign("."));
        match token.text {
            "(" | "[" | "{" if token.kind == Kind::Sign => {
                run.operand(at);
                runs.push(Run::default());
            }
            ")" | "]" | "}" if token.kind == Kind::Sign => {
                if let Some(mut inner) = runs.pop() {
                    inner.finish(&mut sums);
                }
                match runs.last_mut() {
                    Some(outer) => outer.operand(at),
                    None => runs.push(Run::default()),
                }
            }
            "+" if token.kind == Kind::Sign && run.start.is_some() && !run.awaits => {
                run.pluses.push(at);
                run.awaits = true;
            }
            "+" if token.kind == Kind::Sign => run.is_arithmetic = run.start.is_some(),
            "-" if token.kind == Kind::Sign && run.start.is_some() && !run.awaits => {
                run.is_arithmetic = true;
                run.awaits = true;
            }
            "-" if token.kind == Kind::Sign => {
                run.start.get_or_insert(at);
            }
            _ if is_boundary(token) && !is_member => run.finish(&mut sums),
            // The first name of a block, such as `set`, is no operand; the sign after it ends the run before a sum begins.
            _ => run.operand(at),
        }
    }
    for mut run in runs {
        run.finish(&mut sums);
    }
    sums
}
