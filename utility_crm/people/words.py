"""What the rules of signing in say: they stand below the pages and have no catalogue of their own."""

from utility_crm.web.words import mark

REFUSALS = (
    mark("A password has at least %(least)s characters."),
    mark("A password has at most %(most)s characters."),
    mark("This holds a character that is none."),
    mark("This password is guessed soon: it is common, or made of names, dates or neighbouring keys."),
    mark("That is the password you have."),
    mark("This password was good for a few days and is not any more. Ask an admin for another."),
    mark("That is not the code it shows now."),
    mark("A second step is set up already."),
    mark("This was sealed with another secret key; it has to be set up again."),
    mark("An extension has digits alone, at most %(most)s of them."),
    mark("This is the telephone of %(name)s."),
    mark("Write each as q=l, with commas between: q then does what l does."),
    mark("One key cannot do two things."),
    mark("Another admin has to change your own role."),
    mark("This is the last admin: make somebody else one first."),
    mark("Change your own password on your page."),
    mark("Who left the house gets no password."),
    mark("A team needs a name."),
    mark("There is already a team of this name."),
    mark("There is no such team."),
    mark("A few short words are enough."),
    mark("Telephone %(number)s is on the desk of %(login)s."),
    mark("There is no such token in use."),
    mark("A token needs a name that tells whose it is."),
    mark("A token does no more than who makes it may, and what you may has changed meanwhile."),
    mark("The identity provider's answer was not believed. Try again."),
    mark("This outside identity is linked already."),
)
