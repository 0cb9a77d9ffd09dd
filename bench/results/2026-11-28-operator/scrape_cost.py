#!/usr/bin/env python3
"""CPU time of lb for a request, with and without a scrape of /metrics a second: interleaved rounds, one lb for all.

Run it in a network namespace of its own:
  unshare --net sh -c 'ip link set lo up && exec "$0" "$@"' bench/results/2026-11-28-operator/scrape_cost.py LB LB_BENCH
CPU time is the scheduler's run time of lb's threads (/proc/PID/task/*/schedstat), replicas excluded. One worker."""
import glob, json, re, statistics, subprocess, sys, threading, time, urllib.request

LB, BENCH = sys.argv[1:3]
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 7
REQUESTS = int(sys.argv[4]) if len(sys.argv) > 4 else 60000


def cpu_ns(pid, only=None):
    total = 0
    for task in glob.glob(f"/proc/{pid}/task/*"):
        if only is None or only in open(f"{task}/comm").read():
            total += int(open(f"{task}/schedstat").read().split()[0])
    return total


def load(front):
    words = [BENCH, "load", "--target", front, "--requests", str(REQUESTS), "--concurrency", "16", "--json"]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    state = subprocess.check_output(["mktemp", "-d"], text=True).strip()
    words = [LB, "serve", "--front", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--workers", "1", "--state-dir", state]
    lb = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    front = admin = None
    ready = 0
    while ready < 1 or not front or not admin:
        line = lb.stderr.readline()
        address = re.search(r"127\.0\.0\.1:\d+", line)
        front = address[0] if "front" in line and address and not front else front
        admin = address[0] if "admin" in line and address and not admin else admin
        ready += "ready" in line
    threading.Thread(target=lambda: [None for _ in lb.stderr], daemon=True).start()
    url = f"http://{admin}/metrics"
    print(f"page: {len(urllib.request.urlopen(url).read())} bytes", flush=True)
    load(front)  # warm
    ratios, figures = [], {False: [], True: []}
    for number in range(ROUNDS):
        pair = {}
        for scraped in ((False, True) if number % 2 == 0 else (True, False)):
            over = threading.Event()
            scrapes = 0

            def scrape():
                nonlocal scrapes
                while not over.is_set():
                    urllib.request.urlopen(url).read()
                    scrapes += 1
                    over.wait(1)

            scraper = threading.Thread(target=scrape) if scraped else None
            if scraper:
                scraper.start()
            before, worker, began = cpu_ns(lb.pid), cpu_ns(lb.pid, "lb-worker"), time.time()
            load(front)
            took = time.time() - began
            pair[scraped] = (cpu_ns(lb.pid) - before) / REQUESTS / 1000
            on_worker = (cpu_ns(lb.pid, "lb-worker") - worker) / REQUESTS / 1000
            over.set()
            if scraper:
                scraper.join()
            figures[scraped].append((pair[scraped], on_worker))
            print(f"round {number + 1} {'with' if scraped else 'without'}: {pair[scraped]:.2f} us/request, "
                  f"workers {on_worker:.2f}, {scrapes} scrapes in {took:.1f} s", flush=True)
        ratios.append(pair[True] / pair[False])
    before = cpu_ns(lb.pid)
    for _ in range(100):
        urllib.request.urlopen(url).read()
    print(f"one scrape without load: {(cpu_ns(lb.pid) - before) / 100 / 1e6:.3f} ms of CPU time")
    for scraped in (False, True):
        for place, what in enumerate(("all threads", "workers")):
            values = [figure[place] for figure in figures[scraped]]
            print(f"{'with' if scraped else 'without'}, {what}: median {statistics.median(values):.2f} us/request")
    print(f"with / without: median {statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}, n = {len(ratios)}")
    lb.terminate()
    lb.wait()


main()
