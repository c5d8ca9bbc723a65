//! NTLM relay from a collector's files: what computers answer, and what of it is missing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use postern_engine::Generation;
use postern_model::RelationKind;
use serde_json::{Value, json};

use crate::support::Place;

const DOMAIN: &str = "S-1-5-21-7-8-9";
const EVERYBODY: &str = "LAB.EXAMPLE-S-1-5-11";

fn sid(rid: u32) -> String {
    format!("{DOMAIN}-{rid}")
}

fn file(place: &Place, day: u32, kind: &str, records: &[Value]) -> PathBuf {
    let file = json!({"data": records, "meta": {"type": kind, "version": 6, "methods": 521_215}});
    place.file(&format!("202601{day:02}000000_{kind}.json"), &file.to_string())
}

fn computer(rid: u32, name: &str, answers: Value) -> Value {
    let mut record = json!({
        "ObjectIdentifier": sid(rid), "PrimaryGroupSID": sid(515), "DomainSID": DOMAIN, "IsDC": false, "Aces": [],
        "Properties": {"name": name, "domain": "LAB.EXAMPLE", "domainsid": DOMAIN, "enabled": true},
    });
    for (key, value) in answers.as_object().expect("an object") {
        match key.as_str() {
            "Properties" => {
                for (key, value) in value.as_object().expect("an object") {
                    record["Properties"][key] = value.clone();
                }
            }
            key => record[key] = value.clone(),
        }
    }
    record
}

fn answer(result: Value) -> Value {
    json!({"Collected": true, "FailureReason": null, "Result": result})
}

fn sending(restriction: Value) -> Value {
    answer(json!({ "RestrictSendingNtlmTraffic": restriction }))
}

/// DEPLOY administers FILES through a group. The web client runs on two laptops, of which one may send no NTLM.
fn collection(place: &Place) -> Vec<PathBuf> {
    let group = |id: &str, name: &str, members: Value| {
        let properties = json!({"name": name, "domain": "LAB.EXAMPLE", "domainsid": DOMAIN});
        json!({"ObjectIdentifier": id, "Properties": properties, "Members": members, "Aces": []})
    };
    let ldap = json!({"ldapavailable": true, "ldapsigning": false, "ldapsavailable": true, "ldapsepa": true});
    let admins = json!([{
        "Name": "ADMINISTRATORS@FILES.LAB.EXAMPLE", "ObjectIdentifier": format!("{}-544", sid(1102)), "Collected": true,
        "Results": [{"ObjectIdentifier": sid(1300), "ObjectType": "Group"}], "LocalNames": [],
    }]);
    let signing = answer(json!({"SigningEnabled": false}));
    let running = answer(true.into());
    vec![
        file(
            place,
            1,
            "domains",
            &[json!({
                "ObjectIdentifier": DOMAIN, "Trusts": [], "Aces": [], "Links": [], "ChildObjects": [],
                "Properties": {"name": "LAB.EXAMPLE", "domain": "LAB.EXAMPLE", "domainsid": DOMAIN},
            })],
        ),
        file(
            place,
            1,
            "groups",
            &[
                group(EVERYBODY, "AUTHENTICATED USERS@LAB.EXAMPLE", json!([])),
                group(
                    &sid(1300),
                    "DEPLOYERS@LAB.EXAMPLE",
                    json!([{"ObjectIdentifier": sid(1101), "ObjectType": "Computer"}]),
                ),
            ],
        ),
        file(
            place,
            1,
            "computers",
            &[
                computer(1000, "DC.LAB.EXAMPLE", json!({"IsDC": true, "Properties": ldap})),
                computer(1101, "DEPLOY.LAB.EXAMPLE", json!({})),
                computer(
                    1102,
                    "FILES.LAB.EXAMPLE",
                    json!({"SmbInfo": signing, "LocalGroups": admins}),
                ),
                computer(
                    1103,
                    "LAPTOP.LAB.EXAMPLE",
                    json!({"IsWebClientRunning": running, "NTLMRegistryData": sending(1.into())}),
                ),
                computer(
                    1104,
                    "LOCKED.LAB.EXAMPLE",
                    json!({"IsWebClientRunning": running, "NTLMRegistryData": sending(2.into())}),
                ),
            ],
        ),
    ]
}

/// Technique, target, and whether it is assumed, of each step of relay.
fn relays(generation: &Generation) -> BTreeSet<(RelationKind, String, bool)> {
    let steps = generation.derived.steps.iter();
    let relays = steps.filter(|it| it.technique.as_str().starts_with("CoerceAndRelay"));
    relays
        .map(|step| {
            let name = |id| {
                generation
                    .estate
                    .by_id(id)
                    .map(|index| &generation.estate.node(index).key)
            };
            assert_eq!(name(step.source).map(|key| &**key), Some(EVERYBODY));
            let target = name(step.target).expect("an asset").to_string();
            (step.technique, target, step.is_assumed)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn computers_are_relayed_as_they_answered_and_what_nobody_asked_is_assumed_or_missed() {
    let place = Place::new().await;
    place.import(&collection(&place)).await;
    let generation = place.current().await;
    let smb = (RelationKind::CoerceAndRelayNtlmToSmb, sid(1102), true);
    let ldap = (RelationKind::CoerceAndRelayNtlmToLdap, sid(1103), false);
    assert_eq!(relays(&generation), [smb, ldap.clone()].into());

    let missed = |technique| {
        let gaps = generation.derived.gaps.iter();
        let inputs = gaps.filter(|gap| gap.technique == technique && gap.boundary == DOMAIN);
        inputs
            .map(|gap| (gap.input.as_str(), gap.answered, gap.total))
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        missed(RelationKind::CoerceAndRelayNtlmToLdap),
        [("computers: NTLM settings", 2, 5), ("computers: web client", 2, 5)].into(),
        "the only domain controller answered over LDAP"
    );
    assert_eq!(
        missed(RelationKind::CoerceAndRelayNtlmToSmb),
        [
            ("computers: NTLM settings", 2, 5),
            ("computers: SMB signing", 1, 5),
            ("computers: local groups", 1, 5)
        ]
        .into()
    );

    // Asked for SMB alone, and signing is required now: what it said of NTLM and of its web client stands.
    let signing = answer(json!({"SigningEnabled": true}));
    let later = [1102, 1103, 1104].map(|rid| computer(rid, "", json!({ "SmbInfo": signing })));
    let only_smb = json!({"data": later, "meta": {"type": "computers", "version": 6, "methods": 1 << 20}});
    let path = place.file("20260202000000_computers.json", &only_smb.to_string());
    place.import(&[path]).await;
    assert_eq!(relays(&place.current().await), [ldap].into());
}
