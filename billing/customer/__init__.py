"""Billing's part of the customer page: four questions, the balance, and what bills and payments there
were."""

from billing.customer.around import cells, timeline, todos
from billing.customer.estimated import estimated_answer, estimated_sheet
from billing.customer.most import most_answer, most_sheet
from billing.customer.owe import owe_answer, owe_sheet
from billing.customer.why import why_answer, why_sheet
from utility_crm.kit.module import CustomerRoom, Question
from utility_crm.web.words import mark

ROOM = CustomerRoom(
    questions=(
        Question("why", mark("Why is it different?"), 10, why_answer, why_sheet),
        Question("owe", mark("What do I owe?"), 20, owe_answer, owe_sheet),
        Question("estimated", mark("Was it estimated?"), 30, estimated_answer, estimated_sheet),
        Question("most", mark("When do I use most?"), 40, most_answer, most_sheet),
    ),
    cells=cells,
    todos=todos,
    timeline=timeline,
)
