"""How the platform does against its peers, measured side by side on this machine.

`make bench` runs every module named `bench.measure_*`. Each offers

    def measurements() -> Iterator[Measurement]

Absolute figures belong to one machine and one day, so only the ratio of two measured together is judged.
"""
