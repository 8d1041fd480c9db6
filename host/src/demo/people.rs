//! The users of the demo's booking platform. Signing in is a click: there is nothing of
//! anybody's to protect.

/// What a user may do on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Customer,
    Staff,
    /// Sees and changes everybody's bookings.
    Manager,
}

impl Role {
    /// The word for it, also in the participants of a booking.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Manager => "manager",
        }
    }
}

/// A user.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// The platform's id: `sub` of the tokens that it signs.
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) role: Role,
    /// The provider that the demo suggests to them: another one to each.
    pub(super) suggested: &'static str,
    /// Their accounts by provider, as far as the platform knows; it suggests them there.
    accounts: [(&'static str, &'static str); 2],
}

impl Person {
    /// The letter that stands for them.
    pub(super) fn letter(&self) -> &'static str {
        self.name.get(..1).unwrap_or_default()
    }

    /// The account to suggest at a provider.
    pub(super) fn account(&self, provider: &str) -> Option<&'static str> {
        let mut accounts = self.accounts.iter();
        accounts
            .find(|(known, _)| *known == provider)
            .map(|(_, account)| *account)
    }

    pub(super) fn is_manager(&self) -> bool {
        self.role == Role::Manager
    }
}

/// All users.
pub(super) static PEOPLE: [Person; 3] = [
    Person {
        id: "customer",
        name: "Casey",
        role: Role::Customer,
        suggested: "google",
        accounts: [
            ("google", "casey.customer@gmail.example"),
            ("outlook", "casey.customer@outlook.example"),
        ],
    },
    Person {
        id: "staff",
        name: "Sam",
        role: Role::Staff,
        suggested: "outlook",
        accounts: [
            ("google", "sam.staff@gmail.example"),
            ("outlook", "sam.staff@brightside.example"),
        ],
    },
    Person {
        id: "manager",
        name: "Morgan",
        role: Role::Manager,
        suggested: "apple",
        accounts: [
            ("google", "morgan.manager@gmail.example"),
            ("outlook", "morgan.manager@brightside.example"),
        ],
    },
];

/// The user with this id.
pub(super) fn find(id: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.id == id)
}
