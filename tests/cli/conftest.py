import json

import pytest

from autotune.cli import main


class Done:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def codes(self):
        """The codes of the diagnostics on either stream, in order."""
        lines = (self.err + self.out).splitlines()
        return [
            line.partition("[")[2].partition("]")[0]
            for line in lines
            if line.partition("[")[0] in ("error", "warning", "note")
        ]


@pytest.fixture
def autotune(capsys, monkeypatch, tmp_path):
    """Run a command line in an empty folder with an empty home, as a stranger would."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUTOTUNE_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("AUTOTUNE_PROFILES", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)

    def run(*argv):
        code = main(argv)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Done(code, out, err)

    return run
