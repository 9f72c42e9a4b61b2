//! Where the settings come from: read at the start, and again at every reload.

use std::path::{self, Path, PathBuf};

use anyhow::{Context, Result};
use outpour_config::{Loaded, Options};
use outpour_server::os_error;

use crate::args::Arguments;

/// The file that nginx reads below its prefix when no `-c` names one.
const FILE_OF_PREFIX: &str = "conf/nginx.conf";

/// What the command line says about the configuration.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    options: Options,
    error_log: Option<PathBuf>,
}

impl Source {
    /// Takes `-c`, `-p`, `-g` and `-e` of the command line.
    ///
    /// As in nginx a relative `-c` starts at the `-p` prefix if there is one, and a prefix alone
    /// means `conf/nginx.conf` below it. Without a prefix, or when there is such a file only in the
    /// current directory, it starts there.
    ///
    /// # Errors
    /// The current directory cannot be found and `-p` is relative to it.
    pub(crate) fn new(arguments: &Arguments) -> Result<Self> {
        let prefix = arguments.prefix.as_deref().map(absolute).transpose()?;
        let file = match (&prefix, &arguments.file) {
            (Some(prefix), Some(file)) => Some(below(prefix, file)),
            (Some(prefix), None) => Some(prefix.join(FILE_OF_PREFIX)),
            (None, file) => file.clone(),
        };
        let options = Options { file, prefix, globals: arguments.globals.clone() };
        Ok(Self { options, error_log: arguments.error_log.clone() })
    }

    /// Makes the file's path absolute, so that a reload finds it from any working directory.
    ///
    /// # Errors
    /// The current directory cannot be found.
    pub(crate) fn pin(&mut self) -> Result<()> {
        self.options.file = self.options.file.as_deref().map(absolute).transpose()?;
        Ok(())
    }

    /// The configuration's name in messages: the file as it was given, or `built-in`.
    pub(crate) fn name(&self) -> String {
        self.options
            .file
            .as_deref()
            .map_or_else(|| "built-in".into(), |file| file.display().to_string())
    }

    /// Whether the built-in configuration is meant.
    pub(crate) fn is_built_in(&self) -> bool {
        self.options.file.is_none()
    }

    /// Reads and checks the configuration.
    ///
    /// `-e` is the default of `error_log`, not one more log: it is put in first, and left out
    /// again if the configuration turns out to have one of its own.
    pub(crate) fn load(&self) -> Loaded {
        let Some(path) = &self.error_log else { return outpour_config::load(&self.options) };
        let mut options = self.options.clone();
        options.globals.push(format!("error_log {};", quoted(path)));
        let loaded = outpour_config::load(&options);
        match &loaded.settings {
            Some(settings) if settings.main.error_log.len() > 1 => {
                outpour_config::load(&self.options)
            }
            _ => loaded,
        }
    }
}

fn below(prefix: &Path, file: &Path) -> PathBuf {
    let found = prefix.join(file);
    if !found.exists() && file.exists() { file.into() } else { found }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    path::absolute(path)
        .map_err(|error| anyhow::anyhow!("{}", os_error::describe(&error)))
        .with_context(|| format!("outpour: cannot find the place of {}", path.display()))
}

/// The path as a value of the configuration language.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn check(line: &str, name: &str) {
        let arguments = Arguments::try_parse_from(line.split_whitespace()).unwrap();
        assert_eq!(Source::new(&arguments).unwrap().name(), name, "{line}");
    }

    #[test]
    fn the_file_is_found_as_nginx_finds_it() {
        check("outpour", "built-in");
        check("outpour -c push.conf", "push.conf");
        check("outpour -c /etc/push.conf", "/etc/push.conf");
        check("outpour -p /srv/push -c push.conf", "/srv/push/push.conf");
        check("outpour -p /srv/push/ -c /etc/push.conf", "/etc/push.conf");
        check("outpour -p /srv/push/", "/srv/push/conf/nginx.conf");
    }

    #[test]
    fn paths_are_quoted_for_the_configuration() {
        assert_eq!(quoted(Path::new(r#"/a b/"c"\d"#)), r#""/a b/\"c\"\\d""#);
    }
}
