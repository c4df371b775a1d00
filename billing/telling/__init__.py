"""What customers are told about their bills and their money, in time and once: `queries` finds whom, `jobs`
queues. `docs/notices.md` says when."""
