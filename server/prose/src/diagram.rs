//! Diagrams in Mermaid's language as pictures, drawn here: one for light pages, one for dark ones.
//!
//! A page holds them as images, which run nothing and load nothing, whatever an author wrote into them.

use std::{fmt::Write as _, sync::LazyLock, time::Duration};

use merman::{
    Engine, MermaidConfig, OperationControl, ParseOptions, RenderError, RenderOutput, RenderRequest, Renderer,
    SvgEnvironment, SvgRequest,
    svg::{
        DeterministicTextMeasurer, MeasurementProfileId, SvgPipeline, TextMeasurementPolicy, TextMeasurementProfile,
        TextMeasurementProfileIdentity, TextStyle,
    },
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use crate::escape;

/// The longest diagram that is drawn, in bytes.
const LONGEST: usize = 32 * 1024;

/// The largest picture that is shown, in bytes.
const LARGEST: usize = 1024 * 1024;

/// How long drawing one picture may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What cannot stand in an address within an attribute.
const IN_ADDRESS: &AsciiSet = &CONTROLS.add(b'%').add(b'#').add(b'"').add(b'<').add(b'>').add(b'&');

/// A picture.
struct Picture {
    svg: String,
    width: f64,
    height: f64,
}

/// Images of a diagram, as HTML.
///
/// # Errors
/// Why it cannot be drawn, in words that go on after "a diagram is not drawn:".
pub(crate) fn images(source: &str) -> Result<String, String> {
    if source.len() > LONGEST {
        return Err(format!("it is longer than {} KiB", LONGEST / 1024));
    }
    let name = title(source).unwrap_or("A diagram; its source stands below");
    let mut html = String::new();
    for (theme, renderer) in [("light", &*LIGHT), ("dark", &*DARK)] {
        let Picture { svg, width, height } = picture(renderer, source)?;
        let _ = write!(
            html,
            "<img class=\"diagram-{theme}\" alt=\"{}\" width=\"{width:.0}\" height=\"{height:.0}\" \
             src=\"data:image/svg+xml,{}\">",
            escape(name),
            utf8_percent_encode(&svg, IN_ADDRESS),
        );
    }
    Ok(html)
}

/// What the author says that the diagram shows.
fn title(source: &str) -> Option<&str> {
    let said = |line: &'_ str, word: &str| -> Option<usize> {
        let rest = line.trim_start().strip_prefix(word)?.trim_start().strip_prefix(':')?.trim();
        (!rest.is_empty()).then_some(rest.len())
    };
    source.lines().find_map(|line| {
        let length = said(line, "accTitle")?;
        let line = line.trim_end();
        Some(&line[line.len() - length..])
    })
}

fn picture(renderer: &Renderer, source: &str) -> Result<Picture, String> {
    let request = SvgRequest {
        environment: SvgEnvironment::deterministic().with_text_measurement_policy(MEASURES.clone()),
        pipeline: Some(SvgPipeline::resvg_safe()),
        ..SvgRequest::default()
    };
    let control = OperationControl::new().with_deadline(PATIENCE);
    let output = renderer.render(RenderRequest::svg(source, control, request)).map_err(|error| why(&error))?;
    let RenderOutput::Svg(Some(svg)) = output else { return Err("its kind is not known".into()) };
    let (svg, ..) = svg.into_parts();
    if svg.len() > LARGEST {
        return Err(format!("its picture is larger than {} KiB", LARGEST / 1024));
    }
    let (width, height) = size(&svg).ok_or("its picture has no size")?;
    Ok(Picture { svg, width, height })
}

fn why(error: &RenderError) -> String {
    match error {
        RenderError::NoDiagram => "its kind is not known".into(),
        RenderError::Cancelled(_) => format!("it takes longer than {} seconds", PATIENCE.as_secs()),
        RenderError::ResourceLimitExceeded(limit) => {
            format!("it is too large ({} of at most {})", limit.actual, limit.maximum)
        }
        error => {
            let said = error.to_string();
            let first = said.lines().next().unwrap_or_default().trim_end_matches('.');
            // What no parser takes for its own is told as a mistake in the text.
            let is_of_no_kind =
                first == "No Mermaid diagram type detected" || first.starts_with("Unsupported diagram type");
            if is_of_no_kind { "its kind is not known".into() } else { first.to_owned() }
        }
    }
}

/// Width and height of a picture, which says them in its `viewBox`.
fn size(svg: &str) -> Option<(f64, f64)> {
    let (_, rest) = svg.split_once("viewBox=\"")?;
    let mut numbers = rest.split('"').next()?.split_ascii_whitespace().skip(2).map(str::parse::<f64>);
    let (width, height) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    (width > 0.0 && height > 0.0).then_some((width, height))
}

static LIGHT: LazyLock<Renderer> = LazyLock::new(|| {
    renderer(&json!({
        "background": "#fcfdfd", "lineColor": "#59636e", "edgeLabelBackground": "#fcfdfd",
        "primaryColor": "#e6f0f4", "primaryBorderColor": "#1d627e", "primaryTextColor": "#1c232b",
        "secondaryColor": "#f1f3f5", "secondaryBorderColor": "#8a949e", "secondaryTextColor": "#1c232b",
        "tertiaryColor": "#f6f8f9", "tertiaryBorderColor": "#c9d0d6", "tertiaryTextColor": "#1c232b",
        "noteBkgColor": "#fdf3dc", "noteBorderColor": "#b98b3a", "noteTextColor": "#1c232b",
    }))
});

static DARK: LazyLock<Renderer> = LazyLock::new(|| {
    renderer(&json!({
        "darkMode": true,
        "background": "#181d23", "lineColor": "#8d99a5", "edgeLabelBackground": "#181d23",
        "primaryColor": "#24303a", "primaryBorderColor": "#5f9db5", "primaryTextColor": "#dfe4e9",
        "secondaryColor": "#2b2f36", "secondaryBorderColor": "#5f6b77", "secondaryTextColor": "#dfe4e9",
        "tertiaryColor": "#1e252c", "tertiaryBorderColor": "#3a444e", "tertiaryTextColor": "#dfe4e9",
        "noteBkgColor": "#3a3222", "noteBorderColor": "#b98b3a", "noteTextColor": "#dfe4e9",
    }))
});

fn renderer(colours: &Value) -> Renderer {
    let mut variables = colours.clone();
    variables["fontSize"] = "14px".into();
    // A picture cannot load the portal's own font. This one is as wide as `WIDTHS` says wherever it is, or its double is.
    let font = "Verdana, \"DejaVu Sans\", Geneva, sans-serif";
    let site = json!({ "theme": "base", "fontFamily": font, "themeVariables": variables });
    Renderer::new()
        .with_engine(Engine::new().with_site_config(MermaidConfig::from_value(site)))
        .with_parse_options(ParseOptions::strict())
}

static MEASURES: LazyLock<TextMeasurementPolicy> = LazyLock::new(|| {
    let measurer = DeterministicTextMeasurer::default().with_width_callback(|text, style| {
        let bold = if is_bold(style) { 1.14 } else { 1.0 };
        width(text) * bold * style.font_size.max(1.0)
    });
    let name = MeasurementProfileId::new("causeway.verdana").expect("a name of letters and a dot");
    let identity = TextMeasurementProfileIdentity::new(name, "1".to_owned()).expect("a version");
    TextMeasurementPolicy::uniform(TextMeasurementProfile::new(identity, measurer))
});

fn is_bold(style: &TextStyle) -> bool {
    style
        .font_weight
        .as_deref()
        .is_some_and(|weight| weight.starts_with("bold") || weight.parse::<u16>().is_ok_and(|weight| weight >= 600))
}

/// Widths of the letters from space to tilde in thousandths of the size: the wider of Verdana and its free double.
const WIDTHS: [u16; 95] = [
    352, 402, 460, 838, 636, 1076, 780, 275, 454, 454, 636, 838, 364, 454, 364, 454, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 454, 454, 838, 838, 838, 545, 1000, 684, 686, 698, 771, 632, 575, 775, 752, 421, 455, 693, 557, 863,
    748, 787, 603, 787, 695, 684, 616, 732, 684, 989, 685, 615, 685, 454, 454, 454, 838, 636, 636, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 344, 592, 278, 974, 634, 612, 635, 635, 427, 521, 394, 634, 592, 818, 592, 592, 525, 636,
    454, 636, 838,
];

/// How wide a text is, in sizes of its font.
fn width(text: &str) -> f64 {
    let of = |letter: char| match u32::from(letter) {
        plain @ 0x20..=0x7e => f64::from(WIDTHS[plain as usize - 0x20]) / 1000.0,
        // Scripts whose letters fill a square.
        0x1100.. => 1.0,
        _ => 0.7,
    };
    text.chars().map(of).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVERY: [&str; 13] = [
        "flowchart LR\n  A[Ticket API] -->|books| B{Is the tide high?}",
        "sequenceDiagram\n  autonumber\n  A->>+B: buy\n  B-->>-A: ticket",
        "classDiagram\n  Vessel <|-- Ferry\n  Vessel : +int length",
        "stateDiagram-v2\n  [*] --> Moored\n  Moored --> [*]",
        "erDiagram\n  CREW ||--o{ SHIFT : works",
        "gantt\n  title Refit\n  dateFormat YYYY-MM-DD\n  Paint :2026-01-01, 30d",
        "gitGraph\n  commit\n  branch refit\n  commit",
        "journey\n  title A day\n  section Quay\n    Board: 5: Passenger",
        "mindmap\n  root\n    Quay\n    Ships",
        "pie title Tickets\n  \"single\" : 60\n  \"return\" : 40",
        "quadrantChart\n  title Work\n  x-axis Low --> High\n  y-axis Low --> High\n  Refit: [0.3, 0.6]",
        "timeline\n  title Fleet\n  2024 : First ship\n  2026 : Third ship",
        "C4Context\n  title System\n  Person(p, \"Passenger\")\n  System(s, \"Tickets\")\n  Rel(p, s, \"buys\")",
    ];

    #[test]
    fn every_kind_that_is_promised_is_drawn_for_both_themes() {
        for source in EVERY {
            let html = images(source).unwrap_or_else(|why| panic!("{why}: {source}"));
            assert_eq!(html.matches("<img class=\"diagram-").count(), 2, "{source}");
            assert_eq!(html.matches(['<', '>']).count(), 4, "nothing of the picture is markup of the page: {source}");
        }
    }

    #[test]
    fn what_its_author_says_it_shows_is_read_aloud() {
        let html = images("flowchart LR\n  accTitle: Tickets & \"berths\"\n  A --> B").unwrap();
        assert!(html.contains("alt=\"Tickets &amp; &quot;berths&quot;\""), "{html}");
    }

    #[test]
    fn what_cannot_be_drawn_says_why() {
        assert_eq!(images("graph TD\n".repeat(9_000).as_str()).unwrap_err(), "it is longer than 32 KiB");
        for source in ["", "no diagram", "sequenceDiagram\n  A->>", "zenuml\n  A.b()"] {
            assert!(!images(source).unwrap_err().is_empty(), "{source}");
        }
    }

    #[test]
    fn a_picture_of_much_costs_a_bounded_time() {
        let many =
            (0..900).fold(String::new(), |lines, number| lines + &format!("  N{number} --> N{}\n", number * 7 % 900));
        let started = std::time::Instant::now();
        let _ = images(&format!("flowchart LR\n{many}"));
        assert!(started.elapsed() < Duration::from_mins(1));
    }

    #[test]
    fn what_an_author_writes_into_a_picture_stays_text() {
        let attack = "flowchart LR\n  A[\"<img src=x onerror=alert(1)><script>alert(1)</script>\"] --> B\n  click A \"javascript:alert(1)\"";
        if let Ok(html) = images(attack) {
            assert_eq!(html.matches(['<', '>']).count(), 4);
            assert!(!html.contains("javascript:"), "{html}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_text_makes_it_panic(kind in prop::sample::select(EVERY.to_vec()), text in "[ -~\n]{0,60}") {
            let _ = images(&format!("{kind}\n{text}"));
        }
    }
}
