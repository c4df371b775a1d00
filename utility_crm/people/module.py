"""What the room of people gives the host. Its pages are the ground's own: nobody signs in without them."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="utility_crm.people",
    personal="utility_crm.people.personal:PERSONAL",
    jobs="utility_crm.people.jobs:JOBS",
    navigation=(
        Room("Tokens", "/tokens", "y", "tokens.make", 97),
        Room("People", "/people", "u", "people.write", 95),
    ),
)
