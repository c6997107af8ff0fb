"""One Altair theme and one function a figure: a tidy frame in, a finished chart out.

Every chart says its finding in the title, carries a description built from its data, and has the
unit of each axis in brackets; the site refuses one that does not.
"""
