"""Acceptance runs: a suite of scenarios against a real product, and a report that people sign.

- `suite` - which scenarios, by role or from a file
- `profile` - what is said about the product, and how it is set up
- `answers` - what a person answers, from the terminal or from a file
- `protocol` - what has been done so far, on the disk after every scenario, so that a run can go on after an interruption
- `running` - plays them, one after the other
- `page` - the report
"""
