//! The states of a person in Okta.

/// A user's status (Okta: User lifecycle).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Created, never activated.
    Staged,
    /// Activated, but the person has not finished setting up.
    Provisioned,
    /// Normal.
    Active,
    /// A password reset is in progress.
    Recovery,
    /// The password must be changed at the next sign-in.
    PasswordExpired,
    /// Too many failed sign-ins.
    LockedOut,
    /// Suspended by an administrator; groups and applications are kept.
    Suspended,
    /// Deactivated; groups are kept.
    Deprovisioned,
    /// A status that does not exist today, for clients that must not mind.
    Other(&'static str),
}

impl Status {
    /// Every status that Okta documents.
    pub const ALL: [Self; 8] = [
        Self::Active,
        Self::Deprovisioned,
        Self::Suspended,
        Self::Staged,
        Self::Provisioned,
        Self::Recovery,
        Self::PasswordExpired,
        Self::LockedOut,
    ];

    /// The status as the API spells it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "STAGED",
            Self::Provisioned => "PROVISIONED",
            Self::Active => "ACTIVE",
            Self::Recovery => "RECOVERY",
            Self::PasswordExpired => "PASSWORD_EXPIRED",
            Self::LockedOut => "LOCKED_OUT",
            Self::Suspended => "SUSPENDED",
            Self::Deprovisioned => "DEPROVISIONED",
            Self::Other(name) => name,
        }
    }
}
