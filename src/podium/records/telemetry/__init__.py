"""Metrics and traces: one file an exporter, each a listener of `core.events`.

Belongs here: Prometheus counters, OpenTelemetry spans.
Never here: decisions, anything that waits or raises on the serving path, recorded text.
"""

from .otel import OpenTelemetryExporter
from .prometheus import PrometheusExporter

__all__ = ["OpenTelemetryExporter", "PrometheusExporter"]
