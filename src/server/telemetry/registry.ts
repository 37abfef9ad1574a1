import {
  type OpenMetricsContentType,
  Counter as PromCounter,
  type PrometheusContentType,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';

/** Values of a metric's labels, by name: all of them, always. */
export type Labels = Readonly<Record<string, string>>;

/** What something is called, and what it says. */
export interface MetricName {
  /** Without the prefix that all have. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** A metric as it can be looked up: what docs, dashboard and rules are compared with. */
export interface MetricDescription extends MetricName {
  readonly type: 'counter' | 'gauge' | 'histogram';
}

export interface Counter {
  /** Adds to a series; by 0 it makes one that is there before anything happens. */
  add(labels: Labels, value?: number): void;
  /** Drops every series with these values. */
  forget(labels: Labels): void;
}

export interface Histogram {
  /**
   * Counts a duration.
   *
   * @param traceId of a trace that took as long, for people who look for one
   */
  observe(labels: Labels, seconds: number, traceId?: string): void;
  /** Makes a series that is there before anything happens. */
  prepare(labels: Labels): void;
  /** Drops every series with these values. */
  forget(labels: Labels): void;
}

/** Series of a gauge: they are asked for whenever somebody reads, so that none can be out of date. */
export type Readings = () => Iterable<readonly [Labels, number]>;

/** What is answered to somebody who reads. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** All metrics begin with it. */
const PREFIX = 'robustgate_';

interface Made {
  readonly description: MetricDescription;
  /** Of the library. It renames counters when it writes OpenMetrics, and leaves them so. */
  readonly metric: { name: string };
}

/** Every metric of a gateway: the only file that knows which library counts. */
export class MetricRegistry {
  readonly #registry = new Registry<PrometheusContentType | OpenMetricsContentType>();
  readonly #made: Made[] = [];
  #written: Promise<unknown> = Promise.resolve();

  constructor() {
    // It takes exemplars only so; what is written is decided for each reader.
    this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  }

  counter(name: MetricName): Counter {
    const series = new SeriesSet(name.labels);
    const metric = new PromCounter(this.#options(name));
    this.#remember(name, 'counter', metric);
    return {
      add(labels, value = 1) {
        metric.inc(series.add(labels), value);
      },
      forget: (labels) => series.forget(labels, (found) => metric.remove(found)),
    };
  }

  /** A counter that something else keeps. */
  counterOf(name: MetricName, readings: Readings): void {
    const metric: PromCounter = new PromCounter({
      ...this.#options(name),
      collect: () => {
        metric.reset();
        for (const [labels, value] of readings()) metric.inc(labels, value);
      },
    });
    this.#remember(name, 'counter', metric);
  }

  gauge(name: MetricName, readings: Readings): void {
    const metric: PromGauge = new PromGauge({
      ...this.#options(name),
      collect: () => {
        metric.reset();
        // A gauge without labels would be 0 again, and a 0 is a figure.
        if (name.labels.length === 0) metric.remove();
        for (const [labels, value] of readings()) metric.set(labels, value);
      },
    });
    this.#remember(name, 'gauge', metric);
  }

  /** @param buckets upper bounds in seconds, rising */
  histogram(name: MetricName, buckets: readonly number[]): Histogram {
    const series = new SeriesSet(name.labels);
    const metric = new PromHistogram({ ...this.#options(name), buckets: [...buckets], enableExemplars: true });
    this.#remember(name, 'histogram', metric);
    return {
      observe(labels, value, traceId) {
        const exemplarLabels = traceId === undefined ? {} : { trace_id: traceId };
        metric.observe({ labels: series.add(labels), value, exemplarLabels });
      },
      prepare(labels) {
        if (!series.has(labels)) metric.zero(series.add(labels));
      },
      forget: (labels) => series.forget(labels, (found) => metric.remove(found)),
    };
  }

  #options({ name, help, labels }: MetricName) {
    return { name: PREFIX + name, help, labelNames: [...labels], registers: [this.#registry] };
  }

  #remember(name: MetricName, type: MetricDescription['type'], metric: unknown): void {
    // OpenMetrics calls `things_total` a series of the family `things`, which must not be a gauge beside it.
    const family = (text: string): string => text.replace(/_total$/, '');
    const other = this.#made.find(({ description }) => family(description.name) === family(PREFIX + name.name));
    if (other !== undefined)
      throw new Error(`expected a family of its own, got ${name.name} beside ${other.description.name}`);
    this.#made.push({ description: { ...name, name: PREFIX + name.name, type }, metric: metric as { name: string } });
  }

  /** All metrics, with their whole names. */
  get descriptions(): readonly MetricDescription[] {
    return this.#made.map(({ description }) => description);
  }

  /**
   * All series as text: OpenMetrics, which has exemplars, where the reader takes it, else Prometheus' own format 0.0.4.
   *
   * @param accept what the reader takes, as HTTP says it
   *
   * Source: https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md
   */
  async expose(accept: string): Promise<Exposition> {
    // One after the other: the library keeps the format with the registry.
    const exposition = this.#written.then(() => this.#write(takesOpenMetrics(accept)));
    this.#written = exposition.catch(() => undefined);
    return await exposition;
  }

  async #write(isOpenMetrics: boolean): Promise<Exposition> {
    for (const { metric, description } of this.#made) metric.name = description.name;
    const contentType = isOpenMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
    this.#registry.setContentType(contentType);
    return { contentType, text: await this.#registry.metrics() };
  }
}

/** Whether the reader names OpenMetrics, and does not refuse it. */
function takesOpenMetrics(accept: string): boolean {
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === 'application/openmetrics-text' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** Which series a metric has. */
class SeriesSet {
  readonly #names: readonly string[];
  readonly #series = new Map<string, Labels>();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  #keyOf(labels: Labels): string {
    return JSON.stringify(this.#names.map((name) => labels[name]));
  }

  has(labels: Labels): boolean {
    return this.#series.has(this.#keyOf(labels));
  }

  add(labels: Labels): Labels {
    this.#series.set(this.#keyOf(labels), labels);
    return labels;
  }

  forget(values: Labels, remove: (labels: Labels) => void): void {
    for (const [key, labels] of this.#series) {
      if (!Object.entries(values).every(([name, value]) => labels[name] === value)) continue;
      this.#series.delete(key);
      remove(labels);
    }
  }
}
