"""Takes the turns of a benchmark's groups one after the other, round by round."""
from toro_bench.model import REFERENCES, Measured, Measurement, Missing, NotHere, Outcome


def _take(turn, outcome):
    for sample in turn.take():
        if isinstance(sample, Missing):
            if sample not in outcome.missing:
                outcome.missing.append(sample)
            continue
        measured = outcome.rows.setdefault(sample.row.key, Measured(sample.row))
        measured.samples.setdefault(sample.series or turn.series, []).append(sample.value)


def _run_group(group, short, outcome):
    turns = [turn for turn in group.turns if not (short and turn.series in REFERENCES)]
    for number in range(group.rounds):
        for turn in [turn for turn in turns if number % turn.every == 0]:
            try:
                _take(turn, outcome)
            except Measurement as failure:
                turns.remove(turn)
                fails = turn.series not in REFERENCES and not isinstance(failure, NotHere)
                outcome.missing.append(Missing(turn.series, str(failure), fails))


def run_benchmark(name, module, bench):
    """Runs what the form (bench.short) asks for. A turn that fails is left out from then on, and named."""
    outcome = Outcome(name, module.TITLE, module.ABOUT)
    try:
        for group in module.groups(bench):
            if group.exact or not bench.short:
                _run_group(group, bench.short, outcome)
    except Measurement as failure:
        outcome.missing.append(Missing(name, str(failure), not isinstance(failure, NotHere)))
    return outcome
