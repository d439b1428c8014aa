//! Waiting for data, and failing, the same way on every page.

use std::sync::Arc;

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use super::{
    Fetched, Problem, SkeletonRows,
    fetched::{Parcel, Parcels},
};

/// Draws what was fetched: a skeleton before it is there, what it was while the next is on its way, a problem if it fails.
///
/// ```text
/// let page = fetch(move || name.get(), get_component);
/// <Load of=page let:page> <ComponentCard page/> </Load>
/// ```
///
/// - `of`: what was asked for; `skeleton`: what stands there before, in the size of what comes (rows by default);
///   `children`: draws the value.
#[component]
pub fn Load<T, V, F>(of: Fetched<T>, #[prop(optional, into)] skeleton: Option<ViewFn>, children: F) -> impl IntoView
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
    F: Fn(T) -> V + Send + Sync + 'static,
{
    let draw = move |parcel: Parcel| match parcel.open::<T>() {
        Ok(value) => children(value).into_any(),
        Err(error) => view! { <Problem error/> }.into_any(),
    };
    wait(of.parcels(), skeleton, Arc::new(draw))
}

/// The part that knows no type.
fn wait(parcels: Parcels, skeleton: Option<ViewFn>, draw: Arc<dyn Fn(Parcel) -> AnyView + Send + Sync>) -> AnyView {
    let waiting = move || match &skeleton {
        Some(skeleton) => skeleton.run(),
        None => view! { <SkeletonRows/> }.into_any(),
    };
    view! {
        <Transition fallback=waiting>
            {move || {
                let draw = Arc::clone(&draw);
                Suspend::new(async move { draw(parcels.await) })
            }}
        </Transition>
    }
    .into_any()
}
