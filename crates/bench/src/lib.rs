//! The load generator behind `outpour bench`, and the checks behind `outpour doctor`.
//!
//! Everything runs in one loop on one thread, against a server in a process of its own. What is
//! measured is the server: its CPU is read from the kernel, its messages carry their time and
//! number, and the books are closed at the end of each measurement.
//!
//! Machines differ and are shared: compare the columns of one run, not figures of different runs.
#![forbid(unsafe_code)]

mod answer;
mod arguments;
mod bench;
mod compare;
mod cores;
mod doctor;
mod endpoint;
mod generator;
mod histogram;
mod interrupt;
mod kernel_memory;
mod launch;
mod ledger;
mod load;
mod machine;
mod measure;
mod origin;
mod outcome;
mod process_tree;
mod process_usage;
mod progress;
mod raw;
mod request;
mod resource;
mod scenario;
mod server;
mod socket;
mod spread;
mod stamp;
mod subject;
mod summary;
mod svg;
mod table;
mod target;
mod timeline;
mod transport;

pub use self::{
    arguments::BenchArguments,
    bench::run,
    doctor::{DoctorArguments, examine},
};
