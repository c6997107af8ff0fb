"""The argument about one article: facts, ledger, chapters, charts, runs and the site."""
