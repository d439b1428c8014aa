//! A drawing that is moved and enlarged in its frame.
//!
//! The frame scrolls by itself: wheel, fingers and arrow keys move the drawing without a script. The script adds what browsers have
//! not: a drawing that grows under wheel and Ctrl, two fingers, keys and buttons, and that is pulled with the mouse.

use domain::letters::number;
use leptos::{ev, html, prelude::*};

use super::{Glyph, Icon};

/// How much one step enlarges.
const STEP: f64 = 1.25;
/// How small and how large a drawing gets.
const LIMITS: (f64, f64) = (0.25, 4.0);
/// From how many pixels on a press is a pull.
const PULL: i32 = 4;
/// Where a frame keeps which drawing it shows, and how large.
const SHOWN: &str = "data-shown";
const SCALE: &str = "data-scale";
/// How much of the window's height a frame takes at most.
const HIGHEST: f64 = 0.7;
/// How much of its own size a drawing keeps before the frame scrolls.
const LEAST: f64 = 0.8;

/// A finger or mouse that is down: its id, where it is, and how the frame was scrolled.
type Down = (i32, (i32, i32), (i32, i32));

/// The frame, and how large the drawing in it is.
#[derive(Clone, Copy)]
struct Frame {
    node: NodeRef<html::Div>,
    /// None while it has the size that fits.
    scale: RwSignal<Option<f64>>,
    width: f64,
    height: f64,
    down: StoredValue<Vec<Down>>,
}

impl Frame {
    /// How large the drawing is where nobody has said.
    fn fitting(self) -> f64 {
        let room = self.node.get_untracked().map_or(self.width, |node| f64::from(node.client_width()));
        (room / self.width).clamp(LEAST, 1.0)
    }

    /// Makes the whole drawing stand in the frame.
    fn fit(self) {
        let Some(node) = self.node.get_untracked() else { return };
        let high = window().inner_height().ok().and_then(|high| high.as_f64());
        let high = high.map_or_else(|| f64::from(node.client_height()), |high| high * HIGHEST);
        let room = (f64::from(node.client_width()) / self.width).min(high / self.height);
        self.scale.set(Some(room.clamp(LIMITS.0, 1.0)));
    }

    /// Shows this place of the drawing, as large as it is.
    fn show(self, (x, y): (f32, f32)) {
        let Some(node) = self.node.get_untracked() else { return };
        let scale = self.scale.get_untracked().unwrap_or_else(|| self.fitting());
        #[expect(clippy::cast_possible_truncation, reason = "pixels of a page fit")]
        let place = |at: f32, room: i32| (f64::from(at) * scale - f64::from(room) / 2.0) as i32;
        node.set_scroll_left(place(x, node.client_width()));
        node.set_scroll_top(place(y, node.client_height()));
    }

    /// Makes the drawing so many times as large, around the middle of what is seen.
    fn zoom(self, factor: f64) {
        let Some(node) = self.node.get_untracked() else { return };
        let before = self.scale.get_untracked().unwrap_or_else(|| self.fitting());
        let after = (before * factor).clamp(LIMITS.0, LIMITS.1);
        let middle = |scroll: i32, room: i32| (f64::from(scroll) + f64::from(room) / 2.0) / before;
        let (x, y) = (middle(node.scroll_left(), node.client_width()), middle(node.scroll_top(), node.client_height()));
        self.scale.set(Some(after));
        request_animation_frame(move || {
            #[expect(clippy::cast_possible_truncation, reason = "pixels of a page fit")]
            let place = |middle: f64, room: i32| (middle * after - f64::from(room) / 2.0) as i32;
            node.set_scroll_left(place(x, node.client_width()));
            node.set_scroll_top(place(y, node.client_height()));
        });
    }

    fn press(self, event: &ev::PointerEvent) {
        if let (Some(node), 0) = (self.node.get_untracked(), event.button()) {
            let down =
                (event.pointer_id(), (event.client_x(), event.client_y()), (node.scroll_left(), node.scroll_top()));
            self.down.update_value(|all| all.push(down));
        }
    }

    fn pull(self, event: &ev::PointerEvent) {
        let Some(node) = self.node.get_untracked() else { return };
        let (id, at) = (event.pointer_id(), (event.client_x(), event.client_y()));
        let down = self.down.get_value();
        let Some(&(_, from, scroll)) = down.iter().find(|(other, ..)| *other == id) else { return };
        if let [first, second] = down[..] {
            let apart =
                |one: (i32, i32), other: (i32, i32)| f64::from(one.0 - other.0).hypot(f64::from(one.1 - other.1));
            let other = if first.0 == id { second.1 } else { first.1 };
            let (before, after) = (apart(from, other), apart(at, other));
            if before > 1.0 && after > 1.0 {
                self.zoom(after / before);
            }
            self.down.update_value(|all| all.iter_mut().filter(|down| down.0 == id).for_each(|down| down.1 = at));
            return;
        }
        // Fingers scroll by themselves.
        let (dx, dy) = (at.0 - from.0, at.1 - from.1);
        if event.pointer_type() == "mouse" && (dx.abs() > PULL || dy.abs() > PULL) {
            // What follows is no click on a box.
            let _ = node.set_pointer_capture(id);
            node.set_scroll_left(scroll.0 - dx);
            node.set_scroll_top(scroll.1 - dy);
        }
    }

    fn release(self, event: &ev::PointerEvent) {
        let id = event.pointer_id();
        self.down.update_value(|all| all.retain(|(other, ..)| *other != id));
    }

    fn key(self, event: &ev::KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match event.key().as_str() {
            "+" | "=" => self.zoom(STEP),
            "-" => self.zoom(1.0 / STEP),
            "0" => self.fit(),
            _ => return,
        }
        event.prevent_default();
    }
}

/// A frame for a drawing: moved, and enlarged if `moves`.
///
/// - `label`: what the drawing shows; `size`: its own; `middle`: what of it is seen first; `moves`; `draw`: the drawing, given the style that makes it as large as it is.
#[component]
pub(super) fn GraphFrame(
    label: String,
    size: (f32, f32),
    middle: Option<(f32, f32)>,
    fit: bool,
    moves: bool,
    draw: impl FnOnce(Signal<String>) -> AnyView,
) -> impl IntoView {
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    let down = StoredValue::new(Vec::new());
    let frame = Frame { node: NodeRef::new(), scale: RwSignal::new(None), width, height, down };
    // What is larger than the frame opens on what it is about, once: who has moved or enlarged it since is left there by news of it.
    Effect::new(move |_| {
        let (Some(node), Some(middle)) = (frame.node.get(), middle) else { return };
        let shown = format!("{size:?} {middle:?}");
        if node.get_attribute(SHOWN).as_ref() == Some(&shown) {
            frame.scale.set(node.get_attribute(SCALE).and_then(|scale| number(&scale)));
        } else {
            frame.show(middle);
            let _ = node.set_attribute(SHOWN, &shown);
            let _ = node.remove_attribute(SCALE);
        }
    });
    Effect::new(move |_| {
        if let (Some(node), Some(scale)) = (frame.node.get(), frame.scale.get()) {
            let _ = node.set_attribute(SCALE, &scale.to_string());
        }
    });
    let style = Signal::derive(move || match frame.scale.get() {
        Some(scale) => format!("width:{0:.0}px;max-width:none;min-width:0", width * scale),
        None => format!("--least:{:.0}px", if fit { 0.0 } else { width * LEAST }),
    });
    let drawing = draw(style);
    if !moves {
        return view! { <div class="overflow-x-auto" tabindex="0" role="group" aria-label=label>{drawing}</div> }
            .into_any();
    }
    let wheel = move |event: ev::WheelEvent| {
        // Two fingers on a touchpad come as a wheel with Ctrl; a plain wheel scrolls.
        if event.ctrl_key() {
            event.prevent_default();
            frame.zoom(if event.delta_y() < 0.0 { 1.1 } else { 1.0 / 1.1 });
        }
    };
    let button = |label: &'static str, glyph: Glyph, act: fn(Frame)| {
        view! {
            <button type="button" class="btn btn-icon" title=label aria-label=label on:click=move |_| act(frame)><Icon glyph/></button>
        }
    };
    view! {
        <div class="relative">
            <div class="no-print z-10 mb-2 hidden justify-end gap-1 sm:absolute sm:top-0 sm:right-0 sm:mb-0 [html[data-hydrated]_&]:flex">
                {button("Smaller", Glyph::Minus, |frame| frame.zoom(1.0 / STEP))}
                {button("Larger", Glyph::Plus, |frame| frame.zoom(STEP))}
                {button("Fit", Glyph::RotateCcw, Frame::fit)}
            </div>
            <div
                node_ref=frame.node
                class="max-h-[70vh] cursor-grab touch-pan-x touch-pan-y overflow-auto active:cursor-grabbing"
                tabindex="0"
                role="group"
                aria-label=label
                aria-description="Arrow keys move it, plus and minus make it larger and smaller, 0 makes it fit"
                on:wheel=wheel
                on:keydown=move |event| frame.key(&event)
                on:pointerdown=move |event| frame.press(&event)
                on:pointermove=move |event| frame.pull(&event)
                on:pointerup=move |event| frame.release(&event)
                on:pointercancel=move |event| frame.release(&event)
                on:dragstart=move |event| event.prevent_default()
            >
                {drawing}
            </div>
        </div>
    }
    .into_any()
}
