"""Tells at the end how many points were tried."""


def pytest_terminal_summary(terminalreporter):
    reports = [each for outcome in ("passed", "failed") for each in terminalreporter.getreports(outcome)]
    points = sum(tried for each in reports for name, tried in each.user_properties if name == "points")
    if points:
        terminalreporter.write_line(f"sweep: {points:,} points were tried")
