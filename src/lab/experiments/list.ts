import type { Experiment, ExperimentName } from './experiment.js';
import type { Scale } from './scales.js';
import { figure4a } from './studies/figure-4a.js';
import { figure4b } from './studies/figure-4b.js';
import { figure4c } from './studies/figure-4c.js';
import { figure5 } from './studies/figure-5.js';
import { figure7 } from './studies/figure-7.js';
import { table1 } from './studies/table-1.js';
import { table2 } from './studies/table-2.js';
import { table3 } from './studies/table-3.js';

const EXPERIMENTS: Readonly<Record<ExperimentName, (scale: Scale) => Experiment>> = {
  table1,
  table2,
  table3,
  fig4a: figure4a,
  fig4b: figure4b,
  fig4c: figure4c,
  fig5: figure5,
  fig7: figure7,
};

/** A table or figure of the paper at a scale. */
export const experimentOf = (name: ExperimentName, scale: Scale): Experiment => EXPERIMENTS[name](scale);
