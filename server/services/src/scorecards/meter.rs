//! What an evaluation may cost.
//!
//! CEL always ends, but nested comprehensions and literals that repeat their elements can take longer and grow larger than
//! any machine. So every expression is rewritten after parsing: each value that goes into a call, a loop or a literal
//! passes through [`CHARGE`], which takes its size from the budget of this one evaluation.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use cel::{
    ExecutionError, IdedExpr,
    common::{
        ast::{CallExpr, EntryExpr, Expr, operators},
        types::{CelList, CelMap, CelString},
        value::{CowVal, Val},
    },
};

/// The function that charges; no expression can be written that calls it.
pub(super) const CHARGE: &str = "@charge";

/// How many units of work one evaluation may take; a number is one unit, a text one for every 64 bytes.
const BUDGET: i64 = 500_000;
/// How long one evaluation may take, should the budget not bite first.
const TIME: Duration = Duration::from_secs(2);
thread_local! {
    static LEFT: Cell<i64> = const { Cell::new(0) };
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Fills the budget of this thread for the next evaluation.
pub(super) fn fill() {
    LEFT.set(BUDGET);
    UNTIL.set(Instant::now().checked_add(TIME));
}

/// Lets every value that goes into a call, a loop or a literal be charged.
pub(super) fn meter(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Call(call) => {
            let by_size = !matches!(
                call.func_name.as_str(),
                operators::LOGICAL_AND
                    | operators::LOGICAL_OR
                    | operators::LOGICAL_NOT
                    | operators::NOT_STRICTLY_FALSE
                    | operators::CONDITIONAL
                    | operators::INDEX
                    | operators::OPT_INDEX
                    | operators::OPT_SELECT
            );
            for operand in call.target.iter_mut().map(AsMut::as_mut).chain(&mut call.args) {
                meter(operand);
                if by_size {
                    wrap(operand);
                }
            }
        }
        Expr::Select(select) => meter(&mut select.operand),
        Expr::List(list) => {
            for element in &mut list.elements {
                meter(element);
                wrap(element);
            }
        }
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    for inner in [&mut entry.key, &mut entry.value] {
                        meter(inner);
                        wrap(inner);
                    }
                }
            }
        }
        Expr::Comprehension(comprehension) => {
            meter(&mut comprehension.iter_range);
            wrap(&mut comprehension.iter_range);
            // `all` and `exists` go on after an error, in case another element decides; an exhausted budget must end them.
            wrap(&mut comprehension.loop_cond);
            meter(&mut comprehension.loop_step);
        }
        _ => {}
    }
}

fn wrap(node: &mut IdedExpr) {
    let free = match &node.expr {
        // Literals are small, and those with elements are charged for each.
        Expr::Literal(_) | Expr::List(_) | Expr::Map(_) => true,
        // The accumulator of a macro, which it must recognise; and the namespace of `optional.of`.
        Expr::Ident(name) => name.starts_with('@') || name == "optional",
        _ => false,
    };
    if !free {
        let id = node.id;
        let inner = std::mem::take(node);
        let call = CallExpr { func_name: CHARGE.to_owned(), target: None, args: vec![inner] };
        *node = IdedExpr { id, expr: Expr::Call(call) };
    }
}

/// Hands its argument on, for its size.
pub(super) fn charge<'b, 'v>(mut arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let value = arguments.pop().ok_or(ExecutionError::MissingArgumentOrTarget)?;
    let mut left = LEFT.get() - 1;
    weigh(value.as_ref(), &mut left);
    LEFT.set(left);
    if left < 0 {
        return Err(ExecutionError::function_error(CHARGE, "the rule asks for too much work here; make it simpler"));
    }
    if UNTIL.get().is_some_and(|until| Instant::now() > until) {
        return Err(ExecutionError::function_error(CHARGE, "the rule took too long here; make it simpler"));
    }
    Ok(value)
}

fn weigh(value: &dyn Val, left: &mut i64) {
    if *left < 0 {
        return;
    }
    *left -= 1;
    if let Some(text) = value.downcast_ref::<CelString<'_>>() {
        *left -= i64::try_from(text.inner().len() / 64).unwrap_or(i64::MAX);
    } else if let Some(list) = value.downcast_ref::<CelList<'_>>() {
        list.inner().iter().for_each(|item| weigh(item.as_ref(), left));
    } else if let Some(map) = value.downcast_ref::<CelMap<'_>>() {
        map.inner().iter().for_each(|(key, item)| {
            weigh(key.inner(), left);
            weigh(item.as_ref(), left);
        });
    }
}
