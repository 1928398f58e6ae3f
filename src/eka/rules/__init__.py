"""The rules of plans, balances and rollover: pure functions over frozen values.

Nothing here does I/O or reads a clock: `now` is an argument. Where to look:

- `rollover`: what carries at a renewal, what is lost, and why; `requirements`: on what conditions
- `renewals`: renewals, queued plans, terms, period ends, lapse and grace
- `consumption`: a use of data, in burn order, and what happens beyond what is left
- `quota`: sessions that reserve before they use (online charging)
- `topups`, `lifecycle`: the other commands on a line
- `due`: what happens by itself as time passes
- `commands`: one entry point that applies any command to a line
- `advice`: the same rules tried on a copy: what-ifs, previews, deadlines, forecasts
- `tide`: a line's past and future as levels over time, for the chart
- `lines`, `plans`, `buckets`, `units`, `instants`: the values themselves
- `plan_text`, `catalogue_text`, `scenarios`, `usage_text`, `documents`: the text forms of files
- `play`, `expectations`: scenarios are played and judged
"""
