//! What a text finds, and in which order.

use super::*;

#[test]
fn a_search_ranks_names_before_what_only_speaks_of_them() {
    let contents = searchable();
    assert_eq!(found(&contents, "gateway"), "gateway gateway-payments billing-gateway mygateways ledger");
    assert_eq!(found(&contents, " GATEWAY pay"), "gateway-payments");
    assert_eq!(found(&contents, "payments gateway"), "gateway-payments");
    assert_eq!(found(&contents, "invoices"), "billing-gateway");
    assert_eq!(found(&contents, "g"), "gateway gateway-payments billing-gateway");
    assert_eq!(found(&contents, "straße"), "zähler-straße");
    assert_eq!(found(&contents, ""), "");
    // Scripts without spaces have words anywhere.
    assert_eq!(["支付", "服务", "中心", "务"].map(|text| found(&contents, text)), ["pay"; 4]);
    assert_eq!(["결제", "서비스"].map(|text| found(&contents, text)), ["harbourarchivereader"; 2]);
    // With accents or without.
    assert_eq!(["resume", "cafe", "résumé"].map(|text| found(&contents, text)), ["harbourarchivereader"; 3]);
    assert_eq!(["strasse", "zahler", "Zähler", "za"].map(|text| found(&contents, text)), ["zähler-straße"; 4]);
    // A reference, as far as it is written.
    for text in ["component:default/gateway", "component:gateway", "Component:default/gatewya"] {
        assert!(found(&contents, text).starts_with("gateway "), "{text}: {}", found(&contents, text));
    }
    for text in [
        "default/gateway",
        "/catalog/default/component/gateway",
        "https://c.example/catalog/default/component/gateway/docs?a=b",
    ] {
        assert!(found(&contents, text).starts_with("gateway "), "{text}: {}", found(&contents, text));
    }
    // As a keyboard writes it, or a telephone.
    for text in ["o'brien", "o’brien", "obrien", "maire o'brien", "anne-claire", "@desk"] {
        assert_eq!(found(&contents, text), "desk", "{text}");
    }
    assert_eq!([found(&contents, "api:default/gateway"), found(&contents, "component:other/gateway")], ["", ""]);
    let none = Filter::parse(["kind=api"]).unwrap();
    assert!(contents.search("gateway", &none, None, 10).is_empty());
    assert_eq!(contents.search("gateway", &Filter::everything(), None, 2).len(), 2);
}

#[test]
fn a_search_forgives_letters_mistyped_in_names() {
    let contents = searchable();
    for wrong in ["gatewya", "gatway", "gattway", "agteway", "gateeway"] {
        assert_eq!(found(&contents, wrong), "gateway billing-gateway gateway-payments", "{wrong}");
    }
    assert_eq!(found(&contents, "legder"), "ledger");
    assert_eq!(found(&contents, "biling gatewy"), "billing-gateway");
    assert_eq!(found(&contents, "zahlre"), "zähler-straße");
    assert_eq!(["archvie", "raeder"].map(|text| found(&contents, text)), ["harbourarchivereader"; 2]);
    assert_eq!(found(&contents, "ivnoices"), "", "only names are guessed");
    assert_eq!(found(&contents, "kubernetes"), "");
}

#[test]
fn a_list_finds_what_is_written_with_other_keys() {
    let contents = searchable();
    let found = |text: &str| {
        let text = TextFilter { term: text.to_owned(), paths: Vec::new() };
        named(
            &contents,
            &contents.page(&contents.select(&Filter::everything(), Some(&text)), &[], &Start::default(), 10),
        )
    };
    for text in ["o'brien", "O’Brien", "obrien", "maire", "anne-claire", "component:default/desk", "default/desk"] {
        assert_eq!(found(text), ["component:default/desk"], "{text}");
    }
    assert!(found("api:default/desk").is_empty());
}
