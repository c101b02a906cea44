//! An Okta org as pure state: no I/O, deterministic given a seed and a clock that stands.
//!
//! The scenario methods are in `lifecycle` (people come and go), `attributes` (profiles change),
//! `membership` (groups), `enrolment` (devices), `policy`, `app_lifecycle`, `assignment` and `sign_on`
//! (applications). Every one stamps with the org's clock and writes the log events that Okta would. On
//! an unknown id, or where Okta would refuse, they change nothing and return `false`.

mod app;
mod app_lifecycle;
mod assignment;
mod attributes;
mod catalogue;
mod device;
mod enrolment;
mod event;
mod feature;
mod fleet;
mod group;
mod journal;
mod lifecycle;
mod log_view;
mod membership;
mod new_device;
mod policy;
mod profile;
mod readers;
mod search_index;
mod sign_on;
mod status;
mod user;
mod user_type;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};

pub(crate) use app::GroupAssignment;
pub use app::{App, AppStatus, NewApp};
pub use assignment::{Assignment, Scope};
pub(crate) use catalogue::{Catalogue, Place, TimeOrder};
pub use device::{Device, DeviceLink, DeviceStatus, ManagementStatus, ScreenLock};
pub use event::{Event, Party};
use feature::Features;
pub use feature::{Feature, Pipeline};
pub(crate) use fleet::Fleet;
pub use group::{Group, GroupKind};
use journal::Journal;
pub(crate) use journal::{LogOrder, LogPlace};
pub(crate) use log_view::{Entry, Reading};
pub use new_device::NewDevice;
pub use policy::Policy;
pub(crate) use profile::Profile;
use search_index::{Change, SearchIndex, Searchable as _};
use sign_on::History;
pub(crate) use sign_on::SIGN_ON;
pub use sign_on::SignOn;
pub use status::Status;
pub(crate) use user::Credentials;
pub use user::{NewUser, Provider, User};
pub use user_type::UserType;

use crate::clock::{Clock, whole_second};
use crate::generate;
use crate::id::{Id, new_id};

/// An org: people, groups, devices, policies for them, applications and the system log.
#[derive(Clone, Debug)]
pub struct Org {
    id: String,
    clock: Clock,
    rng: Rng,
    people: Catalogue,
    index: SearchIndex<Catalogue>,
    groups: BTreeMap<String, Group>,
    everyone: String,
    fleet: Fleet,
    device_index: SearchIndex<Fleet>,
    features: Features,
    policies: Vec<Policy>,
    apps: Vec<App>,
    journal: Journal,
    history: History,
    type_id: Arc<str>,
    user_types: Vec<UserType>,
    realm_id: Arc<str>,
}

impl Org {
    /// An org with nobody in it: the group Everyone and Okta's own applications are there, as in
    /// every org.
    #[must_use]
    pub fn empty(now: Timestamp) -> Self {
        Self::seeded(0, now)
    }

    /// A believable org with this many people. The same seed, size and time give the same org.
    ///
    /// Everything in it is older than a day, and the system log is empty.
    #[must_use]
    pub fn generate(seed: u64, users: usize, now: Timestamp) -> Self {
        let mut org = Self::seeded(seed, now);
        generate::fill(&mut org, users);
        org
    }

    /// Adds this many applications of many kinds, with assignments of groups and people, two hundred
    /// people for each on average. A few are inactive, and some are directories.
    pub fn generate_apps(&mut self, count: usize) {
        generate::apps(self, count);
    }

    /// Adds this many devices, most of which people who are active use. Like the people they are older
    /// than a day, and the system log does not know of them.
    pub fn generate_devices(&mut self, count: usize) {
        generate::devices(self, count);
    }

    fn seeded(seed: u64, now: Timestamp) -> Self {
        let mut rng = Rng::with_seed(seed);
        let founded = whole_second(crate::clock::shifted(now, SignedDuration::from_hours(-24 * 3653)));
        let everyone = Group {
            id: new_id(&mut rng, "00g"),
            name: "Everyone".to_owned(),
            description: Some("All users in your organization".to_owned()),
            kind: GroupKind::BuiltIn,
            created: founded,
            last_updated: founded,
            last_membership_updated: founded,
            members: std::collections::BTreeSet::new(),
        };
        let id = new_id(&mut rng, "00o");
        let apps = App::okta_own(&mut rng, founded, &everyone.id);
        Self {
            id,
            clock: Clock::Standing(now),
            people: Catalogue::default(),
            index: SearchIndex::default(),
            everyone: everyone.id.clone(),
            groups: BTreeMap::from([(everyone.id.clone(), everyone)]),
            fleet: Fleet::default(),
            device_index: SearchIndex::default(),
            features: Features::default(),
            policies: Vec::new(),
            apps,
            journal: Journal::default(),
            history: History::default(),
            type_id: new_id(&mut rng, "oty").into(),
            user_types: Vec::new(),
            realm_id: new_id(&mut rng, "guo").into(),
            rng,
        }
    }

    /// The org's id, which identifies it whatever its domain.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Makes this another org in the eyes of who pinned the id: a URL that leads elsewhere now.
    pub fn set_id(&mut self, id: &str) {
        id.clone_into(&mut self.id);
    }

    /// The org's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Sets the org's time. In a [`crate::Sim`] it goes on from there.
    pub fn set_now(&mut self, now: Timestamp) {
        self.clock.set(now);
    }

    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// Lets `search` lag behind from now on.
    pub fn set_index_lag(&mut self, lag: Duration) {
        self.index.set_lag(lag, &self.people);
        self.device_index.set_lag(lag, &self.fleet);
    }

    /// Lets events that happen from now on show in the log only so long after. Changing it while
    /// things happen brings events out of order, as Okta's log does.
    pub fn set_log_delay(&mut self, delay: Duration) {
        self.journal.set_delay(SignedDuration::try_from(delay).unwrap_or_default());
    }

    pub(crate) fn people(&self) -> &Catalogue {
        &self.people
    }

    /// The people as `search` sees them.
    pub(crate) fn searchable(&mut self) -> &Catalogue {
        let now = self.clock.now();
        self.index.view(now, &self.people)
    }

    /// The devices as lists see them.
    pub(crate) fn searchable_devices(&mut self) -> &Fleet {
        let now = self.clock.now();
        self.device_index.view(now, &self.fleet)
    }

    /// Takes over a whole population, without events.
    pub(crate) fn populate(&mut self, people: Vec<User>) {
        self.people = Catalogue::of(people);
    }

    pub(crate) fn add_group(&mut self, group: Group) {
        self.groups.insert(group.id.clone(), group);
    }

    pub(crate) fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    pub(crate) fn type_id(&self) -> &Arc<str> {
        &self.type_id
    }

    pub(crate) fn realm_id(&self) -> &Arc<str> {
        &self.realm_id
    }

    /// Stores someone, new or changed, for the live reads now and for the index when it gets there.
    fn store(&mut self, user: User) {
        let user = Arc::new(user);
        self.index.note(self.clock.now(), || Change::Put(Arc::clone(&user)));
        self.people.put(user);
    }

    /// Takes someone out of the org and its groups, without a trace in the log.
    fn erase(&mut self, id: &str) -> bool {
        if self.people.remove(id).is_none() {
            return false;
        }
        self.index.note(self.clock.now(), || Change::Remove(id.to_owned()));
        if let Some(id) = Id::parse(id) {
            for group in self.groups.values_mut() {
                group.members.remove(&id);
            }
            for app in &mut self.apps {
                app.users.remove(&id);
            }
        }
        self.forget_device_user(id);
        true
    }
}
