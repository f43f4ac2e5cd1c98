"""The harness behind `toro bench`: measures subject and references in turns, and says what that is worth."""
