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
