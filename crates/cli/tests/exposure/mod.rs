//! Who gets hold of an asset: `blast --into` and `chokepoints --into`, also against values that others have computed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{DOMAIN, Postern};

#[test]
fn who_gets_hold_of_an_asset_is_listed_by_distance_and_parted_by_the_fewest_steps() {
    let postern = Postern::with_corp();
    let end = format!("{DOMAIN}-512");
    let found = postern.json("blast-into", &["blast", "--into", &end]);
    let exposure = &found["exposures"][0];
    assert_eq!(
        (&exposure["direction"], &exposure["along"]),
        (&"into".into(), &"steps".into())
    );
    let listed = exposure["listed"].as_array().expect("a list");
    assert_eq!(exposure["total"], listed.len());
    assert!(!listed.is_empty() && listed.is_sorted_by_key(|it| it["hops"].as_u64()));

    let users = postern.json("blast-into", &["blast", "--into", &end, "--of-kind", "user"]);
    let users = &users["exposures"][0];
    assert_eq!(users["total"], exposure["by_kind"]["User"]);

    let parting = postern.json(
        "chokepoints-into",
        &["chokepoints", "--into", &end, "--of-kind", "User"],
    );
    assert_eq!(
        (&parting["from"], &parting["along"]),
        (&users["total"], &"steps".into())
    );
    let steps = parting["steps"].as_array().expect("a list");
    assert_eq!(parting["changes"], steps.len());
}

#[test]
fn an_attacker_who_holds_a_member_of_a_target_is_told_so() {
    let postern = Postern::with_corp();
    let [admins, users] = ["512", "513"].map(|end| format!("{DOMAIN}-{end}"));
    let found = postern.json("blast", &["blast", &admins, &users]);
    let part_of = |at: usize| &found["blasts"][at]["part_of"]["kind"];
    assert_eq!((part_of(0), part_of(1)), (&"ControlPlane".into(), &Value::Null));
}

#[test]
fn what_cannot_be_asked_of_the_other_end_is_wrong_usage() {
    let postern = Postern::with_corp();
    let end = format!("{DOMAIN}-512");
    for arguments in [
        &["blast", &end, "--of-kind", "User"][..],
        &["blast", "--into", &end, "--except", "MemberOf"],
        &["chokepoints", "--relations"],
        &["chokepoints", "--beyond", "2"],
    ] {
        assert_eq!(postern.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
    // That of a relation is none of assets.
    for kind in ["Toaster", "ADCSESC1"] {
        let error = postern.error(1, &["blast", "--into", &end, "--of-kind", kind]);
        assert_eq!(
            error,
            format!("error: there is no kind of assets {kind} in this generation")
        );
    }
    let arguments = [
        "blast",
        "--into",
        &end,
        "--relations",
        "--except",
        "Toaster",
        "--except",
        "member*",
    ];
    assert_eq!(
        postern.json("blast-into", &arguments)["except_unused"],
        serde_json::json!(["Toaster"])
    );
}

/// Values of a plain search and a plain flow, which its authors made without this program: every kind of relation but
/// those that are left out, parallel ones merged, each of capacity one, from users two or more relations away.
#[test]
fn exposure_and_cut_of_generated_directories_equal_those_of_another_program() {
    let Some(data) = postern_testkit::shared_data("adsynth") else {
        return;
    };
    let table = std::fs::read_to_string(data.join("reference_values.tsv")).expect("the values are text");
    let mut lines = table.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let names = lines.next().expect("a line of names");
    let mut compared = 0;
    for line in lines {
        let row: BTreeMap<_, _> = names.iter().copied().zip(line).collect();
        // The largest has no cut, and takes a minute without optimisation.
        if row["unit_min_cut"].parse::<u64>().is_err() {
            continue;
        }
        compare(&data.join(row["file"]).display().to_string(), &row);
        compared += 1;
    }
    assert_eq!(compared, 2);
}

fn compare(file: &str, wanted: &BTreeMap<&str, &str>) {
    let number = |name: &str| -> u64 { wanted[name].parse().expect("a number") };
    let postern = Postern::new();
    let imported = postern.json("import", &["import", file]);
    let counts = &imported["files"][0];
    assert_eq!(
        (counts["assets"].as_u64(), counts["relations"].as_u64()),
        (Some(number("nodes")), Some(number("edges")))
    );

    const LEFT_OUT: [&str; 9] = [
        "--relations",
        "--except",
        "GetChanges*",
        "--except",
        "TrustedBy",
        "--except",
        "SYNCED_TO",
        "--except",
        "DELEGATES_TO",
    ];
    /// The values count by last label, which is another one for users that begin compromised.
    const USERS: [&str; 4] = ["--of-kind", "User", "--not-of-kind", "Compromised"];
    let end = "DOMAIN ADMINS@TESTLAB.LOCALE";
    let into = |more: &[&str]| -> Value {
        let arguments = [&["blast", "--into", end, "--limit", "0"], LEFT_OUT.as_slice(), more].concat();
        postern.json("blast-into", &arguments)["exposures"][0].take()
    };
    assert_eq!(
        into(&[])["total"].as_u64(),
        Some(number("reaching_nodes_incl_target") - 1)
    );
    let users = into(&USERS);
    let mut by_hops: BTreeMap<String, u64> = serde_json::from_value(users["by_hops"].clone()).expect("numbers");
    by_hops.remove("1");
    assert_eq!(by_hops.values().sum::<u64>(), number("users_reaching_at_dist_ge_2"));
    let histogram: Vec<_> = by_hops.iter().map(|(hops, users)| format!("{hops}: {users}")).collect();
    assert_eq!(
        format!("{{{}}}", histogram.join(", ")),
        wanted["user_distance_histogram"]
    );

    let arguments = [
        &["chokepoints", "--into", end, "--beyond", "1"],
        LEFT_OUT.as_slice(),
        &USERS,
    ]
    .concat();
    let parting = postern.json("chokepoints-into", &arguments);
    assert_eq!(parting["from"].as_u64(), Some(number("users_reaching_at_dist_ge_2")));
    assert_eq!(parting["changes"].as_u64(), Some(number("unit_min_cut")));
}
