//! The command line: nginx's options, and what outpour has beside them.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgAction, Parser, Subcommand, ValueEnum};
use outpour_bench::{BenchArguments, DoctorArguments};

use crate::check_file::CheckArguments;
use crate::explain::ExplainArguments;
use crate::publish::Publication;
use crate::subscribe::Subscription;
use crate::terminal;

/// A push server that reads nginx configurations.
///
/// Without options it serves on 127.0.0.1:9080 with the built-in configuration and prints what to
/// try.
#[derive(Debug, Parser)]
#[command(
    name = "outpour",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    args_override_self = true,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true
)]
pub(crate) struct Arguments {
    /// Read this configuration instead of the built-in one
    #[arg(short = 'c', value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Test the configuration and exit
    #[arg(short = 't')]
    pub(crate) test: bool,

    /// Test the configuration, print it with everything it includes and exit
    #[arg(short = 'T')]
    pub(crate) dump: bool,

    /// Say nothing but errors
    #[arg(short = 'q')]
    pub(crate) quiet: bool,

    /// Print the version and exit
    #[arg(short = 'v')]
    pub(crate) version: bool,

    /// Print the version and what it was built with, and exit
    #[arg(short = 'V')]
    pub(crate) build: bool,

    /// Send a signal to the running server, found through the `pid` file of the configuration
    #[arg(short = 's', value_name = "SIGNAL")]
    pub(crate) signal: Option<Signal>,

    /// Where relative paths of the configuration start; without -c, PREFIX/conf/nginx.conf is read
    #[arg(short = 'p', value_name = "PREFIX")]
    pub(crate) prefix: Option<PathBuf>,

    /// Directives of the main level, such as 'pid /run/outpour.pid;'
    #[arg(short = 'g', value_name = "DIRECTIVES", action = ArgAction::Append, allow_hyphen_values = true)]
    pub(crate) globals: Vec<String>,

    /// Where errors go if the configuration has no error_log: a file or `stderr`
    #[arg(short = 'e', value_name = "FILE")]
    pub(crate) error_log: Option<PathBuf>,

    /// Print the built-in configuration and exit
    #[arg(long)]
    pub(crate) print_config: bool,

    /// Print this help
    #[arg(short = 'h', short_alias = '?', long, action = ArgAction::HelpShort, global = true)]
    help: Option<bool>,

    /// Print the version of outpour
    #[arg(long = "version", action = ArgAction::Version)]
    own_version: Option<bool>,

    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,
}

/// What `-s` sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signal {
    /// End at once (TERM)
    Stop,
    /// End gracefully (QUIT)
    Quit,
    /// Read the configuration anew (HUP)
    Reload,
    /// Open the log files anew (USR1)
    Reopen,
}

/// Our own commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Publish a message
    Pub(Publication),
    /// Subscribe to channels and print their messages as they arrive
    Sub(Subscription),
    /// Tell what of an existing nginx configuration is honoured, line by line, and what is not
    Check(CheckArguments),
    /// Tell which server and location take a request, why, and with which settings
    Explain(ExplainArguments),
    /// Measure a push server: this one, one that runs, or another one
    Bench(Box<BenchArguments>),
    /// Tell what of this machine limits the number of connections, and how to change it
    Doctor(DoctorArguments),
}

impl Arguments {
    /// Whether the configuration is only to be tested: `-T` includes `-t`.
    pub(crate) fn tests(&self) -> bool {
        self.test || self.dump
    }
}

/// Reads the command line of the process.
///
/// # Errors
/// The exit status when there is nothing left to do: 0 after help or version, 1 after a mistake
/// (nginx's status; clap's own would be 2).
pub(crate) fn parse() -> Result<Arguments, ExitCode> {
    Arguments::try_parse().map_err(|error| {
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
            terminal::out(&error.to_string());
            return ExitCode::SUCCESS;
        }
        terminal::err(error.to_string().trim_end());
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory;

    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments::try_parse_from(format!("outpour {line}").split_whitespace()).unwrap()
    }

    #[test]
    fn the_table_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_combine_as_in_nginx() {
        for line in ["-tc a.conf", "-c a.conf -t", "-t -ca.conf", "-t -t -c b.conf -c a.conf"] {
            let arguments = arguments(line);
            assert_eq!(arguments.file.as_deref(), Some(Path::new("a.conf")), "{line}");
            assert!(arguments.tests(), "{line}");
        }
        assert_eq!(arguments("-c a.conf -s stop").signal, Some(Signal::Stop));
        assert_eq!(arguments("-sreload").signal, Some(Signal::Reload));
        assert_eq!(arguments("-g a; -g b;").globals, ["a;", "b;"]);
        assert!(arguments("-T").tests());
    }

    #[test]
    fn mistakes_are_refused() {
        for line in ["-x", "-s restart", "-c", "--print", "file.conf", "-t pub a b"] {
            let words = format!("outpour {line}");
            assert!(Arguments::try_parse_from(words.split_whitespace()).is_err(), "{line}");
        }
    }
}
