//! What an expression may consist of: known names and functions, bounded in size, with a result that can be true or false.

use cel::{
    IdedExpr,
    common::ast::{EntryExpr, Expr, LiteralValue, operators},
};

use super::facts::VARIABLES;

/// How deep an expression may be nested.
const DEPTH: usize = 40;
/// How many parts an expression may have.
const PARTS: usize = 1_000;

const FUNCTIONS: [&str; 38] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "timestamp",
    "duration",
    "dyn",
    "type",
    "getFullYear",
    "getMonth",
    "getDayOfYear",
    "getDayOfMonth",
    "getDate",
    "getDayOfWeek",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "of",
    "none",
    "ofNonZeroValue",
    "hasValue",
    "value",
    "or",
    "orValue",
    "has",
    "all",
    "exists",
    "exists_one",
    "map",
    "filter",
];
const TYPES: [&str; 13] = [
    "bool",
    "bytes",
    "double",
    "duration",
    "dyn",
    "int",
    "list",
    "map",
    "null_type",
    "optional",
    "string",
    "timestamp",
    "uint",
];

/// Refuses an expression that cannot work, and says why.
pub(super) fn check(expression: &IdedExpr) -> Result<Survey, String> {
    let mut survey = Survey::default();
    survey.visit(expression, &mut Vec::new(), 0)?;
    match never_a_boolean(&expression.expr) {
        Some(kind) => Err(format!("gives {kind}, not true or false; compare it with something")),
        None => Ok(survey),
    }
}

/// Refuses, before the parser sees it, what would take the parser too deep.
pub(super) fn too_nested(source: &str) -> Result<(), String> {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    for byte in source.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if deepest > DEPTH {
        return Err(format!("is nested {deepest} deep; at most {DEPTH} is possible, so split it into several rules"));
    }
    Ok(())
}

/// What stands in an expression.
#[derive(Default)]
pub(super) struct Survey {
    parts: usize,
    /// Whether it asks for the time.
    pub(super) uses_now: bool,
}

impl Survey {
    fn visit<'e>(&mut self, node: &'e IdedExpr, bound: &mut Vec<&'e str>, depth: usize) -> Result<(), String> {
        self.parts += 1;
        // Macros unfold into several nodes for each level that people write.
        if depth > DEPTH * 3 || self.parts > PARTS {
            return Err("is too long; split it into several rules".to_owned());
        }
        match &node.expr {
            Expr::Ident(name) => {
                let plain = name.trim_start_matches('.');
                self.uses_now |= plain == "now" && !bound.contains(&"now");
                if !(VARIABLES.contains(&plain) || TYPES.contains(&plain) || bound.contains(&plain)) {
                    let known = VARIABLES.join("`, `");
                    return Err(format!("names `{name}`, which does not exist; use `{known}`"));
                }
            }
            Expr::Call(call) if !is_operator(&call.func_name) && !FUNCTIONS.contains(&call.func_name.as_str()) => {
                return Err(format!("calls `{}`, which is no function of CEL", call.func_name));
            }
            Expr::Comprehension(comprehension) => {
                self.visit(&comprehension.iter_range, bound, depth + 1)?;
                self.visit(&comprehension.accu_init, bound, depth + 1)?;
                let outside = bound.len();
                bound.push(&comprehension.iter_var);
                bound.extend(comprehension.iter_var2.as_deref());
                bound.push(&comprehension.accu_var);
                for inner in [&comprehension.loop_cond, &comprehension.loop_step, &comprehension.result] {
                    self.visit(inner, bound, depth + 1)?;
                }
                bound.truncate(outside);
                return Ok(());
            }
            Expr::Struct(message) => {
                return Err(format!("builds a `{}`, which does not exist here", message.type_name));
            }
            _ => {}
        }
        for inner in parts(&node.expr) {
            self.visit(inner, bound, depth + 1)?;
        }
        Ok(())
    }
}

/// Operators are calls of functions with names like `_+_`.
fn is_operator(name: &str) -> bool {
    !name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_') || !name.bytes().any(|b| b.is_ascii_alphabetic())
}

/// The expressions directly inside of one, comprehensions included.
pub(super) fn parts(expression: &Expr) -> Vec<&IdedExpr> {
    match expression {
        Expr::Call(call) => call.target.iter().map(AsRef::as_ref).chain(&call.args).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map
            .entries
            .iter()
            .flat_map(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
                EntryExpr::StructField(field) => vec![&field.value],
            })
            .collect(),
        Expr::Comprehension(c) => vec![&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result],
        _ => Vec::new(),
    }
}

/// What an expression gives, if it plainly cannot be a boolean.
fn never_a_boolean(expression: &Expr) -> Option<&'static str> {
    match expression {
        Expr::Literal(LiteralValue::Boolean(_)) => None,
        Expr::Literal(LiteralValue::String(_)) => Some("a text"),
        Expr::Literal(LiteralValue::Null) => Some("nothing"),
        Expr::Literal(LiteralValue::Bytes(_)) => Some("bytes"),
        Expr::Literal(_) => Some("a number"),
        Expr::List(_) => Some("a list"),
        Expr::Map(_) => Some("a map"),
        Expr::Call(call) => match call.func_name.as_str() {
            operators::ADD | operators::SUBSTRACT => Some("a sum"),
            operators::MULTIPLY | operators::DIVIDE | operators::MODULO | operators::NEGATE => Some("a number"),
            conversion if ["size", "int", "uint", "double"].contains(&conversion) => Some("a number"),
            "string" => Some("a text"),
            "timestamp" => Some("a moment"),
            "duration" => Some("a duration"),
            _ => None,
        },
        _ => None,
    }
}
