//! Waiting for data, and failing, the same way on every page.

use leptos::prelude::*;

use super::{Problem, SkeletonRows};
use crate::AppError;

/// Draws what a resource brings: a skeleton before it is there, what it was while the next is fetched, a problem if it fails.
///
/// ```text
/// <Load of=page let:page> <ComponentCard page/> </Load>
/// ```
///
/// - `of`: the resource; `skeleton`: what stands there before, in the size of what comes (rows by default);
///   `children`: draws the value.
#[component]
pub fn Load<T, V, F>(
    of: Resource<Result<T, AppError>>,
    #[prop(optional, into)] skeleton: Option<ViewFn>,
    children: F,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
    F: Fn(T) -> V + Clone + Send + Sync + 'static,
{
    let waiting = move || match &skeleton {
        Some(skeleton) => skeleton.run(),
        None => view! { <SkeletonRows/> }.into_any(),
    };
    view! {
        <Transition fallback=waiting>
            {move || {
                let children = children.clone();
                Suspend::new(async move {
                    match of.await {
                        Ok(value) => children(value).into_any(),
                        Err(error) => view! { <Problem error/> }.into_any(),
                    }
                })
            }}
        </Transition>
    }
}
