"""Puts generated points into the Python SDK.

peer.py lines POINTS                        prints each point's lines, one JSON array for each point
peer.py send CLIENT POINTS SERVER TRACES    sends the points; SERVER and TRACES are ports on loopback

POINTS holds a JSON object on each line.
"""
import json
import sys
import uuid
import warnings
from socket import gethostname

from wavefront_sdk.client import WavefrontClient
from wavefront_sdk.common.utils import (
    event_to_line_data,
    histogram_to_line_data,
    metric_to_line_data,
    span_log_to_line_data,
    tracing_span_to_line_data,
)
from wavefront_sdk.direct import WavefrontDirectClient
from wavefront_sdk.entities import WavefrontMetricSender
from wavefront_sdk.entities.tracing.span_log import SpanLog
from wavefront_sdk.proxy import WavefrontProxyClient

TOKEN = 'conformance'
# No timer: the SDK's two flushers may wait for each other for ever.
OPTIONS = {'max_queue_size': 1_000_000, 'flush_interval_seconds': 3600, 'enable_internal_metrics': False}


def give(sender, point):
    """Calls the sender's method for the kind of the point."""
    kind, name, source = point['kind'], point['name'], point['source']
    if kind == 'metric':
        sender.send_metric(name, point['value'], point['timestamp'], source, dict(point['tags']))
    elif kind == 'delta':
        sender.send_delta_counter(name, point['value'], source, dict(point['tags']), point['timestamp'])
    elif kind == 'histogram':
        # The SDK asks for a set, whose order is random; it takes a list as well.
        sender.send_distribution(name, point['centroids'], point['granularities'], point['timestamp'], source,
                                 dict(point['tags']))
    elif kind == 'span':
        sender.send_span(name, point['start'], point['duration'], source,
                         uuid.UUID(point['trace_id']), uuid.UUID(point['span_id']),
                         [uuid.UUID(one) for one in point['parents']],
                         [uuid.UUID(one) for one in point['follows_from']],
                         [tuple(tag) for tag in point['tags']],
                         [SpanLog(time, dict(fields)) for time, fields in point['logs']])
    elif kind == 'event':
        sender.send_event(name, point['start'], point['end'], source, point['tags'], dict(point['annotations']))


class Lines(WavefrontMetricSender):
    """A sender that keeps what the SDK's helpers return."""

    def __init__(self):
        self.lines = []

    def send_metric(self, *args):
        self.lines.append(metric_to_line_data(*args, gethostname()))

    def send_distribution(self, *args):
        self.lines.append(histogram_to_line_data(*args, gethostname()))

    def send_span(self, *args):
        span = tracing_span_to_line_data(*args, gethostname())
        self.lines.append(span)
        trace_id, span_id, logs = args[4], args[5], args[9]
        if logs:
            self.lines.append(span_log_to_line_data(trace_id, span_id, logs, span))

    def send_event(self, *args):
        self.lines.append(event_to_line_data(*args, gethostname()))


def lines_of(point):
    """Returns the lines of a point, or the name of the exception in their place."""
    sender = Lines()
    try:
        give(sender, point)
    except Exception as error:  # pylint: disable=broad-except
        return type(error).__name__
    return sender.lines


CLIENTS = {
    'WavefrontProxyClient': lambda server, traces: WavefrontProxyClient(
        '127.0.0.1', server, server, traces, event_port=server, enable_internal_metrics=False),
    'WavefrontClient, proxy': lambda server, _: WavefrontClient(f'http://127.0.0.1:{server}', None, **OPTIONS),
    'WavefrontClient, direct': lambda server, _: WavefrontClient(f'https://127.0.0.1:{server}', TOKEN, **OPTIONS),
    'WavefrontDirectClient': lambda server, _: WavefrontDirectClient(
        f'https://127.0.0.1:{server}', TOKEN, **OPTIONS),
}


def read(path):
    """Yields the points of a file."""
    with open(path, encoding='utf-8') as file:
        for line in file:
            yield json.loads(line)


def main():
    """Does what the arguments ask for."""
    # The clients of the documents are deprecated in favour of one class.
    warnings.simplefilter('ignore')
    if sys.argv[1] == 'lines':
        for point in read(sys.argv[2]):
            print(json.dumps(lines_of(point)))
        return
    _, _, client, points, server, traces = sys.argv
    sender = CLIENTS[client](server, traces)
    for point in read(points):
        give(sender, point)
    sender.close()
    if sender.get_failure_count():
        sys.exit(f'{client} counts {sender.get_failure_count()} failures')


main()
