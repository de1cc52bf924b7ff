"""Small fakes of claims and journals, for tests that need no DynamoDB."""


class Claim:
    attempt, cut_off = 1, 0

    def __init__(self):
        self.states = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.states.append("given back" if error else "kept")

    def done(self, outcome=""):
        if "done" not in self.states:
            self.states.append("done")

    def dead(self, outcome=""):
        self.states.append("dead")


class Claims:
    """One claim. It is free, done, or held: then `take` raises the error `held`."""

    def __init__(self, held=None, done=False):
        self.claim, self.held, self.done = Claim(), held, done

    def take(self, row, *names):
        if self.held:
            raise self.held
        return None if self.done else self.claim


class Journal:
    """The steps of a flow. `asked` lists the names of the steps that were asked for.

    `done` are the steps that an earlier try completed: {name: kept value}. `begun` are the names of the steps that an
    earlier try began and may have completed.
    """

    def __init__(self, done=None, begun=()):
        self.asked, self.done, self.begun = [], done or {}, begun

    def step(self, name):
        self.asked.append(name)
        return Step(self.done, name, name in self.begun)


class Step:
    def __init__(self, done, name, unsure):
        self.new, self.value, self.unsure = name not in done, done.get(name), unsure
        self._done, self._name = done, name

    def __enter__(self):
        return self

    def __exit__(self, kind, *error):
        if kind is None:
            self._done[self._name] = self.value
