//! People use applications (Okta: `user.authentication.sso`).
//!
//! A generated history of a million sign-ons is kept as what happened, 32 bytes each; the events are
//! written out when somebody reads them.

use fastrand::Rng;
use jiff::Timestamp;

use super::{App, AppStatus, Event, Org, Party, Status};
use crate::id::{Id, new_id, new_uuid};

/// The type of the event.
pub(crate) const SIGN_ON: &str = "user.authentication.sso";

/// How many of an application's people its generated history knows.
const POOL: usize = 1000;

/// A sign-on of the generated history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PastSignOn {
    millisecond: i64,
    user: Id,
    /// The application's place in the list of those that occur.
    app: u32,
}

/// The generated history, by time.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    apps: Vec<Id>,
    sign_ons: Vec<PastSignOn>,
}

/// Someone used an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignOn {
    /// When.
    pub at: Timestamp,
    /// The id of the user.
    pub user: String,
    /// The id of the application.
    pub app: String,
}

impl History {
    pub(crate) fn len(&self) -> usize {
        self.sign_ons.len()
    }

    /// When the sign-on of this number was.
    pub(crate) fn at(&self, number: usize) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.sign_ons.get(number)?.millisecond).ok()
    }

    /// The ids of the user and of the application.
    pub(crate) fn who(&self, number: usize) -> Option<(&str, &str)> {
        let sign_on = self.sign_ons.get(number)?;
        Some((sign_on.user.as_str(), self.apps.get(sign_on.app as usize)?.as_str()))
    }
}

impl Org {
    /// Someone signs on to an application: `false` unless both are active and they are assigned.
    pub fn sign_on(&mut self, user: &str, app: &str) -> bool {
        let may = self.assignment(user, app).is_some_and(|assignment| assignment.user.status == Status::Active)
            && self.app(app).is_some_and(|app| app.status == AppStatus::Active);
        may && self.log_sign_on(user, app, None)
    }

    /// Someone tries to sign on to an application and fails: the event is written all the same.
    pub fn fail_sign_on(&mut self, user: &str, app: &str, reason: &str) -> bool {
        self.log_sign_on(user, app, Some(reason.to_owned()))
    }

    /// Every sign-on that succeeded, generated or played, in no order.
    pub fn sign_ons(&self) -> impl Iterator<Item = SignOn> {
        let past = (0..self.history.len()).filter_map(|number| {
            let (user, app) = self.history.who(number)?;
            Some(SignOn { at: self.history.at(number)?, user: user.to_owned(), app: app.to_owned() })
        });
        let played = self.events().iter().filter(|event| event.event_type == SIGN_ON && event.failure.is_none());
        past.chain(played.filter_map(|event| {
            let app = event.targets.iter().find(|target| target.kind == "AppInstance")?;
            Some(SignOn { at: event.published, user: event.actor.id.clone(), app: app.id.clone() })
        }))
    }

    /// Replaces the generated history by this many sign-ons of the last 89 days. Some applications are
    /// used a lot, others hardly; [`Org::events`] does not have them, [`Org::sign_ons`] and the log do.
    pub fn generate_sign_ons(&mut self, count: usize) {
        let mut rng = self.rng.fork();
        let now = self.now().as_millisecond();
        let pools = self.pools(&mut rng);
        let apps = pools.iter().map(|(app, _)| *app).collect();
        let mut sign_ons: Vec<PastSignOn> = Vec::with_capacity(count);
        while sign_ons.len() < count && !pools.is_empty() {
            let place = (rng.f64().powi(2) * pools.len() as f64) as usize;
            let Some((user, app)) =
                pools.get(place).and_then(|(_, people)| rng.choice(people)).zip(u32::try_from(place).ok())
            else {
                break;
            };
            let ago = 60_000 + rng.i64(0..89 * 24 * 3_600_000);
            sign_ons.push(PastSignOn { millisecond: now - ago, user: *user, app });
        }
        sign_ons.sort_unstable_by_key(|sign_on| (sign_on.millisecond, sign_on.user));
        self.history = History { apps, sign_ons };
    }

    /// The event of a generated sign-on: the same each time that it is read, by the names that
    /// people and applications have now.
    pub(crate) fn past_event(&self, number: usize) -> Option<Event> {
        let published = self.history.at(number)?;
        let (user, app) = self.history.who(number)?;
        let mut rng = Rng::with_seed(number as u64 ^ 0x5eed_51c0);
        let actor = self.user(user).map_or_else(|| Party::unknown(user, "User"), Party::user);
        let targets = match self.app(app) {
            Some(app) => sign_on_targets(app, &actor, &mut rng),
            None => vec![Party::unknown(app, "AppInstance")],
        };
        Some(Event {
            uuid: new_uuid(&mut rng),
            published,
            event_type: SIGN_ON.to_owned(),
            actor,
            targets,
            device: None,
            failure: None,
            transaction: new_id(&mut rng, "req"),
        })
    }

    fn log_sign_on(&mut self, user: &str, app: &str, failure: Option<String>) -> bool {
        let (Some(actor), Some(place)) = (self.user(user).map(Party::user), self.app(app).cloned()) else {
            return false;
        };
        let targets = sign_on_targets(&place, &actor, &mut self.rng);
        let mut event = self.event(actor, SIGN_ON, targets);
        event.failure = failure;
        self.journal.push(event);
        true
    }

    /// The active applications that active people are assigned to, with some of those people.
    fn pools(&self, rng: &mut Rng) -> Vec<(Id, Vec<Id>)> {
        let from = |app, after| -> Vec<Id> {
            let active = self.assignments_from(app, after).filter(|it| it.user.status == Status::Active);
            active.filter_map(|it| Id::parse(&it.user.id)).take(POOL).collect()
        };
        let used = self.apps.iter().filter(|app| app.status == AppStatus::Active);
        let mut pools: Vec<(Id, Vec<Id>)> = used
            .filter_map(|app| {
                let somewhere = Id::parse(&new_id(rng, "00u"))?;
                let people = Some(from(app, somewhere)).filter(|people| people.len() == POOL);
                Some((Id::parse(&app.id)?, people.unwrap_or_else(|| from(app, Id::FIRST))))
            })
            .filter(|(_, people)| !people.is_empty())
            .collect();
        rng.shuffle(&mut pools);
        pools
    }
}

/// The targets of a sign-on, in either order.
fn sign_on_targets(app: &App, actor: &Party, rng: &mut Rng) -> Vec<Party> {
    let mut targets = vec![Party::app(app), Party::app_user(app, actor)];
    if rng.bool() {
        targets.reverse();
    }
    targets
}
