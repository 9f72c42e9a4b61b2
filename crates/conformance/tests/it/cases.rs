use outpour_conformance::{Runner, Suite, Target, paths};

/// Plays every case against servers of its own. `CONFORMANCE_FILTER` narrows the choice.
#[test]
fn every_case_holds() {
    let suite = Suite::read(&paths::data()).unwrap();
    let filter = std::env::var("CONFORMANCE_FILTER").ok();
    let runner = Runner::new(&suite, Target::OwnServers, filter.as_deref());
    let report = runner.run(&|_, _| ()).unwrap();
    println!("{report}");
    assert!(report.is_good(), "conformance cases fail, see above");
}
