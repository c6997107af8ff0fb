"""Unknown names, answered with the nearest known ones."""

import difflib
from collections.abc import Iterable


class UnknownName(LookupError):
    """A name that nothing is called by.

    Parameters
    ----------
    kind : str
        What was looked for, such as ``"model"``.
    name : str
        The name that was given.
    known : iterable of str
        Names that would have done.
    """

    def __init__(self, kind: str, name: str, known: Iterable[object]) -> None:
        self.kind, self.name = kind, name
        self.nearest = nearest(name, known)
        hint = f"; nearest: {', '.join(self.nearest)}" if self.nearest else ""
        super().__init__(f"no {kind} is called {name!r}{hint}")


def nearest(name: str, known: Iterable[object], n: int = 3) -> list[str]:
    """Known names most like one that was given, best first.

    Examples
    --------
    >>> nearest("gpt4", ["GPT-4", "GPT-4o", "Kimi K2"], n=1)
    ['GPT-4']
    >>> nearest("H200", ["H100 SXM 80GB", "H200 SXM 141GB"])
    ['H200 SXM 141GB']
    """
    by_lower = {str(k).lower(): str(k) for k in known}
    begun = sorted((k for k in by_lower if name and k.startswith(name.lower())), key=len)
    close = difflib.get_close_matches(name.lower(), by_lower, n=n, cutoff=0.4)
    return [by_lower[k] for k in dict.fromkeys(begun + close)][:n]
