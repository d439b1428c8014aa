//! Placeholders and own kinds, through the whole pipeline.

use domain::catalog::OrphanDeed;

use super::*;

const KIND: &str = "\
apiVersion: causeway.dev/v1alpha1
kind: EntityKind
metadata: {name: vessel}
spec:
  names: {kind: Vessel, plural: Vessels}
  icon: ship
  versions: [fleet.example/v1]
  schema:
    type: object
    required: [homePort]
    properties:
      homePort: {type: string}
      class: {enum: [ferry, tug]}
  relations:
    - {field: homePort, relation: homedAt, reverse: homeOf, defaultKind: Resource, allowedKinds: [Resource]}
---
";

fn vessel(name: &str, spec: &str) -> String {
    format!("apiVersion: fleet.example/v1\nkind: Vessel\nmetadata:\n  name: {name}\nspec:\n  {spec}\n---\n")
}

const QUAY: &str = "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: quay}\nspec: {type: berth, owner: berths}\n---\n";

#[tokio::test]
async fn an_own_kind_is_related_listed_and_counted_wherever_it_is_declared() {
    let world = World::new().await;
    // The document stands before its kind.
    let text = vessel("heron", "homePort: quay") + QUAY + GROUP + KIND;
    world.write(HERE, "catalog-info.yaml", &text);
    let source = world.register(HERE).await;
    assert_eq!((source.entities, source.rejected, source.warned), (4, 0, 0), "{}", world.trace(&source).await);
    let heron = world.entity("vessel:heron").await;
    assert_eq!(heron.related("homedAt").unwrap().to_string(), "resource:default/quay");
    assert_eq!(world.entity("resource:quay").await.related("homeOf").unwrap().to_string(), "vessel:default/heron");
    assert_eq!(world.found("kind=vessel").await, "vessel:default/heron");
    let graph = catalog::neighbourhood(&world.services, &world.caller, &"resource:quay".parse().unwrap(), 1).await;
    let edges: Vec<_> =
        graph.unwrap().edges.iter().map(|edge| format!("{} {} {}", edge.from, edge.kind, edge.to)).collect();
    assert_eq!(
        edges,
        ["resource:default/quay ownedBy group:default/berths", "vessel:default/heron homedAt resource:default/quay"]
    );
    // In another source it counts as well.
    world.write(
        THERE,
        "catalog-info.yaml",
        &(vessel("tern", "homePort: group:berths") + &vessel("gull", "class: raft")),
    );
    let there = world.register(THERE).await;
    insta::assert_snapshot!(world.trace(&there).await, @r"
    catalog-info.yaml rejected (1)
      line 6, column 13: spec.homePort: `group:default/berths` is of the kind `group`, but `homePort` is for `resource`; correct the reference
      line 13, column 3: spec.homePort: is missing; the kind asks for it
      line 13, column 10: spec.class: must be one of `ferry`, `tug`
    ");
}

#[tokio::test]
async fn the_documents_of_a_kind_are_judged_again_when_it_changes() {
    let world = World::new().await;
    world.write(THERE, "catalog-info.yaml", &(vessel("heron", "homePort: quay") + QUAY));
    let there = world.register(THERE).await;
    insta::assert_snapshot!(world.trace(&there).await, @r"
    catalog-info.yaml warned (2)
      line 2, column 7: kind: `Vessel` is not a kind that is known here; only the envelope was checked, and no relations were read: declare it with `kind: EntityKind`, or correct it
    ");
    let heron = world.entity("vessel:heron").await;
    assert!(
        heron.relations().is_empty()
            && heron.document["status"]["items"][0]["message"].as_str().unwrap().contains("EntityKind")
    );

    world.write(HERE, "catalog-info.yaml", KIND);
    let here = world.register(HERE).await;
    assert!(world.asked_to_sync().await.contains(&there.id), "the other source is asked for again");
    assert_eq!(world.sync(&there).await.warned, 0);
    assert_eq!(world.entity("vessel:heron").await.related("homedAt").unwrap().name(), "quay");
    assert!(world.entity("vessel:heron").await.document.get("status").is_none());
    // Unchanged, nothing is written.
    let before = world.last().await;
    world.sync(&there).await;
    assert_eq!(world.told(before).await, "");

    // Stricter now: what stood stands, and the trace says what to mend.
    world.write(HERE, "catalog-info.yaml", &KIND.replace("required: [homePort]", "required: [homePort, class]"));
    world.sync(&here).await;
    assert_eq!(world.sync(&there).await.rejected, 1);
    assert!(world.trace(&there).await.contains("spec.class: is missing; the kind asks for it"));
    assert_eq!(world.found("kind=vessel").await, "vessel:default/heron");

    // Gone: its documents are of an unknown kind again.
    world.write(HERE, "catalog-info.yaml", GROUP);
    world.sync(&here).await;
    world.settle("entitykind:vessel", OrphanDeed::Remove).await.unwrap();
    assert_eq!(world.sync(&there).await.warned, 1);
    assert!(world.entity("vessel:heron").await.relations().is_empty());
}

#[tokio::test]
async fn a_broken_kind_is_rejected_at_its_place_and_the_earlier_one_stands() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &(KIND.to_owned() + &vessel("heron", "homePort: quay")));
    let source = world.register(HERE).await;
    let broken = KIND.replace("type: string", "type: strnig").replace("reverse: homeOf", "reverse: home-of");
    world.write(HERE, "catalog-info.yaml", &(broken + &vessel("heron", "class: tug")));
    world.sync(&source).await;
    insta::assert_snapshot!(world.trace(&source).await);
    world.write(
        HERE,
        "catalog-info.yaml",
        &(KIND.replace("type: string", "type: strnig") + &vessel("heron", "class: tug")),
    );
    world.sync(&source).await;
    insta::assert_snapshot!(world.trace(&source).await);
    assert_eq!(world.entity("vessel:heron").await.related("homedAt").unwrap().name(), "quay");
}

#[tokio::test]
async fn a_definition_in_several_files_is_written_out_as_one() {
    let world = World::new().await;
    let api = "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: tides}\nspec:\n  type: openapi\n  lifecycle: production\n  owner: berths\n  definition: {$openapi: ./api/openapi.yaml}\n";
    world.write(HERE, "catalog-info.yaml", api);
    world.write(
        HERE,
        "api/openapi.yaml",
        "openapi: 3.1.0\npaths:\n  /tides: {$ref: './paths.yaml#/tides'}\ncomponents:\n  schemas:\n    Tide: {$ref: schemas/tide.json}\n    Own: {$ref: '#/components/schemas/Tide'}\n",
    );
    world.write(HERE, "api/paths.yaml", "tides:\n  get:\n    schema: {$ref: 'schemas/tide.json'}\n    root: {$ref: 'openapi.yaml#/components/schemas/Own'}\n");
    world.write(HERE, "api/schemas/tide.json", "{\"type\": \"object\", \"properties\": {\"next\": {\"$ref\": \"#\"}, \"at\": {\"$ref\": \"#/definitions/At\"}}, \"definitions\": {\"At\": {\"type\": \"string\"}}}");
    let source = world.register(HERE).await;
    assert_eq!((source.entities, source.rejected), (1, 0), "{}", world.trace(&source).await);
    insta::assert_snapshot!(world.entity("api:tides").await.text("/spec/definition").unwrap());

    // A file further down changes, and so does the entity.
    world.write(HERE, "api/schemas/tide.json", "{\"type\": \"number\"}");
    let before = world.last().await;
    world.sync(&source).await;
    assert_eq!(world.told(before).await, "entity-updated api:default/tides");

    world.remove(HERE, "api/schemas/tide.json");
    world.sync(&source).await;
    insta::assert_snapshot!(world.trace(&source).await);
}

#[tokio::test]
async fn a_definition_of_one_file_stays_as_it_is_written() {
    let world = World::new().await;
    let text = "# Kept\nopenapi: 3.1.0\ncomponents: {a: {$ref: '#/components/b'}}\n";
    world.write(HERE, "catalog-info.yaml", "apiVersion: backstage.io/v1alpha1\nkind: API\nmetadata: {name: tides}\nspec: {type: asyncapi, lifecycle: x, owner: berths, definition: {$asyncapi: tides.yaml}}\n");
    world.write(HERE, "tides.yaml", text);
    world.register(HERE).await;
    assert_eq!(world.entity("api:tides").await.text("/spec/definition").unwrap(), text);
}

#[tokio::test]
async fn placeholders_stand_anywhere_and_what_is_none_is_left_alone() {
    let world = World::new().await;
    let spec = "  notes: {$text: notes.txt}\n  list: [{$json: a.json}, {$yaml: a.yaml}, {$ref: '#/x'}, {$other: y}]\n  mixed: {$text: notes.txt, more: {$text: notes.txt}}\n";
    world.write(HERE, "catalog-info.yaml", &component("a", spec));
    for (path, text) in [("notes.txt", "ü"), ("a.json", "{\"b\": [1]}"), ("a.yaml", "c: {$text: notes.txt}")] {
        world.write(HERE, path, text);
    }
    let source = world.register(HERE).await;
    assert_eq!(source.rejected, 0, "{}", world.trace(&source).await);
    let spec = world.entity("component:a").await.document["spec"].clone();
    assert_eq!(spec["notes"], "ü");
    assert_eq!(spec["list"].to_string(), r##"[{"b":[1]},{"c":{"$text":"notes.txt"}},{"$ref":"#/x"},{"$other":"y"}]"##);
    assert_eq!(spec["mixed"].to_string(), r#"{"$text":"notes.txt","more":{"$text":"notes.txt"}}"#);
    world.write(
        HERE,
        "catalog-info.yaml",
        &component("a", "  notes: {$text: 5}\n  two: {$yaml: two.yaml}\n  out: {$text: ../secret}\n"),
    );
    world.write(HERE, "two.yaml", "a: 1\n---\nb: 2\n");
    world.sync(&source).await;
    insta::assert_snapshot!(world.trace(&source).await);
}

#[tokio::test]
async fn a_number_without_an_end_is_told_of_where_it_stands() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &(component("tide", "  level: .inf\n  drop: [1, -.inf]\n") + GROUP));
    let source = world.register(HERE).await;
    insta::assert_snapshot!(world.trace(&source).await, @r"
    catalog-info.yaml warned (2)
      line 9, column 10: spec.level: `.inf` and `.nan` are no numbers to a catalog, which is JSON, and were read as nothing; write a number, or put it in quotes
      line 10, column 13: spec.drop[1]: `.inf` and `.nan` are no numbers to a catalog, which is JSON, and were read as nothing; write a number, or put it in quotes
    ");
    assert_eq!(world.entity("component:tide").await.document["spec"]["drop"], serde_json::json!([1, null]));
}

#[tokio::test]
async fn a_pasted_text_gets_a_verdict_on_each_document() {
    let world = World::new().await;
    world.write(HERE, "catalog-info.yaml", &(component("ticket-api", "") + GROUP));
    world.register(HERE).await;
    let text = component("ticket-api", "  dependsOn: [component:quay]\n")
        + "kind: Component\n---\na: [1\n---\n"
        + &component("new", "")
        + &component("new", "");
    let look = catalog::look_at_text(&world.services, &world.caller, &text).await.unwrap();
    let mut told = String::new();
    for verdict in &look.verdicts {
        let name = verdict.entity.as_ref().map(|entity| format!("{} known={}", entity.reference, entity.is_known));
        writeln!(told, "{} {} {}", verdict.line, verdict.outcome.as_str(), name.unwrap_or_default()).unwrap();
        for tie in verdict.entity.iter().flat_map(|entity| &entity.ties) {
            writeln!(told, "  {} {} {}", tie.relation, tie.target, tie.is_found).unwrap();
        }
        for problem in &verdict.problems {
            writeln!(told, "  {problem}").unwrap();
        }
    }
    insta::assert_snapshot!(told);
    assert_eq!(world.found("kind=component").await, "component:default/ticket-api");
    let long = "x".repeat(catalog::LONGEST_TEXT + 1);
    assert!(
        catalog::look_at_text(&world.services, &world.caller, &long).await.unwrap_err().to_string().contains("512 KiB")
    );
}

#[tokio::test]
async fn a_manifest_of_kubernetes_is_not_taken_for_an_entity() {
    let world = World::new().await;
    let manifests = "apiVersion: v1\nkind: Service\nmetadata: {name: heron}\nspec: {type: ClusterIP}\n---\n\
                     apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: heron}\nspec: {replicas: 1}\n---\n\
                     apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: heron}\nspec: {}\n---\n";
    // A slip in a catalog's own kind is not passed over.
    let slip = QUAY.replace("backstage.io/v1alpha1", "v1");
    world.write(HERE, "catalog-info.yaml", &(manifests.to_owned() + &slip + GROUP));
    let source = world.register(HERE).await;
    let trace = world.trace(&source).await;
    assert_eq!(trace.matches("left out: its `apiVersion` is one of Kubernetes").count(), 3, "{trace}");
    assert!(trace.contains("`v1` is not a version of Resource"), "{trace}");
    for kind in ["service", "deployment", "ingress"] {
        assert_eq!(world.found(&format!("kind={kind}")).await, "");
    }
    assert_eq!(world.found("kind=group").await, "group:default/berths");
}

#[tokio::test]
async fn documents_of_an_own_kind_are_found_in_files_that_nobody_named() {
    let world = World::new().await;
    let chart = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: heron}\n";
    // Each stands before the kind, and beside what is of another world.
    world.write(FOLDER, "a.yaml", &(vessel("heron", "homePort: quay") + chart));
    world.write(FOLDER, "b.yaml", &vessel("tern", "class: raft"));
    world.write(FOLDER, "c.yaml", chart);
    world.write(FOLDER, "k.yaml", KIND);
    let source = world.register(FOLDER).await;
    insta::assert_snapshot!(world.trace(&source).await, @"
    a.yaml found (1)
      line 8, column 1: left out: its `apiVersion` is not one of a catalog
    b.yaml rejected (0)
      line 6, column 3: spec.homePort: is missing; the kind asks for it
      line 6, column 10: spec.class: must be one of `ferry`, `tug`
    c.yaml skipped (0)
      line 1, column 1: left out: its `apiVersion` is not one of a catalog
    k.yaml found (1)
    ");
    assert_eq!(world.found("kind=vessel").await, "vessel:default/heron");
    // As it was, it stands; and it goes with the kind.
    world.sync(&source).await;
    assert_eq!(world.found("kind=vessel").await, "vessel:default/heron");
    world.remove(FOLDER, "k.yaml");
    world.sync(&source).await;
    world.settle("entitykind:vessel", OrphanDeed::Remove).await.unwrap();
    assert!(world.asked_to_sync().await.contains(&source.id));
    world.sync(&source).await;
    insta::assert_snapshot!(world.trace(&source).await, @"
    a.yaml skipped (0)
      line 1, column 1: left out: its `apiVersion` is not one of a catalog
      line 8, column 1: left out: its `apiVersion` is not one of a catalog
    b.yaml skipped (0)
      line 1, column 1: left out: its `apiVersion` is not one of a catalog
    c.yaml skipped (0)
      line 1, column 1: left out: its `apiVersion` is not one of a catalog
    ");
}

#[tokio::test]
async fn the_first_declaration_of_a_kind_stands_and_the_second_is_told() {
    let world = World::new().await;
    let second = KIND.replace("{name: vessel}", "{name: another}").replace("required: [homePort]", "required: [class]");
    world.write(HERE, "catalog-info.yaml", &(KIND.to_owned() + &second + &vessel("heron", "homePort: quay")));
    let here = world.register(HERE).await;
    insta::assert_snapshot!(world.trace(&here).await, @"
    catalog-info.yaml warned (2)
      line 21, column 17: spec.names.kind: `Vessel` is declared already, by `entitykind:default/vessel`; that one was first and stands. Remove one of the two, or rename it
    ");
    assert_eq!(world.found("kind=entitykind").await, "entitykind:default/vessel");
    world.write(THERE, "catalog-info.yaml", &second);
    let there = world.register(THERE).await;
    insta::assert_snapshot!(world.trace(&there).await, @"
    catalog-info.yaml warned (0)
      line 5, column 17: spec.names.kind: `Vessel` is declared already, by `entitykind:default/vessel` of another source; that one was first and stands. Remove one of the two, or rename it
    ");
    // Once the first goes, the second stands.
    world.write(HERE, "catalog-info.yaml", &vessel("heron", "homePort: quay"));
    world.sync(&here).await;
    world.sync(&there).await;
    assert_eq!(world.entity("entitykind:another").await.source, Some(there.id));
}

#[tokio::test]
async fn documents_of_an_own_kind_in_another_version_are_taken_in_and_told() {
    let world = World::new().await;
    let next = vessel("tern", "homePort: quay").replace("/v1", "/v2");
    let other = vessel("gull", "homePort: quay").replace("apiVersion: ", "apiVersion: elsewhere.");
    world.write(FOLDER, "a.yaml", &(vessel("heron", "homePort: quay") + &next + &other));
    world.write(FOLDER, "k.yaml", KIND);
    let source = world.register(FOLDER).await;
    insta::assert_snapshot!(world.trace(&source).await, @"
    a.yaml warned (2)
      line 15, column 1: left out: its `apiVersion` is not one of a catalog
      line 8, column 13: apiVersion: `fleet.example/v2` is not a version of Vessel that is known (fleet.example/v1); only the envelope was checked, and no relations were read
    k.yaml found (1)
    ");
}

#[tokio::test]
async fn a_slip_in_a_version_is_told_where_nobody_named_the_file() {
    let world = World::new().await;
    world.write(FOLDER, "a.yaml", &component("heron", "").replace("backstage.io", "backstge.io"));
    world.write(FOLDER, "b.yaml", &component("tern", "").replace("apiVersion", "apiversion"));
    world.write(FOLDER, "c.yaml", "apiVersion: core.oam.dev/v1beta1\nkind: Component\nmetadata: {name: gull}\n");
    world.write(FOLDER, "d.yaml", &component("petrel", ""));
    world.write(FOLDER, "e.yaml", &component("skua", "").replace("backstage.io", "backstage"));
    world.write(FOLDER, "f.yaml", &component("auk", "").replace("apiVersion: backstage.io/v1alpha1\n", ""));
    world.write(FOLDER, "g.yaml", &component("knot", "").replace("apiVersion", "api_version").replace("kind", "Kind"));
    world.write(FOLDER, "h.yaml", &(KIND.to_owned() + &vessel("ruff", "homePort: quay").replace("fleet", "flet")));
    let source = world.register(FOLDER).await;
    insta::assert_snapshot!(world.trace(&source).await, @"
    a.yaml warned (0)
      line 1, column 13: apiVersion: left out: it is not one of a catalog; did you mean `backstage.io/v1alpha1`?
    b.yaml warned (0)
      line 1, column 1: left out: the key is written `apiVersion`; correct it
    c.yaml skipped (0)
      line 1, column 1: left out: its `apiVersion` is not one of a catalog
    d.yaml found (1)
    e.yaml warned (0)
      line 1, column 13: apiVersion: left out: it is not one of a catalog; did you mean `backstage.io/v1alpha1`?
    f.yaml warned (0)
      line 1, column 1: left out: `apiVersion` is missing; did you mean `backstage.io/v1alpha1`?
    g.yaml warned (0)
      line 1, column 1: left out: the key is written `apiVersion`; correct it
    h.yaml warned (1)
      line 17, column 13: apiVersion: left out: it is not one of a catalog; did you mean `fleet.example/v1`?
    ");
}

#[tokio::test]
async fn manifests_that_fit_a_pattern_are_left_out_and_what_is_named_is_not() {
    let world = World::new().await;
    let chart = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: heron}\n";
    let one = "https://a.example/one.yaml?raw=1";
    for (target, spec) in [(HERE, "targets: ['./*.yaml']"), (THERE, "targets: [./heron.yaml]")] {
        let location =
            format!("apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: all}}\nspec: {{{spec}}}\n");
        world.write(target, "catalog-info.yaml", &location);
        world.write(target, "heron.yaml", chart);
    }
    world.write(one, "catalog-info.yaml", chart);
    world.register(HERE).await;
    assert_eq!(world.found("kind=application").await, "");
    world.register(THERE).await;
    assert_eq!(world.found("kind=application").await, "application:default/heron");
    let one = world.register(one).await;
    assert_eq!((one.entities, one.warned), (0, 1), "{}", world.trace(&one).await);
}
