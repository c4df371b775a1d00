"""What billing gives the customer page. Its questions are the files of `billing/answers`."""

from billing.answers.registry import answers
from billing.customer.acting import ACTS, proofs
from billing.customer.around import cells, timeline, todos
from billing.customer.loads import KNOWN
from billing.life.customer import QUESTION
from billing.life.endings import QUESTION as ENDS
from billing.life.fixed import QUESTION as FIXED
from utility_crm.kit.parts import CustomerRoom

ROOM = CustomerRoom(
    gathers=(KNOWN,),
    questions=(*(one.question() for one in answers()), QUESTION, FIXED, ENDS),
    cells=cells,
    todos=todos,
    timeline=timeline,
    acts=ACTS,
    proofs=proofs,
)
