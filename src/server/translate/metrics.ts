import type { MetricValue as WireMetricValue } from '../../contract/robustgate/v1/metric.js';
import type { MetricValue } from '../../engine/index.js';

export const writeMetric = ({ name, value, unit, higherIsBetter, part }: MetricValue): WireMetricValue => ({
  name,
  value,
  unit,
  higherIsBetter,
  count: BigInt(part.count),
  confusion: (part.confusion ?? []).map(BigInt),
  sum: part.sum,
});
