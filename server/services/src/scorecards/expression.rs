//! Rule expressions in CEL: compiled once, run with a budget.

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

use cel::{
    Context, Env, ExecutionError, IdedExpr, Value,
    common::{
        ast::{Expr, LiteralValue, operators},
        types::{CelBool, CelMap, CelString, DYN_TYPE},
        value::Val,
    },
};

use super::{
    meter::{self, CHARGE},
    survey::{self, parts},
};

/// Reserved, not used: memory is taken only as far as an expression goes.
const STACK: usize = 256 << 20;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut environment = Env::stdlib();
    environment
        .add_overload(CHARGE, "charge", vec![DYN_TYPE], meter::charge)
        .expect("the standard library declares nothing with an `@`");
    Arc::new(environment)
});

/// A compiled expression.
#[derive(Debug)]
pub(super) struct Expression {
    program: IdedExpr,
    /// Whether its result changes with time alone.
    pub(super) uses_now: bool,
}

/// What an expression says about an entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    No,
    /// What it asks about is not there, with what is missing.
    Unknown(String),
}

/// An empty context in the environment that expressions are compiled for.
pub(super) fn context<'v>() -> Context<'v, 'v> {
    Context::with_env(Arc::clone(&ENVIRONMENT))
}

impl Expression {
    /// Compiles `source`; the error says what is wrong with it and how to mend it.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        survey::too_nested(source)?;
        let program = ENVIRONMENT.compile(source).map_err(|errors| match errors.errors.first() {
            Some(error) => {
                let (line, column) = error.pos;
                // The parser lists everything that could have stood there.
                let what = error.msg.trim_start_matches("Syntax error: ");
                let what = what.split(" expecting {").next().unwrap_or(what);
                format!("does not parse at line {line}, column {column}: {what}")
            }
            None => "does not parse".to_owned(),
        })?;
        let mut program = program.expression().clone();
        let survey = survey::check(&program)?;
        meter::meter(&mut program);
        Ok(Self { program, uses_now: survey.uses_now })
    }

    /// Runs the expression over the entity in `context`.
    pub(super) fn judge(&self, context: &Context<'_, '_>) -> Verdict {
        meter::fill();
        match Value::resolve_val(&self.program, context) {
            Ok(value) => match value.downcast_ref::<CelBool>() {
                Some(flag) if *flag.inner() => Verdict::Yes,
                Some(_) => Verdict::No,
                None => {
                    let kind = value.get_type().name();
                    Verdict::Unknown(format!("the rule gives a `{kind}`, not true or false; mend its expression"))
                }
            },
            Err(error) => Verdict::Unknown(self.explain(&error, context)),
        }
    }

    /// Why the expression could not say, in the words of the entity.
    fn explain(&self, error: &ExecutionError, context: &Context<'_, '_>) -> String {
        match error {
            ExecutionError::NoSuchKey(key) => match missing(&self.program, key, context) {
                Some(place) => format!("{place} has no `{key}`"),
                None => format!("there is no `{key}`"),
            },
            ExecutionError::IndexOutOfBounds(_) => "a list is shorter than the rule expects".to_owned(),
            ExecutionError::FunctionError { function, message } if function == CHARGE => message.clone(),
            ExecutionError::FunctionError { function, message } => {
                format!("`{function}` could not read the value: {message}")
            }
            ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
                "the rule divides by zero here".to_owned()
            }
            // Values of the entity stand in the other messages only by their type.
            ExecutionError::NoSuchOverload(why) => format!("a value is not of the kind the rule expects: {why}"),
            _ => "a value is not of the kind the rule expects".to_owned(),
        }
    }
}

/// Runs `work` on a stack that the deepest expression fits on; a thread's usual one overflows, which nothing can catch.
pub(super) fn on_a_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::io::Result<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("rules".into()).stack_size(STACK).spawn_scoped(scope, work)?;
        thread.join().map_err(|_| std::io::Error::other("a rule panicked"))
    })
}

/// Where the key was looked for: the first place in the expression that is there, is a map, and lacks it.
fn missing(program: &IdedExpr, key: &str, context: &Context<'_, '_>) -> Option<String> {
    let mut places = Vec::new();
    lookups(program, key, &mut places);
    let mut told = HashSet::new();
    places.into_iter().find_map(|operand| {
        let place = spelled(&operand.expr)?;
        if !told.insert(place.clone()) {
            return None;
        }
        let value = Value::resolve_val(operand, context).ok()?;
        let lacks =
            value.downcast_ref::<CelMap<'_>>().is_some_and(|map| map.inner().keys().all(|k| !is(k.inner(), key)));
        lacks.then_some(place)
    })
}

fn is(value: &dyn Val, key: &str) -> bool {
    value.downcast_ref::<CelString<'_>>().is_some_and(|text| text.inner() == key)
}

fn lookups<'e>(node: &'e IdedExpr, key: &str, places: &mut Vec<&'e IdedExpr>) {
    match &node.expr {
        Expr::Select(select) if !select.test && select.field == key => places.push(&select.operand),
        Expr::Call(call) if call.func_name == operators::INDEX => {
            if let [operand, index] = call.args.as_slice()
                && matches!(&index.expr, Expr::Literal(LiteralValue::String(text)) if text.inner() == key)
            {
                places.push(operand);
            }
        }
        _ => {}
    }
    for inner in parts(&node.expr) {
        lookups(inner, key, places);
    }
}

/// A chain of names as the document of the entity spells it.
fn spelled(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Ident(name) => Some(match name.as_str() {
            "annotations" | "labels" | "tags" | "links" => format!("metadata.{name}"),
            "entity" => "the entity".to_owned(),
            name => name.to_owned(),
        }),
        Expr::Select(select) if !select.test => match spelled(&select.operand.expr)?.as_str() {
            "the entity" => Some(select.field.clone()),
            operand => Some(format!("{operand}.{}", select.field)),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use chrono::{TimeZone, Utc};
    use serde_json::{Value, json};

    use super::{
        super::facts::{self, Neighbour, Neighbours},
        *,
    };

    fn document() -> Value {
        json!({
            "kind": "Component",
            "metadata": {
                "name": "gate",
                "annotations": { "example.org/tier": "1", "example.org/drill": "2026-03-01T00:00:00Z", "bad": "soon" },
                "tags": ["rust"],
                "links": [{ "url": "https://a.example", "title": "Dashboard" }],
            },
            "spec": { "type": "service", "replicas": 3, "share": 0.5, "open": true },
            "relations": [
                { "type": "ownedBy", "targetRef": "group:default/harbour" },
                { "type": "dependsOn", "targetRef": "component:default/ghost" },
            ],
        })
    }

    fn verdict(source: &str) -> Verdict {
        let neighbours: Neighbours = HashMap::from([("group:default/harbour".parse().unwrap(), Neighbour::default())]);
        let now = Utc.with_ymd_and_hms(2026, 11, 23, 0, 0, 0).unwrap();
        let document = document();
        Expression::compile(source).unwrap().judge(&facts::context(&document, &neighbours, now))
    }

    fn unknown(source: &str) -> String {
        match verdict(source) {
            Verdict::Unknown(why) => why,
            other => panic!("{source} is {other:?}"),
        }
    }

    fn rejected(source: &str) -> String {
        on_a_deep_stack(|| Expression::compile(source).unwrap_err()).unwrap()
    }

    #[test]
    fn everything_of_the_entity_can_be_asked() {
        for source in [
            "kind == 'Component' && entity.metadata.name == metadata.name",
            "spec.replicas > 2 && spec.share < 1.0 && spec.open",
            "annotations['example.org/tier'] == '1' && 'example.org/tier' in annotations",
            "'rust' in tags && !('go' in tags) && size(tags) == 1",
            "links.exists(l, has(l.title) && l.title == 'Dashboard')",
            "labels.size() == 0 && !has(labels.team)",
            "relations.ownedBy.exists(o, o.kind == 'group' && o.found && o.ref == 'group:default/harbour')",
            "relations.dependsOn.all(d, !d.found) && relations.hasPart.size() == 0",
            "timestamp(annotations['example.org/drill']) > now - duration('8760h')",
            "metadata.name.matches('^[a-z]+$') && entity.?spec.?missing.orValue('x') == 'x'",
            "tags.map(t, t + '!').filter(t, t == 'rust!').size() == 1 && tags.exists_one(t, t == 'rust')",
        ] {
            assert_eq!(verdict(source), Verdict::Yes, "{source}");
        }
        assert_eq!(verdict("spec.type == 'website'"), Verdict::No);
    }

    #[test]
    fn what_is_missing_is_unknown_and_named() {
        insta::assert_snapshot!(unknown("annotations['example.org/slo'] == '1'"), @"metadata.annotations has no `example.org/slo`");
        insta::assert_snapshot!(unknown("spec.lifecycle == 'production'"), @"spec has no `lifecycle`");
        insta::assert_snapshot!(unknown("entity.spec.owner == 'a'"), @"spec has no `owner`");
        insta::assert_snapshot!(unknown("entity.status.items.size() == 0"), @"the entity has no `status`");
        insta::assert_snapshot!(unknown("links[3].title == 'x'"), @"a list is shorter than the rule expects");
        insta::assert_snapshot!(unknown("links.all(l, l.icon == 'x')"), @"there is no `icon`");
        insta::assert_snapshot!(unknown("spec.type > 3"), @"a value is not of the kind the rule expects: found no matching overload for '_>_' applied to '(string, int)'");
        insta::assert_snapshot!(unknown("timestamp(annotations.bad) < now"), @"`timestamp` could not read the value: premature end of input");
        insta::assert_snapshot!(unknown("spec.type"), @"the rule gives a `string`, not true or false; mend its expression");
    }

    #[test]
    fn what_decides_beside_an_error_decides() {
        assert_eq!(verdict("spec.missing == 1 || spec.open"), Verdict::Yes);
        assert_eq!(verdict("spec.missing == 1 && !spec.open"), Verdict::No);
    }

    #[test]
    fn a_rule_that_cannot_work_is_refused_with_the_reason() {
        insta::assert_snapshot!(rejected("spec.type =="), @"does not parse at line 1, column 13: mismatched input '<EOF>'");
        insta::assert_snapshot!(rejected("spec.replicas + 1"), @"gives a sum, not true or false; compare it with something");
        insta::assert_snapshot!(rejected("'text'"), @"gives a text, not true or false; compare it with something");
        insta::assert_snapshot!(rejected("metdata.name == 'x'"), @"names `metdata`, which does not exist; use `entity`, `kind`, `metadata`, `spec`, `annotations`, `labels`, `tags`, `links`, `relations`, `now`");
        insta::assert_snapshot!(rejected("metadata.name.lowercase() == 'x'"), @"calls `lowercase`, which is no function of CEL");
        insta::assert_snapshot!(rejected("Thing{a: 1} == 2"), @"builds a `Thing`, which does not exist here");
        insta::assert_snapshot!(rejected(&format!("{}true{}", "(".repeat(60), ")".repeat(60))), @"is nested 60 deep; at most 40 is possible, so split it into several rules");
        insta::assert_snapshot!(rejected(&format!("1{} == 2", "+1".repeat(900))), @"is too long; split it into several rules");
    }

    #[test]
    fn time_is_noticed() {
        assert!(Expression::compile("timestamp(spec.at) < now").unwrap().uses_now);
        assert!(!Expression::compile("tags.exists(now, now == 'x')").unwrap().uses_now);
    }

    fn ended(source: &str) {
        on_a_deep_stack(|| {
            if let Ok(expression) = Expression::compile(source) {
                let (document, neighbours) = (document(), Neighbours::new());
                let context = facts::context(&document, &neighbours, Utc::now());
                assert!(matches!(expression.judge(&context), Verdict::Unknown(_)), "{source}");
            }
        })
        .unwrap();
    }

    fn long_list() -> String {
        format!("[{}]", (0..40).map(|n| n.to_string()).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn loops_in_loops_are_ended() {
        let list = long_list();
        ended(&(0..5).fold("true".to_owned(), |inner, n| format!("{list}.all(v{n}, {inner})")));
        ended(&(0..5).fold("false".to_owned(), |inner, n| format!("{list}.exists(v{n}, {inner})")));
    }

    #[test]
    fn texts_that_double_are_ended() {
        ended(&format!("['abcdefgh']{} == []", ".map(a, a + a)".repeat(28)));
    }

    #[test]
    fn lists_that_double_are_ended() {
        ended(&format!("[[1, 2]]{} == []", ".map(a, [a, a])".repeat(28)));
    }

    #[test]
    fn maps_that_double_are_ended() {
        ended(&format!("[1]{} == []", ".map(a, {'a': a, 'b': a})".repeat(28)));
    }

    #[test]
    fn patterns_in_loops_are_ended() {
        let list = long_list();
        ended(&format!("{list}.all(a, {list}.all(b, !metadata.name.matches('(a{{100}}){{100}}')))"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(source in "[a-z0-9 .(){}\\[\\]'\"!&|?:,+*<>=-]{0,60}") {
            if let Ok(expression) = Expression::compile(&source) {
                let (document, neighbours) = (document(), Neighbours::new());
                expression.judge(&facts::context(&document, &neighbours, Utc::now()));
            }
        }
    }
}
