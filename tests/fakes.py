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


class Step:
    new, unsure, value = True, False, None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


class Journal:
    """Remembers the steps that it was asked for; those in `done` are done."""

    def __init__(self, done=()):
        self.asked, self.done = [], done

    def step(self, name):
        self.asked.append(name)
        step = Step()
        step.new = name not in self.done
        return step
