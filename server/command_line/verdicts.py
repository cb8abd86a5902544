"""A test's outcome in a few lines."""

from typing import Any

_WORDS = {"improved": "IMPROVED", "no_change": "NO CHANGE", "regressed": "REGRESSED"}
_ORDER = ("regressed", "no_change", "improved")


def told(evaluation: dict[str, Any]) -> str:
    results, error = evaluation["results"], evaluation["error"]
    if results is None:
        return f"{evaluation['state']}: {error['message']} {error['fix']}".rstrip() if error else evaluation["state"]
    return "\n".join(_told(comparison) for comparison in results["comparisons"])


def worst(evaluation: dict[str, Any]) -> str:
    """Of several models the one that did worst counts."""
    found = {_counting(comparison)["verdict"] for comparison in evaluation["results"]["comparisons"]}
    return next(verdict for verdict in _ORDER if verdict in found)


def _told(comparison: dict[str, Any]) -> str:
    verdict = _counting(comparison)
    metric, interval = verdict["metric"], verdict["interval"]
    better = "higher" if metric["higher_is_better"] else "lower"
    share = f"{verdict['confidence']:.0%}"
    return (
        f"{_WORDS[verdict['verdict']]}  {comparison['model']}\n"
        f"  {metric['words']} ({better} is better): base {_number(verdict['base'])}, tuned {_number(verdict['tuned'])}\n"
        f"  difference {verdict['difference']:+.4g}, with {share} certainty between {interval['low']:+.4g} and {interval['high']:+.4g}, "
        f"on {verdict['num_items']} items\n"
        f"  {verdict['trust']}"
    )


def _counting(comparison: dict[str, Any]) -> dict[str, Any]:
    """A question whose answer was learned by heart says nothing about the others."""
    counting: dict[str, Any] = comparison["without_leaks"] or comparison["verdict"]
    return counting


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
