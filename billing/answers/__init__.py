"""What an account is asked about: one file a question, each with an `ANSWER`.

One registry serves the customer page, `GET /api/v1/accounts/{account}/answers/{question}` and `utility-crm
billing answer`: a question that is a file here is there (docs/answers.md).
"""
