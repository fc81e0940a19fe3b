"""What a run of the suite leaves in the repository is found."""

from tb.kit.traces import traces


def test_traces():
    """Files that are new, that changed, and that are as git has them again."""
    before = {"docs/a": "1", "docs/b": "1", "docs/c": "1"}
    after = {"docs/a": "1", "docs/b": "2", "docs/d": "1"}
    assert traces(before, after) == ["docs/b", "docs/c", "docs/d"]
    assert traces(before, before) == []
