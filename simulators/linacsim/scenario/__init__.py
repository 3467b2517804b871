"""Floor 4: scenarios: what is played, what is expected, and what a run has shown.

- `model`: the typed `Scenario` and the `Vocabulary` it is written in.
- `loader`: reads a scenario file strictly; `keys` are the keys that every file may use.
- `library`: finds the scenarios that come with linacsim by name.
- `expectation`: patterns over the event log.
- `verdict`: pass, fail, inconclusive or error.
"""
