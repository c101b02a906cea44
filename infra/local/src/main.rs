//! The `rollcall` command: reads the command line and hands over to `commands`.

mod cli;
mod commands;
mod demo;
mod failure;
mod logs;
mod output;
mod session;

use std::process::ExitCode;

use failure::Failure;

fn main() -> ExitCode {
    let cli = cli::read();
    logs::start(cli.options.verbose);
    let mut session = session::Session::new(&cli);
    let status = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let result = runtime.block_on(commands::run(&mut session, cli.command));
            // A read of standard input that nobody waits for any more must not hold the process.
            runtime.shutdown_background();
            result
        }
        Err(error) => Err(Failure::from(error)),
    };
    session.end(status)
}
