//! Estates that look as if there were an attack path, each beside its true twin.

use postern_model::estate::Attributes;
use postern_model::{Criticality, NodeKind, RelationKind};

use crate::testing::{DOMAIN, FQDN, Sketch, admins, any_user, any_workstation, now, path, plane, step, users};

/// Every user may reset the password of `ADA`, who is a domain administrator... or would be, but for `edit`.
fn reset_password(edit: impl FnOnce(&mut Attributes)) -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.node("ADA", NodeKind::User, |node| edit(&mut node.attributes));
    sketch.relate(&users(), RelationKind::ForceChangePassword, "ADA");
    sketch.relate("ADA", RelationKind::MemberOf, &admins());
    sketch
}

fn has_path(sketch: &Sketch) -> bool {
    path(&sketch.analysis(), &any_user(), &plane()).is_some()
}

#[test]
fn a_disabled_user_is_on_no_path() {
    assert!(has_path(&reset_password(|user| user.enabled = Some(true))));
    assert!(!has_path(&reset_password(|user| user.enabled = Some(false))));
}

#[test]
fn a_session_on_a_disabled_computer_is_of_no_use() {
    let session = |enabled| {
        let mut sketch = Sketch::domain();
        sketch.node("PC", NodeKind::Computer, |node| node.attributes.enabled = enabled);
        sketch
            .user("ADA")
            .local("PC", "-544", &[&users()])
            .relate("PC", RelationKind::HasSession, "ADA")
            .relate("ADA", RelationKind::MemberOf, &admins());
        has_path(&sketch)
    };
    assert!(session(Some(true)) && session(None));
    assert!(!session(Some(false)));
}

#[test]
fn an_expired_account_is_on_no_path() {
    let after = now() + jiff::SignedDuration::from_hours(1);
    assert!(has_path(&reset_password(|user| user.expires_at = Some(after))));
    assert!(!has_path(&reset_password(|user| user.expires_at = Some(now()))));
}

#[test]
fn a_step_inside_a_target_makes_no_path() {
    let mut sketch = Sketch::domain();
    sketch.user("ROOT").relate(&admins(), RelationKind::GenericAll, DOMAIN);
    sketch.relate("ROOT", RelationKind::MemberOf, &admins());
    assert!(sketch.has_step(&admins(), RelationKind::GenericAll, DOMAIN));
    assert_eq!(sketch.clone().in_plane("ROOT").analysis().paths, []);
    // The same steps, and one into them from outside.
    sketch
        .in_plane("ROOT")
        .relate(&users(), RelationKind::GenericAll, "ROOT");
    let analysis = sketch.analysis();
    let found = path(&analysis, &any_user(), &plane()).expect("a way in");
    assert_eq!((analysis.paths.len(), found.hops), (1, 1));
}

#[test]
fn what_lies_behind_a_target_is_no_path() {
    let mut sketch = reset_password(|_| {});
    sketch.computer("PAYROLL").critical("PAYROLL", Criticality::High);
    sketch.local("PAYROLL", "-544", &[&admins()]);
    assert!(path(&sketch.analysis(), &any_user(), "PAYROLL").is_none());
    sketch.local("PAYROLL", "-544", &["ADA"]);
    assert!(path(&sketch.analysis(), &any_user(), "PAYROLL").is_some());
}

/// Every user may use remote desktop on `JUMP`, where a domain administrator is logged on.
fn remote_desktop() -> Sketch {
    let mut sketch = Sketch::domain();
    sketch.computer("JUMP").user("ADA");
    sketch.local("JUMP", "-555", &[&users()]);
    sketch.relate("JUMP", RelationKind::HasSession, "ADA");
    sketch.relate("ADA", RelationKind::MemberOf, &admins());
    sketch
}

#[test]
fn remote_desktop_gives_no_session_of_somebody_else() {
    let mut sketch = remote_desktop();
    assert!(sketch.has_step(&users(), RelationKind::CanRdp, "JUMP"));
    assert!(!has_path(&sketch));
    sketch.local("JUMP", "-544", &[&users()]);
    assert!(has_path(&sketch));
}

#[test]
fn remote_management_and_distributed_com_run_programs_as_nobody_else() {
    for (end, technique) in [("-580", RelationKind::CanPsRemote), ("-562", RelationKind::ExecuteDcom)] {
        let mut sketch = remote_desktop();
        sketch.local("JUMP", end, &[&users()]);
        assert!(sketch.has_step(&users(), technique, "JUMP"));
        assert!(!has_path(&sketch), "{technique}: a session there is out of reach");
    }
}

#[test]
fn remote_desktop_to_a_domain_controller_is_no_control_of_it() {
    let mut sketch = Sketch::domain();
    sketch.computer("DC").in_plane("DC");
    sketch.local("DC", "-555", &[&users()]);
    assert!(sketch.has_step(&users(), RelationKind::CanRdp, "DC"));
    assert!(!has_path(&sketch));
    sketch.local("DC", "-544", &[&users()]);
    assert!(has_path(&sketch));
}

#[test]
fn remote_desktop_needs_the_right_where_rights_were_looked_at() {
    let mut sketch = remote_desktop();
    sketch.group("OTHERS");
    sketch.node("JUMP", NodeKind::Computer, |node| {
        node.attributes.has_user_rights = Some(true)
    });
    sketch.relate("OTHERS", RelationKind::RemoteInteractiveLogonRight, "JUMP");
    assert!(!sketch.has_step(&users(), RelationKind::CanRdp, "JUMP"));
    let mut granted = sketch.clone();
    granted.relate("JUMP-555", RelationKind::RemoteInteractiveLogonRight, "JUMP");
    assert!(granted.has_step(&users(), RelationKind::CanRdp, "JUMP"));
    // Only who is in both groups.
    sketch.user("BOB").relate("BOB", RelationKind::MemberOf, "OTHERS");
    sketch.user("EVE").relate("EVE", RelationKind::MemberOf, "OTHERS");
    sketch.relate("BOB", RelationKind::MemberOf, &users());
    assert!(sketch.has_step("BOB", RelationKind::CanRdp, "JUMP"));
    assert!(!sketch.has_step("EVE", RelationKind::CanRdp, "JUMP"));
}

/// A weakness on port 445 of `FILES`, where an administrator is logged on. The attacker sits on `PC`, in another
/// segment.
fn exploit(ports: &str) -> Sketch {
    let mut sketch = Sketch::domain();
    sketch
        .computer("FILES")
        .user("ADA")
        .segment("OFFICE", &["10.1.0.0/16"])
        .segment("SERVERS", &["10.2.0.0/16"]);
    sketch.computer("PC").local("PC", "-544", &[&users()]);
    sketch.node("PC", NodeKind::Computer, |node| {
        node.attributes.addresses = vec!["10.1.0.5".to_owned()]
    });
    sketch.relate("FILES", RelationKind::LocatedIn, "SERVERS");
    sketch.weakness("FILES", "tcp/445", true);
    sketch.relate("FILES", RelationKind::HasSession, "ADA");
    sketch.relate("ADA", RelationKind::MemberOf, &admins());
    sketch.relate_with(
        "OFFICE",
        RelationKind::RoutesTrafficTo,
        "SERVERS",
        &format!("{{\"ports\":[{ports}]}}"),
    );
    sketch
}

#[test]
fn a_denied_port_lets_no_exploit_through() {
    assert!(has_path(&exploit("\"tcp/445\"")));
    assert!(!has_path(&exploit("\"tcp/443\"")));
    assert!(!has_path(&exploit("")), "a route that names no port");
    assert!(
        !has_path(&exploit("\"tcp/445\", \"sesame\"")),
        "a route that nobody can read"
    );
}

#[test]
fn every_hop_between_segments_has_to_let_the_port_through() {
    let chained = |second: &str| {
        let mut sketch = exploit("");
        sketch.segment("DMZ", &[]);
        sketch.relate_with("OFFICE", RelationKind::RoutesTrafficTo, "DMZ", r#"{"ports":["any"]}"#);
        sketch.relate_with("DMZ", RelationKind::RoutesTrafficTo, "SERVERS", second);
        sketch
    };
    assert!(has_path(&chained(r#"{"ports":["tcp/440-450"]}"#)));
    assert!(!has_path(&chained(r#"{"ports":["udp/445","tcp/80"]}"#)));
}

#[test]
fn a_weakness_without_a_port_is_reached_by_nobody() {
    let mut sketch = exploit("\"any\"").without("FILES", RelationKind::LocatedIn, "SERVERS");
    assert!(!has_path(&sketch), "without a place in the network");
    sketch.node("FILES", NodeKind::Computer, |node| {
        node.attributes.addresses = vec!["10.2.3.4".to_owned()]
    });
    assert!(has_path(&sketch), "the address says where it is");
    let mut local = Sketch::domain();
    local
        .computer("PC")
        .relate("PC", RelationKind::LocatedIn, "LAN")
        .segment("LAN", &[]);
    local.weakness("PC", "", true).weakness("PC", "tcp/0", true);
    assert!(!local.has_step("LAN", RelationKind::ExploitRemoteCode, "PC"));
    local.weakness("PC", "tcp/80", true);
    assert!(local.has_step("LAN", RelationKind::ExploitRemoteCode, "PC"));
}

#[test]
fn an_address_lies_in_the_narrowest_range_that_holds_it() {
    let mut sketch = Sketch::domain();
    sketch
        .segment("ALL", &["10.0.0.0/8"])
        .segment("VAULT", &["10.9.0.0/24"]);
    sketch.node("PC", NodeKind::Computer, |node| {
        node.attributes.addresses = vec!["10.9.0.7".to_owned()]
    });
    assert!(sketch.has_step("PC", RelationKind::LocatedIn, "VAULT"));
    assert!(!sketch.has_step("PC", RelationKind::LocatedIn, "ALL"));
}

#[test]
fn a_known_exploited_weakness_is_likelier_than_a_public_exploit() {
    let cost = |is_kev| {
        let mut sketch = Sketch::domain();
        sketch
            .computer("PC")
            .relate("PC", RelationKind::LocatedIn, "LAN")
            .segment("LAN", &[]);
        sketch.weakness("PC", "tcp/80", is_kev).listens("PC", 80);
        step(&sketch.derived(), "LAN", RelationKind::ExploitRemoteCode, "PC").map(|it| it.cost)
    };
    assert_eq!((cost(true), cost(false)), (Some(2), Some(4)));
}

#[test]
fn a_flat_network_is_assumed_only_when_the_setting_says_so() {
    let mut sketch = Sketch::domain();
    sketch
        .node("host:HQ:web", NodeKind::Host, |_| {})
        .node("host:HQ:pc", NodeKind::Host, |_| {});
    sketch.node("host:LAB:pc", NodeKind::Host, |_| {});
    sketch.weakness("host:HQ:web", "tcp/80", true);
    assert!(
        sketch
            .derived()
            .steps
            .iter()
            .all(|step| step.technique == RelationKind::AssumedFoothold)
    );
    sketch.settings.flat_network_within_a_site = true;
    let derived = sketch.derived();
    let exploit = step(&derived, "site:HQ", RelationKind::ExploitRemoteCode, "host:HQ:web").expect("a step");
    assert!(exploit.is_assumed);
    assert!(step(&derived, "host:HQ:pc", RelationKind::LocatedIn, "site:HQ").is_some());
    assert!(step(&derived, "host:LAB:pc", RelationKind::LocatedIn, "site:HQ").is_none());
}

#[test]
fn a_device_exposed_to_the_internet_is_an_entry_point_only_if_the_port_is_open_to_it() {
    let exposed = |ports: &str| {
        let mut sketch = exploit("");
        sketch.node("INTERNET", NodeKind::Internet, |_| {});
        sketch.relate_with(
            "INTERNET",
            RelationKind::RoutesTrafficTo,
            "SERVERS",
            &format!("{{\"ports\":[{ports}]}}"),
        );
        sketch.analysis()
    };
    assert!(path(&exposed("\"tcp/445\""), "FILES", &plane()).is_some());
    assert!(path(&exposed("\"tcp/443\""), "FILES", &plane()).is_none());
}

#[test]
fn one_replication_right_replicates_nothing() {
    let mut sketch = Sketch::domain();
    sketch.relate(&users(), RelationKind::GetChanges, DOMAIN);
    assert!(!has_path(&sketch));
    sketch.relate(&users(), RelationKind::GetChangesAll, DOMAIN);
    assert!(has_path(&sketch));
}

#[test]
fn the_password_of_a_computer_without_laps_cannot_be_read() {
    let sketch = |has_laps| {
        let mut sketch = Sketch::domain();
        sketch.node("PC", NodeKind::Computer, |node| node.attributes.has_laps = has_laps);
        sketch.relate(&users(), RelationKind::ReadLapsPassword, "PC");
        sketch.has_step(&users(), RelationKind::ReadLapsPassword, "PC")
    };
    assert!(sketch(Some(true)) && sketch(None));
    assert!(!sketch(Some(false)));
}

#[test]
fn the_owner_of_a_computer_controls_it_unless_the_forest_withholds_that() {
    let blocked = "00000000000000000000000000001";
    let owns = |heuristics: &str, kind: NodeKind| {
        let mut sketch = Sketch::domain();
        sketch.node(DOMAIN, NodeKind::Domain, |node| {
            node.attributes.ds_heuristics = Some(heuristics.into())
        });
        sketch.node("OBJECT", kind, |_| {}).user("BOB").user("ADA");
        sketch.relate("ADA", RelationKind::MemberOf, &admins());
        for owner in ["BOB", "ADA"] {
            sketch
                .relate(owner, RelationKind::OwnsRaw, "OBJECT")
                .relate(owner, RelationKind::WriteOwnerRaw, "OBJECT");
        }
        let has = |source, technique| sketch.has_step(source, technique, "OBJECT");
        (
            has("BOB", RelationKind::Owns),
            has("ADA", RelationKind::Owns),
            has("ADA", RelationKind::WriteOwner),
        )
    };
    assert_eq!(owns("0010", NodeKind::Computer), (true, true, true));
    assert_eq!(owns(blocked, NodeKind::User), (true, true, true));
    assert_eq!(owns(blocked, NodeKind::Computer), (false, true, false));
}

#[test]
fn control_of_a_container_reaches_no_protected_object_in_it() {
    let contains = |container: NodeKind, content: NodeKind, is_protected: bool| {
        let mut sketch = Sketch::domain();
        sketch.node("BOX", container, |_| {});
        sketch.node("THING", content, |node| {
            node.attributes.is_acl_protected = Some(is_protected)
        });
        sketch.relate("BOX", RelationKind::Contains, "THING");
        sketch.has_step("BOX", RelationKind::Contains, "THING")
    };
    assert!(contains(NodeKind::Container, NodeKind::Group, false));
    assert!(!contains(NodeKind::Container, NodeKind::Group, true));
    assert!(!contains(NodeKind::Container, NodeKind::User, true));
    assert!(contains(NodeKind::Ou, NodeKind::User, false));
    assert!(!contains(NodeKind::Ou, NodeKind::User, true));
}

#[test]
fn a_service_name_is_of_no_use_where_the_directory_makes_the_password() {
    let guessed = |edit: fn(&mut Attributes)| {
        let mut sketch = Sketch::domain();
        sketch.node("SVC", NodeKind::User, |node| edit(&mut node.attributes));
        sketch
            .relate(&users(), RelationKind::WriteSpn, "SVC")
            .relate("SVC", RelationKind::MemberOf, &admins());
        has_path(&sketch)
    };
    assert!(guessed(|_| {}));
    assert!(!guessed(|account| account.is_gmsa = Some(true)));
    assert!(!guessed(|account| account.is_smsa = Some(true)));
}

/// A unit inside a unit, with a group and a user in the inner one, each of whom is a domain administrator.
fn nested_units(content: &str, right: RelationKind) -> Sketch {
    let mut sketch = Sketch::domain();
    sketch
        .node("OUTER", NodeKind::Ou, |_| {})
        .node("INNER", NodeKind::Ou, |_| {})
        .node("POLICY", NodeKind::Gpo, |_| {})
        .group("GROUP")
        .user("ADA");
    for (container, content) in [("OUTER", "INNER"), ("INNER", content)] {
        sketch.relate(container, RelationKind::Contains, content).relate(
            container,
            RelationKind::PropagatesAcesTo,
            content,
        );
    }
    sketch
        .relate("POLICY", RelationKind::GpLink, "OUTER")
        .relate(content, RelationKind::MemberOf, &admins());
    let target = if right == RelationKind::Owns { "POLICY" } else { "OUTER" };
    let raw = if right == RelationKind::Owns {
        RelationKind::OwnsRaw
    } else {
        right
    };
    sketch.relate(&users(), raw, target);
    sketch
}

#[test]
fn a_policy_controls_the_accounts_below_it_and_no_group() {
    let by_policy = [
        RelationKind::WriteGpLink,
        RelationKind::GenericWrite,
        RelationKind::Owns,
    ];
    for right in by_policy {
        assert!(has_path(&nested_units("ADA", right)), "{right}");
        assert!(!has_path(&nested_units("GROUP", right)), "{right}");
    }
    for right in [
        RelationKind::WriteDacl,
        RelationKind::GenericAll,
        RelationKind::WriteOwnerRaw,
    ] {
        assert!(has_path(&nested_units("ADA", right)), "{right}");
        assert!(
            has_path(&nested_units("GROUP", right)),
            "{right}: by inherited permissions"
        );
    }
}

#[test]
fn a_read_only_domain_controller_does_not_hold_the_domain() {
    let holds = |is_read_only| {
        let mut sketch = Sketch::domain();
        sketch.node("DC", NodeKind::Computer, |node| {
            node.attributes.is_read_only_dc = Some(is_read_only)
        });
        sketch
            .relate("DC", RelationKind::DcFor, DOMAIN)
            .local("DC", "-544", &[&users()]);
        has_path(&sketch)
    };
    assert!(holds(false) && !holds(true));
}

#[test]
fn any_workstation_is_an_entry_point_only_where_sessions_were_collected() {
    let mut sketch = Sketch::domain();
    sketch.node("PC", NodeKind::Computer, |node| {
        node.attributes.operating_system = Some("Windows 11 Enterprise".into());
    });
    sketch.node("SRV", NodeKind::Computer, |node| {
        node.attributes.operating_system = Some("Windows Server 2022".into());
    });
    sketch
        .user("ADA")
        .relate("PC", RelationKind::HasSession, "ADA")
        .relate("ADA", RelationKind::MemberOf, &admins());
    assert!(path(&sketch.analysis(), &any_workstation(), &plane()).is_none());
    sketch.cover_sessions();
    let analysis = sketch.analysis();
    let found = path(&analysis, &any_workstation(), &plane()).expect("a session");
    assert_eq!((found.cost, found.hops), (1, 2));
    assert!(!sketch.has_step(&any_workstation(), RelationKind::AssumedFoothold, "SRV"));
    sketch.node("PC", NodeKind::Computer, |node| node.attributes.enabled = Some(false));
    assert!(path(&sketch.analysis(), &any_workstation(), &plane()).is_none());
}

#[test]
fn krbtgt_and_disabled_accounts_are_no_entry_points() {
    let mut sketch = Sketch::domain();
    let roastable = |enabled| {
        move |node: &mut postern_model::estate::Node| {
            node.attributes.has_spn = Some(true);
            node.attributes.enabled = Some(enabled);
        }
    };
    sketch.node(&format!("{DOMAIN}-502"), NodeKind::User, roastable(true));
    sketch
        .node("OLD", NodeKind::User, roastable(false))
        .node("SQL", NodeKind::User, roastable(true));
    for user in ["OLD", "SQL", &format!("{DOMAIN}-502")] {
        sketch.relate(user, RelationKind::MemberOf, &admins());
    }
    let analysis = sketch.analysis();
    assert!(path(&analysis, "SQL", &plane()).is_some());
    // The other way in is that of any user, who may guess the same password.
    assert!(path(&analysis, &any_user(), &plane()).is_some());
    assert_eq!(analysis.paths.len(), 2);
}

#[test]
fn an_entry_point_inside_a_target_is_exposed_and_has_no_path() {
    let mut sketch = Sketch::domain();
    sketch
        .node("SQL", NodeKind::User, |node| node.attributes.has_spn = Some(true))
        .in_plane("SQL");
    sketch.relate("SQL", RelationKind::MemberOf, &admins());
    let analysis = sketch.analysis();
    assert!(path(&analysis, "SQL", &plane()).is_none());
    assert_eq!(analysis.exposed_critical.len(), 1);
}

#[test]
fn a_right_of_everybody_is_one_path_from_the_virtual_entry_point() {
    let everyone = format!("{FQDN}-S-1-1-0");
    let mut sketch = Sketch::domain();
    sketch
        .group(&everyone)
        .computer("FILES")
        .critical("FILES", Criticality::High);
    sketch.local("FILES", "-544", &[&everyone]);
    for number in 0..50 {
        sketch
            .user(&format!("USER{number}"))
            .relate(&format!("USER{number}"), RelationKind::MemberOf, &users());
    }
    let analysis = sketch.analysis();
    assert_eq!(analysis.paths.len(), 1);
    assert_eq!(path(&analysis, &any_user(), "FILES").map(|it| it.hops), Some(1));
    assert!(sketch.has_step(&users(), RelationKind::MemberOf, &everyone));
}

#[test]
fn a_right_to_manage_a_ca_counts_only_in_the_list_that_the_ca_enforces() {
    let mut sketch = Sketch::domain();
    sketch.user("COPY").user("REAL");
    sketch.node("CA", NodeKind::EnterpriseCa, |_| {});
    sketch.relate("COPY", RelationKind::ManageCa, "CA");
    sketch.relate_with(
        "REAL",
        RelationKind::ManageCa,
        "CA",
        r#"{"isacl":true,"islistofca":true}"#,
    );
    assert!(
        sketch.has_step("COPY", RelationKind::ManageCa, "CA"),
        "nobody has asked the CA"
    );
    sketch.node("CA", NodeKind::EnterpriseCa, |node| {
        node.attributes.has_ca_list = Some(true)
    });
    assert!(!sketch.has_step("COPY", RelationKind::ManageCa, "CA"));
    assert!(sketch.has_step("REAL", RelationKind::ManageCa, "CA"));
}

#[test]
fn nobody_is_told_to_take_a_user_out_of_domain_users() {
    let mut sketch = Sketch::domain();
    sketch
        .node("SQL", NodeKind::User, |node| node.attributes.has_spn = Some(true))
        .relate("SQL", RelationKind::MemberOf, &users())
        .computer("FILES")
        .critical("FILES", Criticality::High)
        .local("FILES", "-544", &[&users()]);
    let built = sketch.build();
    let derived = sketch.derived();
    let membership = step(&derived, "SQL", RelationKind::MemberOf, &users()).expect("a membership");
    assert!(!crate::can_go(&built.world(), membership));
    let right = step(&derived, &users(), RelationKind::AdminTo, "FILES").expect("a right");
    assert!(crate::can_go(&built.world(), right));
    let points = built.analysis().choke_points;
    assert!(points.iter().all(|point| point.element != membership.id.0));
    assert!(points.iter().any(|point| point.element == right.id.0));
}

/// The domain of the sketch trusts another one, whose users reach a right of its own Authenticated Users.
fn trusting(kind: RelationKind, properties: &str) -> Sketch {
    const OTHER: &str = "S-1-5-21-2-2-2";
    let anybody = format!("{FQDN}-S-1-5-11");
    let mut sketch = Sketch::domain();
    sketch
        .group(&anybody)
        .relate(&anybody, RelationKind::GenericAll, &admins())
        .node(OTHER, NodeKind::Domain, |it| {
            it.name = "OTHER.EXAMPLE".to_owned();
            it.boundary = OTHER.into();
        })
        .node("OTHER.EXAMPLE-S-1-5-11", NodeKind::Group, |it| {
            it.boundary = OTHER.into()
        })
        .node("S-1-5-21-2-2-2-513", NodeKind::Group, |it| it.boundary = OTHER.into())
        .relate_with(DOMAIN, kind, OTHER, properties);
    sketch
}

#[test]
fn whoever_a_domain_trusts_has_the_rights_of_its_authenticated_users_unless_the_trust_is_selective() {
    let leads_in = |sketch: &Sketch| path(&sketch.analysis(), "entry:users:S-1-5-21-2-2-2", &plane()).is_some();
    for kind in [RelationKind::SameForestTrust, RelationKind::CrossForestTrust] {
        assert!(leads_in(&trusting(kind, "")), "{kind}");
        assert!(leads_in(&trusting(kind, r#"{"trustattributesoutbound":8}"#)), "{kind}");
        assert!(
            !leads_in(&trusting(kind, r#"{"trustattributesoutbound":24}"#)),
            "{kind}"
        );
        assert!(
            !leads_in(&trusting(kind, "").without(DOMAIN, kind, "S-1-5-21-2-2-2")),
            "{kind}"
        );
        let mut unseen = trusting(kind, "");
        unseen.node("S-1-5-21-2-2-2", NodeKind::Domain, |it| it.is_stub = true);
        assert!(!leads_in(&unseen), "{kind}: nobody looked at the other domain");
    }
}
