"""What billing gives the customer page. Its questions are the files of `billing/answers`."""

from billing.answers.registry import answers
from billing.customer.around import cells, timeline, todos
from utility_crm.kit.module import CustomerRoom

ROOM = CustomerRoom(
    questions=tuple(one.question() for one in answers()),
    cells=cells,
    todos=todos,
    timeline=timeline,
)
