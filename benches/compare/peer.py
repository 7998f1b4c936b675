"""The Python SDK as a peer: reads the points, then a command a line, and answers each with a number.

metric, histogram, span       nanoseconds for each line of the SDK's own helpers
tcp PORT COUNT                sends so many points to a proxy's raw port; seconds of processor time
http PORT COUNT               the same by HTTP
"""
import json
import sys
import time
import uuid
import warnings
from itertools import cycle, islice

from wavefront_sdk.client import WavefrontClient
from wavefront_sdk.common.utils import (
    histogram_to_line_data,
    metric_to_line_data,
    tracing_span_to_line_data,
)
from wavefront_sdk.proxy import WavefrontProxyClient

CLIENTS = {
    'tcp': lambda port: WavefrontProxyClient('127.0.0.1', port, port, port, enable_internal_metrics=False),
    # No timer: the SDK's two flushers may wait for each other for ever.
    'http': lambda port: WavefrontClient(f'http://127.0.0.1:{port}', None, flush_interval_seconds=3600,
                                         enable_internal_metrics=False),
}


def send(client, metrics, count):
    """Sends points and waits until they are gone; returns seconds of processor time."""
    start = time.process_time()
    for name, value, stamp, source, tags, _ in islice(cycle(metrics), count):
        client.send_metric(name, value, stamp, source, tags)
    # The raw client keeps nothing back and has nothing to flush.
    if isinstance(client, WavefrontClient):
        client.flush_now()
    if client.get_failure_count():
        sys.exit(f'{client.get_failure_count()} failures')
    return time.process_time() - start


def nanos_each(function, calls):
    """Returns the nanoseconds that one call takes."""
    start = time.perf_counter_ns()
    for args in calls:
        function(*args)
    return (time.perf_counter_ns() - start) / len(calls)


def main():
    """Answers until the input ends."""
    points = json.loads(sys.stdin.readline())
    metrics = [(name, value, stamp, source, dict(tags), 'default')
               for name, value, stamp, source, tags in points['metrics']]
    histograms = [(name, centroids, ['!M'], stamp, source, dict(tags), 'default')
                  for name, centroids, stamp, source, tags in points['histograms']]
    spans = [(name, start, duration, source, uuid.UUID(trace), uuid.UUID(span), [uuid.UUID(parent)], None,
              [tuple(tag) for tag in tags], None, 'default')
             for name, start, duration, source, (trace, span, parent), tags in points['spans']]
    commands = {
        'metric': lambda: nanos_each(metric_to_line_data, metrics),
        'histogram': lambda: nanos_each(histogram_to_line_data, histograms),
        'span': lambda: nanos_each(tracing_span_to_line_data, spans),
    }
    clients = {}
    print(0, flush=True)
    for line in sys.stdin:
        command, *args = line.split()
        if command in commands:
            print(commands[command](), flush=True)
            continue
        port, count = args
        if (command, port) not in clients:
            clients[command, port] = CLIENTS[command](port)
        print(send(clients[command, port], metrics, int(count)), flush=True)


warnings.simplefilter('ignore')
main()
