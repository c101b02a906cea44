//! The command line: what may be said, and in which words. What it leads to is in `commands`.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use rollcall::deployment::Deployment;
use rollcall_shared::model::{Job, TICK};
use rollcall_shared::report::Problem;

use crate::failure::{Failure, Status};
use crate::session::Place;

/// Reads the command line. Bad usage is explained and ends the process with status 2.
pub(crate) fn read() -> Cli {
    let parsed = Cli::try_parse().and_then(|cli| match cli.options.names_a_stack_in_vain() {
        Some(option) => {
            Err(Cli::command().error(ErrorKind::MissingRequiredArgument, format!("{option} goes with --aws")))
        }
        None => Ok(cli),
    });
    parsed.unwrap_or_else(|error| {
        // A caller that reads JSON gets the problem as JSON too; help and version are no problem.
        if error.use_stderr() && std::env::args().any(|argument| argument == "--json") {
            let detail = error.to_string();
            let problem = Problem::new("usage", "Bad usage", detail.trim(), "`rollcall --help` lists the commands.");
            println!("{}", Failure::new(Status::Usage, problem).json());
        }
        error.exit()
    })
}

/// Keeps an asset directory in step with an Okta org, on this machine or in AWS.
///
/// Everything is kept in a data directory; nothing else is needed. Begin with `rollcall demo`, or with
/// `apply`, `verify` and `sync` for an org of your own. With --aws, the commands work on a deployed stack.
///
/// Exit status: 0 done, 1 failed, 2 bad usage or configuration, 3 held by the guard, 4 blind.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What may stand before or after any command.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where everything is kept [default: $ROLLCALL_DATA_DIR, else .rollcall].
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Works on a stack in AWS, with the AWS credentials that the AWS CLI would use.
    #[arg(long, global = true, conflicts_with = "data_dir")]
    pub(crate) aws: bool,
    /// The name of the stack in AWS [default: $ROLLCALL_STACK, else rollcall].
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) stack: Option<String>,
    /// The stack's AWS region [default: the AWS CLI's].
    #[arg(long, value_name = "R", global = true)]
    pub(crate) region: Option<String>,
    /// Prints JSON, one object a line.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Logs what is going on; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

impl Options {
    /// The option that is of no use without --aws, where one was given.
    fn names_a_stack_in_vain(&self) -> Option<&'static str> {
        match (self.aws, &self.stack, &self.region) {
            (false, Some(_), _) => Some("--stack"),
            (false, None, Some(_)) => Some("--region"),
            _ => None,
        }
    }

    /// Where the stack is that the commands work on.
    pub(crate) fn place(&self) -> Place {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        if self.aws {
            let name = self.stack.clone().or_else(|| variable("ROLLCALL_STACK"));
            let name = name.unwrap_or_else(|| "rollcall".to_owned());
            return Place::Aws(Deployment { name, region: self.region.clone() });
        }
        let directory = self.data_dir.clone().or_else(|| variable("ROLLCALL_DATA_DIR").map(PathBuf::from));
        Place::Directory(directory.unwrap_or_else(|| ".rollcall".into()))
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Shows on a simulated Okta org what a directory that keeps in step looks like.
    Demo(DemoArguments),
    /// Validates and stores a connection, and its token.
    ///
    /// The token comes from the environment variable that --token-env names, else from standard input when
    /// that is no terminal; with neither, the one stored before stays.
    Apply(ApplyArguments),
    /// Checks URL, credential and permissions of a connection, API by API.
    Verify(ConnectionArgument),
    /// Shows what a full import would do, writing nothing.
    Preview(PreviewArguments),
    /// Runs a job for a connection, and prints the run report.
    Sync(SyncArguments),
    /// Lists the runs, the newest first.
    Runs(RunsArguments),
    /// Shows one run.
    Run(RunArgument),
    /// Lets the deactivations that a run holds go on.
    Approve(RunArgument),
    /// Stops a run.
    Cancel(RunArgument),
    /// Lists the directory's records.
    List(ListArguments),
    /// Lists what did not sync, and why.
    Unsynced(UnsyncedArguments),
    /// Lists what people who are inactive in Okta still hold: devices and applications, with dates.
    Offboarding(OffboardingArguments),
    /// Lists applications that nobody signed on to within 90 days, and people who did not sign on to what is assigned to them.
    Unused(UnusedArguments),
    /// Loads people whom the directory knew before Okta, from CSV or NDJSON; the next sync joins them by identifier.
    Import(ImportArguments),
    /// Lists the built-in mappings.
    Presets,
    /// Prints a built-in mapping, ready to be pasted into a connection.
    Preset(PresetArgument),
    /// Lists the changes of a connection's records, in order.
    ///
    /// The last line is a cursor: `--since` that cursor lists what came later. Each change is told at least
    /// once; of two entries of one record the larger revision is the later one.
    Changes(ChangesArguments),
    /// Shows what changed on one record, when, and by which run.
    History(HistoryArguments),
    /// Runs all jobs at their schedules, and shows how they stand; other commands go through it meanwhile.
    ///
    /// Schedules are looked at every minute, the first time a minute after the start. Ctrl-C lets runs come to a checkpoint
    /// and ends; a second one ends at once.
    Serve(ServeArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The port of the HTTP endpoint on this machine; 0 for any that is free.
    #[arg(long, value_name = "P", default_value_t = 7655)]
    pub(crate) port: u16,
    /// Starts no job by its schedule.
    #[arg(long)]
    pub(crate) no_schedules: bool,
    /// How often schedules are looked at, in milliseconds: for tests.
    #[arg(long, value_name = "MS", default_value_t = TICK.as_millis() as u64, value_parser = clap::value_parser!(u64).range(1..), hide = true)]
    pub(crate) tick: u64,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// How many people the simulated org has.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(40..=1_000_000))]
    pub(crate) users: u64,
    /// Which org: the same number gives the same one.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArguments {
    /// The connection's JSON document; `-` reads it from standard input.
    pub(crate) file: PathBuf,
    /// The environment variable that holds the token.
    #[arg(long, value_name = "VAR")]
    pub(crate) token_env: Option<String>,
    /// The environment variable that holds the secret of the connection's event hook.
    #[arg(long, value_name = "VAR")]
    pub(crate) hook_env: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConnectionArgument {
    /// The connection's name.
    pub(crate) connection: String,
}

#[derive(Debug, Args)]
pub(crate) struct PreviewArguments {
    /// The connection's name.
    pub(crate) connection: String,
    /// Only this mapping.
    #[arg(long, value_name = "M")]
    pub(crate) mapping: Option<String>,
    /// No more than so many objects of the org.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Saves what would be written as a plan, for `sync --plan`.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SyncArguments {
    /// The connection's name.
    pub(crate) connection: String,
    /// full-import, delta-sync, deprovisioning or device-collection.
    #[arg(value_parser = job)]
    pub(crate) job: Job,
    /// Only what this plan of `preview --save` lists, and only if the directory has not moved since.
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RunsArguments {
    /// Only those of this connection.
    pub(crate) connection: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgument {
    /// The run's id.
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// The connection's name.
    pub(crate) connection: String,
    /// The mapping's name.
    pub(crate) mapping: String,
    /// The form of the list [default: table, with --json ndjson].
    #[arg(long)]
    pub(crate) format: Option<RecordFormat>,
}

#[derive(Debug, Args)]
pub(crate) struct UnsyncedArguments {
    /// The connection's name.
    pub(crate) connection: String,
    /// The form of the list [default: table, with --json ndjson].
    #[arg(long)]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, Args)]
pub(crate) struct OffboardingArguments {
    /// The connection's name.
    pub(crate) connection: String,
    /// The form of the list [default: table, with --json ndjson].
    #[arg(long)]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, Args)]
pub(crate) struct UnusedArguments {
    /// The connection's name.
    pub(crate) connection: String,
    /// One application alone, by its Okta id.
    #[arg(long, value_name = "ID")]
    pub(crate) app: Option<String>,
    /// The form of the list [default: table, with --json ndjson].
    #[arg(long)]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// The connection's name.
    pub(crate) connection: String,
    /// The mapping's name.
    pub(crate) mapping: String,
    /// The file: CSV with a header, or NDJSON.
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PresetArgument {
    /// The preset's name.
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct ChangesArguments {
    /// The connection's name.
    pub(crate) connection: String,
    /// Only what came after this cursor of an earlier list.
    #[arg(long, value_name = "CURSOR")]
    pub(crate) since: Option<String>,
    /// No more than so many changes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    /// The connection's name.
    pub(crate) connection: String,
    /// The mapping's name.
    pub(crate) mapping: String,
    /// The Okta id.
    pub(crate) id: String,
}

/// The forms of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values, as spreadsheets read them.
    Csv,
}

/// The forms of a list of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RecordFormat {
    /// For people.
    Table,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values, as spreadsheets read them.
    Csv,
    /// Devices as OCSF 1.8.0 Device Inventory Info events, one JSON object a line.
    Ocsf,
}

impl Format {
    /// Whether it is JSON lines.
    pub(crate) fn is_for_programs(self) -> bool {
        match self {
            Format::Ndjson => true,
            Format::Table | Format::Csv => false,
        }
    }
}

impl RecordFormat {
    /// Whether it is JSON lines.
    pub(crate) fn is_for_programs(self) -> bool {
        match self {
            RecordFormat::Ndjson | RecordFormat::Ocsf => true,
            RecordFormat::Table | RecordFormat::Csv => false,
        }
    }
}

fn job(name: &str) -> Result<Job, String> {
    let job = Job::ALL.into_iter().find(|job| job.name() == name);
    job.ok_or_else(|| format!("there is no such job; the jobs are {}", Job::ALL.map(Job::name).join(", ")))
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Cli, Command, Place, RecordFormat};

    #[test]
    fn is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_after_the_command() {
        for line in [
            ["rollcall", "--data-dir", "d", "--json", "list", "acme", "staff", "--format", "csv"],
            ["rollcall", "list", "acme", "staff", "--format", "csv", "--data-dir", "d", "--json"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert!(cli.options.json);
            assert!(matches!(cli.options.place(), Place::Directory(directory) if directory.to_str() == Some("d")));
            assert!(matches!(cli.command, Command::List(arguments) if arguments.format == Some(RecordFormat::Csv)));
        }
    }

    #[test]
    fn a_stack_in_aws_is_named_or_has_the_usual_name() {
        let place = |line: &str| Cli::try_parse_from(line.split(' ')).unwrap().options.place();
        let Place::Aws(usual) = place("rollcall --aws runs") else { panic!("not in AWS") };
        assert_eq!((usual.name.as_str(), usual.region), ("rollcall", None));
        let Place::Aws(named) = place("rollcall runs --aws --stack assets --region eu-west-1") else {
            panic!("not in AWS")
        };
        assert_eq!((named.name.as_str(), named.region.as_deref()), ("assets", Some("eu-west-1")));
        assert!(Cli::try_parse_from("rollcall --aws --data-dir d runs".split(' ')).is_err());
    }

    #[test]
    fn a_stack_is_named_in_vain_without_aws() {
        let in_vain = |line: &str| Cli::try_parse_from(line.split(' ')).unwrap().options.names_a_stack_in_vain();
        assert_eq!(in_vain("rollcall runs --stack assets"), Some("--stack"));
        assert_eq!(in_vain("rollcall runs --region eu-west-1"), Some("--region"));
        assert_eq!(in_vain("rollcall runs --aws --region eu-west-1"), None);
    }

    #[test]
    fn only_records_are_events() {
        assert!(Cli::try_parse_from(["rollcall", "list", "acme", "devices", "--format", "ocsf"]).is_ok());
        assert!(Cli::try_parse_from(["rollcall", "unsynced", "acme", "--format", "ocsf"]).is_err());
    }

    #[test]
    fn an_unknown_job_is_bad_usage() {
        let error = Cli::try_parse_from(["rollcall", "sync", "acme", "everything"]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("full-import"));
    }
}
