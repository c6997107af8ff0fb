"""The argument about one article: facts, ledger, chapters, charts, runs and the site."""

import sys
from typing import Any

# Altair loads jsonschema, and that, where JupyterLab is installed too, a grammar of international
# web addresses: a second in every kernel, for a check that no chart asks for.
_loaded: dict[str, Any] = sys.modules
_loaded.setdefault("rfc3987_syntax", None)  # an import of it says "not there"
