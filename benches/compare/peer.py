"""The Python SDK as a peer: reads the points, then a command a line, and answers each with a number.

metric, histogram, span   nanoseconds for each line of the SDK's own helpers
"""
import json
import sys
import time
import uuid

from wavefront_sdk.common.utils import (
    histogram_to_line_data,
    metric_to_line_data,
    tracing_span_to_line_data,
)


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
    print(0, flush=True)
    for line in sys.stdin:
        print(commands[line.strip()](), flush=True)


main()
