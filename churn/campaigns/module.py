"""What campaigns give the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="churn.campaigns",
    personal="churn.campaigns.personal:PERSONAL",
    tables="churn.campaigns.tables",
    pages="churn.campaigns.routes:router",
    customer="churn.campaigns.beside:ROOM",
    jobs="churn.campaigns.jobs:JOBS",
    commands="churn.campaigns.commands:app",
    demo="churn.campaigns.demo:build",
    open_posts=("/offer/",),
    navigation=(Room("Campaigns", "/campaigns", "i", "campaigns.read", 41),),
)
