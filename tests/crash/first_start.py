"""Many processes start at once on a folder that is not there yet, as when an operator and systemd both try: one serves,
and what it stores is readable after the next start. So keyring, store and audit log must come from the same process."""

import concurrent.futures

from service import Service, StartError

PROCESSES = 6
SECRET = "kept by the first start"


def start(folder):
    """The service, or None when it refused because another one was there first."""
    try:
        return Service(folder)
    except StartError:
        return None


def findings(folder, rounds):
    """What went wrong in `rounds` new folders below `folder`."""
    with concurrent.futures.ThreadPoolExecutor(PROCESSES) as pool:
        for number in range(rounds):
            place = folder / f"first-{number}"
            services = [service for service in pool.map(start, [place] * PROCESSES) if service is not None]
            try:
                if len(services) != 1:
                    yield f"{len(services)} of {PROCESSES} processes serve one data folder"
                    continue
                client = services[0].client()
                key = client.create(SECRET)
                client.close()
                services[0].kill()
                yield from check_restart(place, key)
            finally:
                for service in services:
                    service.kill()


def check_restart(place, key):
    try:
        with Service(place) as service:
            client = service.client()
            status, body = client.retrieve(key)
            client.close()
            if (status, body) != (200, {"secret": SECRET}):
                yield f"after {PROCESSES} processes started at once, an acknowledged secret is answered with {status}"
    except StartError as error:
        yield f"after {PROCESSES} processes started at once, the next start fails: {error}"
