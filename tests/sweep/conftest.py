"""Tells at the end how many points were tried. `make sweep` also prints what became of each story."""

from tests.sweep.test_watching import ALL


def pytest_terminal_summary(terminalreporter):
    tried, doubled = {}, {}
    for each in terminalreporter.getreports("passed"):
        story = each.nodeid.split("::")[1].split("[")[0].removeprefix("test_").replace("_", " ").capitalize()
        for name, value in each.user_properties:
            found = tried if name == "points" else doubled
            found[story] = found.get(story, 0) + value
    if ALL and tried:
        write = terminalreporter.write_line
        write("| story | points | lost | doubled |")
        write("| --- | ---: | ---: | ---: |")
        for story, points in sorted(tried.items()):
            write(f"| {story} | {points:,} | 0 | {doubled.get(story, 0)} |")
    if tried:
        terminalreporter.write_line(f"sweep: {sum(tried.values()):,} points were tried")
