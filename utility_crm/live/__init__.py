"""What reaches a person's open pages by itself, and what they typed and have not sent yet."""
