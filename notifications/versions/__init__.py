"""The words of notices as people write them: drafts, four eyes, and which words are in force. The files of a
kind are version 0."""
