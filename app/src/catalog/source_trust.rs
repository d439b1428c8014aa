//! Which people and teams of a source count.

use domain::catalog::{SourceKind, Trust};
use leptos::prelude::*;

use super::inbox_functions::TrustSource;
use crate::ui::{Button, Choice, MayNot, Panel, SelectField};

fn words(trust: Trust) -> &'static str {
    match trust {
        Trust::None => "None: they are in the catalog, and that is all",
        Trust::Own => "Those that the organisation itself tells of, and none that a file declares",
        Trust::All => "All that it declares",
    }
}

fn choices(kind: SourceKind) -> Vec<Choice> {
    let known = [Trust::None, Trust::Own, Trust::All].into_iter().filter(|choice| choice.fits(kind));
    known.map(|choice| Choice::new(choice.as_str(), words(choice))).collect()
}

/// The question, which people and teams of a source count, to those who decide that; others are told.
#[component]
pub(super) fn NewTrust(kind: SourceKind, may: bool) -> impl IntoView {
    if !may {
        return view! {
            <p class="mb-2 max-w-md text-meta text-muted">"People and teams in it count for sign-in and permission once someone who manages people says so."</p>
        }
        .into_any();
    }
    let usual = if kind.is_organisation() { Trust::Own } else { Trust::All };
    view! {
        <div class="mb-3 max-w-md">
            <SelectField name="trust" label="Which people and teams count" choices=choices(kind) value=usual.as_str().to_owned() required=true
                help="Who writes to a source of which all count can make themselves anybody"/>
        </div>
    }
    .into_any()
}

/// What a source is trusted with, and a form for those who decide that.
#[component]
pub(super) fn Trusted(id: String, kind: SourceKind, trust: Trust, may_not: String) -> impl IntoView {
    let action = ServerAction::<TrustSource>::new();
    let problem = move || action.value().get().and_then(Result::err).map(|error| error.to_string());
    let choices = choices(kind);
    let body = if may_not.is_empty() {
        view! {
            <ActionForm action attr:class="no-print flex max-w-2xl flex-wrap items-end gap-3">
                <input type="hidden" name="id" value=id/>
                <div class="min-w-56 flex-1">
                    <SelectField name="trust" label="Which count" choices value=trust.as_str().to_owned() required=true
                        problem=Signal::derive(problem)/>
                </div>
                <Button submit=true pending=action.pending()>"Change"</Button>
            </ActionForm>
        }
        .into_any()
    } else {
        view! {
            <p class="text-table">{words(trust)}</p>
            <MayNot why=may_not/>
        }
        .into_any()
    };
    view! {
        <Panel title="People and teams">
            {body}
            <p class="mt-2 max-w-2xl text-meta text-muted">
                "Who is taken for whom at sign-in, and who is in which team, decides what they may do. Whoever writes to a source of which all \
                count can make themselves anybody."
            </p>
        </Panel>
    }
}
