"""Every word that `cells.js` puts on the screen by itself; `{…}` is filled in there.

They travel with the widget, so that a translation needs no change in the browser's part.
"""

WORDS = {
    "language": "en",
    "updated": "updated {time}",
    "since": "Not up to date since {time}.",
    "table": "Scores as a table",
    "sort": "Sort by {column}",
    "scroll": "Rows of {name}",
    "now": "just now",
    "minutes": "{n} min ago",
    "hours": "{n} h ago",
    "days": "{n} d ago",
}
