//! Filters, as questions to the database.

use chrono::{DateTime, Utc};
use domain::scim::{AttributePath, ENTERPRISE, Fault, Filter, Literal, Problem, Test, folded};
use sea_orm::{
    ColumnTrait, Condition, DbBackend, EntityTrait, ExprTrait as _, Iden, IntoSimpleExpr,
    sea_query::{Expr, Func, Query, SimpleExpr},
};

use super::store::{email, group, member, user};

/// One condition of a filter.
#[derive(Clone, Copy)]
enum Leaf<'a> {
    Present,
    Compare(Test, &'a Literal),
    Within(&'a Filter),
}

type Found = Result<Condition, Problem>;

fn wrong(why: impl Into<String>) -> Problem {
    Problem::new(Fault::InvalidFilter, why)
}

fn walk(filter: &Filter, leaf: &dyn Fn(&AttributePath, Leaf<'_>) -> Found) -> Found {
    Ok(match filter {
        Filter::And(all) => {
            let mut condition = Condition::all();
            for filter in all {
                condition = condition.add(walk(filter, leaf)?);
            }
            condition
        }
        Filter::Or(any) => {
            let mut condition = Condition::any();
            for filter in any {
                condition = condition.add(walk(filter, leaf)?);
            }
            condition
        }
        Filter::Not(filter) => walk(filter, leaf)?.not(),
        Filter::Present(path) => leaf(path, Leaf::Present)?,
        Filter::Compare(path, test, literal) => leaf(path, Leaf::Compare(*test, literal))?,
        Filter::Within(path, filter) => leaf(path, Leaf::Within(filter))?,
    })
}

/// Texts, compared so that nothing is never unknown: `not` must turn every answer around.
fn text(backend: DbBackend, column: impl IntoSimpleExpr, leaf: Leaf<'_>, fold: bool) -> Found {
    let column = column.into_simple_expr();
    let all = |parts: [SimpleExpr; 2]| Condition::all().add(parts[0].clone()).add(parts[1].clone());
    let (test, literal) = match leaf {
        Leaf::Present => return Ok(all([column.clone().is_not_null(), column.ne("")])),
        Leaf::Compare(test, literal) => (test, literal),
        Leaf::Within(_) => return Err(wrong("`[` and `]` follow what has many values, such as `emails`")),
    };
    let Some(value) = literal.text() else {
        return match test {
            Test::Eq => Ok(Condition::all().add(column.is_null())),
            Test::Ne => Ok(Condition::all().add(column.is_not_null())),
            _ => Err(wrong("nothing can only be compared by `eq` and `ne`")),
        };
    };
    let value = if fold { folded(&value) } else { value };
    let equal = all([column.clone().is_not_null(), column.clone().eq(value.clone())]);
    let length = i32::try_from(value.chars().count()).unwrap_or(i32::MAX);
    let held: SimpleExpr = Func::coalesce([column, Expr::value("")]).into();
    let cut = |from: SimpleExpr| -> SimpleExpr {
        Func::cust("substr").arg(held.clone()).arg(from).arg(Expr::value(length)).into()
    };
    let size: SimpleExpr = Func::cust("length").arg(held.clone()).into();
    Ok(match test {
        Test::Eq => equal,
        Test::Ne => equal.not(),
        Test::Co => {
            let place = Func::cust(if backend == DbBackend::Postgres { "strpos" } else { "instr" });
            let place: SimpleExpr = place.arg(held.clone()).arg(Expr::value(value)).into();
            Condition::all().add(place.gt(0))
        }
        Test::Sw => Condition::all().add(cut(Expr::value(1)).eq(value)),
        Test::Ew => {
            let from = size.clone().sub(length).add(1);
            all([size.gte(length), cut(from).eq(value)])
        }
        Test::Gt | Test::Ge | Test::Lt | Test::Le => {
            return Err(wrong("texts are compared by eq, ne, co, sw, ew and pr; moments by gt, ge, lt, le too"));
        }
    })
}

fn flag(column: impl IntoSimpleExpr, leaf: Leaf<'_>) -> Found {
    let column = column.into_simple_expr();
    Ok(match leaf {
        Leaf::Present => Condition::all().add(column.is_not_null()),
        Leaf::Compare(test @ (Test::Eq | Test::Ne), literal) => {
            let value = literal.flag().ok_or_else(|| wrong("yes or no is compared with `true` or `false`"))?;
            Condition::all().add(column.eq(value == (test == Test::Eq)))
        }
        _ => return Err(wrong("yes or no is compared by `eq` and `ne`")),
    })
}

fn moment(column: impl IntoSimpleExpr, leaf: Leaf<'_>) -> Found {
    let column = column.into_simple_expr();
    let (test, literal) = match leaf {
        Leaf::Present => return Ok(Condition::all().add(column.is_not_null())),
        Leaf::Compare(test, literal) => (test, literal),
        Leaf::Within(_) => return Err(wrong("a moment has one value")),
    };
    let said = literal.text().unwrap_or_default();
    let at = DateTime::parse_from_rfc3339(&said)
        .map_err(|_| wrong("a moment is written like `2026-11-27T09:00:00Z`, in double quotes"))?
        .with_timezone(&Utc);
    Ok(Condition::all().add(match test {
        Test::Eq => column.eq(at),
        Test::Ne => column.ne(at),
        Test::Gt => column.gt(at),
        Test::Ge => column.gte(at),
        Test::Lt => column.lt(at),
        Test::Le => column.lte(at),
        Test::Co | Test::Sw | Test::Ew => return Err(wrong("moments are compared by eq, ne, gt, ge, lt and le")),
    }))
}

/// Whether a row of another table belongs to the one that is looked at, and is so.
fn any<E: EntityTrait>(
    entity: E,
    own: (impl ColumnTrait, impl ColumnTrait),
    of: (impl ColumnTrait, impl ColumnTrait),
    so: Condition,
) -> Condition {
    let mut rows = Query::select();
    rows.expr(Expr::value(1))
        .from(entity)
        .and_where(own.0.into_expr().eq(of.0.into_expr()))
        .and_where(own.1.into_expr().eq(of.1.into_expr()))
        .cond_where(so);
    Condition::all().add(Expr::exists(rows))
}

/// What many values have: one of them is so. That none is equal is what `ne` means.
fn values(leaf: Leaf<'_>, one: &dyn Fn(Leaf<'_>) -> Found, some: &dyn Fn(Condition) -> Condition) -> Found {
    Ok(match leaf {
        Leaf::Present => some(Condition::all()),
        Leaf::Compare(Test::Ne, literal) => some(one(Leaf::Compare(Test::Eq, literal))?).not(),
        leaf => some(one(leaf)?),
    })
}

/// Entra asks so whether someone reports to someone, with the name of the schema or without it.
fn is_manager(path: &AttributePath) -> bool {
    path.name.eq_ignore_ascii_case("manager")
        && path.part.as_ref().is_none_or(|part| part.eq_ignore_ascii_case("value"))
}

/// To whom someone reports, as it stands in the document: too seldom asked for to be a column.
fn manager(backend: DbBackend) -> SimpleExpr {
    let document = Expr::col((user::Entity, user::Column::Document));
    if backend == DbBackend::Postgres {
        let path = format!("{{{ENTERPRISE},manager,value}}");
        return Expr::cust_with_exprs("CAST($1 AS jsonb) #>> CAST($2 AS text[])", [document, Expr::value(path)]);
    }
    let path = format!("$.\"{ENTERPRISE}\".manager.value");
    Func::cust("json_extract").arg(document).arg(Expr::value(path)).into()
}

/// The people that a filter means.
pub(super) fn users(backend: DbBackend, filter: &Filter) -> Found {
    use email::Column as E;
    use user::Column as U;
    let some_email = |so: Condition| any(email::Entity, (E::Tenant, E::UserId), (U::Tenant, U::Id), so);
    walk(filter, &|path, leaf| match path {
        path if path.is("id") => text(backend, U::Id, leaf, false),
        path if path.is("userName") => text(backend, U::NameKey, leaf, true),
        path if path.is("externalId") => text(backend, U::ExternalId, leaf, false),
        path if path.is("displayName") => text(backend, U::DisplayKey, leaf, true),
        path if path.is("active") => flag(U::Active, leaf),
        path if path.is("meta.created") => moment(U::CreatedAt, leaf),
        path if path.is("meta.lastModified") => moment(U::ChangedAt, leaf),
        path if path.is("emails") => match leaf {
            Leaf::Within(filter) => Ok(some_email(walk(filter, &|path, leaf| match path {
                path if path.is("value") => text(backend, E::ValueKey, leaf, true),
                path if path.is("type") => text(backend, E::Kind, leaf, true),
                path if path.is("primary") => flag(E::IsPrimary, leaf),
                _ => Err(wrong(format!("addresses are told apart by value, type and primary, not by `{path}`"))),
            })?)),
            leaf => values(leaf, &|leaf| text(backend, E::ValueKey, leaf, true), &some_email),
        },
        path if path.is("emails.value") => values(leaf, &|leaf| text(backend, E::ValueKey, leaf, true), &some_email),
        path if path.is("emails.type") => values(leaf, &|leaf| text(backend, E::Kind, leaf, true), &some_email),
        path if is_manager(path) => text(backend, manager(backend), leaf, false),
        _ => Err(wrong(format!(
            "people are not found by `{path}`; ask by id, userName, externalId, displayName, emails, active, manager, meta.created or \
             meta.lastModified"
        ))),
    })
}

/// The groups that a filter means.
pub(super) fn groups(backend: DbBackend, filter: &Filter) -> Found {
    use group::Column as G;
    use member::Column as M;
    let some_member = |so: Condition| any(member::Entity, (M::Tenant, M::GroupId), (G::Tenant, G::Id), so);
    walk(filter, &|path, leaf| match path {
        path if path.is("id") => text(backend, G::Id, leaf, false),
        path if path.is("displayName") => text(backend, G::DisplayKey, leaf, true),
        path if path.is("externalId") => text(backend, G::ExternalId, leaf, false),
        path if path.is("meta.created") => moment(G::CreatedAt, leaf),
        path if path.is("meta.lastModified") => moment(G::ChangedAt, leaf),
        path if path.is("members") || path.is("members.value") => match leaf {
            Leaf::Within(filter) => Ok(some_member(walk(filter, &|path, leaf| {
                if path.is("value") {
                    return text(backend, M::UserId, leaf, false);
                }
                Err(wrong(format!("members are told apart by value, not by `{path}`")))
            })?)),
            leaf => values(leaf, &|leaf| text(backend, M::UserId, leaf, false), &some_member),
        },
        _ => Err(wrong(format!(
            "groups are not found by `{path}`; ask by id, displayName, externalId, members, meta.created or \
             meta.lastModified"
        ))),
    })
}

/// What people or groups are sorted by.
pub(super) fn sorted<C: ColumnTrait + Iden>(by: Option<&str>, known: &[(&str, C)]) -> Result<Option<C>, Problem> {
    let Some(by) = by.filter(|by| !by.is_empty()) else { return Ok(None) };
    let found = known.iter().find(|(name, _)| name.eq_ignore_ascii_case(by));
    found.map(|(_, column)| Some(*column)).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let by: String = by.chars().take(80).collect();
        Problem::new(Fault::InvalidPath, format!("nothing is sorted by `{by}`; sort by {}", names.join(", ")))
    })
}
