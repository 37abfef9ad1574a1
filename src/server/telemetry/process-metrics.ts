import type { MetricRegistry } from './registry.js';

/** How often the event loop is asked whether it is late, in milliseconds. */
const LAG_EVERY_MS = 500;

const LAG_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/**
 * What is known of this process: its build, its use of memory and processor, and how late its event loop is, which models that run
 * in other processes do not hold up. Returns what ends the measurement.
 */
export function processMetrics(registry: MetricRegistry, version: string): () => void {
  registry.gauge({ name: 'build_info', help: 'What runs here: always 1.', labels: ['version', 'node'] }, () => [
    [{ version, node: process.versions.node }, 1],
  ]);
  registry.gauge(
    { name: 'process_start_time_seconds', help: 'When the gateway was started, in seconds since 1970.', labels: [] },
    () => [[{}, performance.timeOrigin / 1000]],
  );
  registry.gauge(
    { name: 'process_resident_memory_bytes', help: 'Memory of the gateway, without its hosts.', labels: [] },
    () => [[{}, process.memoryUsage.rss()]],
  );
  registry.counterOf(
    { name: 'process_cpu_seconds_total', help: 'Processor time of the gateway, without its hosts.', labels: [] },
    () => [[{}, (process.cpuUsage().user + process.cpuUsage().system) / 1e6]],
  );
  const lag = registry.histogram(
    {
      name: 'event_loop_lag_seconds',
      help: `How late the event loop of the gateway was, asked every ${LAG_EVERY_MS / 1000} s.`,
      labels: [],
    },
    LAG_BUCKETS,
  );
  let expectedMs = performance.now() + LAG_EVERY_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    lag.observe({}, Math.max(0, now - expectedMs) / 1000);
    expectedMs = now + LAG_EVERY_MS;
  }, LAG_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
