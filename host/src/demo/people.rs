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
    /// What the platform knows them by; it suggests it to the provider.
    pub(super) email: &'static str,
}

impl Person {
    /// The letter that stands for them.
    pub(super) fn letter(&self) -> &'static str {
        self.name.get(..1).unwrap_or_default()
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
        email: "casey.customer@gmail.example",
    },
    Person {
        id: "staff",
        name: "Sam",
        role: Role::Staff,
        email: "sam.staff@gmail.example",
    },
    Person {
        id: "manager",
        name: "Morgan",
        role: Role::Manager,
        email: "morgan.manager@gmail.example",
    },
];

/// The user with this id.
pub(super) fn find(id: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.id == id)
}
