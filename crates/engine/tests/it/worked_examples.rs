//! The ten findings of `docs/worked-examples.md`, from the public collection they are about: each is there with the
//! facts that the page names, and each goes with one precondition.

use std::collections::BTreeSet;
use std::fs;

use postern_attack::{Fact, Step};
use postern_engine::Generation;
use postern_model::{NodeId, RelationKind};
use postern_testkit::shared_data;
use serde_json::{Value, json};

use crate::support::{Place, files_in};

const EVALUATED_AT: &str = "2024-03-06T00:00:00Z";
const PHANTOM: &str = "S-1-5-21-2697957641-2271029196-387917394";
const WRAITH: &str = "S-1-5-21-3702535222-3822678775-2090119576";
const EVERY_USER: &str = "PHANTOM.CORP-S-1-5-11";
const AUTHORITY: &str = "CDCA8CA4-69D6-4488-87AE-F8F507D53DB9";
const SUBORDINATE: &str = "CEC2A22A-AF46-4DC5-A942-26514BD8AE94";
const STORE: &str = "2F9F3630-F46A-49BF-B186-6629994EBCF9";
const OF_ANYBODY: &str = "2976DCBD-6740-45A8-8724-0CE6F2512632";
const OF_AGENTS: &str = "B31F77C1-D322-4D31-BD14-70C915C90E2E";
const OF_CLIENTS: &str = "1DA2B11E-880B-472C-9BA8-31F4AADA067F";
const OF_USERS: &str = "693FB4BC-BCAC-41AB-AA3F-BC1D0ECC7861";
const OF_ALICE: &str = "9275983F-71C8-48F6-9EF3-E655E618930E";
const POLICY: &str = "4B1F3AE0-2AE4-4DA0-8F1E-70DDB14F9E8A";
const UNIT: &str = "7EE10B2F-2234-49AE-BCCD-B87AF1E2C687";

struct Finding {
    technique: &'static str,
    source: String,
    /// What it leads to, or one member of the set that it leads to.
    target: String,
    /// What stands in the reasons, as [`written`].
    facts: Vec<String>,
    /// The file and the edit of its records that takes the step away.
    file: &'static str,
    edit: fn(&mut Value),
}

fn phantom(rid: u32) -> String {
    format!("{PHANTOM}-{rid}")
}

fn is(record: &Value, id: &str) -> bool {
    record["ObjectIdentifier"] == id
}

fn without(list: &mut Value, part: &str) {
    let list = list.as_array_mut().expect("a list");
    list.retain(|it| !it.to_string().contains(part));
}

fn findings() -> Vec<Finding> {
    let domain = || PHANTOM.to_owned();
    let may = |kind: &str, source: &str, target: &str| format!("{source} {kind} {target}");
    let has = |node: &str, name: &str, value: &str| format!("{node}.{name} = {value}");
    vec![
        Finding {
            technique: "ADCSESC1",
            source: EVERY_USER.into(),
            target: domain(),
            facts: vec![
                may("Enroll", EVERY_USER, OF_ANYBODY),
                may("Enroll", EVERY_USER, AUTHORITY),
                may("PublishedTo", OF_ANYBODY, AUTHORITY),
                may("TrustedForNTAuth", AUTHORITY, STORE),
                has(OF_ANYBODY, "enrolleesuppliessubject", "true"),
                has(OF_ANYBODY, "authenticationenabled", "true"),
                has(OF_ANYBODY, "requiresmanagerapproval", "false"),
                has(OF_ANYBODY, "authorizedsignatures", "0"),
            ],
            file: "20240305110018_certtemplates.json",
            edit: |template| {
                if template["Properties"]["enrolleesuppliessubject"] == true {
                    template["Properties"]["requiresmanagerapproval"] = true.into();
                }
            },
        },
        Finding {
            technique: "ADCSESC3",
            source: phantom(513),
            target: domain(),
            facts: vec![
                may("Enroll", EVERY_USER, OF_AGENTS),
                may("Enroll", &phantom(513), OF_CLIENTS),
                may("EnrollOnBehalfOf", OF_AGENTS, OF_CLIENTS),
                has(OF_AGENTS, "requiresmanagerapproval", "false"),
                has(OF_CLIENTS, "authenticationenabled", "true"),
            ],
            file: "20240305110018_certtemplates.json",
            edit: |template| {
                let uses = template["Properties"]["effectiveekus"].to_string();
                if ["[]", "null"].contains(&&*uses) || uses.contains("2.5.29.37.0") || uses.contains(".311.20.2.1\"") {
                    template["Properties"]["requiresmanagerapproval"] = true.into();
                }
            },
        },
        Finding {
            technique: "ADCSESC6b",
            source: phantom(513),
            target: domain(),
            facts: vec![
                may("Enroll", &phantom(513), OF_USERS),
                has(AUTHORITY, "isuserspecifiessanenabled", "true"),
                has(OF_USERS, "effectiveekus", "1.3.6.1.5.5.7.3.2"),
                has(&phantom(1000), "certificatemappingmethodsraw", "31"),
            ],
            file: "20240305110018_enterprisecas.json",
            edit: |authority| authority["CARegistryData"]["IsUserSpecifiesSanEnabled"]["Value"] = false.into(),
        },
        Finding {
            technique: "ADCSESC4",
            source: phantom(2173),
            target: domain(),
            facts: vec![
                may("GenericAll", &phantom(2173), OF_ALICE),
                may("MemberOf", &phantom(2173), &phantom(513)),
                may("PublishedTo", OF_ALICE, AUTHORITY),
            ],
            file: "20240305110018_certtemplates.json",
            edit: |template| without(&mut template["Aces"], &phantom(2173)),
        },
        Finding {
            technique: "GoldenCert",
            source: phantom(2167),
            target: domain(),
            facts: vec![
                may("HostsCAService", &phantom(2167), SUBORDINATE),
                may("TrustedForNTAuth", SUBORDINATE, STORE),
            ],
            file: "20240305110018_ntauthstores.json",
            edit: |store| without(&mut store["Properties"]["certthumbprints"], "B3D5A90D"),
        },
        Finding {
            technique: "DCSync",
            source: phantom(2183),
            target: domain(),
            facts: vec![
                may("MemberOf", &phantom(2183), &phantom(2209)),
                may("GetChanges", &phantom(2209), PHANTOM),
                may("MemberOf", &phantom(2183), &phantom(2208)),
                may("GetChangesAll", &phantom(2208), PHANTOM),
            ],
            file: "20240305110018_groups.json",
            edit: |group| {
                if is(group, &phantom(2209)) {
                    group["Members"] = json!([]);
                }
            },
        },
        Finding {
            technique: "AllowedToDelegate",
            source: phantom(2171),
            target: phantom(1000),
            facts: vec![
                may("AllowedToDelegate", &phantom(2171), &phantom(1000)),
                has(&phantom(2171), "trustedtoauth", "true"),
            ],
            file: "20240305110018_computers.json",
            edit: |computer| computer["AllowedToDelegate"] = json!([]),
        },
        Finding {
            technique: "CoerceToTGT",
            source: format!("{WRAITH}-11203"),
            target: WRAITH.into(),
            facts: vec![may("DCFor", &format!("{WRAITH}-1000"), WRAITH)],
            file: "20240305111414_computers.json",
            edit: |computer| {
                if is(computer, &format!("{WRAITH}-1000")) {
                    computer["Properties"]["sensitive"] = true.into();
                }
            },
        },
        Finding {
            technique: "GPOAppliesTo",
            source: POLICY.into(),
            target: phantom(2190),
            facts: vec![
                may("GPLink", POLICY, UNIT),
                format!("{POLICY}.gpostatus = 0, by default"),
            ],
            file: "20240305110018_gpos.json",
            edit: |policy| {
                if is(policy, POLICY) {
                    policy["Properties"]["gpostatus"] = "2".into();
                }
            },
        },
        Finding {
            technique: "Kerberoast",
            source: EVERY_USER.into(),
            target: phantom(500),
            facts: vec![has(&phantom(500), "hasspn", "true")],
            file: "20240305110018_users.json",
            edit: |user| {
                if is(user, &phantom(500)) {
                    user["Properties"]["hasspn"] = false.into();
                    user["Properties"]["serviceprincipalnames"] = json!([]);
                }
            },
        },
    ]
}

fn step<'a>(generation: &'a Generation, finding: &Finding) -> Option<&'a Step> {
    let steps = &generation.derived.steps;
    let [source, target] = [&finding.source, &finding.target].map(|id| NodeId::of(id));
    let stands_for = |set| {
        let mut members = steps.iter().filter(|it| it.technique == RelationKind::AnyOf);
        members.any(|it| (it.source, it.target) == (set, target))
    };
    let mut found = steps.iter().filter(|it| it.technique.as_str() == finding.technique);
    found.find(|it| it.source == source && (it.target == target || stands_for(it.target)))
}

/// A fact by the original ids of what it is about.
fn written(generation: &Generation, fact: &Fact) -> Option<String> {
    let estate = &generation.estate;
    let key = |id: NodeId| estate.by_id(id).map(|index| &*estate.node(index).key);
    match fact {
        Fact::Relation { id } => {
            let relation = estate.relation(*id)?;
            let ends = [relation.source, relation.target].map(|it| &*estate.node(it).key);
            Some(format!("{} {} {}", ends[0], relation.kind.as_str(), ends[1]))
        }
        Fact::Property(it) => Some(format!("{}.{} = {}", key(it.node)?, it.name, it.value)),
        Fact::Default(it) => Some(format!("{}.{} = {}, by default", key(it.node)?, it.name, it.value)),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_findings_of_a_public_collection_stand_on_its_fields_and_go_with_one_of_them() {
    let Some(folder) = shared_data("bloodhound-docs/ad_sampledata") else {
        return;
    };
    let files = files_in(&folder);
    let place = Place::at(EVALUATED_AT).await;
    place.import(&files).await;
    let whole = place.current().await;
    for finding in findings() {
        let name = finding.technique;
        let step = step(&whole, &finding).unwrap_or_else(|| panic!("no {name}"));
        let derivations = step.derivations();
        let missing = derivations.iter().map(|derivation| {
            let facts: BTreeSet<_> = derivation.facts.iter().filter_map(|it| written(&whole, it)).collect();
            let expected = finding.facts.iter();
            expected.filter(|it| !facts.contains(*it)).collect::<Vec<_>>()
        });
        let missing = missing.min_by_key(Vec::len).expect("a reason");
        assert!(missing.is_empty(), "{name} lacks {missing:#?}");

        let near_miss = Place::at(EVALUATED_AT).await;
        let path = folder.join(finding.file);
        let bytes = fs::read(&path).expect("reads");
        let mut content: Value =
            serde_json::from_slice(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes)).expect("JSON");
        let records = content["data"].as_array_mut().expect("records");
        records.iter_mut().for_each(finding.edit);
        let mut edited: Vec<_> = files.iter().filter(|it| **it != path).cloned().collect();
        edited.push(near_miss.file(finding.file, &content.to_string()));
        near_miss.import(&edited).await;
        let left = near_miss.current().await;
        assert!(self::step(&left, &finding).is_none(), "{name} is left");
    }
}
