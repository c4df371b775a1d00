"""What the knowledge base gives the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="utility_crm.knowledge",
    personal="utility_crm.knowledge.personal:PERSONAL",
    tables="utility_crm.knowledge.tables",
    pages="utility_crm.knowledge.routes:router",
    customer="utility_crm.knowledge.pages:ROOM",
    demo="utility_crm.knowledge.demo:build",
    found_beside=(("/knowledge/named", "articles.read"),),
    plain=(
        "/knowledge",
        "/knowledge/found",
        "/knowledge/named",
        "/knowledge/new",
        "/knowledge/{slug}",
        "/knowledge/{slug}/helped",
        "/knowledge/{slug}/edit",
        "/knowledge/{slug}/versions",
        "/knowledge/{slug}/review/{act}",
        "/knowledge/{slug}/retire",
    ),
    navigation=(Room("Knowledge", "/knowledge", "k", "articles.read", 22),),
)
