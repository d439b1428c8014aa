//! One operation: parameters, bodies, responses.

use serde_json::Value;

use super::{Found, METHODS, call, parts, schemes::security, servers};
use crate::{
    document::{entries, flag, line, list, pretty, resolved, short, text},
    model::{Code, Detail, Fact, Field, Section},
    sample::{For, sample},
    schema::Trees,
};

/// How many parameters, responses, and media types of each are shown.
const MOST: usize = 100;

/// How many callbacks are shown, and how many addresses of each.
const CALLBACKS: usize = 10;

/// How many examples one part shows.
const EXAMPLES: usize = 5;

pub(super) fn detail<'a>(document: &'a Value, found: &Found<'a>) -> Detail {
    let operation = found.operation;
    let mut trees = Trees::new(document);
    let parameters = parameters(document, found);
    let mut sections = Vec::new();
    for (place, title) in [
        ("path", "Path parameters"),
        ("query", "Query parameters"),
        ("header", "Headers"),
        ("cookie", "Cookies"),
        ("formData", "Form"),
    ] {
        let fields: Vec<Field> = parameters
            .iter()
            .filter(|parameter| text(parameter, "in") == place)
            .map(|parameter| self::parameter(&mut trees, parameter))
            .collect();
        if !fields.is_empty() {
            sections.push(Section { title: title.into(), fields, ..Section::default() });
        }
    }
    sections.extend(bodies(document, &mut trees, operation, &parameters));
    for (status, response) in entries(operation, "responses").take(MOST) {
        sections.extend(response_sections(document, &mut trees, status, resolved(document, response)));
    }
    sections.extend(callbacks(document, &mut trees, operation));
    let mut facts = Vec::new();
    let id = text(operation, "operationId");
    if !id.is_empty() {
        facts.push(Fact::new("Operation", short(id, 200)));
    }
    facts.extend(security(document, operation));
    // Those of the operation stand in place of those of its path.
    let own = Some(servers(document, operation)).filter(|own| !own.is_empty());
    for server in own.unwrap_or_else(|| servers(document, found.shared)).into_iter().take(5) {
        let words = if server.description.is_empty() { String::new() } else { format!(" ({})", server.description) };
        facts.push(Fact::new("Served at", format!("{}{words}", server.address)));
    }
    let more = operation.get("externalDocs").map(|docs| text(docs, "url")).unwrap_or_default();
    if !more.is_empty() {
        facts.push(Fact::new("More", short(more, 300)));
    }
    let shared = text(found.shared, "summary");
    if !shared.is_empty() && shared != text(operation, "summary") {
        facts.push(Fact::new("Path", short(shared, 300)));
    }
    let description = match (text(operation, "summary"), text(operation, "description")) {
        // The summary stands above already.
        (summary, description) if summary == description => "",
        (_, description) => description,
    };
    // What is said of the path holds for each of its operations.
    let of_path = text(found.shared, "description");
    let description = [description, of_path].into_iter().filter(|words| !words.trim().is_empty());
    let description = description.collect::<Vec<_>>().join("\n\n");
    let call = (!found.is_webhook).then(|| call::command(document, found, &parameters));
    Detail { item: found.item(), description, facts, sections, call }
}

/// What the API asks of its caller later on, and which answers it understands.
fn callbacks<'a>(document: &'a Value, trees: &mut Trees<'a>, operation: &'a Value) -> Vec<Section> {
    let mut sections = Vec::new();
    for (name, callback) in entries(operation, "callbacks").take(CALLBACKS) {
        for (address, shared) in resolved(document, callback).as_object().into_iter().flatten().take(CALLBACKS) {
            let shared = resolved(document, shared);
            for method in METHODS {
                let Some(asked) = shared.get(*method).filter(|asked| asked.is_object()) else { continue };
                let title = format!("Calls back: {}", short(name, 80));
                let answers: Vec<String> =
                    entries(asked, "responses").map(|(status, _)| short(status, 20)).take(10).collect();
                let mut bodies = bodies(document, trees, asked, &[]);
                if bodies.is_empty() {
                    bodies.push(Section::default());
                }
                for (number, mut section) in bodies.into_iter().enumerate() {
                    section.title.clone_from(&title);
                    let address = format!("{} {}", method.to_uppercase(), short(address, 200));
                    section.note = [address, section.note]
                        .into_iter()
                        .filter(|part| !part.is_empty())
                        .collect::<Vec<_>>()
                        .join(", ");
                    if number == 0 {
                        let words = [text(asked, "summary"), text(asked, "description"), &section.description];
                        let mut words: Vec<String> =
                            words.into_iter().filter(|words| !words.is_empty()).map(str::to_owned).collect();
                        if !answers.is_empty() {
                            words.push(format!("Understood answers: {}.", answers.join(", ")));
                        }
                        section.description = words.join("\n\n");
                    }
                    sections.push(section);
                }
            }
        }
    }
    sections
}

/// The parameters of an operation and those of its path that it does not replace.
fn parameters<'a>(document: &'a Value, found: &Found<'a>) -> Vec<&'a Value> {
    let own = list(found.operation, "parameters").iter().map(|parameter| resolved(document, parameter));
    let mut all: Vec<&Value> = own.take(MOST).collect();
    for shared in list(found.shared, "parameters").iter().map(|parameter| resolved(document, parameter)).take(MOST) {
        let is_same = |own: &&Value| text(own, "name") == text(shared, "name") && text(own, "in") == text(shared, "in");
        if !all.iter().any(is_same) {
            all.push(shared);
        }
    }
    all
}

fn parameter<'a>(trees: &mut Trees<'a>, parameter: &'a Value) -> Field {
    // OpenAPI 2 keeps the schema's words in the parameter itself.
    let schema =
        parameter.get("schema").or_else(|| content(parameter).next().and_then(|(_, media)| media.get("schema")));
    let mut field = trees.field(text(parameter, "name"), schema.unwrap_or(parameter), flag(parameter, "required"));
    if !text(parameter, "description").is_empty() {
        text(parameter, "description").clone_into(&mut field.description);
    }
    field.deprecated |= flag(parameter, "deprecated");
    field.facts.extend(written(parameter));
    if schema.is_some()
        && let Some(example) = parameter.get("example")
    {
        field.facts.push(Fact::new("Example", line(example)));
    }
    field
}

/// How a parameter is written down, as far as that is said.
fn written(parameter: &Value) -> Vec<Fact> {
    let words = [("style", "Style"), ("explode", "Explode"), ("collectionFormat", "Lists are written as")];
    let said = words.into_iter().filter_map(|(key, term)| Some(Fact::new(term, line(parameter.get(key)?))));
    let media = content(parameter).next().map(|(media, _)| Fact::new("Written as", short(media, 100)));
    let bare = flag(parameter, "allowReserved").then(|| Fact::new("Reserved letters", "stand as they are"));
    said.chain(media).chain(bare).collect()
}

fn content(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    entries(of, "content").take(10)
}

fn bodies<'a>(
    document: &'a Value,
    trees: &mut Trees<'a>,
    operation: &'a Value,
    parameters: &[&'a Value],
) -> Vec<Section> {
    let body = operation.get("requestBody").map_or(&Value::Null, |body| resolved(document, body));
    let needed = if flag(body, "required") { "Request body" } else { "Request body, optional" };
    let mut sections: Vec<Section> = content(body)
        .enumerate()
        .map(|(number, (media, content))| {
            let described = if number == 0 { text(body, "description") } else { "" };
            media_section(document, trees, For::Request, needed.into(), (media, content), described)
        })
        .collect();
    for parameter in parameters.iter().filter(|parameter| text(parameter, "in") == "body") {
        let Some(schema) = parameter.get("schema") else { continue };
        sections.push(Section {
            title: if flag(parameter, "required") { "Request body" } else { "Request body, optional" }.into(),
            note: media_types(document, operation, "consumes"),
            description: text(parameter, "description").to_owned(),
            fields: trees.fields(schema),
            examples: made(document, schema, For::Request),
            ..Section::default()
        });
    }
    sections
}

fn media_types(document: &Value, operation: &Value, key: &str) -> String {
    let own = list(operation, key);
    let all = if own.is_empty() { list(document, key) } else { own };
    all.iter().filter_map(Value::as_str).take(5).collect::<Vec<_>>().join(", ")
}

fn made(document: &Value, schema: &Value, what: For) -> Vec<Code> {
    match sample(document, schema, what) {
        Value::Null => Vec::new(),
        sample => vec![code("Made from the schema", &sample)],
    }
}

pub(crate) fn code(title: &str, value: &Value) -> Code {
    let language = if value.is_string() { "text" } else { "json" };
    Code { title: title.to_owned(), language, text: pretty(value) }
}

fn media_section<'a>(
    document: &'a Value,
    trees: &mut Trees<'a>,
    what: For,
    title: String,
    (media, content): (&str, &'a Value),
    description: &str,
) -> Section {
    let mut examples: Vec<Code> = content.get("example").map(|example| code("Example", example)).into_iter().collect();
    let mut facts = Vec::new();
    for (name, example) in entries(content, "examples").take(EXAMPLES) {
        let example = resolved(document, example);
        let title = match text(example, "summary") {
            "" => name,
            summary => summary,
        };
        if let Some(value) = example.get("value") {
            examples.push(code(&short(title, 120), value));
        } else if !text(example, "externalValue").is_empty() {
            let title = format!("Example elsewhere: {}", short(title, 120));
            facts.push(Fact::new(title, short(text(example, "externalValue"), 300)));
        }
    }
    let schema = content.get("schema");
    if examples.is_empty()
        && let Some(schema) = schema
        && media.contains("json")
    {
        examples = made(document, schema, what);
    }
    let mut fields = schema.map(|schema| trees.fields(schema)).unwrap_or_default();
    parts::encode(&mut fields, content);
    Section { title, note: short(media, 100), description: description.to_owned(), facts, fields, examples }
}

fn response_sections<'a>(
    document: &'a Value,
    trees: &mut Trees<'a>,
    status: &str,
    response: &'a Value,
) -> Vec<Section> {
    let title = match status {
        "default" => "Any other response".to_owned(),
        status => format!("Response {}", short(status, 20)),
    };
    let headers: Vec<Field> = entries(response, "headers")
        .take(MOST)
        .map(|(name, header)| {
            let header = resolved(document, header);
            let mut field = trees.field(name, header.get("schema").unwrap_or(header), flag(header, "required"));
            if !text(header, "description").is_empty() {
                text(header, "description").clone_into(&mut field.description);
            }
            field
        })
        .collect();
    let described = text(response, "description");
    let mut sections: Vec<Section> = content(response)
        .enumerate()
        .map(|(number, (media, content))| {
            let described = if number == 0 { described } else { "" };
            media_section(document, trees, For::Answer, title.clone(), (media, content), described)
        })
        .collect();
    if let Some(schema) = response.get("schema") {
        let examples: Vec<Code> =
            entries(response, "examples").take(EXAMPLES).map(|(media, value)| code(media, value)).collect();
        sections.push(Section {
            title: title.clone(),
            description: described.to_owned(),
            fields: trees.fields(schema),
            examples: if examples.is_empty() { made(document, schema, For::Answer) } else { examples },
            ..Section::default()
        });
    }
    if sections.is_empty() {
        sections.push(Section { title: title.clone(), description: described.to_owned(), ..Section::default() });
    }
    if !headers.is_empty() {
        sections.push(Section { title: format!("{title}, headers"), fields: headers, ..Section::default() });
    }
    let links = parts::links(document, response);
    if !links.is_empty() {
        sections.push(Section { title: format!("{title}, what to call next"), fields: links, ..Section::default() });
    }
    sections
}
