"""Small fakes of what lies in DynamoDB, for tests that are about something else."""


class Claim:
    attempt = 1

    def __init__(self):
        self.states = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.states.append("given back" if error else "kept")

    def done(self, outcome=""):
        self.states.append("done")


class Claims:
    """One claim, free, done or held."""

    def __init__(self, held=None, done=False):
        self.claim, self.held, self.done = Claim(), held, done

    def take(self, row, *names):
        if self.held:
            raise self.held
        return None if self.done else self.claim


class Journal:
    """The steps of a flow that were asked for; `done` are those of an earlier try: name -> what they were kept with."""

    def __init__(self, done=None):
        self.asked, self.done = [], done or {}

    def step(self, name):
        self.asked.append(name)
        return Step(self.done, name)


class Step:
    unsure = False

    def __init__(self, done, name):
        self.new, self.value = name not in done, done.get(name)
        self._done, self._name = done, name

    def __enter__(self):
        return self

    def __exit__(self, kind, *error):
        if kind is None:
            self._done[self._name] = self.value
