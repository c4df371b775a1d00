"""The bill on paper: facts as billed, words in the customer's language, set as PDF/A-2b."""

from billing.documents.paper import Paper
from billing.documents.reading import BillFacts, bill_facts
from billing.documents.saying import paper_of
from billing.documents.typesetting import pdf_of

__all__ = ["BillFacts", "Paper", "bill_facts", "paper_of", "pdf_of"]
