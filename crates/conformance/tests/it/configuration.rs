use std::fmt::Write as _;
use std::sync::Mutex;
use std::thread;

use outpour_conformance::{checks, paths};

/// Runs every configuration test of `/conformance/configuration`.
#[test]
fn every_configuration_is_judged_as_expected() {
    let checks = checks::read(&paths::data().join("configuration")).unwrap();
    let failures = Mutex::new(String::new());
    thread::scope(|scope| {
        for part in checks.chunks(checks.len().div_ceil(4)) {
            let failures = &failures;
            scope.spawn(move || {
                for check in part {
                    let Err(error) = check.run() else { continue };
                    let mut failures = failures.lock().unwrap();
                    writeln!(failures, "FAILED {}: {}: {error:#}", check.source, check.name)
                        .unwrap();
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let failed = failures.lines().filter(|line| line.starts_with("FAILED")).count();
    println!("{failures}{} passed, {failed} failed", checks.len() - failed);
    assert!(failures.is_empty(), "configuration tests fail, see above");
}
