"""The figures as text, and the aims they are held against."""

MIB = 1 << 20

# Requests of a load as a share of the ceiling, and where that is looked at.
SHARES_MIN = {"healthz": 1.0, "create": 0.5, "retrieve": 0.5}
SHARE_CONNECTIONS = 256
P99_MS_MAX = 25
# Of the figure at SHARE_CONNECTIONS.
MANY_CONNECTIONS = 2000
MANY_SHARE_MIN = 0.8
IDLE_BYTES_MAX = 32 * MIB
FULL_LIVE = 1_000_000
FULL_BYTES_MAX = 400 * MIB
EMPTY_START_MS_MAX = 100
FULL_START_MS_MAX = 1000


def mib(count):
    return f"{count / MIB:.1f} MiB"


def show_conditions(conditions):
    load = " ".join(f"{value:.2f}" for value in conditions["load_average"])
    return [
        f"{conditions['started']}  disposable-secrets {conditions['version']}, commit {conditions['commit']}, "
        f"{conditions['compiler']}",
        f"{conditions['cores']} cores of {conditions['cpu']}, {conditions['memory_mib']} MiB, "
        f"Linux {conditions['kernel']}, load average before {load}",
        f"data on {conditions['file_system']}, 4 KiB append and fdatasync {conditions['sync_ms']:.3f} ms (median); "
        f"{conditions['wrk']}, on the same machine",
    ]


def show_throughput(rows, rounds, seconds):
    lines = [f"Medians of {rounds} alternating rounds of {seconds} s, secrets of 256 bytes, every answer 200.",
             "The ceiling is the faster of the two stock rows of the same round: cpp-httplib answering `ok`, with as",
             "many threads as it chooses itself and with a thread per connection; the ceiling of 2,000 connections is",
             "that of 256. CPU is the server's for 1,000 requests, with what it does for them after the answer (the",
             "audit log).", "",
             f"{'connections':>11}  {'load':<30}{'requests/s':>11}  {'slowest-fastest':>15}  {'p50 ms':>8}  "
             f"{'p99 ms':>9}  {'CPU ms':>7}  {'of ceiling':>10}  {'socket errors':>13}"]
    for row in rows:
        span = f"{row['slowest_round']:.0f}-{row['fastest_round']:.0f}"
        lines.append(f"{row['connections']:>11}  {row['load']:<30}{row['requests_per_second']:>11.0f}  {span:>15}  "
                     f"{row['p50_ms']:>8.2f}  {row['p99_ms']:>9.2f}  {row['cpu_ms_per_1000']:>7.1f}  "
                     f"{row['of_ceiling']:>10.1%}  {row['socket_errors']:>13}")
    return lines


def show_scale_out(rows, rounds, seconds):
    lines = [f"Scaled out on one Redis (appendfsync always) and one PostgreSQL, {SHARE_CONNECTIONS} connections in all; "
             f"medians of {rounds} rounds of {seconds} s.",
             "Everything shares the machine's cores: nodes, Redis, PostgreSQL and the clients. redis-benchmark makes one durable",
             "write of 256 bytes a request on the same server: more than that no service on it could do. CPU is the nodes'.", "",
             f"{'nodes':>5}  {'load':<30}{'requests/s':>11}  {'slowest-fastest':>15}  {'p50 ms':>8}  {'p99 ms':>9}  "
             f"{'CPU ms':>7}  {'of redis-benchmark':>18}"]
    for row in rows:
        span = f"{row['slowest_round']:.0f}-{row['fastest_round']:.0f}"
        cpu = f"{row['cpu_ms_per_1000']:.1f}" if row["nodes"] else ""
        lines.append(f"{row['nodes'] or '':>5}  {row['load']:<30}{row['requests_per_second']:>11.0f}  {span:>15}  "
                     f"{row['p50_ms']:>8.2f}  {row['p99_ms']:>9.2f}  {cpu:>7}  "
                     f"{row['of_baseline']:>18.1%}")
    return lines


def show_population(population):
    idle = population["idle"]
    lines = [f"Memory (RSS) with an empty store: {mib(idle['started_bytes'])} after the start, "
             f"{mib(idle['idle_bytes'])} after 5 s"]
    for size in population["sizes"]:
        lines.append(f"{size['live']:,} live secrets: {mib(size['resident_bytes'])}, at most "
                     f"{mib(size['peak_bytes'])} while they were created; on disk each takes "
                     f"{size['store_bytes'] / size['live']:.0f} bytes in the store and "
                     f"{size['audit_bytes'] / size['live']:.0f} in the audit log")
    lines.append(f"After the last restart with all of them: {mib(population['restarted_bytes'])}")
    lines += ["", f"{'Start-up, medians in ms':<34}{'/healthz 200':>14}{'a secret retrieved':>20}{'slowest':>10}"]
    for name, group in (("empty", "empty"), (f"{population['sizes'][-1]['live']:,} live", "full")):
        for kind, times in population[group].items():
            lines.append(f"{name + ', ' + kind:<34}{times['healthz_ms']:>14.1f}{times['retrieve_ms']:>20.1f}"
                         f"{times['slowest_ms']:>10.1f}")
    return lines


def aim(name, limit, measured, met):
    return {"aim": name, "limit": limit, "measured": measured, "met": met}


def start_aim(name, limit_ms, times):
    worst = max(one["retrieve_ms"] for one in times.values())
    return aim(name, f"below {limit_ms} ms", f"{worst:.0f} ms", worst < limit_ms)


def list_throughput_aims(rows):
    aims = []
    for load, least in SHARES_MIN.items():
        share = rows[load, SHARE_CONNECTIONS]["of_ceiling"]
        aims.append(aim(f"{load}, share of the ceiling at {SHARE_CONNECTIONS} connections", f"at least {least:.0%}",
                        f"{share:.1%}", share >= least))
    for load in ("create", "retrieve"):
        p99 = rows[load, SHARE_CONNECTIONS]["p99_ms"]
        aims.append(aim(f"{load}, p99 at {SHARE_CONNECTIONS} connections", f"below {P99_MS_MAX} ms", f"{p99:.1f} ms",
                        p99 < P99_MS_MAX))
    for load in SHARES_MIN:
        share = rows[load, MANY_CONNECTIONS]["of_usual"]
        aims.append(aim(f"{load} at {MANY_CONNECTIONS} connections, of that at {SHARE_CONNECTIONS}",
                        f"at least {MANY_SHARE_MIN:.0%}", f"{share:.1%}", share >= MANY_SHARE_MIN))
    return aims


def list_aims(rows, population):
    """`met` is None where it was not measured."""
    aims = list_throughput_aims({(row["load"], row["connections"]): row for row in rows})
    idle = max(population["idle"]["started_bytes"], population["idle"]["idle_bytes"])
    aims.append(aim("memory when idle", f"at most {mib(IDLE_BYTES_MAX)}", mib(idle), idle <= IDLE_BYTES_MAX))
    aims.append(start_aim("start-up on an empty store, to a secret retrieved", EMPTY_START_MS_MAX, population["empty"]))
    full = f"{FULL_LIVE:,} live secrets"
    last = population["sizes"][-1]
    if last["live"] != FULL_LIVE:
        return aims + [aim(f"memory with {full}", f"at most {mib(FULL_BYTES_MAX)}", "not measured", None),
                       aim(f"start-up with {full}", f"below {FULL_START_MS_MAX} ms", "not measured", None)]
    resident = max(last["resident_bytes"], population["restarted_bytes"])
    aims.append(aim(f"memory with {full}", f"at most {mib(FULL_BYTES_MAX)}", mib(resident), resident <= FULL_BYTES_MAX))
    aims.append(start_aim(f"start-up with {full}, to a secret retrieved", FULL_START_MS_MAX, population["full"]))
    return aims


def show_aims(aims):
    words = {True: "met", False: "NOT MET", None: "-"}
    head = f"{'':<8}{'aim':<62}{'wanted':<20}measured"
    return [head] + [f"{words[one['met']]:<8}{one['aim']:<62}{one['limit']:<20}{one['measured']}" for one in aims]
