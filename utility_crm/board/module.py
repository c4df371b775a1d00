"""What the board gives the host."""

from utility_crm.kit.module import Module, Room

MODULE = Module(
    name="utility_crm.board",
    pages="utility_crm.board.pages:router",
    filtered=("/board", "/board/now"),
    navigation=(Room("Board", "/board", "s", "board.read", 19),),
)
