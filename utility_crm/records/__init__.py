"""Records of another system brought over: read, mapped, checked, taken, reckoned up, and taken back."""
