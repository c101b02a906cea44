//! Applications come and go.

use super::{App, AppStatus, NewApp, Org, Party};
use crate::clock::whole_second;
use crate::id::new_id;

impl Org {
    /// Creates an application, active, with nobody assigned, and returns its id.
    pub fn create_app(&mut self, new: NewApp) -> String {
        let app = App::of(new_id(&mut self.rng, "0oa"), new, whole_second(self.now()));
        let (id, party) = (app.id.clone(), Party::app(&app));
        self.add_app(app);
        self.log("application.lifecycle.create", vec![party]);
        id
    }

    /// Switches an application on.
    pub fn activate_app(&mut self, id: &str) -> bool {
        self.shift_app(id, AppStatus::Active, "application.lifecycle.activate")
    }

    /// Switches an application off; its assignments are kept.
    pub fn deactivate_app(&mut self, id: &str) -> bool {
        self.shift_app(id, AppStatus::Inactive, "application.lifecycle.deactivate")
    }

    /// Gives an application another display name.
    pub fn rename_app(&mut self, id: &str, label: &str) -> bool {
        self.change_app(id, "application.lifecycle.update", |app| label.clone_into(&mut app.label))
    }

    /// Deletes an application, which must be inactive: 404 from now on. Its assignments end without
    /// events of their own.
    pub fn delete_app(&mut self, id: &str) -> bool {
        let Some(party) = self.app(id).filter(|app| app.status == AppStatus::Inactive).map(Party::app) else {
            return false;
        };
        self.log("application.lifecycle.delete", vec![party]);
        self.vanish_app(id)
    }

    /// An application is gone without any trace in the log.
    pub fn vanish_app(&mut self, id: &str) -> bool {
        let place = self.app_place(id);
        place.map(|place| self.apps.remove(place)).is_ok()
    }

    /// Every application, Okta's own included, by id.
    #[must_use]
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    /// An application by id.
    #[must_use]
    pub fn app(&self, id: &str) -> Option<&App> {
        self.apps.get(self.app_place(id).ok()?)
    }

    /// Adds an application where its id belongs, without an event.
    pub(crate) fn add_app(&mut self, app: App) {
        if let Err(place) = self.app_place(&app.id) {
            self.apps.insert(place, app);
        }
    }

    pub(super) fn app_mut(&mut self, id: &str) -> Option<&mut App> {
        let place = self.app_place(id).ok()?;
        self.apps.get_mut(place)
    }

    /// Where the application is, or belongs: they are kept by id.
    fn app_place(&self, id: &str) -> Result<usize, usize> {
        self.apps.binary_search_by(|app| app.id.as_str().cmp(id))
    }

    fn shift_app(&mut self, id: &str, to: AppStatus, event: &str) -> bool {
        let is_there = self.app(id).is_some_and(|app| app.status != to);
        is_there && self.change_app(id, event, |app| app.status = to)
    }

    fn change_app(&mut self, id: &str, event: &str, change: impl FnOnce(&mut App)) -> bool {
        let now = whole_second(self.now());
        let Some(app) = self.app_mut(id) else {
            return false;
        };
        change(app);
        app.last_updated = now;
        let party = Party::app(app);
        self.log(event, vec![party]);
        true
    }
}
