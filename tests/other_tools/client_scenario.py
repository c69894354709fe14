"""The talk's scenario through a client that openapi-python-client made from the document.

Called by `.ci/openapi`, with the URL that the catalogue is mounted at.
"""

import datetime
import sys

from generated_client import Client
from generated_client.api.daily import (
    list_pins,
    pin_day,
    read_day,
    read_pin,
    read_today,
    unpin_day,
)
from generated_client.api.packages import (
    create_package,
    delete_package,
    list_packages,
    patch_package,
    read_package,
)
from generated_client.api.rand import read_random_package
from generated_client.models import Daily, Package, PackagePatch, Pin, PinUpdate, Problem

client = Client(base_url=sys.argv[1])
package = Package(name="Generated.Client", short_desc="Made from the document")

created = create_package.sync_detailed(client=client, body=package)
assert created.status_code == 201, created
assert created.headers["location"].endswith("/packages/Generated.Client"), created

assert read_package.sync(client=client, name="generated-client") == package

missing = read_package.sync(client=client, name="no-such-package")
assert isinstance(missing, Problem) and missing.status == 404, missing

assert isinstance(read_random_package.sync(client=client), Package)

page = list_packages.sync(client=client, limit=1, after="generated-clienS")
assert page.items == [package], page

today = read_today.sync(client=client)
assert isinstance(today, Daily), today
assert read_day.sync(client=client, date=today.date) == today
day = datetime.date.today() + datetime.timedelta(days=30)
pinned = pin_day.sync_detailed(client=client, date=day, body=PinUpdate(name=package.name))
assert pinned.status_code == 204, pinned
# By the normalised name.
pin = Pin(date=day, name="generated-client")
assert read_pin.sync(client=client, date=day) == pin
assert list_pins.sync(client=client).items == [pin]
assert unpin_day.sync_detailed(client=client, date=day).status_code == 204

patch = PackagePatch(tags=["generated"])
patched = patch_package.sync_detailed(client=client, name=package.name, body=patch)
assert patched.status_code == 204, patched
assert read_package.sync(client=client, name=package.name).tags == ["generated"]

deleted = delete_package.sync_detailed(client=client, name=package.name)
assert deleted.status_code == 204, deleted
assert isinstance(read_package.sync(client=client, name=package.name), Problem)

print("The generated client did the scenario.")
