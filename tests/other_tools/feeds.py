"""Both feeds as feedparser reads them, which many feed readers are built on.

Called by `.ci/openapi`, with the URL that the catalogue is mounted at.
"""

import json
import sys
import urllib.request

import feedparser

url = sys.argv[1]
with urllib.request.urlopen(f"{url}/daily") as answer:
    today = json.load(answer)

atom = feedparser.parse(f"{url}/daily/feed.atom")
assert not atom.bozo, atom.bozo_exception
assert atom.feed.link == f"{url}/desk/days", atom.feed.link
entry = atom.entries[0]
# What a reader opens: the page of the day, and not the entry's identity.
assert entry.link == f"{url}/desk/days/{today['date']}", entry.link
assert entry.id.startswith("urn:uuid:"), entry.id
assert entry.title == today["package"]["name"], entry.title
assert entry.published == f"{today['date']}T00:00:00Z", entry.published
with urllib.request.urlopen(entry.link) as answer:
    assert answer.headers.get_content_type() == "text/html"
    assert entry.title in answer.read().decode()

with urllib.request.urlopen(f"{url}/daily/feed.json") as answer:
    item = json.load(answer)["items"][0]
assert (item["id"], item["url"]) == (entry.id, entry.link), item

print("feedparser read the feeds.")
