"""The simulated utility: a pure, seeded plan, and the build that writes it. See docs/demo.md."""
