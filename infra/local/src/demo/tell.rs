//! How the story is told: chapters, sentences, small tables, and claims with a mark whether they hold.

use rollcall_shared::model::Job;
use rollcall_shared::report::{Problem, RunReport};

use super::scene::Scene;
use crate::commands::list::row;
use crate::commands::sync;
use crate::commands::watch::Waited;
use crate::failure::{Failure, Status};
use crate::output::report;
use crate::output::tables::table;
use crate::session::{Reader, Session};

/// Tells it to a person; a program gets the run reports alone.
pub(super) struct Teller<'a> {
    session: &'a mut Session,
    chapters: u32,
    failed: u32,
}

impl<'a> Teller<'a> {
    pub(super) fn new(session: &'a mut Session) -> Teller<'a> {
        Teller { session, chapters: 0, failed: 0 }
    }

    /// Begins a chapter.
    pub(super) fn chapter(&mut self, title: &str) -> Result<(), Failure> {
        self.chapters += 1;
        let gap = if self.chapters == 1 { "" } else { "\n" };
        let title = format!("{}. {title}", self.chapters);
        let rule = "─".repeat(title.chars().count());
        self.say(&format!("{gap}{title}\n{rule}"))
    }

    /// Says something.
    pub(super) fn say(&mut self, text: &str) -> Result<(), Failure> {
        if self.session.reader == Reader::Person {
            self.session.out.line(text)?;
        }
        Ok(())
    }

    /// Claims something, with a mark whether it holds.
    pub(super) fn claim(&mut self, holds: bool, claim: &str) -> Result<(), Failure> {
        if holds {
            return self.say(&format!("✓ {claim}"));
        }
        self.failed += 1;
        if self.session.reader == Reader::Program {
            eprintln!("✗ {claim}");
        }
        self.say(&format!("✗ {claim}"))
    }

    /// How many claims did not hold.
    pub(super) fn failed_claims(&self) -> u32 {
        self.failed
    }

    /// Runs a full import before the reader's eyes.
    pub(super) async fn full_import(&mut self, scene: &Scene) -> Result<RunReport, Failure> {
        self.job(scene, Job::FullImport).await
    }

    /// Runs a job before the reader's eyes.
    pub(super) async fn job(&mut self, scene: &Scene, job: Job) -> Result<RunReport, Failure> {
        let waited = sync::job(self.session, &scene.stack.context, (&scene.connection.name, job)).await?;
        let run = match waited {
            Waited::Ended(run) => run,
            Waited::Interrupted(_) => {
                let problem = Problem::new("interrupted", "Interrupted", "The demo was interrupted.", "");
                return Err(Failure::new(Status::Failed, problem));
            }
        };
        self.run(&run)?;
        Ok(run)
    }

    /// Shows a run report.
    pub(super) fn run(&mut self, run: &RunReport) -> Result<(), Failure> {
        match self.session.reader {
            Reader::Program => self.session.out.json(run)?,
            Reader::Person => self.session.out.line(report::report(run))?,
        }
        Ok(())
    }

    /// Shows records of one mapping by their ids.
    pub(super) async fn records(&mut self, scene: &Scene, mapping: &str, ids: &[String]) -> Result<(), Failure> {
        let fields: Vec<&str> = match scene.connection.mappings.iter().find(|candidate| candidate.name == mapping) {
            Some(mapping) => mapping.fields.keys().map(String::as_str).collect(),
            None => Vec::new(),
        };
        let mut rows = Vec::new();
        for id in ids {
            let record = scene.stack.context.directory.record(&scene.connection.name, mapping, id).await?;
            rows.extend(record.map(|record| row(&record, &fields)));
        }
        let header: Vec<&str> = ["state", "identifier", "id"].into_iter().chain(fields).collect();
        self.say(&format!("{mapping}:\n{}", table(&header, rows)))
    }

    /// Shows what a verification found.
    pub(super) fn checks(&mut self, checks: &[rollcall_shared::handlers::verify::ApiCheck]) -> Result<(), Failure> {
        match self.session.reader {
            Reader::Person => crate::commands::verify::print(&mut self.session.out, checks),
            Reader::Program => Ok(()),
        }
    }
}
